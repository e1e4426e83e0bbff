"""A proxy that keeps what a client and a server say to each other, without secrets."""

import ipaddress
import json
import os
from collections.abc import Iterable
from pathlib import Path

import httpx
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from largesse.conform.masks import Masks

LARGEST = 8 * 2**20
"""Bytes that a body may have."""

# Of a connection, not of a message (RFC 9110, 7.6.1); and what httpx makes itself.
HOP = frozenset(
    "connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer "
    "transfer-encoding upgrade".split()
)
NOT_SENT = HOP | {"host", "content-length", "accept-encoding", "expect"}
NOT_ANSWERED = HOP | {"content-length", "content-encoding"}
TEXTS = ("text/", "application/json", "application/xml", "application/javascript")


def is_loopback(host: str) -> bool:
    """Say whether an address can be reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Recorder:
    """The proxy, as an ASGI application: one file for each exchange, in the order of requests."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        upstream: str,
        folder: Path,
        *,
        mask: Iterable[str] = (),
        largest: int = LARGEST,
    ) -> None:
        self.exchanges = 0
        self._client = client
        self._upstream = httpx.URL(upstream)
        self._origin = origin(self._upstream)
        self._folder = folder
        self._masks = Masks(mask)
        self._largest = largest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        assert scope["type"] == "http"
        request = Request(scope, receive)
        await (await self._exchange(request))(scope, receive, send)

    async def _exchange(self, request: Request) -> Response:
        try:
            content = await self._content(request)
        except ClientDisconnect:
            return Response(status_code=400)
        if content is None:
            return PlainTextResponse(f"The body has more than {self._largest} bytes.", 413)
        self.exchanges += 1
        number = self.exchanges
        sent = self._request(request, content)
        try:
            answer = await self._answer(sent)
        except httpx.HTTPError as error:
            return PlainTextResponse(f"The server did not answer: {type(error).__name__}", 502)
        if answer is None:
            return PlainTextResponse(f"The answer has more than {self._largest} bytes.", 502)
        self._keep(number, sent, answer)
        return self._passed_on(answer, origin(httpx.URL(str(request.url))))

    async def _content(self, request: Request) -> bytes | None:
        found = bytearray()
        async for part in request.stream():
            found += part
            if len(found) > self._largest:
                return None
        return bytes(found)

    def _request(self, request: Request, content: bytes) -> httpx.Request:
        raw = bytes(request.scope["raw_path"])
        if query := request.scope["query_string"]:
            raw += b"?" + query
        headers = [(name, value) for name, value in request.headers.items() if name not in NOT_SENT]
        base = self._upstream.raw_path.rstrip(b"/")
        return httpx.Request(
            request.method,
            self._upstream.copy_with(raw_path=base + raw),
            # An answer that is not compressed can be read without more ado.
            headers=[*headers, ("accept-encoding", "identity")],
            content=content or None,
        )

    async def _answer(self, sent: httpx.Request) -> httpx.Response | None:
        """Return the server's answer, read; None if it is too large."""
        answer = await self._client.send(sent, stream=True)
        try:
            found = bytearray()
            async for part in answer.aiter_bytes():
                found += part
                if len(found) > self._largest:
                    return None
        finally:
            await answer.aclose()
        headers = [
            (name, value)
            for name, value in answer.headers.multi_items()
            if name.lower() not in NOT_ANSWERED
        ]
        return httpx.Response(answer.status_code, headers=headers, content=bytes(found))

    def _keep(self, number: int, sent: httpx.Request, answer: httpx.Response) -> None:
        asked = [
            (name, value) for name, value in sent.headers.multi_items() if name not in NOT_SENT
        ]
        base = self._upstream.path.rstrip("/")
        path = sent.url.raw_path.decode("ascii").removeprefix(base)
        told = [(n, v) for n, v in answer.headers.multi_items() if n != "content-length"]
        request = {
            "method": sent.method,
            "path": self._masks.path(path),
            "headers": self._masks.headers(asked),
            "body": self._masks.body(sent.content, asked),
        }
        exchange = {
            "number": number,
            "request": request,
            "answer": {
                "status": answer.status_code,
                "headers": self._masks.headers(told),
                "body": self._masks.body(answer.content, told),
            },
        }
        text = json.dumps(exchange, ensure_ascii=False, indent=1)
        # Nobody else may read it: what is no secret may be personal.
        file = os.open(
            self._folder / f"{number:06}.json", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600
        )
        with open(file, "w", encoding="utf-8") as written:
            written.write(text + "\n")

    def _passed_on(self, answer: httpx.Response, own: str) -> Response:
        """Return an answer whose links lead through the proxy."""
        media = answer.headers.get("content-type", "")
        content = answer.content
        if media.startswith(TEXTS) or "+json" in media or "+xml" in media:
            content = content.replace(self._origin.encode(), own.encode())
        passed = Response(content, answer.status_code)
        if not content:
            del passed.headers["content-length"]
        for name, value in answer.headers.multi_items():
            if name == "content-length":
                continue
            if name == "location":
                value = value.replace(self._origin, own)
            if name == "set-cookie":
                value = _local(value)
            passed.headers.append(name, value)
        return passed


def _local(cookie: str) -> str:
    """Return a cookie that a client takes from this machine, without TLS."""
    parts = cookie.split(";")
    kept = [
        part
        for part in parts[1:]
        if part.strip().lower() != "secure" and not part.strip().lower().startswith("domain=")
    ]
    return ";".join([parts[0], *kept])


def origin(url: httpx.URL) -> str:
    """Return the beginning of an address, up to its path."""
    return f"{url.scheme}://{url.netloc.decode('ascii')}"
