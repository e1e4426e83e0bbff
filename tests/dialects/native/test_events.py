"""The log of what happened, and the forecast of a pool."""

from typing import Any

import pytest

from largesse.core.access.model import Role
from largesse.core.ids import new_id
from tests.dialects.native.client import (
    Api,
    demo_user,
    first_event,
    organization,
    problem,
    user_of_role,
)
from tests.serving import Served


async def campaign(api: Api, name: str, *, codes: int, **values: Any) -> str:
    """Post a campaign, once it has so many codes, and return its id."""
    made = await api.post("/campaigns", {"name": name} | values)
    await api.post(f"/campaigns/{made['id']}/codes", {"count": codes})
    await api.patch(f"/campaigns/{made['id']}", {"state": "posted"})
    return str(made["id"])


async def test_a_pool_that_runs_low_is_told_of(served: Served) -> None:
    api = await organization(served, "A")
    low = await campaign(api, "Low", codes=3, alarm_level=5)
    event = await first_event(api, subject_id=low, kind="pool.low")
    assert await api.get(f"/events/{event['id']}") == event
    assert (event["subject_kind"], event["subject_id"]) == ("campaign", low)
    forecast = {"alarm_level": 5, "level": 5, "available": 3, "exact": True}
    none = {"codes_per_hour": None, "runs_out_at": None}
    assert event["data"] == {"campaign": "Low"} | forecast | none
    pool = await api.get(f"/campaigns/{low}/pool")
    assert pool["available"] == 3
    assert pool["forecast"] == forecast | none


async def test_events_are_filtered_and_paged(served: Served) -> None:
    api = await organization(served, "A")
    campaigns = [await campaign(api, f"{n}", codes=1, alarm_level=1) for n in range(3)]
    for one in campaigns:
        await first_event(api, subject_id=one)
    everything = (await api.get("/events", subject_kind="campaign"))["items"]
    assert {event["subject_id"] for event in everything} == set(campaigns)
    assert (await api.get("/events", kind="pool.refilled"))["items"] == []
    assert (await api.get("/events", subject_id=new_id().hex))["items"] == []
    found: list[Any] = []
    page = await api.get("/events", limit=1)
    while page["next"] is not None:
        found += page["items"]
        page = await api.get("/events", limit=1, cursor=page["next"])
    assert [*found, *page["items"]] == everything


async def test_another_organizations_events_are_unknown(served: Served) -> None:
    ours, theirs = await organization(served, "A"), await organization(served, "B")
    await campaign(ours, "Low", codes=1, alarm_level=5)
    event = await first_event(ours)
    assert (await theirs.get("/events"))["items"] == []
    problem(await theirs.send("GET", f"/events/{event['id']}"), 404, "unknown_event")
    problem(await ours.send("GET", "/events/none"), 404, "unknown_event")


async def test_events_are_read_by_who_may_read(served: Served) -> None:
    owner = await organization(served, "A")
    await campaign(owner, "Low", codes=1, alarm_level=5)
    event = await first_event(owner)
    viewer = await user_of_role(served, owner, Role.VIEWER)
    assert (await viewer.get("/events"))["items"] == [event]
    shopper = await user_of_role(served, owner, Role.SHOPPER)
    for path in ("/events", f"/events/{event['id']}"):
        problem(await shopper.send("GET", path), 403, "not_permitted")


async def test_nobody_changes_or_deletes_an_event(served: Served) -> None:
    api = await organization(served, "A")
    await campaign(api, "Low", codes=1, alarm_level=5)
    event = await first_event(api)
    one = f"/events/{event['id']}"
    for method, path in (("POST", "/events"), ("PATCH", one), ("PUT", one), ("DELETE", one)):
        answer = await api.send(method, path, {"kind": "pool.low"})
        assert answer.status_code in (405, 501), answer.text
    assert await api.get(one) == event


@pytest.mark.parametrize(
    "query", ["kind=pool.lost", "subject_kind=code", "subject=1", "cursor=x", "limit=0"]
)
async def test_a_filter_that_is_none_is_refused(served: Served, query: str) -> None:
    api = await demo_user(served)
    problem(await api.send("GET", f"/events?{query}"), 400, "invalid_value")
