"""Gives every request an id, and writes one line about it."""

import logging
import random
import re
import time
from collections.abc import Awaitable

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from largesse.core.request import REQUEST_ID

HEADER = b"x-request-id"
_USABLE = re.compile(rb"[A-Za-z0-9._-]{8,64}")


class RequestIds:
    """Takes the client's request id if it is a plain one, or makes one; it is in every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._log = structlog.get_logger("largesse.access").bind()
        self._tells = self._log.is_enabled_for(logging.DEBUG)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on under its id."""
        if scope["type"] != "http":
            return
        request_id = _given(scope) or random.randbytes(16).hex().encode()
        header = (HEADER, request_id)
        status = 0

        def send_with_id(message: Message) -> Awaitable[None]:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], header]
            return send(message)

        # Each request runs in a task, and so in a context, of its own: nothing to take back.
        REQUEST_ID.set(request_id)
        if not self._tells:
            await self._app(scope, receive, send_with_id)
            return
        started = time.perf_counter()
        await self._app(scope, receive, send_with_id)
        # The path only: queries may carry tokens and addresses.
        self._log.debug(
            "request",
            method=scope["method"],
            path=scope["path"],
            status=status,
            ms=round((time.perf_counter() - started) * 1000, 1),
        )


def _given(scope: Scope) -> bytes | None:
    for name, value in scope["headers"]:
        if name == HEADER and _USABLE.fullmatch(value):
            return bytes(value)
    return None
