"""`Call`: one request on its way through a dialect."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.types import Scope

from largesse.core.access.model import Caller

if TYPE_CHECKING:
    from largesse.services import Services


@dataclass(slots=True)
class Call:
    """What a handler gets: the request, the services, who calls, and the decoded body."""

    scope: Scope
    services: "Services"
    settings: Any
    """The dialect's own part of the settings."""
    kind: Any = None
    """The route's request type."""
    raw: bytes = b""
    """The body as it came."""
    blocks: AsyncIterator[bytes] | None = None
    """The body while it comes, where the route reads it itself."""
    body: Any = None
    """The body decoded to the route's request type."""
    login: Caller | None = None
    response_headers: dict[str, str] = field(default_factory=dict)
    """Headers that the answer carries, whoever makes it."""
    _request: Request | None = None

    @property
    def request(self) -> Request:
        """The request as Starlette shows it, but for the body, which is in `raw`."""
        # Made when it is wanted: a call that says everything in its body needs none.
        if self._request is None:
            self._request = Request(self.scope)
        return self._request

    @property
    def caller(self) -> Caller:
        """Who calls. A handler of a route that needs a login may rely on it."""
        assert self.login is not None
        return self.login

    @property
    def address(self) -> str:
        """The client's address, by which failed logins are counted."""
        client = self.scope.get("client")
        return client[0] if client else ""

    def path(self, name: str) -> str:
        """Return a parameter of the path."""
        return str(self.request.path_params[name])

    def header(self, name: str) -> str | None:
        """Return a header, trimmed; None if it is missing or empty."""
        wanted = name.lower().encode()
        for given, value in self.scope["headers"]:
            if given == wanted:
                return str(value, "latin-1").strip() or None
        return None
