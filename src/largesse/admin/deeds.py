"""What can be done with one record on its page, asked before: a deed is a declaration."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from starlette.responses import Response

from largesse.admin import nouns, render
from largesse.admin.nouns import page
from largesse.admin.render import Page
from largesse.core.access.model import Right
from largesse.core.errors import Conflict
from largesse.wire.call import Call
from largesse.wire.routes import Route


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing that can be done, and what is asked before and told after it."""

    name: str
    """Ends the path of its page."""
    label: str
    question: str
    explanation: str
    told: str
    do: Callable[[Call, UUID], Awaitable[None]]
    is_bad: bool = False
    states: Collection[Any] = ()
    """The states of a record in which its page offers it, where that page asks."""
    ends_at: str | None = None
    """Where it leads to; None: to the record's page."""


@dataclass(frozen=True, slots=True)
class Deeds:
    """All that can be done with a record of one kind."""

    path: str
    """Of the list; a record's page is below it."""
    source: Callable[[Any], Any]
    right: Right
    all: Sequence[Deed]
    words: Callable[[Any], Mapping[str, str]] = lambda _: {}
    """What the questions say of a record."""

    def routes(self) -> list[Route]:
        """Return the page of each question, and what carries it out."""
        routes: list[Route] = []
        for deed in self.all:
            path = f"{self.path}/{{id}}/{deed.name}"
            routes += page("GET", path, self._asking(deed)), page("POST", path, self._doing(deed))
        return routes

    def _asking(self, deed: Deed) -> Any:
        async def ask(call: Call) -> Page:
            call.caller.require(self.right)
            record: Any = await nouns.record_in(call, self.source)
            look = render.viewer(call)
            return render.asking(
                call,
                look.say(deed.question, **self.words(record)),
                deed.label,
                back=self._path_of(record),
                explanation=look.say(deed.explanation),
                is_bad=deed.is_bad,
            )

        return ask

    def _doing(self, deed: Deed) -> Any:
        async def do(call: Call) -> Response:
            call.caller.require(self.right)
            record: Any = await nouns.record_in(call, self.source)
            look, back = render.viewer(call), self._path_of(record)
            try:
                await deed.do(call, record.id)
            except Conflict as refusal:
                return render.go(call, back, look.refusal(refusal), is_bad=True)
            return render.go(call, deed.ends_at or back, look.say(deed.told))

        return do

    def _path_of(self, record: Any) -> str:
        return f"{self.path}/{nouns.id_text(record.id)}"
