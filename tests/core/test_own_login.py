"""What people change about their own login; nobody locks themselves out."""

from dataclasses import replace

import pyotp
import pytest

from largesse.core.access.model import Caller
from largesse.core.errors import (
    BadCredentials,
    BadToken,
    InvalidValue,
    NotPermitted,
    SecondFactorRequired,
    TooManyAttempts,
    WrongState,
)
from largesse.core.ids import new_id
from largesse.services import Services
from tests.core.people import PASSWORD, log_in, make_owner, make_user

NEW = "a longer and better one"


@pytest.fixture
async def bo(services: Services) -> Caller:
    """Return somebody who may only look."""
    owner = await make_owner(services)
    await make_user(services, owner, "bo")
    return await log_in(services, "bo")


async def last_event(services: Services, organization_id: int) -> tuple[str, object]:
    owner = await log_in(services, "owner")
    assert owner.organization_id == organization_id
    lines = [one for one in (await services.events.page(owner)).items if "token" not in one.kind]
    return lines[-1].kind, lines[-1].after


async def test_a_password_is_changed_by_who_knows_it(services: Services, bo: Caller) -> None:
    with pytest.raises(InvalidValue, match="old_password"):
        await services.own_login.change_password(bo, "wrong", NEW)
    with pytest.raises(InvalidValue, match="at least 8"):
        await services.own_login.change_password(bo, PASSWORD, "short")
    await services.own_login.change_password(bo, PASSWORD, NEW)
    assert await last_event(services, bo.organization_id) == ("user.changed", {"password": "***"})
    with pytest.raises(BadCredentials):
        await log_in(services, "bo")
    await log_in(services, "bo", password=NEW)


async def test_a_new_password_ends_what_the_old_one_opened(services: Services) -> None:
    owner = await make_owner(services)
    bo = await make_user(services, owner, "bo")
    caller, access = await log_in(services, "bo"), services.access
    key = await services.keys.create_key(owner, {"name": "k", "user_id": bo.id})
    by_key = await access.log_in_with_key(key.secret, address="test")
    tokens = [(await access.issue_token(one, seconds=60)).token for one in (caller, by_key)]
    for token in tokens:
        assert (await access.authenticate(token)).user_id == bo.id
    changed = await services.own_login.change_password(caller, PASSWORD, NEW)
    kept = (await access.issue_token(changed, seconds=60)).token
    access._callers.forget(tokens[0])
    access._callers.forget(tokens[1])
    with pytest.raises(BadToken):
        await access.authenticate(tokens[0])
    # A key is a secret of its own.
    assert (await access.authenticate(tokens[1])).user_id == bo.id
    assert (await access.authenticate(kept)).user_id == bo.id
    await services.users.change(owner, bo.id, {"password": PASSWORD})
    access._callers.forget(kept)
    with pytest.raises(BadToken):
        await access.authenticate(kept)


async def test_guessing_the_own_password_is_slowed_down(services: Services, bo: Caller) -> None:
    for _ in range(20):
        with pytest.raises(InvalidValue):
            await services.own_login.change_password(bo, "wrong", NEW)
    with pytest.raises(TooManyAttempts):
        await services.own_login.change_password(bo, PASSWORD, NEW)


async def test_a_second_factor_counts_once_the_app_has_it(services: Services, bo: Caller) -> None:
    own = services.own_login
    offered = await own.offer_second_factor(bo)
    assert not await own.has_second_factor(bo)
    await log_in(services, "bo")
    passcode = pyotp.TOTP(offered.secret).now()
    for values in (
        ("wrong", offered.sealed, passcode),
        (PASSWORD, offered.sealed, "000000"),
        (PASSWORD, "x", passcode),
        (PASSWORD, (await own.offer_second_factor(replace(bo, user_id=new_id()))).sealed, passcode),
    ):
        with pytest.raises(InvalidValue):
            await own.add_second_factor(bo, *values)
    await own.add_second_factor(bo, PASSWORD, offered.sealed, passcode)
    assert await own.has_second_factor(bo)
    with pytest.raises(SecondFactorRequired):
        await log_in(services, "bo")
    again = await own.offer_second_factor(bo)
    with pytest.raises(WrongState):
        await own.add_second_factor(bo, PASSWORD, again.sealed, pyotp.TOTP(again.secret).now())
    with pytest.raises(InvalidValue):
        await own.remove_second_factor(bo, "wrong")
    await own.remove_second_factor(bo, PASSWORD)
    kind, _ = await last_event(services, bo.organization_id)
    assert kind == "user.second_factor_removed"
    await log_in(services, "bo")
    with pytest.raises(WrongState):
        await own.remove_second_factor(bo, PASSWORD)


async def test_a_program_has_no_login_of_its_own(services: Services, bo: Caller) -> None:
    for program in (replace(bo, key_id=new_id()), replace(bo, user_id=None)):
        with pytest.raises(NotPermitted):
            await services.own_login.change_password(program, PASSWORD, NEW)
        with pytest.raises(NotPermitted):
            await services.own_login.offer_second_factor(program)


async def test_an_owner_does_not_lock_themselves_out(services: Services) -> None:
    owner = await make_owner(services)
    assert owner.user_id is not None
    other = await make_user(services, owner, "second", role="owner")
    for values in ({"role": "viewer"}, {"active": False}):
        with pytest.raises(InvalidValue):
            await services.users.change(owner, owner.user_id, values)
    with pytest.raises(WrongState):
        await services.users.delete(owner, owner.user_id)
    await services.users.change(owner, owner.user_id, {"role": "owner", "email": "o@example.com"})
    second = await log_in(services, "second")
    await services.users.change(second, owner.user_id, {"active": False})
    assert (await services.users.get(second, other.id)).role == "owner"


async def test_who_has_a_second_factor_is_told_to_owners(services: Services, bo: Caller) -> None:
    owner = await log_in(services, "owner")
    assert bo.user_id is not None
    assert owner.user_id is not None
    both = [bo.user_id, owner.user_id]
    assert await services.second_factors.users(owner, both) == frozenset()
    await services.second_factors.enrol(owner, bo.user_id)
    assert await services.second_factors.users(owner, both) == {bo.user_id}
    with pytest.raises(NotPermitted):
        await services.second_factors.users(bo, both)
