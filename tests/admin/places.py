"""Where each page with a parameter in its path is, for the tests that walk all of them.

A page that shows one record is tried with a record of the demo data; whoever adds such a page adds
a line here.
"""

from collections.abc import Awaitable, Callable

from largesse.core.access.model import Caller
from largesse.core.search.browse import Browse
from largesse.services import Services

Find = Callable[[Services, Caller], Awaitable[str]]


def first(source: Callable[[Services], object]) -> Find:
    """Return how the newest record of a kind is found."""

    async def find(services: Services, caller: Caller) -> str:
        page = await source(services).browse(caller, Browse(limit=1))  # type: ignore[attr-defined]
        (record,) = page.items
        return str(getattr(record.id, "hex", record.id))

    return find


PLACES: dict[str, Find] = {
    "/promotions/{id}": first(lambda s: s.promotions),
    "/channels/{id}": first(lambda s: s.channels),
}
"""The record of the paths that begin so."""


async def place_of(path: str, services: Services, caller: Caller) -> str | None:
    """Return a path with its parameter filled in; None: nobody said with what."""
    if "{" not in path:
        return path
    for start, find in PLACES.items():
        if path == start or path.startswith(f"{start}/"):
            return path.replace("{id}", await find(services, caller))
    return None
