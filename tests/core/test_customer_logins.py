"""Customers' logins: given by users, and what customers do with them."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID

import jwt
import pytest

from largesse.core.access.model import Caller, Organization, anonymous
from largesse.core.errors import (
    AlreadyExists,
    BadCredentials,
    BadToken,
    ExpiredToken,
    InvalidValue,
    MissingValue,
    NotPermitted,
    TooManyAttempts,
    UnknownCustomer,
    UnknownCustomerLogin,
)
from largesse.core.ids import new_id
from largesse.services import Services, open_services
from tests.core.people import PASSWORD, all_but_the_log, log_in, make_owner, make_user
from tests.serving import settings_for

ADDRESS = "ada@example.com"


@pytest.fixture
async def owner(services: Services) -> Caller:
    return await make_owner(services)


@pytest.fixture
async def shop(services: Services, owner: Caller) -> Organization:
    return await services.access.organization_named(owner.organization_name)


@pytest.fixture
async def ada(services: Services, owner: Caller) -> UUID:
    """A customer with a login."""
    new = {"first_name": "Ada", "last_name": "Lovelace", "email": ADDRESS}
    made = await services.customers.create(owner, new)
    await services.customer_logins.put(owner, made.id, password=PASSWORD)
    return made.id


@pytest.fixture
async def strict(empty_url: str, services: Services) -> AsyncIterator[Services]:
    """The same database, where two failures are too many."""
    opened = open_services(settings_for(empty_url, login_failures=2))
    yield opened
    await opened.close()


class TestGiving:
    async def test_a_login_is_the_address_unless_another_is_given(
        self, services: Services, owner: Caller, ada: UUID, shop: Organization
    ) -> None:
        logins = services.customer_logins
        assert (await logins.get(owner, ada)).login == ADDRESS
        given = await logins.put(owner, ada, password=PASSWORD, login=" Ada ")
        assert given.login == "Ada"
        assert (await logins.put(owner, ada, password="correct donkey")).login == "Ada"
        sessions = services.sessions
        caller = await sessions.log_in("aDA", "correct donkey", organization=shop, address="test")
        assert caller is not None
        assert caller.customer_id == ada
        await logins.delete(owner, ada)
        with pytest.raises(UnknownCustomerLogin):
            await logins.get(owner, ada)
        with pytest.raises(UnknownCustomerLogin):
            await logins.delete(owner, ada)

    async def test_what_is_refused_changes_nothing(
        self, services: Services, owner: Caller, ada: UUID
    ) -> None:
        other = await services.customers.create(owner, {"last_name": "Other"})
        await make_user(services, owner, "viewer")
        viewer, logins = await log_in(services, "viewer"), services.customer_logins
        before = await all_but_the_log(services)
        with pytest.raises(InvalidValue):
            await logins.put(owner, ada, password="short")
        with pytest.raises(InvalidValue):
            await logins.put(owner, ada, password=PASSWORD, login="x" * 255)
        with pytest.raises(MissingValue):
            await logins.put(owner, other.id, password=PASSWORD)
        with pytest.raises(MissingValue):
            await logins.put(owner, other.id, password=PASSWORD, login=" ")
        with pytest.raises(AlreadyExists):
            await logins.put(owner, other.id, password=PASSWORD, login=ADDRESS.upper())
        with pytest.raises(UnknownCustomer):
            await logins.put(owner, new_id(), password=PASSWORD, login="new")
        for refused in (logins.put(viewer, ada, password=PASSWORD), logins.delete(viewer, ada)):
            with pytest.raises(NotPermitted):
                await refused
        assert await all_but_the_log(services) == before

    async def test_it_goes_with_the_customer_and_stays_in_the_organization(
        self, services: Services, owner: Caller, ada: UUID
    ) -> None:
        elsewhere = await make_owner(services, "Elsewhere")
        with pytest.raises(UnknownCustomer):
            await services.customer_logins.put(elsewhere, ada, password=PASSWORD)
        with pytest.raises(UnknownCustomerLogin):
            await services.customer_logins.get(elsewhere, ada)
        await services.customers.delete(owner, ada)
        assert (await all_but_the_log(services))["customer_logins"] == []


class TestLoggingIn:
    async def test_makes_a_caller_without_rights(
        self, services: Services, shop: Organization, ada: UUID
    ) -> None:
        caller = await services.sessions.log_in(
            ADDRESS, PASSWORD, organization=shop, address="test"
        )
        assert caller is not None
        assert (caller.customer_id, caller.user_id, caller.rights) == (ada, None, frozenset())
        assert (await services.customers.own(caller)).id == ada
        with pytest.raises(NotPermitted):
            await services.customers.get(caller, ada)

    async def test_a_wrong_password_and_an_unknown_login(
        self, services: Services, shop: Organization, ada: UUID
    ) -> None:
        sessions = services.sessions
        for password in ("wrong", "", "a\0"):
            with pytest.raises(BadCredentials):
                await sessions.log_in(ADDRESS, password, organization=shop, address="test")
        found = await sessions.log_in("nobody", PASSWORD, organization=shop, address="test")
        assert found is None

    async def test_guessing_is_slowed_down_and_told(
        self, strict: Services, owner: Caller, shop: Organization, ada: UUID
    ) -> None:
        for login in (ADDRESS, ADDRESS.upper()):
            with pytest.raises(BadCredentials):
                await strict.sessions.log_in(login, "wrong", organization=shop, address="here")
        with pytest.raises(TooManyAttempts):
            await strict.sessions.log_in(ADDRESS, PASSWORD, organization=shop, address="here")
        assert await strict.sessions.log_in(
            ADDRESS, PASSWORD, organization=shop, address="elsewhere"
        )
        await strict.sessions.settle()
        told = (await strict.events.page(owner, kind="customer.login_failed")).items
        assert [line.subject_id for line in told] == [str(ada), str(ada)]


class TestTokens:
    @pytest.fixture
    async def caller(self, services: Services, shop: Organization, ada: UUID) -> Caller:
        found = await services.sessions.log_in(ADDRESS, PASSWORD, organization=shop, address="x")
        assert found is not None
        return found

    async def test_a_session_gives_tokens_until_it_is_ended(
        self, services: Services, caller: Caller
    ) -> None:
        sessions = services.sessions
        first = await sessions.start(caller, seconds=60, refresh_seconds=600)
        second = await sessions.refresh(first.refresh_token, seconds=60)
        assert second.refresh_token == first.refresh_token
        known = await sessions.authenticate(second.access.token)
        assert known.customer_id == caller.customer_id
        await sessions.end(second.access.token)
        for ended in (
            sessions.authenticate(second.access.token),
            sessions.authenticate(first.access.token),
            sessions.refresh(first.refresh_token, seconds=60),
        ):
            with pytest.raises(BadToken):
                await ended

    async def test_a_refresh_token_opens_nothing_and_an_access_token_gives_none(
        self, services: Services, caller: Caller
    ) -> None:
        pair = await services.sessions.start(caller, seconds=60, refresh_seconds=600)
        for refused in (
            services.sessions.authenticate(pair.refresh_token),
            services.sessions.refresh(pair.access.token, seconds=60),
            services.access.authenticate(pair.access.token),
            services.access.authenticate(pair.refresh_token),
        ):
            with pytest.raises(BadToken):
                await refused

    async def test_a_users_token_is_no_customers(self, services: Services, owner: Caller) -> None:
        token = (await services.access.issue_token(owner, seconds=60)).token
        with pytest.raises(BadToken):
            await services.sessions.authenticate(token)

    async def test_a_new_password_ends_sessions(
        self, services: Services, owner: Caller, caller: Caller, ada: UUID
    ) -> None:
        pair = await services.sessions.start(caller, seconds=60, refresh_seconds=600)
        await services.customer_logins.put(owner, ada, password="correct donkey")
        with pytest.raises(BadToken):
            await services.sessions.authenticate(pair.access.token)
        with pytest.raises(BadToken):
            await services.sessions.refresh(pair.refresh_token, seconds=60)

    async def test_of_visitors(self, services: Services, shop: Organization, ada: UUID) -> None:
        pair = await services.sessions.start(anonymous(shop), seconds=60, refresh_seconds=600)
        known = await services.sessions.authenticate(pair.access.token)
        assert (known.organization_id, known.is_somebody) == (shop.id, False)
        assert known.rights == frozenset()

    async def test_one_for_a_customer_is_told_of_the_user(
        self, services: Services, owner: Caller, ada: UUID
    ) -> None:
        issued = await services.sessions.issue_for(owner, ada, seconds=60)
        assert (await services.sessions.authenticate(issued.token)).customer_id == ada
        (line,) = (await services.events.page(owner, kind="customer.token_issued")).items
        assert (line.subject_id, line.user_id) == (str(ada), owner.user_id)
        with pytest.raises(UnknownCustomer):
            await services.sessions.issue_for(owner, new_id(), seconds=60)

    async def test_forged_and_expired_ones(self, services: Services, caller: Caller) -> None:
        expired = await services.sessions.issue_token(caller, seconds=-1)
        with pytest.raises(ExpiredToken):
            await services.sessions.authenticate(expired.token)
        good = (await services.sessions.issue_token(caller, seconds=60)).token
        said = jwt.decode(good, options={"verify_signature": False})
        key = await services.access.signing_key()
        odd = [
            {"sub": "customer:x"},
            {"sub": "customer:"},
            {"sub": "visitors"},
            {"sub": f"customer:{new_id().hex}"},
            {"use": None},
            {"jti": 1},
            {"sid": "x"},
            {"sid": new_id().hex},
            {"oid": "x"},
            {"oid": 999},
            {"prf": "x"},
        ]
        forged = [jwt.encode(said, b"another key" * 4, algorithm="HS256")]
        forged += [jwt.encode(said | change, key, algorithm="HS256") for change in odd]
        for token in (*forged, "", "a.b.c", "ü"):
            with pytest.raises(BadToken):
                await services.sessions.authenticate(token)
        assert datetime.fromtimestamp(said["exp"], UTC) > datetime.now(UTC)
