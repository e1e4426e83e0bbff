"""Every page on one list. A page needs somebody signed in, unless its row says why not."""

from collections.abc import MutableMapping
from typing import Any

from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from largesse.admin import assets, auth, errors, render
from largesse.admin.nouns import page
from largesse.admin.pages import (
    apis,
    assignments,
    batches,
    campaign_codes,
    campaigns,
    code,
    codes,
    customer_lists,
    customer_parts,
    customers,
    dashboard,
    grants,
    groups,
    health,
    jobs,
    log,
    mail_pauses,
    mail_service,
    mails,
    newsletter,
    profile,
    promotion_lists,
    promotions,
    schedules,
    settings,
    sign_in,
    suppressions,
    templates,
    users,
)
from largesse.wire.call import Call
from largesse.wire.dialect import Dialect
from largesse.wire.routes import Route

ROUTES: tuple[Route, ...] = (
    page("GET", "/static/{name}", assets.serve, public="the login looks like the other pages"),
    *sign_in.ROUTES,
    *dashboard.ROUTES,
    *promotions.ROUTES,
    *campaigns.ROUTES,
    *campaign_codes.ROUTES,
    *codes.ROUTES,
    *code.ROUTES,
    *jobs.ROUTES,
    *schedules.ROUTES,
    *log.ROUTES,
    *settings.ROUTES,
    *users.ROUTES,
    *mail_service.ROUTES,
    *apis.ROUTES,
    *health.ROUTES,
    *profile.ROUTES,
    *batches.ROUTES,
    *grants.ROUTES,
    *customers.ROUTES,
    *customer_parts.ROUTES,
    *customer_lists.ROUTES,
    *groups.ROUTES,
    *promotion_lists.ROUTES,
    *assignments.ROUTES,
    *newsletter.ROUTES,
    *suppressions.ROUTES,
    *mail_pauses.ROUTES,
    *mails.ROUTES,
    *templates.ROUTES,
)

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; frame-src 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
"""Nothing from elsewhere, no script and no style inside a page."""

HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)
"""Of every answer that does not say otherwise itself."""


LEAST_COMPRESSED = 1000
"""Bytes of an answer that is worth compressing."""


class Guarded:
    """Compresses answers, and puts the headers on them by which a browser guards a page."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = GZipMiddleware(app, minimum_size=LEAST_COMPRESSED, compresslevel=5)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""

        if scope["path"] == scope["root_path"]:
            scope = dict(scope, path=f"{scope['path']}/")

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                _complete(message)
            await send(message)

        await self._app(scope, receive, send_guarded)


def _complete(message: MutableMapping[str, Any]) -> None:
    given = {name.lower() for name, _ in message["headers"]}
    own = [(name, value) for name, value in HEADERS if name not in given]
    message["headers"] = [*message["headers"], *own]


def _no_type(call: Call, kind: Any) -> Any:
    raise AssertionError("forms are read by `forms.read`")


ADMIN = Dialect(
    name="admin",
    title="Admin pages",
    documents="DECIDED",
    routes=ROUTES,
    prefixes=("/admin",),
    roots=frozenset(),
    authenticate=auth.authenticate,
    errors=errors.ERRORS,
    render=errors.answer,
    decode=_no_type,
    encode=render.html,
    failure=str,
    failure_media="text/html",
    media=("application/x-www-form-urlencoded",),
    wrap=Guarded,
)
"""The pages are mounted as a dialect is: one endpoint reads, guards and refuses for all of them."""
