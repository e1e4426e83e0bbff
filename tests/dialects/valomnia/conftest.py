"""What Valomnia's tests may use."""

from datetime import UTC, datetime
from typing import Any

import pytest

from largesse.core import clock
from tests.dialects.valomnia.client import SESSION, Api, log_in
from tests.serving import Served

PRINTED = datetime(2016, 8, 24, 11, 42, 30, tzinfo=UTC)
"""When the document's new record was made and changed."""


@pytest.fixture
def served_with() -> dict[str, Any]:
    """Serve without a worker: nothing is done behind an answer."""
    return {"worker": False}


@pytest.fixture
async def api(served: Served) -> Api:
    """A client of the demo organization that is logged in."""
    return Api(served, (await log_in(served)).cookies[SESSION])


@pytest.fixture
def printed_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the clock to the moment that the document prints."""
    monkeypatch.setattr(clock, "now", lambda: PRINTED)
