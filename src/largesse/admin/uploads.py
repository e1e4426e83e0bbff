"""Forms with a file: the fields in front of it are read first, the file while it arrives.

The route is `streamed`, so that a file of any size is never held whole; the proof that the form is
ours stands in the query of its action (`auth.TOKEN_FIELD`). The file is the last of its fields.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesHeaderParser

from largesse.admin import forms
from largesse.wire.call import Call
from largesse.wire.errors import BodyTooLarge, MalformedBody

LONGEST_HEAD = 8192
"""Bytes that the headers of one part may have."""


@dataclass(slots=True)
class Upload:
    """The file of a form, on its way in."""

    name: str
    """What the browser calls it; empty if none was chosen."""
    blocks: AsyncIterator[bytes]
    """What it holds, as it arrives."""
    _body: AsyncIterator[bytes]

    async def drain(self) -> None:
        """Read what is left: a browser listens to no answer before it has sent everything."""
        async for _ in self._body:
            pass


async def received(call: Call) -> Upload:
    """Read a form up to its file; its fields are read by `forms` as those of any other form.

    Raises:
        BodyTooLarge: its fields have more than `max_body_bytes`.
        MalformedBody: it is no form.
    """
    assert call.blocks is not None
    head = Message()
    head["content-type"] = call.header("content-type") or ""
    boundary = head.get_boundary()
    limit = call.services.settings.max_body_bytes
    if head.get_content_type() != "multipart/form-data" or not boundary:
        call.raw = b"".join([block async for block in _limited(call.blocks, limit)])
        return Upload("", _nothing(), call.blocks)
    parts = _Parts(call.blocks, boundary.encode("latin-1", "replace"))
    pairs: list[tuple[str, str]] = []
    size = 0
    while (part := await parts.next_head()) is not None:
        name = str(part.get_param("name", "", "content-disposition"))
        file = part.get_param("filename", None, "content-disposition")
        if file is not None:
            forms.keep(call, pairs)
            return Upload(str(part.get_filename("")), parts.content(), call.blocks)
        text = b"".join([block async for block in _limited(parts.content(), limit - size)])
        size += len(text)
        pairs.append((name, text.decode(errors="replace")))
    forms.keep(call, pairs)
    return Upload("", _nothing(), call.blocks)


async def _limited(blocks: AsyncIterator[bytes], limit: int) -> AsyncIterator[bytes]:
    size = 0
    async for block in blocks:
        size += len(block)
        if size > limit:
            raise BodyTooLarge(limit)
        yield block


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield b""


class _Parts:
    """The parts of a `multipart/form-data` body (RFC 7578), one behind the other."""

    def __init__(self, blocks: AsyncIterator[bytes], boundary: bytes) -> None:
        self._blocks = blocks
        self._end = b"\r\n--" + boundary
        # The first boundary has no line in front of it.
        self._held = b"\r\n"

    async def next_head(self) -> Message | None:
        """Return the headers of the next part, behind what is left of this one; None: the last."""
        async for _ in self.content():
            pass
        await self._hold(len(self._end) + 2)
        self._held = self._held[len(self._end) :]
        if self._held.startswith(b"--"):
            return None
        while (at := self._held.find(b"\r\n\r\n")) < 0:
            if len(self._held) > LONGEST_HEAD:
                raise MalformedBody("a part of the form has too long a head")
            await self._read()
        head, self._held = self._held[:at], self._held[at + 4 :]
        return BytesHeaderParser().parsebytes(head.lstrip(b"\r\n"))

    async def content(self) -> AsyncIterator[bytes]:
        """Yield what the part holds, up to its boundary."""
        while (at := self._held.find(self._end)) < 0:
            safe = len(self._held) - len(self._end)
            if safe > 0:
                block, self._held = self._held[:safe], self._held[safe:]
                yield block
            await self._read()
        block, self._held = self._held[:at], self._held[at:]
        if block:
            yield block

    async def _hold(self, count: int) -> None:
        while len(self._held) < count:
            await self._read()

    async def _read(self) -> None:
        block = await anext(self._blocks, None)
        if block is None:
            raise MalformedBody("the form was cut off")
        self._held += block
