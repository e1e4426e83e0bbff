"""Fetches small things that signatures are checked with."""

import asyncio
import urllib.request
from http.client import HTTPException
from typing import Any

from largesse.senders.reports.report import NotFetched

SECONDS = 10.0
LARGEST = 64 * 1024
"""Bytes of an answer that are read."""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Follows none: where a URL was allowed, another one is not."""

    def redirect_request(self, *_: Any) -> None:
        """Return nothing, which makes the answer an error."""


_opener = urllib.request.build_opener(_NoRedirects())


async def fetch(url: str) -> bytes:
    """Return what is at a URL. Raises NotFetched."""
    return await asyncio.to_thread(_fetch, url)


def _fetch(url: str) -> bytes:
    try:
        with _opener.open(url, timeout=SECONDS) as answer:
            body: bytes = answer.read(LARGEST)
    except (OSError, HTTPException, ValueError) as error:
        raise NotFetched(f"{url}: {error}") from error
    return body
