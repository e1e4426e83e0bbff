"""Customers: what names them, what belongs to them, and that their secrets are not kept."""

import asyncio
from datetime import date
from typing import Any

import pytest

from largesse.core.access.model import Caller
from largesse.core.codes.model import CampaignRef
from largesse.core.customers.model import (
    AccountKind,
    ByAccount,
    ByCustomer,
    ByToken,
    Customer,
    Identifier,
)
from largesse.core.errors import (
    AlreadyExists,
    AmbiguousValue,
    InvalidEmail,
    InvalidValue,
    MissingValue,
    Refused,
    StillInUse,
    UnknownAccount,
    UnknownCustomer,
    UnknownReference,
)
from largesse.core.ids import new_id
from largesse.services import Services
from tests.core.people import all_but_the_log, everything, make_owner


@pytest.fixture
async def owner(services: Services) -> Caller:
    return await make_owner(services)


async def person(services: Services, owner: Caller, **identifiers: str) -> Customer:
    return await services.customers.create(owner, {"first_name": "Ada", "identifiers": identifiers})


class TestIdentifiers:
    async def test_a_customer_is_known_by_its_own_id_in_any_form(
        self, services: Services, owner: Caller
    ) -> None:
        made = await person(services, owner)
        assert made.identifiers == {"customer_id": made.id.hex.upper()}
        for value in (made.id.hex, made.id.hex.upper(), str(made.id), f" {made.id.hex} "):
            assert (await services.customers.named(owner, None, value)).id == made.id

    async def test_the_shops_own_id_comes_beside_it(
        self, services: Services, owner: Caller
    ) -> None:
        made = await person(services, owner, customer_id="egkKDgANTq4AAAFF31gHyCE_")
        for value in ("egkKDgANTq4AAAFF31gHyCE_", "EGKKDGANTQ4AAAFF31GHYCE_", made.id.hex):
            assert (await services.customers.named(owner, None, value)).id == made.id

    async def test_one_names_one_customer_only(self, services: Services, owner: Caller) -> None:
        await person(services, owner, profile_id="profile1", passport_number="P1")
        before = await everything(services)
        for identifiers in ({"profile_id": "profile1"}, {"profile_id": " PROFILE1"}):
            with pytest.raises(AlreadyExists):
                await person(services, owner, customer_number="C1", **identifiers)
        assert await everything(services) == before
        # As another kind, or in another organization, the same text is another identifier.
        await person(services, owner, customer_number="profile1", passport_number="P2")
        await person(services, await make_owner(services, "Other"), profile_id="profile1")

    async def test_of_many_at_once_one_gets_it(self, services: Services, owner: Caller) -> None:
        made = await asyncio.gather(
            *(person(services, owner, profile_id="profile1") for _ in range(8)),
            return_exceptions=True,
        )
        assert sorted(type(one).__name__ for one in made) == ["AlreadyExists"] * 7 + ["Customer"]

    async def test_some_are_for_persons_and_some_for_companies(
        self, services: Services, owner: Caller
    ) -> None:
        before = await everything(services)
        for kind, name in (
            ("company", "id_number"),
            ("company", "passport_number"),
            ("company", "social_security_number"),
            ("person", "vat_registration_number"),
            ("person", "registration_number"),
        ):
            new = {"kind": kind, "identifiers": {name: "1"}}
            with pytest.raises(InvalidValue, match=name):
                await services.customers.create(owner, new)
        assert await everything(services) == before

    async def test_a_customer_does_not_become_what_its_identifiers_exclude(
        self, services: Services, owner: Caller
    ) -> None:
        made = await person(services, owner, id_number="1")
        with pytest.raises(InvalidValue, match="id_number"):
            await services.customers.change(owner, made.id, {"kind": "company"})
        both = {"kind": "company", "identifiers": {"id_number": None, "registration_number": "2"}}
        changed = await services.customers.change(owner, made.id, both)
        assert (changed.kind, changed.identifiers["registration_number"]) == ("company", "2")

    async def test_they_are_changed_one_by_one(self, services: Services, owner: Caller) -> None:
        made = await person(services, owner, profile_id="p1", customer_number="c1")
        new: dict[str, Any] = {"identifiers": {"profile_id": None, "customer_number": "c2"}}
        changed = await services.customers.change(owner, made.id, new)
        own = made.identifiers["customer_id"]
        assert changed.identifiers == {"customer_id": own, "customer_number": "c2"}
        with pytest.raises(UnknownCustomer):
            await services.customers.named(owner, Identifier.PROFILE_ID, "p1")
        with pytest.raises(InvalidValue, match="customer_id"):
            await services.customers.change(owner, made.id, {"identifiers": {"customer_id": None}})

    @pytest.mark.parametrize(
        "identifiers",
        [
            {"colour": "red"},
            {"profile_id": "x" * 201},
            {"profile_id": "ß" * 150},
            {"profile_id": "a\0b"},
            {"profile_id": " "},
            {"profile_id": 7},
        ],
        ids=str,
    )
    async def test_what_is_none_is_refused(
        self, services: Services, owner: Caller, identifiers: dict[str, Any]
    ) -> None:
        before = await everything(services)
        with pytest.raises(InvalidValue, match="identifiers"):
            await services.customers.create(owner, {"identifiers": identifiers})
        assert await everything(services) == before


class TestRecord:
    async def test_all_that_is_given_is_kept(self, services: Services, owner: Caller) -> None:
        given: dict[str, Any] = {
            "kind": "company",
            "company_name": "Oil Corp",
            "first_name": "Ada",
            "email": " Ada@Example.COM ",
            "birthday": date(1815, 12, 10),
            "attributes": {"tags": ["a", 1, None], "deep": {"x": 1.5}},
        }
        made = await services.customers.create(owner, given)
        found = await services.customers.get(owner, made.id)
        assert found == made
        # Kept as typed, compared without regard to case.
        assert (found.email, found.birthday) == ("Ada@Example.COM", date(1815, 12, 10))
        assert (found.attributes, found.name) == (given["attributes"], "Oil Corp")
        page = await services.customers.page(owner, email="aDA@example.com")
        assert [one.id for one in page.items] == [made.id]
        cleared = await services.customers.change(owner, made.id, {"email": None})
        assert cleared.email is None
        assert not (await services.customers.page(owner, email="ada@example.com")).items

    @pytest.mark.parametrize("email", ["ada", "a@b@c.de", "a\0@x.de", "ß" * 200 + "@x.de"])
    async def test_an_address_that_is_none_is_refused(
        self, services: Services, owner: Caller, email: str
    ) -> None:
        with pytest.raises(InvalidEmail):
            await services.customers.create(owner, {"email": email})

    async def test_pages_follow_each_other(self, services: Services, owner: Caller) -> None:
        made = [await person(services, owner, profile_id=f"p{n}") for n in range(5)]
        seen, after = [], None
        for _ in range(3):
            page = await services.customers.page(owner, after=after, limit=2)
            seen += [one.id for one in page.items]
            after = page.next_after
        assert seen == [one.id for one in made]
        assert after is None
        found = await services.customers.page(owner, profile_id="P3")
        assert [one.id for one in found.items] == [made[3].id]
        assert not (await services.customers.page(owner, profile_id="P3", email="x@y.de")).items

    async def test_what_belongs_to_it_alone_goes_with_it(
        self, services: Services, owner: Caller
    ) -> None:
        before = await all_but_the_log(services)
        made = await person(services, owner, profile_id="p1")
        of = {"customer_id": made.id}
        await services.accounts.create(owner, of | {"kind": "rewards", "number": "RP1"})
        await services.customer_tokens.create(owner, of | {"authentication_code": "A"})
        await services.customers.delete(owner, made.id)
        assert await all_but_the_log(services) == before
        with pytest.raises(UnknownCustomer):
            await services.customers.delete(owner, made.id)

    async def test_one_who_has_a_code_stays(self, services: Services, owner: Caller) -> None:
        made = await person(services, owner, profile_id="p1")
        campaign = {"name": "C", "state": "posted", "code_source": "on_request"}
        await services.campaigns.create(owner, campaign)
        receiver = ByCustomer(Identifier.PROFILE_ID, "p1")
        await services.codes.request(owner, CampaignRef("name", "C"), receiver)
        with pytest.raises(StillInUse):
            await services.customers.delete(owner, made.id)
        assert (await services.customers.get(owner, made.id)).id == made.id


class TestAccounts:
    async def test_a_number_is_one_accounts_of_its_kind(
        self, services: Services, owner: Caller
    ) -> None:
        of = {"customer_id": (await person(services, owner)).id}
        await services.accounts.create(owner, of | {"kind": "rewards", "number": "1"})
        await services.accounts.create(owner, of | {"kind": "subscription", "number": "1"})
        with pytest.raises(AlreadyExists):
            await services.accounts.create(owner, of | {"kind": "rewards", "number": "1"})

    async def test_a_kind_that_is_none_is_refused(self, services: Services, owner: Caller) -> None:
        of = {"customer_id": (await person(services, owner)).id, "number": "1"}
        with pytest.raises(InvalidValue, match="kind"):
            await services.accounts.create(owner, of | {"kind": "colour"})
        made = await services.accounts.create(owner, of | {"kind": "rewards"})
        with pytest.raises(InvalidValue, match="kind"):
            await services.accounts.change(owner, made.id, {"kind": "colour"})

    async def test_it_belongs_to_a_customer_of_the_organization(
        self, services: Services, owner: Caller
    ) -> None:
        other = await make_owner(services, "Other")
        theirs = await person(services, other)
        for customer_id in (new_id(), theirs.id):
            new = {"customer_id": customer_id, "kind": "rewards", "number": "1"}
            with pytest.raises(UnknownReference, match="customer_id"):
                await services.accounts.create(owner, new)

    async def test_it_names_its_customer(self, services: Services, owner: Caller) -> None:
        made = await person(services, owner)
        for number in ("1", "2"):
            new = {"customer_id": made.id, "kind": "receivable", "number": number, "name": "Ada"}
            account = await services.accounts.create(owner, new)
        kind = AccountKind.RECEIVABLE
        found = await services.receivers.find(owner, ByAccount(kind, "number", "2"))
        assert (found.customer_id, found.account_id) == (made.id, account.id)
        with pytest.raises(AmbiguousValue):
            await services.receivers.find(owner, ByAccount(kind, "name", "Ada"))
        for field, value in (("number", "3"), ("id", "3"), ("id", made.id.hex), ("name", "ada")):
            with pytest.raises(UnknownAccount):
                await services.receivers.find(owner, ByAccount(kind, field, value))


class TestTokens:
    secrets: dict[str, str] = {  # noqa: RUF012
        "pass_code": "pass-code-1234",
        "authentication_code": "authentication-code-1234",
        "one_time_password": "987654321",
    }

    async def test_no_secret_of_a_token_is_kept_as_it_is(
        self, services: Services, owner: Caller
    ) -> None:
        of = {"customer_id": (await person(services, owner)).id, "identifier": "visible"}
        made = await services.customer_tokens.create(owner, of | self.secrets)
        kept = repr(await everything(services))
        assert "visible" in kept
        for secret in self.secrets.values():
            assert secret not in kept
            assert secret not in repr(made)
        again = {"pass_code": "changed-code", "one_time_password": "123123123"}
        await services.customer_tokens.change(owner, made.id, again)
        kept = repr(await everything(services))
        assert not any(secret in kept for secret in again.values())

    async def test_a_changed_secret_takes_the_place_of_the_old(
        self, services: Services, owner: Caller
    ) -> None:
        of = {"customer_id": (await person(services, owner)).id, "identifier": "me"}
        new = {"customer_id": of["customer_id"], "kind": "rewards", "number": "1"}
        await services.accounts.create(owner, new)
        made = await services.customer_tokens.create(owner, of | self.secrets)
        changes = {"pass_code": "new", "authentication_code": "new", "one_time_password": None}
        await services.customer_tokens.change(owner, made.id, changes)
        kind = AccountKind.REWARDS
        for good in (
            ByToken(kind, identifier=" ME", pass_code="new"),
            ByToken(kind, authentication_code="new"),
        ):
            assert (await services.receivers.find(owner, good)).customer_id == of["customer_id"]
        for bad in (
            ByToken(kind, identifier="me", pass_code=self.secrets["pass_code"]),
            ByToken(kind, authentication_code=self.secrets["authentication_code"]),
            ByToken(kind, one_time_password=self.secrets["one_time_password"]),
            # A secret of one kind is none of another.
            ByToken(kind, one_time_password="new"),
        ):
            with pytest.raises(Refused):
                await services.receivers.find(owner, bad)

    async def test_what_identifies_is_one_tokens(self, services: Services, owner: Caller) -> None:
        of = {"customer_id": (await person(services, owner)).id}
        await services.customer_tokens.create(owner, of | {"identifier": "me"} | self.secrets)
        for name, value in ({"identifier": " ME "} | self.secrets).items():
            if name == "pass_code":
                continue
            with pytest.raises(AlreadyExists):
                await services.customer_tokens.create(owner, of | {name: value})

    async def test_it_needs_a_way_to_identify(self, services: Services, owner: Caller) -> None:
        of = {"customer_id": (await person(services, owner)).id}
        for values in ({}, {"pass_code": "1234"}, {"identifier": " "}):
            with pytest.raises(MissingValue):
                await services.customer_tokens.create(owner, of | values)
        new = {"authentication_code": "A", "state": "colour"}
        with pytest.raises(InvalidValue, match="state"):
            await services.customer_tokens.create(owner, of | new)
