"""Create, read, list, change and delete: one handler each, made for every noun."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from msgspec import UNSET

from largesse.core.errors import Unknown
from largesse.core.records import Page, Records
from largesse.dialects.native import queries
from largesse.dialects.native.mapping import given
from largesse.dialects.native.schemas.base import Listing
from largesse.wire import paging
from largesse.wire.call import Call
from largesse.wire.routes import Handler

if TYPE_CHECKING:
    from largesse.services import Services

Source = Callable[["Services"], Records[Any]]
"""Which of the services keeps a noun's records."""

ParseId = Callable[[str], Any]
"""Makes an id of a path's segment, or None of what is no id."""


def id_in(call: Call, parse: ParseId, unknown: type[Unknown], name: str = "id") -> Any:
    """Return the id that a path names; a text that is no id is one that nothing has."""
    text = call.path(name)
    found = parse(text)
    if found is None:
        raise unknown(text)
    return found


def creating(source: Source) -> Handler:
    """Return the handler of `POST /nouns`."""

    async def create(call: Call) -> Any:
        return await source(call.services).create(call.caller, given(call.body))

    return create


def reading(source: Source, parse: ParseId) -> Handler:
    """Return the handler of `GET /nouns/{id}`."""

    async def read(call: Call) -> Any:
        records = source(call.services)
        return await records.get(call.caller, id_in(call, parse, records.unknown))

    return read


def listing(source: Source, query: type[queries.Paging]) -> Handler:
    """Return the handler of `GET /nouns`."""

    async def read_page(call: Call) -> Any:
        return await paged(call, query, source(call.services).page)

    return read_page


def changing(source: Source, parse: ParseId) -> Handler:
    """Return the handler of `PATCH /nouns/{id}`."""

    async def change(call: Call) -> Any:
        records = source(call.services)
        record_id = id_in(call, parse, records.unknown)
        return await records.change(call.caller, record_id, given(call.body))

    return change


def deleting(source: Source, parse: ParseId) -> Handler:
    """Return the handler of `DELETE /nouns/{id}`."""

    async def delete(call: Call) -> None:
        records = source(call.services)
        await records.delete(call.caller, id_in(call, parse, records.unknown))

    return delete


async def paged(
    call: Call,
    query: type[queries.Paging],
    page: Callable[..., Awaitable[Page[Any]]],
    *of: Any,
) -> Listing[Any]:
    """Return the page that a call's query asks for; `of` is what the list is part of."""
    asked = queries.of(call, query)
    key = await call.services.access.signing_key()
    place = f"{call.caller.organization_id} {call.request.scope['path']}"
    filters = queries.filters(asked)
    if asked.cursor is not UNSET:
        filters["after"] = paging.after(key, place, asked.cursor)
    found = await page(call.caller, *of, limit=asked.limit, **filters)
    behind = found.next_after
    return Listing(list(found.items), None if behind is None else paging.cursor(key, place, behind))
