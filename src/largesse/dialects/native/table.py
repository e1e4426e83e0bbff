"""How a line of the route table is made."""

from typing import Any

from largesse.dialects.native import queries, schemas
from largesse.dialects.native.handlers import records
from largesse.dialects.native.mapping import to_uuid
from largesse.wire.call import Call
from largesse.wire.idempotency import once, submit_once
from largesse.wire.routes import Handler, Route
from largesse.wire.routes import never as wire_never
from largesse.wire.routes import route as wire_route

SOURCE = "DECIDED"


def route(method: str, path: str, handler: Handler, **more: Any) -> Route:
    """Return a route; where it takes no query it refuses one."""

    async def without_query(call: Call) -> Any:
        queries.of(call, queries.NoQuery)
        return await handler(call)

    chosen = handler if "query" in more else without_query
    return wire_route(method, path, chosen, source=SOURCE, **more)


def post(path: str, handler: Handler, *, status: int = 201, kept: Any = None, **more: Any) -> Route:
    """Return the route of a POST; with an `Idempotency-Key` it is carried out once."""
    taken = {} if kept is None else {"kept": kept}
    handler = once(handler, encode=schemas.encode, status=status, **taken)
    return route("POST", path, handler, status=status, headers=queries.Once, **more)


def post_submitting(path: str, handler: Handler, *, of_outcome: Any, **more: Any) -> Route:
    """Return the route of a POST that submits one command, for which the same is true."""
    handler = submit_once(handler, encode=schemas.encode, status=200, of_outcome=of_outcome)
    return route("POST", path, handler, status=200, headers=queries.Once, **more)


def never(method: str, path: str, reason: str) -> Route:
    """Return a route that is known and will not be answered."""
    return wire_never(method, path, source=SOURCE, reason=reason)


def reads(
    path: str, source: records.Source, value: Any, *, query: Any, parse: Any = to_uuid
) -> tuple[Route, ...]:
    """Return the routes by which records are read: the list and one of it."""
    one = f"{path}/{{id}}"
    page = records.listing(source, query)
    return (
        route("GET", path, page, query=query, response=schemas.Listing[value]),
        route("GET", one, records.reading(source, parse), response=value),
    )


def by_link(path: str, *, ask: Handler, act: Handler) -> tuple[Route, ...]:
    """Return the routes of a link in mails: GET asks, and POST does it.

    Parameters that a mail program or a service on the way adds to it are passed over.
    """
    signed = "recipients of mails have no login; the link is signed"
    return (
        wire_route("GET", path, ask, source=SOURCE, response=schemas.LinkQuestion, public=signed),
        wire_route("POST", path, act, source=SOURCE, response=schemas.LinkAnswer, public=signed),
    )


def changes(
    path: str, source: records.Source, value: Any, *, body: Any, parse: Any = to_uuid
) -> tuple[Route, ...]:
    """Return the routes by which a record is changed and deleted."""
    one = f"{path}/{{id}}"
    return (
        route("PATCH", one, records.changing(source, parse), request=body, response=value),
        route("DELETE", one, records.deleting(source, parse), status=204),
    )


def noun(
    path: str,
    source: records.Source,
    value: Any,
    *,
    new: Any,
    change: Any,
    query: Any = queries.Paging,
    parse: Any = to_uuid,
) -> tuple[Route, ...]:
    """Return the five routes of a record that is made, read, listed, changed and deleted."""
    return (
        post(path, records.creating(source), request=new, response=value),
        *reads(path, source, value, query=query, parse=parse),
        *changes(path, source, value, body=change, parse=parse),
    )
