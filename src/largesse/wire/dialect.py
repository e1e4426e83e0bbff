"""The `Dialect` record: a vendor's wire as the application mounts it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp

from largesse.core.access.model import Caller
from largesse.wire.call import Call
from largesse.wire.errors import ErrorTable
from largesse.wire.routes import Route


@dataclass(frozen=True, slots=True)
class Dialect:
    """Everything that differs between one vendor's wire and another's."""

    name: str
    """Also the name of its folder and of its table in the settings."""
    title: str
    documents: str
    """The documents it follows."""
    routes: Sequence[Route]
    prefixes: Sequence[str]
    """Where it is mounted; `*` stands for one path segment."""
    roots: frozenset[str]
    """First segments that it answers without any prefix, as the documents print them."""
    authenticate: Callable[[Call], Awaitable[Caller]]
    """Return who calls, or raise a refusal."""
    errors: ErrorTable
    render: Callable[[Call, Exception], Response]
    """Return the answer to a refusal, in the dialect's own envelope."""
    decode: Callable[[Call, Any], Any]
    """Decode a call's raw body to a type."""
    encode: Callable[[Call, Any, int], Response]
    """Return the answer with a handler's result and a status."""
    failure: Any
    """The type of its envelope around a refusal; `str`: a plain text."""
    failure_media: str = "application/json"
    media: Sequence[str] = ("application/json",)
    """The media types of its bodies."""
    security: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """How callers say who they are, as OpenAPI's security schemes; any of them will do."""
    token_member: str | None = None
    """The member of bodies, and the parameter of queries, by which callers say who they are."""
    headers: Any = None
    """A struct of headers that every request may have, for the documentation."""
    path_types: Mapping[str, Any] = field(default_factory=dict)
    """The types of parameters of paths that are no mere texts, for the documentation."""
    xml_attributes: tuple[str, ...] = ()
    """The members that are attributes where a body is XML, for the documentation."""
    wrap: Callable[[ASGIApp], ASGIApp] = lambda app: app
    """Middleware of its own."""
