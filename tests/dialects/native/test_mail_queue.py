"""The queue of mails over the native API: figures, many mails at once, pauses."""

import asyncio
from typing import Any

import pytest

from largesse.core.ids import new_id
from tests.dialects.native.client import Api, demo_user, problem
from tests.faults.post import owner_of, queue_mails
from tests.serving import Served


async def queued(served: Served, count: int, **values: Any) -> None:
    """Queue mails of the demo organization that nobody sends."""
    await queue_mails(served.services, await owner_of(served.services), count, **values)


async def until(api: Api, **wanted: int) -> Any:
    """Wait until the queue's counts are these, and return its figures."""
    async with asyncio.timeout(20):
        while True:
            stats = await api.get("/mail-queue")
            counts: dict[str, int] = {}
            for one in stats["counts"]:
                counts[one["state"]] = counts.get(one["state"], 0) + one["count"]
            if counts == wanted:
                return stats
            await asyncio.sleep(0.05)


async def test_a_paused_queue_waits_and_a_resumed_one_goes_on(served: Served) -> None:
    api = await demo_user(served)
    (pause,) = (await api.post("/mail-queue/pause", {"kind": "queue"}, 200))["items"]
    assert (pause["kind"], pause["name"]) == ("queue", None)
    paused = await api.post("/mail-queue/pause", {"kind": "domain", "name": "Other.example"}, 200)
    assert [one["name"] for one in paused["items"]] == ["other.example", None]
    await queued(served, 3)
    stats = await until(api, queued=3)
    assert stats["oldest_due_at"] is not None
    assert len(stats["pauses"]) == 2
    (transport,) = stats["transports"]
    assert (transport["name"], transport["failures"]) == ("main", 0)
    (mail,) = (await api.get("/mails", limit=1))["items"]
    cancelled = await api.post(f"/mails/{mail['id']}/cancel", status=200)
    assert cancelled["state"] == "cancelled"
    problem(await api.send("POST", f"/mails/{mail['id']}/cancel"), 409, "wrong_state")
    left = await api.post("/mail-queue/resume", {"kind": "queue"}, 200)
    assert [one["kind"] for one in left["items"]] == ["domain"]
    await until(api, sent=2, cancelled=1)
    for kind, times in (("mail.paused", 2), ("mail.resumed", 1), ("mail.cancelled", 1)):
        assert len((await api.get("/events", kind=kind))["items"]) == times


async def test_failed_mails_are_retried_and_waiting_ones_cancelled(served: Served) -> None:
    api = await demo_user(served)
    await api.post("/mail-queue/pause", {"kind": "queue"}, 200)
    job_id = str(new_id())
    await queued(served, 3, state="failed", reason="550 5.1.1", domain="a.example")
    await queued(served, 2, state="failed", reason="452", domain="b.example")
    await queued(served, 4, domain="c.example", template_key="spring")
    assert len((await api.get("/mails", reason="452"))["items"]) == 2
    assert len((await api.get("/mails", template_key="spring"))["items"]) == 4
    assert (await api.get("/mails", job_id=job_id))["items"] == []
    answer = await api.post(
        "/mail-queue/retry", {"reason": "550 5.1.1", "domain": "A.EXAMPLE"}, 200
    )
    assert answer == {"count": 3, "more": False}
    answer = await api.post("/mail-queue/cancel", {"template_key": "spring"}, 200)
    assert answer == {"count": 4, "more": False}
    answer = await api.post("/mail-queue/retry", {"state": "uncertain"}, 200)
    assert answer == {"count": 0, "more": False}
    await until(api, queued=3, failed=2, cancelled=4)


@pytest.mark.parametrize(
    ("action", "body", "field"),
    [
        ("pause", {"kind": "transport", "name": "third"}, "name"),
        ("pause", {"kind": "transport"}, "name"),
        ("pause", {"kind": "queue", "name": "x"}, "name"),
        ("resume", {"kind": "domain", "name": "a b"}, "name"),
        ("cancel", {"domain": "a b"}, "domain"),
        ("pause", {"kind": "all"}, "kind"),
        ("retry", {"state": "sent"}, "state"),
        ("retry", {"job_id": "x"}, "job_id"),
    ],
)
async def test_what_can_not_be_is_refused(
    served: Served, action: str, body: dict[str, Any], field: str
) -> None:
    api = await demo_user(served)
    answer = await api.send("POST", f"/mail-queue/{action}", body)
    assert answer.status_code == 400
    assert field in answer.json()["field"]
