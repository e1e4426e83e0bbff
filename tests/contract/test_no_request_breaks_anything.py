"""Whatever is sent to whichever route: nothing fails, and a refused request changes nothing."""

import functools
import hashlib
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from largesse.app import DIALECTS
from largesse.core.access.model import Caller, Right
from largesse.core.grants.model import GrantBatch
from largesse.core.mail.model import SendCode
from largesse.core.schema import metadata
from largesse.demo import data, people
from largesse.wire.dialect import Dialect
from largesse.wire.routes import Offer, Route
from tests.contract import shapes
from tests.core.people import COUNTED
from tests.serving import Served, serve

ROUTES_IN_A_GROUP = 15
EXAMPLES = 40
"""Requests to each group of routes, on each database: always the same ones."""

MANY = 300
"""Requests for `make soak`: each time others."""


def offered(dialect: Dialect) -> list[Route]:
    return [route for route in dialect.routes if route.offer is Offer.DONE]


GROUPS: dict[str, tuple[Dialect, Sequence[Route]]] = {
    f"{dialect.name}-{start // ROUTES_IN_A_GROUP}": (
        dialect,
        offered(dialect)[start : start + ROUTES_IN_A_GROUP],
    )
    for dialect in DIALECTS
    for start in range(0, len(offered(dialect)), ROUTES_IN_A_GROUP)
}

SAFE = {"GET", "HEAD", "OPTIONS"}
"""Methods that change nothing even when they succeed (RFC 9110, 9.2.1)."""


@dataclass(frozen=True)
class Target:
    """A served instance, who calls it, and a look at all that it keeps."""

    served: Served
    callers: tuple[Caller, ...]
    values: shapes.Values
    digest: Callable[[], Awaitable[str]]
    tokens: dict[UUID | None, str] = field(default_factory=dict)

    async def token_of(self, caller: Caller) -> str:
        """Return an access token, the same one until a request may have ended its life."""
        if caller.user_id not in self.tokens:
            issued = await self.served.services.access.issue_token(caller, seconds=600)
            self.tokens[caller.user_id] = issued.token
        return self.tokens[caller.user_id]


@pytest.fixture
async def target(demo_url: str) -> AsyncIterator[Target]:
    """The demo data, served without a worker: nothing changes by itself."""
    changes: dict[str, Any] = {"worker": False, "intershop": {"confirm": "queued"}}
    async with serve(demo_url, **changes) as served:
        demo = served.demo
        owner = await served.services.access.log_in(
            demo.username, demo.password, organization=demo.organization, address="test"
        )
        viewer = {"username": "viewer", "role": "viewer", "unit_id": owner.unit_id}
        await served.services.users.create(owner, viewer | {"password": "only-looking"})
        looking = await served.services.access.log_in(
            "viewer", "only-looking", organization=demo.organization, address="test"
        )
        assert looking.rights == {Right.READ}
        async with digests(demo_url) as digest:
            # Four in five requests come from who may do everything.
            callers = (*[owner] * 4, looking)
            yield Target(served, callers, await values_of(served, owner), digest)


async def values_of(served: Served, owner: Caller) -> shapes.Values:
    """Return values that mean something, but none by which the callers could be changed."""
    services = served.services

    async def ids(name: str) -> list[Any]:
        return [item.id for item in (await getattr(services, name).page(owner, limit=3)).items]

    unit = {"name": "Spare", "alternative_code": "spare"}
    spare = (await services.units.create(owner, unit)).id
    user = {"username": "spare", "role": "support", "unit_id": spare}
    users = [(await services.users.create(owner, user)).id]
    job = await services.grants.start_batch(owner, GrantBatch(("promo1001",), ("profile1",)))
    mail = await services.mails.send_code(
        owner, SendCode(people.CUSTOMER, "CC2M8Y5VY4MW", promotion_key=None, channel_id=None)
    )
    grant = {"promotion": "promo1002", "email": "ada@example.com"}
    by_noun = {
        "units": [spare],
        "users": users,
        "keys": [(await services.keys.create_key(owner, {"name": "spare"})).key.id],
        "grants": [(await services.grants.create(owner, grant)).id],
        "jobs": [job.id],
        "mails": [mail.id],
        "suppressions": [
            (await services.suppressions.create(owner, {"address": "eve@example.com"})).id
        ],
        "channels": [data.CHANNEL],
        "customer-tokens": await ids("customer_tokens"),
        "promotion-lists": await ids("promotion_lists"),
        "customerGroupPromotionLists": await ids("assignments"),
        "subscriptions": [*await ids("newsletter"), "patricia@test.intershop.de", "-"],
    }
    for name in ("customers", "accounts", "promotions", "campaigns", "codes", "groups"):
        by_noun[name] = await ids(name)
    by_noun["assignments"] = by_noun["customerGroupPromotionLists"]
    return shapes.Values(
        {
            name: [value if isinstance(value, int) else str(value) for value in values]
            for name, values in (by_noun | by_field(by_noun)).items()
        }
    )


def by_field(noun: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Return what the fields of bodies and the parameters of paths are called by."""
    return {
        "": ["Ada", "posted", "person", "rewards", "receivable", "asc", "10", "true", "number"],
        "unit_id": noun["units"],
        "user_id": noun["users"],
        "customer_id": noun["customers"],
        "customer": [people.CUSTOMER, "profile1"],
        "promotion_id": noun["promotions"],
        "promotion": ["CC_10EUR_OrderDiscount", "promo1001"],
        "promotionIds": ["promo1001", "promo1002"],
        "promotions": [*noun["promotions"], "promo1001"],
        "profileIds": ["profile1", "profile2"],
        "campaign_id": noun["campaigns"],
        "channel_id": [data.CHANNEL],
        "channel": [data.CHANNEL],
        "group_id": noun["groups"],
        "list_id": noun["promotion-lists"],
        "customerGroup": noun["groups"],
        "customerGroupId": [*noun["groups"], "CG-001"],
        "promotionListId": [*noun["promotion-lists"], "RP-001"],
        "code": ["CCZN413KW8RK", "SC4dcj1p4sathzZ"],
        "promo_code": ["SC4dcj1p4sathzZ"],
        "alternative_code": ["BG4"],
        "number": ["RP0000000618", "ACR0000002278"],
        "recipient": ["patricia@test.intershop.de", "ada@example.com"],
        "address": ["ada@example.com", "eve@example.com"],
        "email": ["ada@example.com"],
        "emails": ["ada@example.com", "eve@example.com"],
        "id": [*noun["customers"], *noun["groups"], 9],
    }


@asynccontextmanager
async def digests(url: str) -> AsyncIterator[Callable[[], Awaitable[str]]]:
    """Give a function that makes a digest of every row of every table.

    But for what a worker counts by itself, and the log's lines of logins that failed: they are
    written beside the answer, and so at times after the next request.
    """
    names = [table.name for table in metadata.sorted_tables if table.name not in COUNTED]
    tables = dict.fromkeys(names, "true")
    tables["events"] = "kind NOT LIKE '%login_failed'"
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as file:

            @functools.cache
            def at(_: int) -> str:
                found = hashlib.sha256()
                for table, told in tables.items():
                    rows = sorted(map(repr, file.execute(f"SELECT * FROM {table} WHERE {told}")))
                    found.update(repr(rows).encode())
                return found.hexdigest()

            async def of_sqlite() -> str:
                # The number is another one as soon as another connection has changed something.
                ((version,),) = file.execute("PRAGMA data_version").fetchall()
                return at(version)

            yield of_sqlite
        return
    connection = await asyncpg.connect(url)
    statement = " UNION ALL ".join(
        f"SELECT '{table}', md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) "
        f"FROM {table} t WHERE {told}"
        for table, told in tables.items()
    )

    async def of_postgres() -> str:
        return repr(await connection.fetch(statement))

    yield of_postgres
    await connection.close()


@st.composite
def places(draw: st.DrawFn, dialect: Dialect, path: str) -> str:
    """A place where the dialect is mounted."""
    roots = [""] if path.split("/")[1] in dialect.roots else []
    prefix = draw(st.sampled_from([*roots, *dialect.prefixes]))
    sites = st.sampled_from(["PrimeTech", "PrimeTech-PrimeTechSpecials-Site", "-"])
    odd = st.sampled_from(shapes.ODD_SEGMENTS)
    return "/".join(
        draw(odd if draw(shapes.once_in(10)) else sites) if part == "*" else part
        for part in prefix.split("/")
    )


@st.composite
def requests(
    draw: st.DrawFn, target: Target, dialect: Dialect, routes: Sequence[Route], token: str
) -> httpx.Request:
    """A request to one of the routes."""
    route = draw(st.sampled_from(routes))
    # Most have one odd part: with many, hardly one gets past the first check.
    odd = draw(st.sampled_from(("nothing", "body", "body", "body", "path", "query", "many")))
    tame, wild = (replace(target.values, odd_once_in=times) for times in (1000, 3))
    content, media = draw(
        shapes.bodies(
            route.request, wild if odd == "many" else tame, token=token, spoil=odd == "body"
        )
    )
    headers = {"accept": draw(st.sampled_from(shapes.ACCEPTED)), "content-type": media}
    headers |= draw(credentials(token))
    method = route.method
    if draw(shapes.once_in(20)):
        method = draw(st.sampled_from(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]))
    where = draw(places(dialect, route.path)) + draw(
        shapes.path_of(route.path, wild if odd in ("path", "many") else tame)
    )
    query = ""
    if odd == "query" or draw(st.booleans()):
        query = draw(shapes.queries(route.query, wild if odd in ("query", "many") else tame))
    return httpx.Request(
        method,
        target.served.url,
        headers=headers,
        content=None if method in SAFE and not draw(st.booleans()) else content,
        extensions={"target": f"{where}?{query}".rstrip("?").encode()},
    )


@st.composite
def credentials(draw: st.DrawFn, token: str) -> dict[str, str]:
    """Headers that say who calls, in most requests the right ones."""
    if not draw(shapes.once_in(8)):
        return {"authorization": f"Bearer {token}"}
    return draw(
        st.sampled_from(
            (
                {},
                {"authentication-token": token},
                {"authentication-token": token, "UserOrganization": "CRMDEMO"},
                {"authentication-token": token, "UserOrganization": "x" * 300},
                {"authorization": "Bearer x.y.z"},
                {"authorization": "Bearer"},
                {"authorization": "Basic AAAA"},
                {"authorization": "Basic eDoA"},
                {"authorization": "Basic %%%"},
                {"cookie": f"JSESSIONID={token}"},
                {"cookie": 'JSESSIONID=;;="x;'},
                {"UserLogin": "a", "UserPassword": "b", "UserOrganization": "PrimeTech"},
                {"authorization": f"Bearer {token}", "idempotency-key": "one"},
                {"authorization": f"Bearer {token}", "idempotency-key": ""},
            )
        )
    )


COMMON: dict[str, Any] = {
    "deadline": None,
    "database": None,
    # The instance is the same for all examples on purpose: they come one after the other.
    "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
}


@pytest.mark.parametrize("group", GROUPS)
@settings(max_examples=EXAMPLES, derandomize=True, **COMMON)
@given(drawn=st.data())
async def test_none_fails_and_a_refused_one_changes_nothing(
    target: Target, group: str, drawn: st.DataObject
) -> None:
    await check(target, group, drawn)


@pytest.mark.soak
@pytest.mark.parametrize("group", GROUPS)
@settings(max_examples=MANY, **COMMON)
@given(drawn=st.data())
async def test_none_of_many_fails(target: Target, group: str, drawn: st.DataObject) -> None:
    await check(target, group, drawn)


async def check(target: Target, group: str, drawn: st.DataObject) -> None:
    """Send a request; see that it is no fault, and changes nothing if it is refused."""
    dialect, routes = GROUPS[group]
    caller = drawn.draw(st.sampled_from(target.callers))
    token = await target.token_of(caller)
    request = drawn.draw(requests(target, dialect, routes, token))
    before = await target.digest()
    answer = await target.served.client.send(request)
    sent = (request.method, request.extensions["target"], request.headers, request.content)
    event(f"{answer.status_code}")
    # 501: an operation that is known, and not offered.
    assert answer.status_code < 500 or answer.status_code == 501, (sent, answer.text)
    assert "x-request-id" in answer.headers, (sent, answer.text)
    if answer.status_code >= 400 or request.method in SAFE:
        assert await target.digest() == before, (sent, answer.status_code, answer.text)
    else:
        target.tokens.clear()
