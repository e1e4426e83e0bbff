"""CRM.COM's wire answers from what is there: nothing is done behind an answer."""

from typing import Any

import pytest


@pytest.fixture
def served_with() -> dict[str, Any]:
    """Serve without a worker."""
    return {"worker": False}
