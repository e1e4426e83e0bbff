"""What a kind of job has to offer to be started by a schedule."""

from collections.abc import Mapping
from typing import Any, ClassVar, Protocol

from largesse.core.access.model import Right
from largesse.core.jobs.model import Job
from largesse.storage.database import Transaction


class Starter(Protocol):
    """Starts jobs of one kind by the clock."""

    right: ClassVar[Right]
    """What who makes such a schedule must be allowed to do."""

    async def check(
        self, tx: Transaction, organization_id: int, parameters: Mapping[str, Any]
    ) -> None:
        """Refuse parameters that no job could be started with. Raises Refused."""

    async def start(
        self, tx: Transaction, organization_id: int, parameters: Mapping[str, Any]
    ) -> Job:
        """Add the job. Raises Refused."""
