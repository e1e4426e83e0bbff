"""One scenario through every dialect that can express it: ask until the pool is empty."""

import asyncio
import itertools
from collections import Counter
from collections.abc import Awaitable, Callable

import httpx
import pytest

from largesse.app import DIALECTS
from largesse.core.access.model import Caller, system
from largesse.core.codes.model import CampaignRef
from largesse.core.errors import PoolExhausted
from tests.dialects.crmcom import client as crmcom
from tests.dialects.intershop import client as intershop
from tests.dialects.native import client as native
from tests.serving import Served

CAMPAIGN = CampaignRef("name", "Contact Center 10 EUR")
"""What all of them take from: Intershop's clients know it by its promotion."""

IN_THE_POOL = 22
"""20 that were generated and the two that SEED 000 prints."""

Ask = Callable[[], Awaitable[httpx.Response]]


async def through_crmcom(served: Served) -> Ask:
    token = await crmcom.token(served)
    named = {"promotion_campaign_identifier": {"name": CAMPAIGN.value}}
    return lambda: crmcom.request(served, token=token, **named)


async def through_intershop(served: Served) -> Ask:
    headers = await intershop.logged_in(served) | {"accept": "application/json"}
    return lambda: served.client.post(intershop.CODES, headers=headers)


async def through_native(served: Served) -> Ask:
    api = await native.demo_user(served)
    receiver = {"customer": {"customer_id": intershop.CUSTOMER}}
    body = {"campaign": {"name": CAMPAIGN.value}, "receiver": receiver}
    return lambda: api.send("POST", "/codes/request", body)


WAYS = {"crmcom": through_crmcom, "intershop": through_intershop, "native": through_native}


def code_in(dialect: str, answer: httpx.Response) -> str | None:
    """Return the code that an answer gives, or None if it says that there is none left."""
    if answer.status_code == 200:
        body = answer.json()
        inner = body["data"] if dialect == "crmcom" else body
        return str(inner["code"]["code"] if isinstance(inner["code"], dict) else inner["code"])
    rows = {one.name: one.errors[PoolExhausted] for one in DIALECTS}
    assert answer.status_code == rows[dialect].status, answer.text
    assert rows[dialect].code in f"{answer.text} {answer.headers}"
    return None


async def owner(served: Served) -> Caller:
    return system(await served.services.access.organization_named("demo"))


@pytest.mark.parametrize("dialect", WAYS)
async def test_each_code_is_given_once_and_then_none_is_left(served: Served, dialect: str) -> None:
    ask = await WAYS[dialect](served)
    answers = await asyncio.gather(*(ask() for _ in range(IN_THE_POOL + 8)))
    given = [code for answer in answers if (code := code_in(dialect, answer)) is not None]
    assert len(given) == len(set(given)) == IN_THE_POOL
    levels = await served.services.codes.levels(await owner(served), CAMPAIGN)
    assert levels == {"issued": IN_THE_POOL}
    await served.services.codes.add(await owner(served), CAMPAIGN, ["CCONEMORE"])
    assert code_in(dialect, await ask()) == "CCONEMORE"
    assert code_in(dialect, await ask()) is None


async def test_all_of_them_take_from_one_pool(served: Served) -> None:
    asked = [(dialect, await way(served)) for dialect, way in WAYS.items()]
    calls = list(itertools.islice(itertools.cycle(asked), IN_THE_POOL + 11))
    answers = await asyncio.gather(*(ask() for _, ask in calls))
    given: Counter[str] = Counter()
    for (dialect, _), answer in zip(calls, answers, strict=True):
        code = code_in(dialect, answer)
        if code is not None:
            given[code] += 1
    assert len(given) == IN_THE_POOL
    assert set(given.values()) == {1}
