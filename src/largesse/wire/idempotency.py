"""`Idempotency-Key`: a request that is repeated, e.g. after a lost answer, is carried out once."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from starlette.responses import Response

from largesse.core.access.passwords import keyed_digest
from largesse.core.errors import InvalidValue
from largesse.core.idempotency.model import Answer, Once
from largesse.wire.call import Call
from largesse.wire.routes import Handler

Encode = Callable[[Call, Any, int], Response]

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
"""The header of an answer that an earlier request got: "true"."""


def once(
    handler: Handler,
    *,
    encode: Encode,
    status: int,
    kept: Callable[[Any], Any] = lambda result: result,
) -> Handler:
    """Return a handler that carries out a request with an idempotency key once.

    `encode` and `status` are the route's; `encode` takes a `msgspec.Raw` for a body that it made
    before. `kept` may take something out of a result, such as a secret, that an answer to a
    repetition is not to have.
    """

    async def handle(call: Call) -> Any:
        return await carried_out_once(
            call,
            lambda: handler(call),
            encode=encode,
            status=status,
            kept=kept,
            body=lambda: _body(call),
        )

    return handle


async def carried_out_once(
    call: Call,
    work: Callable[[], Awaitable[Any]],
    *,
    encode: Encode,
    status: int,
    body: Callable[[], str],
    kept: Callable[[Any], Any] = lambda result: result,
) -> Any:
    """Carry out a call's work, or return the answer that it had before; see `once`.

    This is for handlers that read the body themselves: `body` tells it apart from others.
    """
    key = _key(call)
    if key is None:
        return await work()
    results: list[Any] = []

    async def run() -> Answer:
        results.append(await work())
        return _answer(call, encode, kept(results[0]), status)

    idempotency = call.services.idempotency
    found = await idempotency.once(call.caller, key, await _fingerprint(call, body()), run)
    return _again(call, encode, found.answer) if found.replayed else results[0]


def submit_once(
    handler: Handler,
    *,
    encode: Encode,
    status: int,
    of_outcome: Callable[[Any], Any],
) -> Handler:
    """Return a handler like that of `once`, for one whose whole effect is one submitted command.

    Such a request shares its commit with others. `of_outcome` makes the handler's result out of
    what the command's batch function returns; it reads and writes nothing.
    """

    async def handle(call: Call) -> Any:
        key = _key(call)
        if key is None:
            return await handler(call)
        found = await call.services.idempotency.submit_once(
            call.caller,
            key,
            await _fingerprint(call, _body(call)),
            lambda: handler(call),
            answer=lambda outcome: _answer(call, encode, of_outcome(outcome), status),
        )
        return _again(call, encode, found.answer) if isinstance(found, Once) else found

    return handle


def _answer(call: Call, encode: Encode, result: Any, status: int) -> Answer:
    return Answer(status, bytes(encode(call, result, status).body))


def _again(call: Call, encode: Encode, answer: Answer) -> Response:
    call.response_headers[REPLAYED] = "true"
    return encode(call, msgspec.Raw(answer.body), answer.status)


def _key(call: Call) -> str | None:
    given = call.request.headers.getlist(HEADER)
    if len(given) > 1:
        raise InvalidValue(HEADER, "is given more than once")
    return given[0] if given else None


def _body(call: Call) -> str:
    """Return what tells a call's body apart, however it is spelled."""
    # A body that no type was asked of, such as a sheet, counts as it is.
    raw = call.raw.decode("latin-1") if call.body is None else ""
    return msgspec.json.encode(call.body, order="sorted").decode() + raw


async def _fingerprint(call: Call, body: str) -> str:
    """Return what tells requests apart: method, path and body.

    It is keyed, because a body may hold a password that could be guessed from a plain digest.
    """
    text = f"{call.request.method} {call.request.scope['path']} {body}"
    return keyed_digest(await call.services.access.signing_key(), text)
