"""Logging in with a password or a key, and being known again by a token."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator

import jwt
import pytest
from argon2 import PasswordHasher, Type

from largesse.core.access.model import Caller, Right
from largesse.core.access.throttle import MOST_ENTRIES, Throttle
from largesse.core.errors import (
    AlreadyExists,
    BadCredentials,
    BadToken,
    ExpiredToken,
    InvalidValue,
    NotPermitted,
    TooManyAttempts,
    UnknownKey,
    UnknownOrganization,
    UnknownUnit,
    UnknownUser,
)
from largesse.core.ids import new_id
from largesse.services import Services, open_services
from tests.core.people import PASSWORD, everything, log_in, make_owner, make_user
from tests.serving import settings_for


@pytest.fixture
async def owner(services: Services) -> Caller:
    return await make_owner(services)


@pytest.fixture
async def second(empty_url: str, services: Services) -> AsyncIterator[Services]:
    """The same database as another process opens it, which looks again after a quarter second."""
    opened = open_services(settings_for(empty_url, token_recheck_seconds=0.25))
    yield opened
    await opened.close()


class TestPassword:
    def test_guessing_one_costs_what_it_should(self, hasher: tuple[PasswordHasher, str]) -> None:
        used, nobody = hasher
        cost = (used.type, used.time_cost, used.memory_cost, used.parallelism)
        assert cost == (Type.ID, 2, 19 * 1024, 1)
        # A name that nobody has takes as long.
        assert not used.check_needs_rehash(nobody)

    async def test_it_makes_a_caller(self, services: Services, owner: Caller) -> None:
        assert (owner.organization_name, owner.username) == ("Shop", "owner")
        assert owner.rights == frozenset(Right)
        assert owner.unit_id is not None

    async def test_names_are_compared_without_regard_to_case(
        self, services: Services, owner: Caller
    ) -> None:
        caller = await log_in(services, " OWNER ", organization=" sHOP ")
        assert caller == owner

    @pytest.mark.parametrize(
        ("username", "password"),
        [("owner", "wrong"), ("nobody", PASSWORD), ("owner", ""), ("", ""), ("o\0", "\0")],
    )
    async def test_anything_wrong_is_refused_in_one_way(
        self, services: Services, owner: Caller, username: str, password: str
    ) -> None:
        with pytest.raises(BadCredentials):
            await log_in(services, username, password=password, organization="Shop")

    async def test_a_user_without_a_password_can_not_log_in(
        self, services: Services, owner: Caller
    ) -> None:
        new = {"username": "machine", "unit_id": owner.unit_id, "role": "viewer"}
        await services.users.create(owner, new)
        for password in ("", "None", PASSWORD):
            with pytest.raises(BadCredentials):
                await log_in(services, "machine", password=password)

    async def test_a_new_one_takes_the_place_of_the_old(
        self, services: Services, owner: Caller
    ) -> None:
        assert owner.user_id is not None
        await services.users.change(owner, owner.user_id, {"password": "another one"})
        with pytest.raises(BadCredentials):
            await log_in(services, "owner")
        assert (await log_in(services, "owner", password="another one")).user_id == owner.user_id

    @pytest.mark.parametrize("password", ["", "short", None])
    async def test_a_short_one_is_refused(
        self, services: Services, owner: Caller, password: str | None
    ) -> None:
        with pytest.raises(InvalidValue, match="password"):
            await make_user(services, owner, "other", password=password)

    async def test_no_secret_is_kept_as_it_is(self, services: Services, owner: Caller) -> None:
        made = await services.keys.create_key(owner, {"name": "key"})
        kept = repr(await everything(services))
        assert "owner" in kept
        for secret in (PASSWORD, made.secret, made.secret.rpartition("_")[2]):
            assert secret not in kept

    async def test_the_name_alone_finds_the_organization_if_it_is_the_only_one(
        self, services: Services, owner: Caller
    ) -> None:
        assert (await log_in(services, "owner")).organization_name == "Shop"
        other = await make_owner(services, "Other")
        with pytest.raises(BadCredentials):
            await log_in(services, "owner")
        await make_user(services, other, "unique")
        assert (await log_in(services, "unique")).organization_name == "Other"

    async def test_a_default_organization_decides_between_several(
        self, services: Services, owner: Caller, empty_url: str
    ) -> None:
        await make_owner(services, "Other")
        opened = open_services(settings_for(empty_url, default_organization="other"))
        try:
            assert (await log_in(opened, "owner")).organization_name == "Other"
        finally:
            await opened.close()

    async def test_an_unknown_organization_or_unit_is_named(
        self, services: Services, owner: Caller
    ) -> None:
        with pytest.raises(UnknownOrganization, match="nowhere"):
            await log_in(services, "owner", organization="nowhere")
        with pytest.raises(UnknownUnit, match="nowhere"):
            await log_in(services, "owner", unit="nowhere")
        assert (await log_in(services, "owner", unit="main")).unit_id == owner.unit_id


class TestThrottle:
    @pytest.fixture
    async def strict(self, empty_url: str, services: Services) -> AsyncIterator[Services]:
        opened = open_services(settings_for(empty_url, login_failures=3, login_failure_seconds=1))
        yield opened
        await opened.close()

    async def test_failures_count_per_user_and_address(
        self, strict: Services, owner: Caller
    ) -> None:
        await make_user(strict, owner, "other")
        for name in ("owner", "OWNER", " owner"):
            with pytest.raises(BadCredentials):
                await log_in(strict, name, password="wrong")
        with pytest.raises(TooManyAttempts) as refused:
            await log_in(strict, "owner", organization="shop")
        assert 1 <= refused.value.retry_after <= 2
        assert (await log_in(strict, "owner", address="elsewhere")).username == "owner"
        assert (await log_in(strict, "other")).username == "other"
        await asyncio.sleep(1.05)
        assert (await log_in(strict, "owner")).username == "owner"

    async def test_a_success_forgets_them(self, strict: Services, owner: Caller) -> None:
        for _ in range(3):
            for _ in range(2):
                with pytest.raises(BadCredentials):
                    await log_in(strict, "owner", password="wrong")
            await log_in(strict, "owner")

    async def test_keys_are_guessed_slowly_too(self, strict: Services, owner: Caller) -> None:
        made = await strict.keys.create_key(owner, {"name": "key"})
        for _ in range(3):
            with pytest.raises(BadCredentials):
                await strict.access.log_in_with_key(made.secret[:-1], address="test")
        with pytest.raises(TooManyAttempts):
            await strict.access.log_in_with_key(made.secret, address="test")

    def test_it_forgets_the_oldest_rather_than_grow(self) -> None:
        throttle = Throttle(failures=1, seconds=60)
        for number in range(MOST_ENTRIES + 1):
            throttle.failed(str(number))
        assert throttle.wait("0") == 0
        assert throttle.wait("1") > 0
        assert throttle.wait(str(MOST_ENTRIES)) > 0


class TestKey:
    async def test_it_acts_as_its_user(self, services: Services, owner: Caller) -> None:
        viewer = await make_user(services, owner, "viewer")
        made = await services.keys.create_key(owner, {"name": "key", "user_id": viewer.id})
        caller = await services.access.log_in_with_key(made.secret, address="test")
        assert (caller.username, caller.rights) == ("viewer", frozenset({Right.READ}))

    async def test_a_revoked_one_opens_nothing(self, services: Services, owner: Caller) -> None:
        made = await services.keys.create_key(owner, {"name": "key"})
        await services.keys.delete(owner, made.key.id)
        with pytest.raises(BadCredentials):
            await services.access.log_in_with_key(made.secret, address="test")
        with pytest.raises(UnknownKey):
            await services.keys.delete(owner, made.key.id)
        assert (await services.keys.get(owner, made.key.id)).revoked_at is not None

    async def test_only_the_whole_key_opens(self, services: Services, owner: Caller) -> None:
        made = await services.keys.create_key(owner, {"name": "key"})
        other = await make_owner(services, "Other")
        head, organization, key, secret = made.secret.split("_")
        for wrong in (
            "",
            "_",
            "___",
            secret,
            f"{head}_{organization}_{key}_",
            f"{head}_{organization}_{key}_{secret[:-1]}",
            f"{head}_{organization}_{new_id().hex}_{secret}",
            f"{head}_{other.organization_id}_{key}_{secret}",
            f"{head}_{10**30}_{key}_{secret}",
            f"{head}_-1_{key}_{secret}",
            f"{head}_{organization}_zz{key[2:]}_{secret}",
            f"xx_{organization}_{key}_{secret}",
            f"{made.secret}_",
            "\0",
        ):
            with pytest.raises(BadCredentials):
                await services.access.log_in_with_key(wrong, address="test")

    async def test_it_can_not_act_as_somebody_elses_user(
        self, services: Services, owner: Caller
    ) -> None:
        other = await make_owner(services, "Other")
        with pytest.raises(UnknownUser):
            await services.keys.create_key(owner, {"name": "key", "user_id": other.user_id})


class TestToken:
    async def test_it_stands_for_the_caller(self, services: Services, owner: Caller) -> None:
        issued = await services.access.issue_token(owner, seconds=60)
        known = await services.access.authenticate(issued.token)
        same = {"token_id": None, "issued_at": None, "expires_at": None}
        assert dataclasses.replace(known, **same) == owner
        assert issued.expires_in == 60

    async def test_forged_ones_stand_for_nobody(self, services: Services, owner: Caller) -> None:
        token = (await services.access.issue_token(owner, seconds=60)).token
        claims = jwt.decode(token, options={"verify_signature": False})
        key = await services.access.signing_key()
        without = [{k: v for k, v in claims.items() if k != name} for name in claims]
        incomplete = [
            jwt.encode(claim, key, "HS256")
            for claim, name in zip(without, claims, strict=True)
            if name in ("jti", "sub", "oid", "exp", "iat")
        ]
        strange = [
            jwt.encode(claims | {name: value}, key, "HS256")
            for name in ("jti", "sub", "oid", "iat")
            for value in ("x", {}, [], None)
        ]
        for forged in (
            "",
            "a.b.c",
            token[:-2],
            jwt.encode(claims, "x" * 32, "HS256"),
            jwt.encode(claims, key + key, "HS512"),
            jwt.encode(claims, None, "none"),
            jwt.encode(claims | {"sub": new_id().hex}, key, "HS256"),
            jwt.encode(claims | {"oid": 999}, key, "HS256"),
            *incomplete,
            *strange,
        ):
            with pytest.raises(BadToken):
                await services.access.authenticate(forged)

    async def test_it_expires(self, services: Services, owner: Caller) -> None:
        expired = await services.access.issue_token(owner, seconds=-1)
        with pytest.raises(ExpiredToken):
            await services.access.authenticate(expired.token)
        brief = await services.access.issue_token(owner, seconds=2)
        await services.access.authenticate(brief.token)
        await asyncio.sleep(2.1)
        with pytest.raises(ExpiredToken):
            await services.access.authenticate(brief.token)

    async def test_every_process_makes_and_takes_the_same_tokens(
        self, services: Services, second: Services, owner: Caller
    ) -> None:
        issued = await services.access.issue_token(owner, seconds=60)
        assert (await second.access.authenticate(issued.token)).user_id == owner.user_id

    async def test_a_secret_of_ones_own_takes_the_place_of_the_kept_key(
        self, services: Services, owner: Caller, empty_url: str
    ) -> None:
        issued = await services.access.issue_token(owner, seconds=60)
        opened = open_services(settings_for(empty_url, secret="a secret of one's own"))
        try:
            with pytest.raises(BadToken):
                await opened.access.authenticate(issued.token)
        finally:
            await opened.close()

    async def test_a_released_one_is_refused_everywhere_within_the_recheck(
        self, services: Services, second: Services, owner: Caller
    ) -> None:
        token = (await services.access.issue_token(owner, seconds=60)).token
        await second.access.authenticate(token)
        await services.access.release(token)
        with pytest.raises(BadToken):
            await services.access.authenticate(token)
        await asyncio.sleep(0.3)
        with pytest.raises(BadToken):
            await second.access.authenticate(token)
        with pytest.raises(BadToken):
            await services.access.release(token)

    async def test_what_becomes_of_the_user_becomes_of_the_token(
        self, second: Services, services: Services, owner: Caller
    ) -> None:
        user = await make_user(services, owner, "other", role="marketer")
        made = await services.keys.create_key(owner, {"name": "key", "user_id": user.id})
        caller = await log_in(second, "other")
        token = (await second.access.issue_token(caller, seconds=60)).token
        assert Right.MANAGE_LISTS in (await second.access.authenticate(token)).rights
        await services.users.change(owner, user.id, {"role": "viewer"})
        await asyncio.sleep(0.3)
        assert (await second.access.authenticate(token)).rights == {Right.READ}
        await services.users.change(owner, user.id, {"active": False})
        await asyncio.sleep(0.3)
        with pytest.raises(BadToken):
            await second.access.authenticate(token)
        with pytest.raises(BadCredentials):
            await log_in(second, "other")
        with pytest.raises(BadCredentials):
            await second.access.log_in_with_key(made.secret, address="test")

    async def test_first_requests_at_once_agree_on_one_key(
        self, services: Services, empty_url: str
    ) -> None:
        opened = [open_services(settings_for(empty_url)) for _ in range(4)]
        keys = await asyncio.gather(*(one.access.signing_key() for one in opened))
        for one in opened:
            await one.close()
        assert len(set(keys)) == 1


class TestOrganizations:
    async def test_names_and_aliases_are_unique_in_the_installation(
        self, services: Services
    ) -> None:
        await services.access.create_organization("Shop", [("PrimeTech", "intershop")])
        for name, aliases in (
            ("Shop", []),
            ("shop", []),
            ("primetech", []),
            ("Other", [("SHOP ", None)]),
        ):
            before = await everything(services)
            with pytest.raises(AlreadyExists):
                await services.access.create_organization(name, aliases)
            assert await everything(services) == before

    @pytest.mark.parametrize("name", ["", "  ", "x" * 201, "a\0b", "ß" * 150])
    async def test_a_name_that_is_none_is_refused(self, services: Services, name: str) -> None:
        with pytest.raises(InvalidValue):
            await services.access.create_organization(name, [])
        assert await services.access.organizations() == []

    async def test_a_caller_knows_its_name_on_each_wire(self, services: Services) -> None:
        organization = await services.access.create_organization("Shop", [("CRM", "crmcom")])
        found = await services.access.organization("nowhere", None, "crm")
        assert found.id == organization.id
        # Where there is only one, it is meant.
        assert (await services.access.organization("nowhere")).id == organization.id
        await services.access.create_organization("Other", [])
        with pytest.raises(UnknownOrganization, match="nowhere"):
            await services.access.organization(None, "nowhere")


async def test_who_may_not_manage_access_sees_no_user(services: Services, owner: Caller) -> None:
    await make_user(services, owner, "marketer", role="marketer")
    marketer = await log_in(services, "marketer")
    for call in (
        services.users.page(marketer),
        services.users.get(marketer, owner.user_id),
        services.keys.page(marketer),
        services.keys.create_key(marketer, {"name": "key"}),
        services.units.create(marketer, {"name": "a", "alternative_code": "a"}),
    ):
        with pytest.raises(NotPermitted, match="manage_access"):
            await call
