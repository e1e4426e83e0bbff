"""Run a suite's cases against a server, one after the other."""

import json
from base64 import b64encode
from collections.abc import Collection, Iterator, Mapping
from secrets import token_hex
from typing import Any
from urllib.parse import quote, urlencode

import httpx

from largesse.conform.cases import Case, Form, Suite, Text
from largesse.conform.compare import (
    ABSENT,
    PLACE,
    Difference,
    MissingData,
    differences,
    filled,
    found,
    shown,
)
from largesse.conform.report import Outcome, Report
from largesse.conform.secrets import Names, Secrets
from largesse.conform.xml import xml_of

WRITES = "it writes: --write"
LARGEST = 8 * 2**20
"""Bytes of an answer that are looked at."""


async def run(
    suite: Suite,
    client: httpx.AsyncClient,
    given: Mapping[str, Mapping[str, Any]],
    *,
    write: bool,
    marks: Collection[str] = (),
) -> Report:
    """Run a suite against the server of a client, and return the score.

    `given` has the tables `login` and `data` of the credentials file. `marks` leaves out cases that
    are known in other ways; the login runs whatever it is marked.
    """
    report = Report(f"{suite.dialect} at {client.base_url}")
    values = dict(suite.data) | dict(given.get("data", {})) | dict(given.get("login", {}))
    values["run"] = token_hex(4)
    login = given.get("login", {})
    if "username" in login and "password" in login:
        pair = f"{login['username']}:{login['password']}".encode()
        values["basic_credentials"] = b64encode(pair).decode()
    if "application_key" in login:
        values["key_credentials"] = b64encode(f"{login['application_key']}:".encode()).decode()
    secrets = Secrets(value for name, value in values.items() if name in Names())
    runner = _Runner(suite, client, values, secrets)
    for case in suite.cases:
        if marks and case.mark not in marks and not case.keep:
            continue
        wrong: list[Difference] = []
        reason = WRITES if case.writes and not write else None
        if reason is None:
            try:
                wrong = await runner.differences(case)
            except MissingData as missing:
                reason = f"it needs {missing.name}"
        outcome = Outcome(case.operation, case.what, case.source, case.writes, reason, wrong)
        report.add(outcome, secrets)
    return report


class _Runner:
    """What is known while the cases run: the data, and what answers gave."""

    def __init__(
        self, suite: Suite, client: httpx.AsyncClient, values: dict[str, Any], secrets: Secrets
    ) -> None:
        self._suite = suite
        self._client = client
        self._values = values
        self._secrets = secrets
        self._names = Names()

    async def differences(self, case: Case) -> list[Difference]:
        """Send a case and return how the answer differs.

        Raises:
            MissingData: a value that it needs is not there.
        """
        request = self._request(case)
        expected = filled(case.answer, self._values)
        gives = {name: filled(value, self._values) for name, value in case.gives.items()}
        # Each case brings its own cookies.
        self._client.cookies.clear()
        try:
            answer = await self._client.send(request)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return [Difference("answer", "an answer", str(error) or type(error).__name__)]
        if len(answer.content) > LARGEST:
            return [Difference("body", f"at most {LARGEST} bytes", f"{len(answer.content)} bytes")]
        body, wrong = parsed(answer)
        for name, place in case.keep.items():
            self._keep(name, _kept(answer, body, place))
        if answer.status_code != case.status:
            wrong.append(Difference("status", str(case.status), str(answer.status_code)))
        wrong += _headers(case, gives, answer)
        if case.answer is not None:
            wrong += differences("body", expected, body)
        return wrong

    def _request(self, case: Case) -> httpx.Request:
        headers = {} if case.anonymous else filled(self._suite.headers, self._values)
        headers |= filled(case.headers, self._values)
        headers.setdefault("Accept", "application/json")
        body, media = _body(case.body, self._values)
        if media is not None:
            headers.setdefault("Content-Type", media)
        return self._client.build_request(
            case.method,
            str(self._client.base_url).rstrip("/") + self._path(case.path),
            headers={name: value for name, value in headers.items() if value is not None},
            content=body,
        )

    def _path(self, template: str) -> str:
        """Return a path with its values percent-encoded, except those that are paths themselves."""

        def value(name: str) -> str:
            text = str(filled(f"${{{name}}}", self._values))
            if text.startswith(("http://", "https://")):
                # An answer's link. Whatever host it names: a token goes to the one that is tested.
                return httpx.URL(text).raw_path.decode("ascii")
            return text if text.startswith("/") else quote(text, safe="")

        return PLACE.sub(lambda match: value(match[1]), template)

    def _keep(self, name: str, value: Any) -> None:
        self._values[name] = value
        if value is not None and name in self._names:
            self._secrets.add(value)


def parsed(answer: httpx.Response) -> tuple[Any, list[Difference]]:
    """Return a body as JSON, or as text, and what is wrong with its form; None: no body."""
    if not answer.content:
        return None, []
    media = media_of(answer)
    try:
        if media.endswith("json"):
            return json.loads(answer.content), []
        if media.endswith("xml"):
            return xml_of(answer.content), []
    except (ValueError, RecursionError) as error:
        return answer.text, [Difference("body", media, str(error))]
    return answer.text, []


def media_of(answer: httpx.Response) -> str:
    """Return an answer's media type without its parameters."""
    return str(answer.headers.get("content-type", "")).partition(";")[0].strip().lower()


def _headers(case: Case, gives: Mapping[str, Any], answer: httpx.Response) -> Iterator[Difference]:
    if case.media is not None and media_of(answer) != case.media:
        yield Difference("header content-type", case.media, media_of(answer) or ABSENT)
    for name, value in gives.items():
        path, got = f"header {name}", answer.headers.get(name)
        if value is None:
            if got is not None:
                yield Difference(path, ABSENT, shown(got))
        elif got is None:
            yield Difference(path, "a header", ABSENT)
        else:
            yield from differences(path, value, got)


def _kept(answer: httpx.Response, body: Any, place: str) -> Any:
    kind, _, name = place.partition(" ")
    if kind == "header":
        return answer.headers.get(name)
    if kind == "cookie":
        return answer.cookies.get(name)
    return found(body, place)


def _body(body: Any, values: Mapping[str, Any]) -> tuple[bytes | None, str | None]:
    if body is None:
        return None, None
    if isinstance(body, Form):
        return urlencode(filled(body.fields, values)).encode(), "application/x-www-form-urlencoded"
    if isinstance(body, Text):
        return str(filled(body.text, values)).encode(), body.media
    return json.dumps(filled(body, values)).encode(), "application/json"
