"""Send recorded requests to another server, and say where its answers are others."""

import asyncio
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import httpx

from largesse.conform.align import Alignment
from largesse.conform.compare import ABSENT, Difference, MissingData
from largesse.conform.masks import MARK
from largesse.conform.report import Outcome, Report
from largesse.conform.run import media_of, parsed
from largesse.conform.secrets import Names, Secrets
from largesse.conform.xml import xml_of

PAUSE_SECONDS = 0.1
"""Between two tries of a GET whose answer is still another one."""

COMPARED = (
    *("location", "error-key", "error-type", "error-missing-attributes"),
    *("error-invalid-attributes", "authentication-token", "www-authenticate", "allow"),
)
"""Headers of an answer that clients read; others are the affair of a server and its proxies."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """What one recorded file holds."""

    number: int
    method: str
    path: str
    headers: Sequence[tuple[str, str]]
    body: Mapping[str, Any] | None
    status: int
    answered: Sequence[tuple[str, str]]
    answer: Mapping[str, Any] | None

    @property
    def operation(self) -> str:
        """The method and the path, without the query."""
        return f"{self.method} {self.path.partition('?')[0]}"

    @property
    def asked(self) -> tuple[Any, ...]:
        """All of the request."""
        return self.method, self.path, self.headers, self.body


def read_recording(folder: Path) -> list[Exchange]:
    """Return the recorded exchanges of a folder in their order.

    Raises:
        ValueError: there are none, or a file is no recorded exchange.
    """
    found = [_read(file) for file in sorted(folder.glob("*.json"))]
    if not found:
        raise ValueError(f"{folder}: there are no recorded exchanges")
    return sorted(found, key=lambda exchange: exchange.number)


def _read(file: Path) -> Exchange:
    try:
        held = json.loads(file.read_text(encoding="utf-8"))
        request, answer = held["request"], held["answer"]
        return Exchange(
            number=int(held["number"]),
            method=str(request["method"]),
            path=str(request["path"]),
            headers=[(str(name), str(value)) for name, value in request["headers"]],
            body=request["body"],
            status=int(answer["status"]),
            answered=[(str(name), str(value)) for name, value in answer["headers"]],
            answer=answer["body"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{file}: it is no recorded exchange: {error!r}") from error


def without_polls(exchanges: Sequence[Exchange]) -> list[Exchange]:
    """Return exchanges without GETs that were repeated at once: who asks again waits for the last.

    How often a client had to ask depends on how fast a server works.
    """
    following = [*exchanges[1:], None]
    return [
        one
        for one, after in zip(exchanges, following, strict=True)
        if one.method != "GET" or after is None or one.asked != after.asked
    ]


async def replay(
    exchanges: Sequence[Exchange],
    client: httpx.AsyncClient,
    credentials: Mapping[str, Mapping[str, Any]],
    *,
    patience: float,
    vary: Sequence[str] = (),
) -> Report:
    """Send every request in order to the server of a client; return the score.

    A GET is asked again for `patience` seconds while its answer is another one, because work in the
    background may not be done yet. Members named in `vary` are not compared.
    """
    report = Report(f"replay at {client.base_url}")
    alignment = Alignment(credentials, vary)
    names = Names()
    secrets = Secrets(
        value
        for table in ("login", "secrets")
        for name, value in credentials.get(table, {}).items()
        if table == "secrets" or name in names
    )
    for exchange in without_polls(exchanges):
        wrong: Sequence[Difference] = []
        reason = None
        try:
            wrong = await _replayed(exchange, client, alignment, patience)
        except MissingData as missing:
            reason = f"it needs {missing.name}"
        what, operation = f"exchange {exchange.number}", exchange.operation
        report.add(Outcome(operation, what, "recorded", not_run=reason, differences=wrong), secrets)
    return report


async def _replayed(
    exchange: Exchange, client: httpx.AsyncClient, alignment: Alignment, patience: float
) -> list[Difference]:
    until = time.monotonic() + (patience if exchange.method == "GET" else 0)
    request = _request(exchange, client, alignment)
    while True:
        client.cookies.clear()
        try:
            answer = await client.send(request)
        except httpx.HTTPError as error:
            return [Difference("answer", "an answer", str(error) or type(error).__name__)]
        wrong = list(_differences(exchange, answer, alignment))
        if not wrong or time.monotonic() >= until:
            _learn(exchange, answer, alignment)
            return wrong
        await asyncio.sleep(PAUSE_SECONDS)


def _request(exchange: Exchange, client: httpx.AsyncClient, alignment: Alignment) -> httpx.Request:
    """Return a recorded request as the new server is sent it. Raises MissingData."""
    headers = [(name, alignment.text(value)) for name, value in exchange.headers]
    url = str(client.base_url).rstrip("/") + _path(exchange.path, alignment)
    content = _content(exchange.body, alignment)
    return client.build_request(exchange.method, url, headers=headers, content=content)


def _path(path: str, alignment: Alignment) -> str:
    before, question, query = path.partition("?")
    steps = [_quoted(step, alignment) for step in before.split("/")]
    pairs = [
        "=".join(_quoted(part, alignment) for part in pair.split("=", 1))
        for pair in query.split("&")
    ]
    return "/".join(steps) + question + "&".join(pairs)


def _quoted(text: str, alignment: Alignment) -> str:
    """Return a part of a path: what is recorded is quoted already, a secret is not."""
    if MARK.fullmatch(text):
        return quote(str(alignment.filled(text)), safe="")
    return alignment.text(text)


def _content(body: Mapping[str, Any] | None, alignment: Alignment) -> bytes | None:
    if body is None:
        return None
    if "json" in body:
        return json.dumps(alignment.filled(body["json"]), ensure_ascii=False).encode()
    if "form" in body:
        return urlencode(
            [(name, str(alignment.filled(value))) for name, value in body["form"]]
        ).encode()
    if "text" in body:
        return alignment.text(body["text"]).encode()
    raise MissingData("a body that was not recorded")


def _differences(
    exchange: Exchange, answer: httpx.Response, alignment: Alignment
) -> Iterator[Difference]:
    recorded_body = _recorded(exchange.answer)
    body, wrong = parsed(answer)
    alignment.look(recorded_body, body)
    if answer.status_code != exchange.status:
        yield Difference("status", str(exchange.status), str(answer.status_code))
    told = {name.lower(): value for name, value in exchange.answered}
    wanted = told.get("content-type", "").partition(";")[0].strip().lower()
    if wanted != media_of(answer):
        yield Difference("header content-type", wanted or ABSENT, media_of(answer) or ABSENT)
    for name in COMPARED:
        recorded, got = told.get(name), answer.headers.get(name)
        if recorded is None or got is None:
            if recorded != got:
                yield Difference(f"header {name}", recorded or ABSENT, got or ABSENT)
        else:
            yield from alignment.differences(f"header {name}", recorded, got)
    for cookie in _cookies(exchange.answered) - _cookies(answer.headers.multi_items()):
        yield Difference("header set-cookie", cookie, ABSENT)
    if recorded_body is not _OMITTED:
        yield from wrong
        yield from alignment.differences("body", recorded_body, body)


_OMITTED = object()


def _recorded(body: Mapping[str, Any] | None) -> Any:
    """Return a recorded body as `parsed` returns one."""
    if body is None:
        return None
    if "json" in body:
        return body["json"]
    if "form" in body:
        return urlencode([tuple(pair) for pair in body["form"]])
    if "text" not in body:
        return _OMITTED
    text = str(body["text"])
    try:
        return xml_of(text.encode()) if text.lstrip().startswith("<") else text
    except ValueError:
        return text


def _learn(exchange: Exchange, answer: httpx.Response, alignment: Alignment) -> None:
    """Remember what the new server made where the recorded one made something."""
    for name, recorded in exchange.answered:
        if name.lower() == "set-cookie":
            for got in answer.headers.get_list(name):
                if got.partition("=")[0] == recorded.partition("=")[0]:
                    alignment.learn(recorded.partition(";")[0], got.partition(";")[0])
        elif name in answer.headers:
            alignment.learn(recorded, answer.headers[name], name)
    alignment.learn(_recorded(exchange.answer), parsed(answer)[0])


def _cookies(headers: Sequence[tuple[str, str]]) -> set[str]:
    return {
        value.partition("=")[0].strip() for name, value in headers if name.lower() == "set-cookie"
    }
