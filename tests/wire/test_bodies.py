"""Bodies are read to their limit, and whatever is wrong with one is said in one way."""

import json
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import ClientDisconnect
from starlette.types import Message, Scope

from largesse.wire import bodies
from largesse.wire.characters import check_json, check_target
from largesse.wire.errors import BodyTooLarge, MalformedBody, WrongType


class Inner(msgspec.Struct):
    number: int


class Outer(msgspec.Struct):
    name: str
    inner: list[Inner] = []


@pytest.mark.parametrize(
    ("raw", "field", "reason"),
    [
        (b'{"name": 1}', "name", "Expected `str`"),
        (b"{}", "name", "missing required field `name`"),
        (b'{"name": "x", "inner": [{"number": "1"}]}', "inner[0].number", "Expected `int`"),
        (b'{"name": "x", "inner": [{}]}', "inner[0].number", "missing required field"),
        (b"[]", "", "Expected `object`"),
        (b'{"name": "x", "inner": [{"number": 1e400}]}', "inner[0].number", "out of range"),
    ],
)
def test_a_value_of_the_wrong_type_is_named(raw: bytes, field: str, reason: str) -> None:
    with pytest.raises(WrongType) as refused:
        bodies.json(raw, Outer)
    assert refused.value.field == field
    assert reason in refused.value.reason


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"\xff", b'{"name": "\\ud800"}', b'{"name": NaN}', b"[" * 100_000]
)
def test_what_is_no_json_is_malformed(raw: bytes) -> None:
    with pytest.raises(MalformedBody):
        bodies.json(raw, Any)


TEXTS = st.text(st.sampled_from('\\\0u0a"/\n'), max_size=8)


@given(
    st.recursive(TEXTS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner))
)
def test_a_nul_is_found_wherever_it_stands_and_nowhere_else(value: Any) -> None:
    raw = json.dumps(value).encode()
    if has_nul(value):
        with pytest.raises(WrongType, match="NUL"):
            check_json(raw)
    else:
        check_json(raw)


def has_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value
    return any(map(has_nul, [*value, *value.values()] if isinstance(value, dict) else value))


def test_a_form_is_a_form() -> None:
    assert bodies.form(b"a=1&b=&c=%C3%A4+x&a=2") == {"a": "2", "b": "", "c": "ä x"}
    assert bodies.form(b"") == {}


@pytest.mark.parametrize("raw", [b"\xff", b"&".join([b"a=1"] * 200)])
def test_what_is_no_form_is_malformed(raw: bytes) -> None:
    with pytest.raises(MalformedBody):
        bodies.form(raw)


def test_a_form_has_no_nul() -> None:
    with pytest.raises(WrongType, match="NUL") as refused:
        bodies.form(b"a=%00")
    assert refused.value.field == "a"


def target(path: str, query: bytes) -> Scope:
    return {"type": "http", "method": "POST", "path": path, "query_string": query}


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [("/a\0", b"", "path"), ("/\ud800", b"", "path"), ("/", b"a=%00", "query")],
)
def test_a_target_has_no_nul(path: str, query: bytes, field: str) -> None:
    check_target(target("/a%00", b"a=%2500"))
    with pytest.raises(WrongType) as refused:
        check_target(target(path, query))
    assert refused.value.field == field


async def read(pieces: Sequence[bytes], limit: int, told: bytes | None = None) -> bytes:
    messages = [
        {"type": "http.request", "body": piece, "more_body": number < len(pieces)}
        for number, piece in enumerate(pieces, 1)
    ] or [{"type": "http.disconnect"}]

    async def receive() -> Message:
        return messages.pop(0)

    headers = [(b"host", b"test")] + ([] if told is None else [(b"content-length", told)])
    return await bodies.read({"type": "http", "headers": headers}, receive, limit)


@pytest.mark.parametrize(
    "pieces", [[b"1234567890"], [b"12345", b"67890"], [b"", b"1234567890", b""]]
)
@pytest.mark.parametrize("told", [None, b"10", b"nonsense"])
async def test_a_body_is_read_to_its_limit(pieces: list[bytes], told: bytes | None) -> None:
    assert await read(pieces, 10, told) == b"1234567890"
    with pytest.raises(BodyTooLarge, match="9 bytes"):
        await read(pieces, 9, told)


async def test_a_body_that_tells_its_length_is_refused_unread() -> None:
    with pytest.raises(BodyTooLarge):
        await read([], 9, b"10")


async def test_who_hangs_up_sends_no_body() -> None:
    with pytest.raises(ClientDisconnect):
        await read([], 9)
