"""How the parts of a process are told that there is something to do, or that it ends."""

import asyncio
from dataclasses import dataclass, field

from largesse.core.jobs.model import WAKE as JOBS_WAKE
from largesse.core.mail.model import WAKE as MAIL_WAKE


@dataclass(frozen=True, slots=True)
class Wakeups:
    """How the parts of this process are told that there is something to do, or that it ends.

    Commits tell the worker of what there is, of this process and, where the database can, of others.
    """

    mail: asyncio.Event = field(default_factory=asyncio.Event)
    jobs: asyncio.Event = field(default_factory=asyncio.Event)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once this process serves no longer: answers that last end then by themselves."""

    def wake(self, topic: str) -> None:
        """Wake who waits for a topic of commits; "" stands for all of them."""
        topics = {MAIL_WAKE: self.mail, JOBS_WAKE: self.jobs}
        for event in topics.values() if topic == "" else filter(None, [topics.get(topic)]):
            event.set()
