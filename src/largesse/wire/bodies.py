"""Reading bodies: never more than the limit, and every failure said in one way."""

import re
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope

from largesse.wire.characters import check_json, check_text
from largesse.wire.errors import BodyTooLarge, MalformedBody, UnsupportedMediaType, WrongType

_decoders: dict[Any, msgspec.json.Decoder[Any]] = {}

_VALIDATION = re.compile(r"^(?P<reason>.*?)(?: - at `(?P<path>.*)`)?$", re.DOTALL)


async def read(scope: Scope, receive: Receive, limit: int) -> bytes:
    """Return the body. Raises BodyTooLarge, before the body is read where its length is told."""
    check_length(scope, limit)
    # Not by Starlette's stream: most bodies come in one message.
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect()
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise BodyTooLarge(limit)
        if not message.get("more_body", False):
            return b"".join((*parts, part)) if parts else part
        parts.append(part)


async def stream(scope: Scope, receive: Receive, limit: int) -> AsyncIterator[bytes]:
    """Yield the body while it arrives.

    Raises:
        BodyTooLarge: before anything is read where the length is told.
        UnsupportedMediaType: it is compressed: how large it is would be known too late.
        ClientDisconnect: it was cut off.
    """
    check_length(scope, limit)
    for name, value in scope["headers"]:
        if name == b"content-encoding" and value.strip().lower() not in (b"", b"identity"):
            raise UnsupportedMediaType(value.decode("latin-1").strip(), is_coding=True)
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect()
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise BodyTooLarge(limit)
        if part:
            yield part
        if not message.get("more_body", False):
            return


def check_length(scope: Scope, limit: int) -> None:
    """Refuse a body whose length is told and beyond the limit. Raises BodyTooLarge."""
    for name, told in scope["headers"]:
        if name == b"content-length" and told.isdigit() and int(told) > limit:
            raise BodyTooLarge(limit)


def json(raw: bytes, kind: Any) -> Any:
    """Decode JSON to a type. Raises MalformedBody (no JSON), WrongType (another shape)."""
    check_json(raw)
    decoder = _decoders.get(kind)
    if decoder is None:
        decoder = _decoders[kind] = msgspec.json.Decoder(kind)
    try:
        return decoder.decode(raw)
    except msgspec.ValidationError as error:
        raise wrong_type(error) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedBody(str(error)) from None
    except RecursionError:
        raise MalformedBody("nested too deeply") from None


def form(raw: bytes) -> dict[str, str]:
    """Decode an `application/x-www-form-urlencoded` body. Raises MalformedBody, WrongType."""
    try:
        fields = dict(parse_qsl(raw.decode(), keep_blank_values=True, max_num_fields=100))
    except ValueError as error:
        raise MalformedBody(str(error)) from None
    for name, value in fields.items():
        check_text(name, value)
    return fields


def wrong_type(error: msgspec.ValidationError) -> WrongType:
    """Return what msgspec found as a refusal that names the field, e.g. `promotionIds[0]`."""
    match = _VALIDATION.match(str(error))
    assert match is not None
    named = re.search(r"(?:missing required|unknown) field `([^`]+)`", match["reason"])
    path = (match["path"] or "").removeprefix("$").lstrip(".")
    if named:
        path = f"{path}.{named[1]}".lstrip(".")
    return WrongType(path, match["reason"])
