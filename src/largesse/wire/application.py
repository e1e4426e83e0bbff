"""One dialect as an ASGI application: its routes, and its envelope around whatever goes wrong."""

from collections import defaultdict
from collections.abc import Awaitable, Sequence
from typing import TYPE_CHECKING, Any

import structlog
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Route as StarletteRoute
from starlette.routing import Router
from starlette.types import ASGIApp, Receive, Scope, Send

from largesse.core.errors import (
    DatabaseFull,
    DatabaseUnavailable,
    Overloaded,
    Refused,
    Unavailable,
)
from largesse.core.together import refusal_of
from largesse.wire import bodies
from largesse.wire.call import Call
from largesse.wire.characters import check_target
from largesse.wire.dialect import Dialect
from largesse.wire.errors import (
    Fault,
    MethodNotAllowed,
    MethodNotOffered,
    NotOffered,
    UnknownPath,
    WireError,
)
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
    return dialect.wrap(Paths(routes, nowhere=Endpoint(dialect, services, {})))


class Paths:
    """Finds the endpoint of a path: through Starlette's router, but for paths without parameters.

    Those are looked up, which costs the same however many there are.
    """

    def __init__(self, routes: Sequence[StarletteRoute], *, nowhere: ASGIApp) -> None:
        self._router = Router(routes, redirect_slashes=False, default=nowhere)
        self._plain: dict[str, ASGIApp] = {
            route.path: route.app
            for route in routes
            # One that an earlier route takes as well stays the earlier one's.
            if next(one for one in routes if one.path_regex.match(route.path)) is route
        }

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Pass a request on."""
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        return self._plain.get(path, self._router)(scope, receive, send)


def _refusal(error: Exception, scope: Scope) -> Exception:
    """Return what the client is told; what it can not mend, whoever runs the service has to hear."""
    refusal = error if isinstance(error, (Refused, WireError)) else refusal_of(error)
    if refusal is None:
        log.exception("fault", path=scope["path"], method=scope["method"])
        return Fault()
    if isinstance(refusal, (DatabaseUnavailable, DatabaseFull, Overloaded)):
        # Without a traceback: there may be thousands of them in a second.
        log.error("unavailable", refusal=type(refusal).__name__, reason=str(_first_cause(error)))
    elif isinstance(refusal, Unavailable):
        log.error("unavailable", refusal=type(refusal).__name__, exc_info=refusal)
    return refusal


def _first_cause(error: BaseException) -> BaseException:
    while error.__cause__ is not None:
        error = error.__cause__
    return error


class Endpoint:
    """Answers one path: finds the method's route and takes a call through it."""

    def __init__(self, dialect: Dialect, services: "Services", methods: dict[str, Route]) -> None:
        self._dialect = dialect
        self._services = services
        self._settings = getattr(services.settings, dialect.name)
        self._limit = services.settings.max_body_bytes
        self._streamed_limit = services.settings.max_batch_body_bytes
        self._methods = methods
        if "GET" in methods:
            self._methods = {"HEAD": methods["GET"]} | methods

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        call = Call(scope, self._services, self._settings)
        try:
            response = await self._answer(call, receive)
        except ClientDisconnect:
            return
        except Exception as error:
            response = self._dialect.render(call, _refusal(error, scope))
        for name, value in call.response_headers.items():
            response.headers[name] = value
        await response(scope, receive, send)

    async def _answer(self, call: Call, receive: Receive) -> Response:
        route = self._route(call.scope["method"])
        check_target(call.scope)
        call.kind = route.request
        if route.streamed:
            bodies.check_length(call.scope, self._streamed_limit)
            call.blocks = bodies.stream(call.scope, receive, self._streamed_limit)
        else:
            call.raw = await bodies.read(call.scope, receive, self._limit)
        if route.public is None:
            call.login = await self._dialect.authenticate(call)
        if route.request is not None and call.body is None and not route.streamed:
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
        if route is not None and route.offer is Offer.DONE:
            return route
        offered = tuple(sorted(m for m, r in self._methods.items() if r.offer is Offer.DONE))
        if route is None:
            raise MethodNotAllowed(offered)
        if offered:
            raise MethodNotOffered(offered, route.reason)
        raise NotOffered(route.reason)
