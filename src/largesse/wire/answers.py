"""JSON answers."""

from collections.abc import Iterable
from typing import Any

import msgspec
from starlette.responses import Response

CONTENT_TYPE = (b"content-type", b"application/json")


class Json(Response):
    """An answer in JSON.

    It is made without what Starlette's own response asks of any content and any headers: nearly
    every answer is one of these.
    """

    media_type = "application/json"

    def __init__(
        self, result: Any, status: int, *, headers: Iterable[tuple[bytes, bytes]] = ()
    ) -> None:
        self.status_code = status
        self.background = None
        self.body = msgspec.json.encode(result)
        self.raw_headers = [(b"content-length", b"%d" % len(self.body)), CONTENT_TYPE, *headers]
