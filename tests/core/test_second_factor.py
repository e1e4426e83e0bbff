"""Second factors: who has one needs a passcode, and each passcode counts once."""

import time

import pyotp
import pytest
from sqlalchemy import select

from largesse.core.access.model import Caller, users
from largesse.core.access.passcodes import opened, sealed
from largesse.core.errors import (
    BadCredentials,
    NotPermitted,
    SecondFactorRequired,
    TooManyAttempts,
    UnknownUser,
    WrongState,
)
from largesse.core.ids import new_id
from largesse.services import Services
from tests.core.people import make_owner

NAME, WORD = "bo", "correct horse"


@pytest.fixture
async def owner(services: Services) -> Caller:
    return await make_owner(services)


async def bo(services: Services, owner: Caller, role: str = "viewer") -> Caller:
    user = {"username": NAME, "password": WORD, "role": role, "unit_id": owner.unit_id}
    await services.users.create(owner, user)
    return await log_in(services)


async def log_in(services: Services, passcode: str | None = None, address: str = "x") -> Caller:
    return await services.access.log_in(NAME, WORD, passcode=passcode, address=address)


async def test_who_has_a_second_factor_needs_a_passcode_that_was_not_used(
    services: Services, owner: Caller
) -> None:
    user_id = (await bo(services, owner)).user_id
    assert user_id is not None
    with pytest.raises(BadCredentials):
        await log_in(services, "000000")  # there is none yet
    made = await services.second_factors.enrol(owner, user_id)
    app = pyotp.parse_uri(made.uri)
    assert isinstance(app, pyotp.TOTP)
    assert (app.secret, app.name, app.issuer) == (made.secret, NAME, "Largesse")
    with pytest.raises(SecondFactorRequired):
        await log_in(services)
    for wrong in ("", "12345", "1234567", "abcdef", "\uff11" * 6):
        with pytest.raises(BadCredentials):
            await log_in(services, wrong)
    now = app.now()
    assert (await log_in(services, now)).user_id == user_id
    for again in (now, app.at(int(time.time()) - 30)):  # nor one from before it
        with pytest.raises(BadCredentials):
            await log_in(services, again)
    assert (await log_in(services, app.at(int(time.time()) + 30))).user_id == user_id
    with pytest.raises(BadCredentials):
        await log_in(services, app.at(int(time.time()) + 300))
    await services.second_factors.remove(owner, user_id)
    assert (await log_in(services)).user_id == user_id


async def test_the_secret_is_kept_sealed_and_told_nobody(services: Services, owner: Caller) -> None:
    user_id = (await bo(services, owner)).user_id
    assert user_id is not None
    made = await services.second_factors.enrol(owner, user_id)
    async with services.database.read() as tx:
        kept = await tx.value(select(users.c.totp_secret).where(users.c.id == user_id))
    assert made.secret not in kept
    key = await services.access.signing_key()
    assert opened(key, user_id, kept) == made.secret
    assert opened(key, new_id(), kept) is None  # another user's it does not become
    assert opened(b"another key", user_id, kept) is None
    assert opened(key, user_id, sealed(key, user_id, "x")[:-4] + "AAA=") is None
    assert opened(key, user_id, "é") is None
    events = (await services.events.page(owner, subject_id=str(user_id))).items
    assert "user.second_factor_added" in [event.kind for event in events]
    assert made.secret not in str(events)


async def test_guesses_are_slowed_down_wherever_they_come_from(
    services: Services, owner: Caller
) -> None:
    user_id = (await bo(services, owner)).user_id
    assert user_id is not None
    made = await services.second_factors.enrol(owner, user_id)
    right = pyotp.TOTP(made.secret).now()
    for guess in range(services.settings.login_failures):
        with pytest.raises(BadCredentials):
            await log_in(services, f"{(int(right) + guess + 1) % 10**6:06}x", f"address {guess}")
    with pytest.raises(TooManyAttempts):
        await log_in(services, right, "another address")


async def test_only_who_manages_access_gives_second_factors(
    services: Services, owner: Caller
) -> None:
    viewer = await bo(services, owner)
    assert viewer.user_id is not None
    factors = services.second_factors
    for use in (factors.enrol, factors.remove):
        with pytest.raises(NotPermitted):
            await use(viewer, viewer.user_id)
        with pytest.raises(UnknownUser):
            await use(owner, new_id())
    with pytest.raises(WrongState):
        await factors.remove(owner, viewer.user_id)
    await factors.enrol(owner, viewer.user_id)
    with pytest.raises(WrongState):
        await factors.enrol(owner, viewer.user_id)
