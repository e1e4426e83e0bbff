"""One dialect as an ASGI application: its routes, and its envelope around whatever goes wrong."""

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route as StarletteRoute
from starlette.routing import Router
from starlette.types import ASGIApp, Receive, Scope, Send

from largesse.core.errors import Refused, Unavailable
from largesse.wire import bodies
from largesse.wire.call import Call
from largesse.wire.characters import check_target
from largesse.wire.dialect import Dialect
from largesse.wire.errors import Fault, MethodNotAllowed, NotOffered, UnknownPath, WireError
from largesse.wire.routes import Offer, Route

if TYPE_CHECKING:
    from largesse.services import Services

log = structlog.get_logger(__name__)


def application(dialect: Dialect, services: "Services") -> ASGIApp:
    """Return the dialect as an application that never lets an exception out."""
    by_path: dict[str, dict[str, Route]] = defaultdict(dict)
    for route in dialect.routes:
        by_path[route.path][route.method] = route
    routes = [
        StarletteRoute(path, Endpoint(dialect, services, methods), methods=None)
        for path, methods in by_path.items()
    ]
    nowhere = Endpoint(dialect, services, {})
    return dialect.wrap(Router(routes, redirect_slashes=False, default=nowhere))


class Endpoint:
    """Answers one path: finds the method's route and takes a call through it."""

    def __init__(self, dialect: Dialect, services: "Services", methods: dict[str, Route]) -> None:
        self._dialect = dialect
        self._services = services
        self._settings = getattr(services.settings, dialect.name)
        self._limit = services.settings.max_body_bytes
        self._methods = methods
        if "GET" in methods:
            self._methods = {"HEAD": methods["GET"]} | methods

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        call = Call(Request(scope, receive), self._services, self._settings)
        try:
            response = await self._answer(call)
        except (Refused, WireError) as refusal:
            if isinstance(refusal, Unavailable):
                # Nothing the client could mend: whoever runs the service has to hear of it.
                log.error("unavailable", refusal=type(refusal).__name__, exc_info=refusal)
            response = self._dialect.render(call, refusal)
        except ClientDisconnect:
            return
        except Exception:
            log.exception("fault", path=scope["path"], method=scope["method"])
            response = self._dialect.render(call, Fault())
        for name, value in call.response_headers.items():
            response.headers[name] = value
        await response(scope, receive, send)

    async def _answer(self, call: Call) -> Response:
        route = self._route(call.request.method)
        check_target(call.request)
        call.raw = await bodies.read(call.request, self._limit)
        if route.public is None:
            call.login = await self._dialect.authenticate(call)
        if route.request is not None:
            call.body = self._dialect.decode(call, route.request)
        assert route.handler is not None
        result: Any = await route.handler(call)
        if isinstance(result, Response):
            return result
        return self._dialect.encode(call, result, route.status)

    def _route(self, method: str) -> Route:
        if not self._methods:
            raise UnknownPath()
        route = self._methods.get(method)
        if route is None:
            offered = (m for m, r in self._methods.items() if r.offer is Offer.DONE)
            raise MethodNotAllowed(tuple(sorted(offered)))
        if route.offer is not Offer.DONE:
            raise NotOffered(route.reason)
        return route
