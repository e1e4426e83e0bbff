"""JSON objects with long lists, read while they arrive: no list is ever held whole.

Only the lists are read piece by piece. Everything else of the object is kept as it came and
decoded at the end like any other body, so that it is checked and refused in the same words.
"""

import re
from collections.abc import AsyncIterable, AsyncIterator, Collection, Generator
from typing import Any

import msgspec

from largesse.wire import bodies
from largesse.wire.characters import check_json
from largesse.wire.errors import BodyTooLarge, MalformedBody, WrongType

LONGEST_TEXT = 1024 * 1024
"""Bytes of one text at most: what has arrived of it is held until it ends."""

STEP = 256 * 1024
"""Bytes that are read at once: others wait for no more."""

_SPACE = re.compile(rb"[ \t\r\n]*+")
_TEXT = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_ENTRIES = re.compile(
    rb"(?:%b%b%b,)++" % (_SPACE.pattern, _TEXT.pattern, _SPACE.pattern), re.DOTALL
)
_INSIDE = re.compile(rb'(?:[^"\[\]{}]++|%b)++' % _TEXT.pattern, re.DOTALL)
_PLAIN = re.compile(rb'[^"\[\]{},: \t\r\n]++')

_KINDS = {
    **dict.fromkeys(b"-0123456789", "int"),
    **dict.fromkeys(b"tf", "bool"),
    ord("n"): "null",
    ord("["): "array",
    ord("{"): "object",
    ord('"'): "str",
}
"""What a value is that begins with a byte."""

_text = msgspec.json.Decoder(str)
_texts = msgspec.json.Decoder(list[str])

Found = tuple[str, list[str]]
"""The name of a list, and some of its entries."""

Steps = Generator[Found | None, None, Any]
"""Reads on; yields what it finds, and None where it needs what has not arrived yet."""


class Members:
    """The members of one JSON object: `lists` gives the long ones, then `rest` has the others."""

    def __init__(
        self, blocks: AsyncIterable[bytes], kind: Any, *, long: Collection[str], limit: int
    ) -> None:
        """Read an object of a type from blocks of bytes.

        `long` names the lists of texts; `limit` is the most bytes of everything else.
        """
        self._blocks = blocks
        self._kind = kind
        self._long = long
        self._limit = limit
        self._buffer = b""
        self._at = 0
        self._others = bytearray(b"{")
        self._listed: set[str] = set()
        self._is_whole = False

    async def lists(self) -> AsyncIterator[Found]:
        """Yield the entries of the long lists, some at a time, each with the list's name.

        Raises:
            MalformedBody, WrongType, BodyTooLarge
            and whatever the blocks raise.
        """
        steps = self._object()
        async for block in self._blocks:
            for start in range(0, len(block), STEP):
                self._buffer = self._buffer[self._at :] + block[start : start + STEP]
                self._at = 0
                for found in steps:
                    if found is None:
                        break
                    yield found
        if not self._is_whole:
            raise MalformedBody("it ends too soon" if self._buffer.strip() else "it is empty")

    @property
    def rest(self) -> Any:
        """Everything else, as the type; to be had behind the lists. Raises MalformedBody, WrongType."""
        return bodies.json(bytes(self._others) + b"}", self._kind)

    def _object(self) -> Steps:
        first = yield from self._next()
        if first != ord("{"):
            raise _other(first, "", "object")
        self._at += 1
        byte = yield from self._next()
        while byte != ord("}"):
            yield from self._member()
            byte = yield from self._next()
            if byte == ord(","):
                self._at += 1
                if (yield from self._next()) == ord("}"):
                    raise MalformedBody("a member is missing behind a comma")
            elif byte != ord("}"):
                raise MalformedBody("a comma is missing between two members")
        self._at += 1
        self._is_whole = True
        yield from self._next()
        raise MalformedBody("something follows its end")

    def _member(self) -> Steps:
        byte = yield from self._next()
        if byte != ord('"'):
            raise MalformedBody("a member has no name")
        raw = yield from self._quoted()
        name = _decoded(_text, raw)
        if (yield from self._next()) != ord(":"):
            raise MalformedBody("a colon is missing behind a name")
        self._at += 1
        byte = yield from self._next()
        if name in self._long:
            if name in self._listed:
                raise WrongType(name, "is given more than once")
            self._listed.add(name)
            if byte == ord("["):
                yield from self._list(name)
                return
        self._keep(raw + b":" if self._others == b"{" else b"," + raw + b":")
        yield from self._value()

    def _list(self, name: str) -> Steps:
        self._at += 1
        index = 0
        byte = yield from self._next()
        if byte == ord("]"):
            self._at += 1
            yield name, []
            return
        while byte != ord("]"):
            run = _ENTRIES.match(self._buffer, self._at)
            if run is not None:
                self._at = run.end()
                texts = _decoded(_texts, b"[%b]" % run[0][:-1])
                index += len(texts)
                yield name, texts
            byte = yield from self._next()
            if byte != ord('"'):
                raise _other(byte, f"{name}[{index}]", "str")
            yield name, _decoded(_texts, b"[%b]" % (yield from self._quoted()))
            index += 1
            byte = yield from self._next()
            if byte == ord(","):
                self._at += 1
            elif byte != ord("]"):
                raise MalformedBody(f"a comma is missing in {name}")
        self._at += 1

    def _value(self) -> Steps:
        """Keep one value as it is: whether it is right is seen when all of them are decoded."""
        depth = 0
        while True:
            byte = yield from self._next()
            if depth and (run := _INSIDE.match(self._buffer, self._at)) is not None:
                self._keep(run[0])
                self._at = run.end()
            elif byte == ord('"'):
                self._keep((yield from self._quoted()))
            elif byte in b"[{]}":
                depth += 1 if byte in b"[{" else -1
                self._keep(b"%c" % byte)
                self._at += 1
            else:
                self._keep((yield from self._plain()))
            if depth <= 0:
                return

    def _next(self) -> Generator[None, None, int]:
        """Pass over white space; return the byte behind it, and stay in front of that."""
        while True:
            space = _SPACE.match(self._buffer, self._at)
            assert space is not None
            self._at = space.end()
            if self._at < len(self._buffer):
                return self._buffer[self._at]
            yield None

    def _quoted(self) -> Generator[None, None, bytes]:
        """Pass over a text, and return it with its quotation marks."""
        while (found := _TEXT.match(self._buffer, self._at)) is None:
            if len(self._buffer) - self._at > LONGEST_TEXT:
                raise MalformedBody(f"a text is longer than {LONGEST_TEXT:,} bytes")
            yield None
        self._at = found.end()
        return found[0]

    def _plain(self) -> Generator[None, None, bytes]:
        """Pass over a number, true, false or null, and return it."""
        while True:
            found = _PLAIN.match(self._buffer, self._at)
            if found is None:
                raise MalformedBody("a value is missing")
            if found.end() < len(self._buffer):
                self._at = found.end()
                return found[0]
            if len(found[0]) > LONGEST_TEXT:
                raise MalformedBody(f"a number is longer than {LONGEST_TEXT:,} bytes")
            yield None

    def _keep(self, raw: bytes) -> None:
        self._others += raw
        if len(self._others) > self._limit:
            raise BodyTooLarge(self._limit)


def _decoded(decoder: Any, raw: bytes) -> Any:
    check_json(raw)
    try:
        return decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedBody(str(error)) from None


def _other(byte: int, place: str, wanted: str) -> Exception:
    """Return the refusal of a value of another type."""
    if byte not in _KINDS:
        return MalformedBody(f"a value can not begin with {chr(byte)!a}")
    return WrongType(place, f"Expected `{wanted}`, got `{_KINDS[byte]}`")
