"""Answers that are sheets, written while they are read."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from starlette.responses import Response, StreamingResponse

from largesse.dialects.native.mapping import to_csv
from largesse.wire.call import Call

CSV = "text/csv"

Pages = AsyncIterator[Sequence[Sequence[Any]]]


def streamed(call: Call, names: Sequence[str], pages: Pages, *, name: str) -> Response:
    """Return pages of rows as a sheet to be kept under a name; HEAD gets its headers."""
    headers = {"Cache-Control": "no-store", "Content-Disposition": f"attachment; filename={name}"}
    if call.request.method == "HEAD":
        return Response(headers=headers, media_type=CSV)
    return StreamingResponse(_lines(names, pages), headers=headers, media_type=CSV)


async def _lines(names: Sequence[str], pages: Pages) -> AsyncIterator[str]:
    yield to_csv([names])
    async for page in pages:
        yield to_csv(page)
