"""Bodies that are none, of other shapes, with nasty values: always a problem, never a fault."""

import json
from typing import Any

import msgspec
import pytest

from tests.dialects.native.client import Api, Everything, one_of_everything, organization, problem
from tests.dialects.native.walk import Request, bodies, everything, walk
from tests.serving import Served, serve

DEEP: Any = None
for _ in range(400):
    DEEP = [DEEP]

NASTY: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    2**31,
    2**63,
    10**400,
    1e308,
    "",
    "\0",
    "a\0b",
    "\ud800",
    "x" * 30_000,
    "ß" * 200,
    "ΐ" * 64 + "@example.com",
    [],
    ["\0"],
    {},
    {"\0": 1},
    {"a": "\0"},
    {"a": DEEP},
    {"a": 10**400},
    {"id": "1", "name": "2", "kind": "rewards"},
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "2026-01-01T00:00:00",
    "00000000-0000-0000-0000-000000000000",
)

MALFORMED = (
    b"",
    b" ",
    b"{",
    b"null",
    b"[]",
    b'"x"',
    b"7",
    b"\xff\xfe",
    b'{"name": "\xed\xa0\x80"}',
    b'{"\xff": 1}',
    b"{}{}",
    b"[" * 100_000,
    b'{"a":' * 100_000,
)


SQLITE = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
"""For what is refused before any database is asked."""


def asks(ids: Everything) -> list[Request]:
    """Return the requests with a body, but the one that makes no more than a token."""
    return [request for request in walk(ids, "a") if request.route.request is not None]


async def send(api: Api, request: Request, raw: bytes) -> tuple[int, Any]:
    """Send a raw body; return the status and the problem's code."""
    answer = await api.send(
        request.route.method,
        request.path,
        content=raw,
        headers={"Content-Type": "application/json"},
    )
    if answer.is_success:
        return answer.status_code, None
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


def as_json(value: Any) -> bytes:
    """Write JSON, with lone halves of surrogate pairs as they are."""
    return json.dumps(value).encode("utf-8", "surrogatepass")


def telling(kind: Any) -> list[Any]:
    """Return the nasty values but most of those that a type refuses: one place refuses them all."""
    refused, others = [], []
    for value in NASTY:
        try:
            msgspec.json.decode(as_json(value), type=kind)
        except msgspec.ValidationError:
            refused.append(value)
        except (msgspec.DecodeError, RecursionError):
            others.append(value)
        else:
            others.append(value)
    return [*others, *refused[:1], *refused[-1:]]


@SQLITE
async def test_a_malformed_body_is_refused_everywhere(served: Served) -> None:
    api = await organization(served, "A")
    ids = await one_of_everything(api, "a")
    before = await everything(api, ids)
    wrong = []
    for request in asks(ids):
        for raw in MALFORMED:
            found = await send(api, request, raw)
            if found not in {(400, "malformed_body"), (400, "invalid_value")}:
                wrong.append((str(request), raw[:20], found))
    assert not wrong
    after = await everything(api, ids)
    settling = {key for key in after if any(part in key for part in ("/jobs", "/mails", "/pool"))}
    assert {k: v for k, v in after.items() if k not in settling} == {
        k: v for k, v in before.items() if k not in settling
    }


async def test_no_value_of_any_field_is_a_fault(served: Served) -> None:
    api = await organization(served, "A")
    ids = await one_of_everything(api, "a")
    wrong = []
    seen = set()
    # A body to make a record has the fields of the one to change it, which come first.
    for request in sorted(asks(ids), key=lambda request: request.route.method):
        for field in msgspec.structs.fields(request.route.request):
            place = (request.path.split("/")[1], field.name, field.required)
            if place in seen:
                continue
            seen.add(place)
            for value in telling(field.type):
                body = (request.body or {}) | {field.encode_name: value}
                raw = as_json(body)
                status, code = await send(api, request, raw)
                if status >= 500:
                    wrong.append((str(request), field.name, str(value)[:40], status, code))
    assert not wrong


@SQLITE
async def test_an_unknown_field_is_named(served: Served) -> None:
    api = await organization(served, "A")
    ids = await one_of_everything(api, "a")
    for request in asks(ids):
        body = (request.body or {}) | {"no_such-field": 1}
        answer = await api.send(request.route.method, request.path, body)
        assert problem(answer, 400, "invalid_value")["field"] == "no_such-field"
    new = {"identifiers": {"ssn": "1"}}
    answer = await api.send("POST", "/customers", new)
    assert problem(answer, 400, "invalid_value")["field"] == "identifiers.ssn"


@SQLITE
async def test_a_missing_field_is_named(served: Served) -> None:
    api = await organization(served, "A")
    ids = await one_of_everything(api, "a")
    for path, body in bodies(ids, "a").items():
        if "{" in path:
            continue
        kind = next(r.route.request for r in asks(ids) if r.route.path == path)
        for field in msgspec.structs.fields(kind):
            if field.required:
                without = {k: v for k, v in body.items() if k != field.name}
                found = problem(await api.send("POST", path, without), 400, "invalid_value")
                assert found["field"] == field.name


async def test_ids_in_paths_are_unknown_and_never_a_fault(served: Served) -> None:
    api = await organization(served, "A")
    ids = await one_of_everything(api, "a")
    nasty = ("0", "-1", "9223372036854775808", "9" * 40, "\u0661", "x" * 5000, "%00", "%FF", "%2e")
    wrong = []
    for request in walk(ids, "a"):
        if "{id}" not in request.route.path:
            continue
        for text in nasty:
            path = request.route.path.replace("{id}", text)
            path = path.replace("{customer_id}", ids.of("/customers"))
            path = path.replace("{promotion_id}", ids.of("/promotions"))
            answer = await api.send(request.route.method, path, request.body)
            if answer.status_code not in (400, 404):
                wrong.append((request.route.method, path, answer.status_code))
    assert not wrong


async def test_a_media_type_that_is_not_json_is_refused(served: Served) -> None:
    api = await organization(served, "A")
    for media, status in (
        ("application/json; charset=utf-8", 201),
        ("application/merge-patch+json", 201),
        ("text/plain", 415),
        ("application/xml", 415),
        ("application/x-www-form-urlencoded", 415),
    ):
        answer = await api.send(
            "POST", "/customers", content=b"{}", headers={"Content-Type": media}
        )
        assert answer.status_code == status
        if status == 415:
            problem(answer, 415, "unsupported_media_type")


async def test_a_body_beyond_the_limit_is_refused(demo_url: str) -> None:
    async with serve(demo_url, max_body_bytes=1000) as served:
        api = await organization(served, "A")
        answer = await api.send("POST", "/customers", {"attributes": {"a": "x" * 1000}})
        problem(answer, 413, "body_too_large")
