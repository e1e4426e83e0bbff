"""`Call`: one request on its way through a dialect."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from starlette.requests import Request

from largesse.core.access.model import Caller

if TYPE_CHECKING:
    from largesse.services import Services


@dataclass(slots=True)
class Call:
    """What a handler gets: the request, the services, who calls, and the decoded body."""

    request: Request
    services: "Services"
    settings: Any
    """The dialect's own part of the settings."""
    raw: bytes = b""
    """The body as it came."""
    body: Any = None
    """The body decoded to the route's request type."""
    login: Caller | None = None
    response_headers: dict[str, str] = field(default_factory=dict)
    """Headers that the answer carries, whoever makes it."""

    @property
    def caller(self) -> Caller:
        """Who calls. A handler of a route that needs a login may rely on it."""
        assert self.login is not None
        return self.login

    @property
    def address(self) -> str:
        """The client's address, by which failed logins are counted."""
        return self.request.client.host if self.request.client else ""

    def path(self, name: str) -> str:
        """Return a parameter of the path."""
        return str(self.request.path_params[name])

    def header(self, name: str) -> str | None:
        """Return a header, trimmed; None if it is missing or empty."""
        return (self.request.headers.get(name) or "").strip() or None
