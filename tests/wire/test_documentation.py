"""`/docs`: what the dialects' descriptions say, and that their pages ask no foreign host."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from largesse.app import DIALECTS
from largesse.wire.dialect import Dialect
from largesse.wire.openapi import ELSEWHERE, document
from largesse.wire.routes import Offer
from tests.serving import Served

NAMES = [dialect.name for dialect in DIALECTS]


def describe(dialect: Dialect) -> dict[str, Any]:
    return document(dialect, prefix=dialect.prefixes[-1], version="1")


@pytest.mark.parametrize("dialect", DIALECTS, ids=NAMES)
def test_every_operation_that_is_answered_is_described(dialect: Dialect) -> None:
    described = {
        (method.upper(), path)
        for path, methods in describe(dialect)["paths"].items()
        for method in methods
    }
    answered = {
        (route.method, re.sub(r":\w+}", "}", route.path))
        for route in dialect.routes
        if route.offer is Offer.DONE
    }
    assert described == answered


@pytest.mark.parametrize("dialect", DIALECTS, ids=NAMES)
def test_operations_have_names_of_their_own(dialect: Dialect) -> None:
    names = [
        operation["operationId"]
        for methods in describe(dialect)["paths"].values()
        for operation in methods.values()
    ]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("dialect", DIALECTS, ids=NAMES)
def test_every_reference_leads_somewhere(dialect: Dialect) -> None:
    made = describe(dialect)
    for reference in re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(made)):
        found: Any = made
        for step in reference.split("/"):
            found = found[step]


@pytest.mark.parametrize("dialect", DIALECTS, ids=NAMES)
def test_every_failure_of_the_table_is_described(dialect: Dialect) -> None:
    made = describe(dialect)
    told = " ".join(one["description"] for one in made["components"]["responses"].values())
    described = {kind: row for kind, row in dialect.errors.items() if kind not in ELSEWHERE}
    assert all(row.code in told for row in described.values())


@pytest.mark.parametrize("engine_name", ["sqlite"])
async def test_the_pages_are_served(served: Served) -> None:
    listed = await served.client.get("/docs")
    assert listed.status_code == 200
    for name in NAMES:
        assert f'href="/docs/{name}"' in listed.text
        page = await served.client.get(f"/docs/{name}")
        for asked in re.findall(r'(?:src|href|data-description)="([^"]+)"', page.text):
            # Ours, and there.
            assert asked.startswith("/docs/")
            assert (await served.client.get(asked)).status_code == 200
        described = (await served.client.get(f"/docs/{name}/openapi.json")).json()
        assert described["openapi"] == "3.1.0"


@pytest.mark.parametrize("engine_name", ["sqlite"])
@pytest.mark.parametrize("path", ["/docs/nobody", "/docs/native/x", "/docs/../settings.py"])
async def test_there_is_nothing_else(served: Served, path: str) -> None:
    answer = await served.client.get(path)
    assert answer.status_code == 404


@pytest.mark.parametrize("engine_name", ["sqlite"])
async def test_no_page_may_ask_another_host(served: Served) -> None:
    policy = (await served.client.get("/docs/native")).headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert not re.search(r"https?:|\*|unsafe-eval|script-src[^;]*unsafe", policy)


def test_the_front_ends_lock_names_no_host() -> None:
    lock = Path("frontend/package-lock.json").read_text()
    assert '"resolved"' not in lock
    assert "://" not in re.sub(r'"(?:url|integrity)": "[^"]*"', "", lock)
