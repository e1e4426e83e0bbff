"""An object with long lists is read as any JSON is, whatever pieces it comes in."""

import json
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from largesse.wire import members
from largesse.wire.errors import BodyTooLarge, MalformedBody, WrongType
from largesse.wire.members import Members

LONG = {"ids", "mails"}


class Rest(msgspec.Struct):
    """What else the object may have."""

    name: str | None = None
    keys: list[str] | None = None
    ids: list[str] | None = None
    mails: list[str] | None = None


class Whole(msgspec.Struct):
    """All of it, as any body is decoded."""

    name: str | None = None
    keys: list[str] | None = None
    ids: list[str] | None = None
    mails: list[str] | None = None


async def pieces(raw: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(raw), size):
        yield raw[start : start + size]


async def read(raw: bytes, size: int = 7, limit: int = 10_000) -> tuple[dict[str, list[str]], Rest]:
    reader = Members(pieces(raw, size), Rest, long=LONG, limit=limit)
    lists: dict[str, list[str]] = {}
    async for name, texts in reader.lists():
        lists.setdefault(name, []).extend(texts)
    return lists, reader.rest


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)
LISTS = st.none() | st.lists(TEXTS, max_size=5)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.builds(
    lambda known, others: {**others, **known},
    st.fixed_dictionaries(
        {}, optional={"name": st.none() | TEXTS, "keys": LISTS, "ids": LISTS, "mails": LISTS}
    ),
    st.dictionaries(TEXTS.filter(lambda name: name not in {"name", "keys", *LONG}), ANYTHING),
)


@given(OBJECTS, st.integers(1, 40), st.sampled_from([None, 0, 3]), st.booleans(), st.randoms())
async def test_what_is_read_is_what_was_written(
    value: dict[str, Any], size: int, indent: int | None, ascii_only: bool, order: Any
) -> None:
    items = list(value.items())
    order.shuffle(items)
    raw = json.dumps(dict(items), indent=indent, ensure_ascii=ascii_only).encode()
    lists, rest = await read(raw, size)
    assert lists == {name: value[name] for name in LONG if value.get(name) is not None}
    assert (rest.name, rest.keys) == (value.get("name"), value.get("keys"))
    assert rest.ids is None
    assert rest.mails is None


@given(OBJECTS, st.integers(1, 40), st.integers(0, 400), st.binary(max_size=2))
async def test_what_is_no_json_is_refused_as_it_is_elsewhere(
    value: dict[str, Any], size: int, place: int, put: bytes
) -> None:
    """One place of a good object is spoiled: both ways to read it must agree on whether it is one."""
    whole = json.dumps(value).encode()
    place = min(place, len(whole))
    raw = whole[:place] + put + whole[place + 1 :]
    if not is_utf8(raw):
        # Names of members that nobody asked for are looked at here only.
        with suppress(MalformedBody, WrongType):
            await read(raw, size)
        return
    try:
        found = msgspec.json.decode(raw, type=Whole)
    except msgspec.DecodeError:
        with pytest.raises((MalformedBody, WrongType)):
            await read(raw, size)
        return
    twice = any(raw.count(b'"%b"' % name.encode()) > 1 for name in LONG)
    if twice or b"\\u0000" in raw:
        return  # elsewhere the last one counts; and a NUL is refused everywhere, see above
    lists, rest = await read(raw, size)
    assert lists == {n: v for n in LONG if (v := getattr(found, n)) is not None}
    assert (rest.name, rest.keys) == (found.name, found.keys)


def is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


@pytest.mark.parametrize(
    ("raw", "field", "reason"),
    [
        (b'{"ids": ["a", 7]}', "ids[1]", "Expected `str`, got `int`"),
        (b'{"ids": ["a", "b", null]}', "ids[2]", "Expected `str`, got `null`"),
        (b'{"ids": [["a"]]}', "ids[0]", "Expected `str`, got `array`"),
        (b'{"ids": {}}', "ids", "Expected `array | null`, got `object`"),
        (b'{"name": 1}', "name", "Expected `str | null`, got `int`"),
        (b'{"keys": ["a", 1]}', "keys[1]", "Expected `str`, got `int`"),
        (b'{"ids": ["a"], "ids": ["b"]}', "ids", "is given more than once"),
        (b'{"ids": ["\\u0000"]}', "", "NUL"),
        (b"[]", "", "Expected `object`, got `array`"),
        (b" 7", "", "Expected `object`, got `int`"),
    ],
)
async def test_a_value_of_the_wrong_type_is_named(raw: bytes, field: str, reason: str) -> None:
    for size in (1, 1000):
        with pytest.raises(WrongType) as refused:
            await read(raw, size)
        assert refused.value.field == field
        assert reason in refused.value.reason


@pytest.mark.parametrize(
    "raw",
    [
        *(b"", b" ", b"{", b'{"ids": ["a"', b'{"ids": ["a",]}', b'{"ids": ["a" "b"]}', b"x"),
        *(b'{"ids": [,]}', b'{"name" "x"}', b'{"name":}', b'{"name": "x",}', b'{"a": 1 "b": 2}'),
        *(b'{"ids": ["\\ud800"]}', b'{"ids": ["\xff"]}', b'{"ids": ["a\nb"]}', b'{"name": "x"}}'),
        *(
            b'{"ids": []} {}',
            b"{1: 2}",
            b'{"x": [}',
            b'{"x": ]}',
            b'{"x": ' * 1000,
            b"\xef\xbb\xbf{}",
        ),
    ],
)
async def test_what_is_malformed_is_refused(raw: bytes) -> None:
    for size in (1, 1000):
        with pytest.raises(MalformedBody):
            await read(raw, size)


async def test_only_the_lists_may_be_long() -> None:
    ids = [f"{number:04}" for number in range(1000)]
    raw = json.dumps({"ids": ids, "name": "x" * 50}).encode()
    assert (await read(raw, limit=100))[0] == {"ids": ids}
    with pytest.raises(BodyTooLarge):
        await read(raw, limit=50)
    with pytest.raises(BodyTooLarge):
        await read(json.dumps({"other": ids}).encode(), limit=100)


async def test_one_text_is_not_held_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(members, "LONGEST_TEXT", 100)
    for raw in (b'{"ids": ["' + b"x" * 200, b'{"' + b"x" * 200, b'{"name": ' + b"1" * 200):
        with pytest.raises(MalformedBody, match="longer than 100 bytes"):
            await read(raw)
