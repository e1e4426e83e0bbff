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
        await first_event(api, subject_id=one, kind="pool.low")
    everything = (await api.get("/events", kind="pool.low"))["items"]
    assert {event["subject_id"] for event in everything} == set(campaigns)
    assert (await api.get("/events", kind="pool.refilled"))["items"] == []
    assert (await api.get("/events", subject_id=new_id().hex))["items"] == []
    found: list[Any] = []
    page = await api.get("/events", limit=1, kind="pool.low")
    while page["next"] is not None:
        found += page["items"]
        page = await api.get("/events", limit=1, kind="pool.low", cursor=page["next"])
    assert [*found, *page["items"]] == everything


async def test_another_organizations_events_are_unknown(served: Served) -> None:
    ours, theirs = await organization(served, "A"), await organization(served, "B")
    await campaign(ours, "Low", codes=1, alarm_level=5)
    event = await first_event(ours, kind="pool.low")
    ids = {line["id"] for line in (await theirs.get("/events"))["items"]}
    assert ids
    assert event["id"] not in ids
    problem(await theirs.send("GET", f"/events/{event['id']}"), 404, "unknown_event")
    problem(await ours.send("GET", "/events/none"), 404, "unknown_event")


async def test_events_are_read_by_who_may_read(served: Served) -> None:
    owner = await organization(served, "A")
    await campaign(owner, "Low", codes=1, alarm_level=5)
    event = await first_event(owner, kind="pool.low")
    viewer = await user_of_role(served, owner, Role.VIEWER)
    assert event in (await viewer.get("/events"))["items"]
    shopper = await user_of_role(served, owner, Role.SHOPPER)
    for path in ("/events", f"/events/{event['id']}"):
        problem(await shopper.send("GET", path), 403, "not_permitted")


async def test_nobody_changes_or_deletes_an_event(served: Served) -> None:
    api = await organization(served, "A")
    await campaign(api, "Low", codes=1, alarm_level=5)
    event = await first_event(api, kind="pool.low")
    one = f"/events/{event['id']}"
    for method, path in (("POST", "/events"), ("PATCH", one), ("PUT", one), ("DELETE", one)):
        answer = await api.send(method, path, {"kind": "pool.low"})
        assert answer.status_code in (405, 501), answer.text
    assert await api.get(one) == event


@pytest.mark.parametrize(
    "query", ["since=yesterday", "key_id=1", "subject=1", "cursor=x", "limit=0"]
)
async def test_a_filter_that_is_none_is_refused(served: Served, query: str) -> None:
    api = await demo_user(served)
    problem(await api.send("GET", f"/events?{query}"), 400, "invalid_value")


async def test_who_may_not_read_users_reads_nothing_about_them(served: Served) -> None:
    owner = await organization(served, "A")
    viewer = await user_of_role(served, owner, Role.VIEWER)
    made = (await owner.get("/events", kind="user.created"))["items"]
    assert made
    assert (await viewer.get("/events", kind="user.created"))["items"] == []
    kinds = {line["subject_kind"] for line in (await viewer.get("/events"))["items"]}
    assert kinds == {"unit"}
    problem(await viewer.send("GET", f"/events/{made[0]['id']}"), 404, "unknown_event")


async def test_lines_are_found_by_who_when_and_in_which_request(served: Served) -> None:
    api = await organization(served, "A")
    unit = {"name": "n", "alternative_code": "n"}
    headers = {"X-Request-ID": "0123-abcd"}
    made = (await api.send("POST", "/units", unit, headers=headers)).json()
    (line,) = (await api.get("/events", request_id="0123-abcd"))["items"]
    assert (line["kind"], line["subject_id"]) == ("unit.created", made["id"])
    assert (line["before"], line["after"]) == (None, unit)
    name, at = "owner of A", line["created_at"]
    assert (line["actor"], line["key_id"]) == (name, None)
    for found, query in (
        (True, {"actor": "OWNER OF A", "since": at}),
        (True, {"actor": line["user_id"], "subject_id": made["id"]}),
        (False, {"actor": "system", "since": at}),
        (False, {"until": at}),
        (False, {"actor": "somebody"}),
    ):
        lines = (await api.get("/events", **query))["items"]
        assert (line in lines) == found, query


async def test_what_is_done_with_a_key_names_it(served: Served) -> None:
    api = await organization(served, "A")
    made = await api.post("/keys", {"name": "shop"})
    by_key = Api(api.client, made["secret"])
    await by_key.post("/channels", {"id": "c", "name": "c"})
    key_id = made["key"]["id"]
    (line,) = (await api.get("/events", key_id=key_id))["items"]
    assert (line["kind"], line["key_id"]) == ("channel.created", key_id)
    await api.delete(f"/keys/{key_id}")
    problem(await by_key.send("GET", "/channels"), 401, "bad_credentials")
    await served.services.access.settle()
    kinds = [e["kind"] for e in (await api.get("/events", subject_id=key_id))["items"]]
    assert kinds == ["key.created", "key.revoked", "key.login_failed"]
    assert made["secret"] not in str((await api.get("/events"))["items"])
