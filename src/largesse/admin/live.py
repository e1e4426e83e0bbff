"""Parts of a page that change while one looks at them: streams of events (WHATWG HTML, 9.2).

A stream looks at one thing about once a second and sends what has changed, until the thing is over,
the session ends, the client hangs up or the process stops. Between two looks it holds no connection
to the database.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

import structlog
from starlette.responses import Response, StreamingResponse

from largesse.admin import auth
from largesse.core.errors import Unknown
from largesse.wire.call import Call

log = structlog.get_logger(__name__)

PAUSE_SECONDS = 1.0
"""Between two looks."""

LONGEST_SECONDS = 600
"""How long one stream lasts at most; a page that is still looked at asks for another."""

MOST_STREAMS = 100
"""Streams of one process at once. Beyond them a stream ends with its first events, and the browser
asks again in a while: who looks sees the same, but less often."""

RETRY_SECONDS = 3

OVER = "over"
"""The event behind which a page asks no more."""

MEDIA = "text/event-stream"

_places = asyncio.BoundedSemaphore(MOST_STREAMS)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look shows: texts by the name of their event, and whether this was the last."""

    events: Mapping[str, str]
    is_over: bool


async def stream(call: Call, look: Callable[[], Awaitable[Seen]]) -> Response:
    """Answer with what `look` shows, again and again. Raises what the first look does."""
    headers = {"X-Accel-Buffering": "no"}
    first = await look()
    if call.scope["method"] == "HEAD":
        return Response(headers=headers, media_type=MEDIA)
    return StreamingResponse(_events(call, first, look), headers=headers, media_type=MEDIA)


async def _events(
    call: Call, seen: Seen, look: Callable[[], Awaitable[Seen]]
) -> AsyncIterator[str]:
    stopping = call.services.wakeups.stopping
    yield f"retry: {RETRY_SECONDS * 1000}\n\n"
    sent: dict[str, str] = {}
    if _places.locked():
        yield _told(seen, sent)
        return
    async with _places:
        until = asyncio.get_running_loop().time() + LONGEST_SECONDS
        while not stopping.is_set():
            if changed := _told(seen, sent):
                yield changed
            if seen.is_over or asyncio.get_running_loop().time() > until:
                return
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), PAUSE_SECONDS)
            try:
                # A session that has ended since shows nothing more.
                await auth.authenticate(call)
                seen = await look()
            except Unknown:
                seen = Seen({}, is_over=True)
            except Exception as error:
                # Signed out, or a database that is away: the browser asks again in a while.
                log.warning("stream ended", error=type(error).__name__)
                return


def _told(seen: Seen, sent: dict[str, str]) -> str:
    """Return the events that differ from those sent, and note them."""
    changed = {name: text for name, text in seen.events.items() if sent.get(name) != text}
    sent.update(changed)
    if seen.is_over:
        changed[OVER] = OVER
    return "".join(_event(name, text) for name, text in changed.items())


def _event(name: str, text: str) -> str:
    lines = "".join(f"data: {line}\n" for line in text.splitlines() or [""])
    return f"event: {name}\n{lines}\n"
