"""Exchanges over HTTP that are shown as they happen, and checked."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import httpx
from rich.console import Console
from rich.syntax import Syntax
from rich.text import Text

TOKEN = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+")
"""A signed token. It is shown by its beginning, which is alike in all of them."""

SHOWN = ("authentication-token", "error-key", "x-batch-id", "location", "content-type")
"""Headers of an answer that are shown."""


@dataclass(slots=True)
class Check:
    """One thing that an answer must be."""

    what: str
    expected: Any
    found: Any

    @property
    def holds(self) -> bool:
        """Whether it is."""
        return bool(self.expected == self.found)

    def __str__(self) -> str:
        if self.holds:
            return self.what
        return f"{self.what}: expected {self.expected!r}, found {self.found!r}"


@dataclass(slots=True)
class Exchange:
    """One request, its answer and what was checked of it."""

    scene: str
    what: str
    request: httpx.Request
    response: httpx.Response
    checks: list[Check] = field(default_factory=list)


class Display(Protocol):
    """Where what happens is shown."""

    def scene(self, title: str, source: str) -> None:
        """Begin a scene."""

    def exchange(self, exchange: Exchange) -> None:
        """Show a request and its answer."""

    def note(self, text: str, body: str) -> None:
        """Show something that is no exchange."""

    def check(self, check: Check) -> None:
        """Show whether something is as it must be."""

    def end(self, exchanges: int, failed: Sequence[str], seconds: float) -> None:
        """Show the sum of everything."""


class Stage:
    """Sends requests for the scenes, shows them, and keeps the score."""

    def __init__(self, client: httpx.AsyncClient, display: Display) -> None:
        self.exchanges = 0
        self.failed: list[str] = []
        self._client = client
        self._display = display
        self._scene = ""

    def scene(self, title: str, source: str) -> None:
        """Begin a scene."""
        self._scene = title
        self._display.scene(title, source)

    async def send(
        self,
        what: str,
        method: str,
        path: str,
        *,
        status: int,
        headers: Mapping[str, str] | None = None,
        body: str | None = None,
        kind: str = "application/json",
    ) -> httpx.Response:
        """Send a request that is to be answered with a status; return the answer."""
        given = dict(headers or {})
        if body is not None:
            given["Content-Type"] = kind
        response = await self._client.request(method, path, headers=given, content=body)
        self.exchanges += 1
        self._display.exchange(Exchange(self._scene, what, response.request, response))
        self.check(f"the status is {status}", status, response.status_code)
        return response

    async def look(self, path: str, *, headers: Mapping[str, str]) -> httpx.Response:
        """Get something without showing it, e.g. to wait for it."""
        return await self._client.get(path, headers=dict(headers))

    def note(self, text: str, body: str = "") -> None:
        """Show something that is no exchange."""
        self._display.note(text, body)

    def check(self, what: str, expected: Any, found: Any) -> None:
        """Check that what was found is what was expected."""
        check = Check(what, expected, found)
        if not check.holds:
            self.failed.append(f"{self._scene}: {check}")
        self._display.check(check)


def member(response: httpx.Response, *path: str | int) -> Any:
    """Return a member of a JSON answer, or None if it is not there."""
    try:
        value = response.json()
        for step in path:
            value = value[step]
    except (ValueError, LookupError, TypeError):
        return None
    return value


class Lines:
    """Shows everything as lines for people, with colour where the console is a terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def scene(self, title: str, source: str) -> None:
        """Begin a scene."""
        self._write(f"\n== {title} ==", "bold blue")
        self._write(f"   {source}", "dim")

    def exchange(self, exchange: Exchange) -> None:
        """Show a request and its answer."""
        request, response = exchange.request, exchange.response
        self._write(f"\n{exchange.what}", "bold")
        path = _short(request.url.raw_path.decode())
        self._part(">", f"{request.method} {path}", _sent(request.headers), _body(request.content))
        self._part(
            "<",
            f"{response.status_code} {response.reason_phrase}",
            {name: response.headers[name] for name in SHOWN if name in response.headers},
            _body(response.content, indent=True),
        )

    def note(self, text: str, body: str) -> None:
        """Show something that is no exchange."""
        self._write(f"\n{text}", "bold")
        for line in body.splitlines():
            self._write(f"  | {line}")

    def check(self, check: Check) -> None:
        """Show whether something is as it must be."""
        if check.holds:
            self._write(f"  ok: {check}", "green")
        else:
            self._write(f"  DIFFERS: {check}", "bold red")

    def end(self, exchanges: int, failed: Sequence[str], seconds: float) -> None:
        """Show the sum of everything."""
        if not failed:
            text = f"\n{exchanges} exchanges in {seconds:.1f} s; everything was as it must be."
            self._write(text, "bold green")
            return
        self._write(f"\n{exchanges} exchanges in {seconds:.1f} s. What differed:", "bold red")
        for line in failed:
            self._write(f"  {line}", "red")

    def _part(self, mark: str, first: str, headers: Mapping[str, str], body: str) -> None:
        self._write(f"  {mark} {_short(first)}", "cyan")
        for name, value in headers.items():
            self._write(f"  {mark} {name}: {_short(value)}", "dim")
        if not body:
            return
        text = _short(body)
        # The terminal's own sixteen colours: they can be read on a dark and on a light one.
        lexer = Syntax(text, _language(text), theme="ansi_dark", background_color="default")
        for line in lexer.highlight(text).split("\n"):
            if line.plain:
                self._console.print(Text(f"  {mark} ").append_text(line), soft_wrap=True)

    def _write(self, text: str, style: str = "") -> None:
        self._console.print(Text(text, style), soft_wrap=True)


class JsonLines:
    """Shows everything as JSON, an object on each line."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write

    def scene(self, title: str, source: str) -> None:
        """Begin a scene."""
        self._object(scene=title, source=source)

    def exchange(self, exchange: Exchange) -> None:
        """Show a request and its answer."""
        request, response = exchange.request, exchange.response
        self._object(
            what=exchange.what,
            method=request.method,
            path=_short(request.url.raw_path.decode()),
            body=_body(request.content),
            status=response.status_code,
            answer=_body(response.content),
        )

    def note(self, text: str, body: str) -> None:
        """Show something that is no exchange."""
        self._object(note=text, body=body)

    def check(self, check: Check) -> None:
        """Show whether something is as it must be."""
        self._object(check=str(check), holds=check.holds)

    def end(self, exchanges: int, failed: Sequence[str], seconds: float) -> None:
        """Show the sum of everything."""
        self._object(exchanges=exchanges, failed=list(failed), seconds=round(seconds, 1))

    def _object(self, **members: Any) -> None:
        self._write(json.dumps(members, ensure_ascii=False))


def _sent(headers: httpx.Headers) -> dict[str, str]:
    """Return the headers that a scene gave, without those that every client adds."""
    added = {"host", "accept-encoding", "connection", "user-agent", "content-length"}
    names = {name.decode() for name, _ in headers.raw}
    return {
        name: headers[name]
        for name in sorted(names)
        if name.lower() not in added and headers[name] != "*/*"
    }


def _body(raw: bytes, *, indent: bool = False) -> str:
    text = raw.decode(errors="replace")
    if indent and text[:1] in ("{", "["):
        try:
            return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
        except ValueError:
            return text
    return text


def _language(text: str) -> str:
    return {"{": "json", "[": "json", "<": "xml"}.get(text[:1], "text")


def _short(text: str) -> str:
    return TOKEN.sub(lambda match: f"{match[0][:16]}...", text)
