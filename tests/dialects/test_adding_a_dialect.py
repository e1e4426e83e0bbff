"""docs/adding-a-dialect.md, followed word for word: what it writes is mounted, called and walked."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from starlette.types import ASGIApp

import largesse.dialects
from largesse.core.codes.model import CampaignRef
from largesse.core.errors import leaves
from largesse.services import Services
from largesse.settings import DialectSettings
from largesse.wire.application import application
from largesse.wire.dialect import Dialect
from largesse.wire.errors import WIRE_ERRORS
from largesse.wire.mount import Mounts
from largesse.wire.openapi import document
from tests.core.people import make_owner

PAGE = Path(__file__).parents[2] / "docs" / "adding-a-dialect.md"
FILE = re.compile(r'^```python title="(\w+\.py)"\n(.*?)^```$', re.MULTILINE | re.DOTALL)
NAME = "acme"


@pytest.fixture(scope="module")
def dialect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dialect]:
    """The dialect, made of the files of the page."""
    folder = tmp_path_factory.mktemp("dialects")
    (folder / NAME).mkdir()
    (folder / NAME / "__init__.py").write_text("")
    for name, text in FILE.findall(PAGE.read_text()):
        (folder / NAME / name).write_text(text)
    largesse.dialects.__path__.append(str(folder))
    from largesse.dialects.acme import routes  # type: ignore[import-not-found]

    yield routes.ACME
    largesse.dialects.__path__.remove(str(folder))
    for module in [name for name in sys.modules if name.startswith(f"largesse.dialects.{NAME}")]:
        del sys.modules[module]


@pytest.fixture
async def shop(services: Services) -> dict[str, str]:
    """A shop with a customer, a campaign of one code, and a key."""
    owner = await make_owner(services)
    await services.customers.create(
        owner, {"first_name": "Ada", "identifiers": {"customer_number": "C-1"}}
    )
    promotion = await services.promotions.create(owner, {"title": "Spring"})
    campaign = await services.campaigns.create(
        owner,
        {
            "name": "Spring",
            "alternative_code": "SPRING",
            "promotion_id": promotion.id,
            "type": "discount",
            "distribution": "upon_request",
            "state": "posted",
        },
    )
    await services.codes.add(owner, CampaignRef("id", campaign.id.hex), ["ABC123"])
    key = await services.keys.create_key(owner, {"name": "Acme's client", "user_id": owner.user_id})
    return {"X-Acme-Key": key.secret}


def mounted(dialect: Dialect, services: Services) -> ASGIApp:
    """Mount the dialect as the application does, with the table of settings that the page asks for."""
    kind = msgspec.defstruct(
        "WithAcme",
        [(NAME, DialectSettings, msgspec.field(default_factory=DialectSettings))],
        bases=(type(services.settings),),
        frozen=True,
        kw_only=True,
    )
    values: Any = msgspec.structs.asdict(services.settings)
    object.__setattr__(services, "settings", kind(**values))
    mounts = Mounts()
    mounts.add(application(dialect, services), prefixes=dialect.prefixes, roots=dialect.roots)
    return mounts


async def test_a_client_gets_what_the_document_says(
    dialect: Dialect, services: Services, shop: dict[str, str]
) -> None:
    transport = httpx.ASGITransport(mounted(dialect, services))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://acme", headers=shop
    ) as client:
        body = {"campaign": "SPRING", "customerNo": "C-1"}
        given = await client.post("/vouchers", json=body)
        printed = {"voucher": "ABC123", "state": "given", "validUntil": None}
        assert (given.status_code, given.json()) == (201, printed)
        assert (await client.get("/acme/vouchers/abc123")).json() == printed
        again = await client.post("/vouchers", json=body)
        assert (again.status_code, again.json()["error"]["id"]) == (409, "pool-exhausted")


async def test_whatever_goes_wrong_comes_in_the_envelope(
    dialect: Dialect, services: Services, shop: dict[str, str]
) -> None:
    transport = httpx.ASGITransport(mounted(dialect, services))
    async with httpx.AsyncClient(transport=transport, base_url="http://acme") as client:
        good = {"campaign": "SPRING", "customerNo": "C-1"}
        for status, reason, request in (
            (401, "login-required", client.build_request("POST", "/vouchers", json=good)),
            (401, "bad-credentials", _asking(client, {"X-Acme-Key": "lk_1_x_y"}, json=good)),
            (400, "invalid-value", _asking(client, shop, json={"campaign": "SPRING"})),
            (400, "malformed-body", _asking(client, shop, content=b"{")),
            (404, "unknown-campaign", _asking(client, shop, json=good | {"campaign": "?"})),
            (404, "unknown-customer", _asking(client, shop, json=good | {"customerNo": "?"})),
            (405, "method-not-allowed", client.build_request("PUT", "/vouchers", headers=shop)),
            (404, "unknown-path", client.build_request("GET", "/acme/nothing", headers=shop)),
        ):
            answer = await client.send(request)
            assert (answer.status_code, answer.json()["error"]["id"]) == (status, reason)
            assert answer.json()["error"]["text"]


def test_it_has_a_row_for_every_refusal_and_describes_itself(dialect: Dialect) -> None:
    core = {kind for kind in leaves() if kind.__module__.startswith("largesse.core.errors.")}
    assert core | {*WIRE_ERRORS} <= dialect.errors.keys()
    described = document(dialect, prefix="/acme", version="1")
    assert set(described["paths"]) == {"/vouchers", "/vouchers/{voucher}"}
    assert "Voucher" in described["components"]["schemas"]


def _asking(client: httpx.AsyncClient, headers: dict[str, str], **body: Any) -> httpx.Request:
    return client.build_request("POST", "/vouchers", headers=headers, **body)
