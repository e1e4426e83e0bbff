"""A clock that is moved by hand, and services that look at every pool each time they are told to."""

from collections.abc import AsyncIterator

import pytest

from largesse.core import clock
from largesse.core.access.model import Caller, system
from largesse.services import Services, open_services
from tests.core.hand import START, Hand
from tests.serving import settings_for


@pytest.fixture
def hand(monkeypatch: pytest.MonkeyPatch) -> Hand:
    """The clock stands still until a test moves it; the database's own goes on."""
    hand = Hand(START)
    monkeypatch.setattr(clock, "now", hand)
    return hand


@pytest.fixture
async def eager(empty_url: str) -> AsyncIterator[Services]:
    """Services for which every pool is always due."""
    opened = open_services(settings_for(empty_url, pool_check_seconds=0))
    await opened.start()
    yield opened
    await opened.close()


@pytest.fixture
async def keeper(eager: Services) -> Caller:
    """Someone who may do everything in a shop with one customer."""
    caller = system(await eager.access.create_organization("Shop", []))
    await eager.customers.create(caller, {"identifiers": {"profile_id": "ada"}})
    return caller
