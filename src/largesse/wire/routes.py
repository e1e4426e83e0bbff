"""Route tables: what a dialect answers, what it does not answer yet, and what it never will."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from largesse.wire.call import Call

Handler = Callable[[Call], Awaitable[Any]]


class Offer(StrEnum):
    """Whether an operation is answered."""

    DONE = "done"
    NOT_YET = "not yet"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Route:
    """One operation of a vendor's document. Validation, coverage and OpenAPI are made from it."""

    method: str
    path: str
    """Starlette's notation below the dialect's prefix, e.g. `/customers/{customer_id}/mails`."""
    source: str
    """Where the operation is known from: SEED 002, DOC 494531, INFERRED, DECIDED."""
    offer: Offer
    handler: Handler | None = None
    request: Any = None
    """The type of the body, which is decoded and checked before the handler is called."""
    response: Any = None
    """The type of a successful answer's body."""
    query: Any = None
    """A struct of the query's parameters, for the documentation."""
    headers: Any = None
    """A struct of headers that the request may have, for the documentation."""
    needed: tuple[str, ...] = ()
    """Members that a body must have, for the documentation, although its type lets them be missing:
    a dialect refuses it in the vendor's words, and not in the decoder's."""
    media: tuple[str, ...] = ()
    """The media types of the body, for the documentation, where they are not the dialect's."""
    answer_media: str | None = None
    """The media type of a successful answer, for the documentation, where it is not the dialect's."""
    status: int = 200
    optional_body: bool = False
    """Whether the body may be left out."""
    streamed: bool = False
    """Whether the handler reads the body itself, from `Call.blocks`, with a limit of its own."""
    public: str | None = None
    """Why the operation needs no login; None: it needs one."""
    reason: str = ""
    """Why the operation is not answered."""


def route(
    method: str,
    path: str,
    handler: Handler,
    *,
    source: str,
    request: Any = None,
    response: Any = None,
    query: Any = None,
    headers: Any = None,
    needed: tuple[str, ...] = (),
    media: tuple[str, ...] = (),
    answer_media: str | None = None,
    status: int = 200,
    optional_body: bool = False,
    streamed: bool = False,
    public: str | None = None,
) -> Route:
    """Return an operation that is answered."""
    return Route(
        method,
        path,
        source,
        Offer.DONE,
        handler,
        request=request,
        response=response,
        query=query,
        headers=headers,
        needed=needed,
        media=media,
        answer_media=answer_media,
        status=status,
        optional_body=optional_body,
        streamed=streamed,
        public=public,
    )


def not_yet(method: str, path: str, *, source: str, reason: str) -> Route:
    """Return an operation that is known and will be answered."""
    return Route(method, path, source, Offer.NOT_YET, reason=reason)


def never(method: str, path: str, *, source: str, reason: str) -> Route:
    """Return an operation that is known and will not be answered."""
    return Route(method, path, source, Offer.NEVER, reason=reason)
