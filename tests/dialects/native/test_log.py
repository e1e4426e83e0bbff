"""Every write of the route table has one line in the log, and every refusal none."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import update

from largesse.core.access.model import Role
from largesse.core.mail.model import mails as mail_table
from largesse.dialects.native.routes import NATIVE
from largesse.wire.routes import Offer
from tests.dialects.native.client import (
    PASSWORD,
    Api,
    Everything,
    log_in,
    one_of_everything,
    organization,
    user_of_role,
)
from tests.dialects.native.walk import bodies
from tests.serving import Served, serve

OWNER = "owner of A"

CHANGES: dict[str, dict[str, Any]] = {
    "/units": {"name": "changed"},
    "/users": {"first_name": "changed"},
    "/customers": {"last_name": "changed"},
    "/accounts": {"name": "changed"},
    "/customer-tokens": {"state": "terminated"},
    "/channels": {"name": "changed"},
    "/promotions": {"title": "changed"},
    "/campaigns": {"description": "changed"},
    "/promotion-folders": {"name": "changed"},
    "/groups": {"name": "changed"},
    "/promotion-lists": {"name": "changed"},
    "/schedules": {"name": "changed"},
    "/subscriptions": {"name": "changed"},
    "/templates": {"subject": "changed"},
}
"""A change of each kind of record that is made, changed and deleted by routes that are alike."""

TOLD_OTHERWISE = {
    ("POST", "/mail-reports"): "a report tells of each mail and each address",
    ("POST", "/mail-reports/{provider}/{hook}"): "the same, and nobody logs in",
    ("POST", "/unsubscribe/{token}"): "nobody logs in, and two records are changed",
    ("POST", "/confirm/{token}"): "nobody logs in",
    ("POST", "/templates/{id}/preview"): "it writes nothing",
}

TEMPLATE = {"key": "new", "subject": "new", "body": "new"}

SHEET: dict[str, Any] = {"content": b"mine-1\n", "headers": {"Content-Type": "text/csv"}}


@dataclass
class Log:
    """Sends requests, each with an id of its own, and looks for the lines that they left."""

    api: Api
    done: set[tuple[str, str]] = field(default_factory=set)
    count: int = 0

    def new_id(self) -> str:
        self.count += 1
        return f"request-{self.count}"

    async def lines(self, request_id: str) -> list[Any]:
        found: list[Any] = (await self.api.get("/events", request_id=request_id))["items"]
        return found

    async def pages(self) -> AsyncIterator[Any]:
        page = {"next": ""}
        while page["next"] is not None:
            cursor = {"cursor": page["next"]} if page["next"] else {}
            page = await self.api.get("/events", limit="1000", **cursor)
            yield page["items"]

    async def write(
        self,
        route: str,
        path: str,
        body: Any = None,
        *,
        kind: str,
        subject: Any = None,
        by: Api | None = None,
        actor: str = OWNER,
        **more: Any,
    ) -> Any:
        """Send a request that writes; its one line must be of the kind and about the subject."""
        method, place = route.split(" ")
        request_id = self.new_id()
        headers = more.pop("headers", {}) | {"X-Request-ID": request_id}
        answer = await (by or self.api).send(method, path, body, headers=headers, **more)
        assert answer.is_success, (route, answer.text)
        made = answer.json() if answer.content else {}
        made = made.get("key", made) if "secret" in made else made
        found = await self.lines(request_id)
        assert len(found) == 1, (route, found)
        (line,) = found
        assert (line["kind"], line["actor"]) == (kind, actor), route
        assert line["user_id"] is not None
        expected = made.get("id") if subject is None else subject
        assert line["subject_id"] == str(expected), route
        assert line["subject_kind"] in (kind.partition(".")[0], "mail_queue")
        self.done.add((method, place))
        return made

    async def refused(self, method: str, path: str, body: Any = None, *, by: Api) -> None:
        """Send a request that is refused, and leaves no line."""
        request_id = self.new_id()
        answer = await by.send(method, path, body, headers={"X-Request-ID": request_id})
        assert 400 <= answer.status_code < 500, (method, path, answer.text)
        assert await self.lines(request_id) == [], (method, path)


async def watch_pools(served: Served, stop: asyncio.Event) -> None:
    """Do the one part of a worker's work that making one of everything waits for."""
    while not stop.is_set():
        await served.services.pools.check_due()
        await asyncio.sleep(0.05)


@asynccontextmanager
async def logged(url: str) -> AsyncIterator[tuple[Served, Log, Everything]]:
    """An organization with one of everything, whose jobs and mails wait for ever."""
    async with serve(url, worker=False) as served:
        api = await organization(served, "A")
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(watch_pools(served, stop))
            ids = await one_of_everything(api, "a")
            stop.set()
        yield served, Log(api), ids


async def test_every_write_has_one_line_and_every_refusal_none(demo_url: str) -> None:
    async with logged(demo_url) as (served, log, ids):
        viewer = await user_of_role(served, log.api, Role.VIEWER)
        new = bodies(ids, "a") | {"/templates": TEMPLATE}
        for noun, change in CHANGES.items():
            await records(log, viewer, noun, new[noun], change)
        await keys_and_tokens(log, served, new)
        await lists(log, ids)
        await codes(log, ids, new)
        await grants_and_jobs(log, ids, new)
        await mails(log, served, ids, new)
        await others(log, ids, new)
        await logins(log, ids)
        log_text = str([page async for page in log.pages()])
        for secret in (PASSWORD, "code-a", "mine-1", "mailed", log.api.token):
            assert secret not in log_text
        writes = {
            (route.method, route.path)
            for route in NATIVE.routes
            if route.method != "GET" and route.offer is Offer.DONE
        }
        assert writes - log.done - TOLD_OTHERWISE.keys() == set(), "not tried"
        for method, path in sorted(log.done):
            if "/tokens" not in path:
                await log.refused(method, path.replace("{id}", "0" * 32), {}, by=viewer)


async def records(log: Log, viewer: Api, noun: str, new: Any, change: dict[str, Any]) -> None:
    """Make a record, change it, and delete it; be refused by the way."""
    kind = noun.strip("/").replace("-", "_").removesuffix("s")
    made = await log.write(f"POST {noun}", noun, new, kind=f"{kind}.created")
    one, of = f"{noun}/{made['id']}", made["id"]
    await log.write(f"PATCH {noun}/{{id}}", one, change, kind=f"{kind}.changed", subject=of)
    (name,) = change
    (line,) = (await log.api.get("/events", kind=f"{kind}.changed", subject_id=of))["items"]
    assert line["before"][name] == made[name]
    assert line["after"][name] == change[name]
    await log.refused("PATCH", one, {name: 10**30}, by=log.api)
    await log.refused("PATCH", one, change, by=viewer)
    # What changes nothing is nothing to tell of.
    assert (
        await log.api.send("PATCH", one, change, headers={"X-Request-ID": "no-change"})
    ).is_success
    assert await log.lines("no-change") == []
    await log.refused("DELETE", one, by=viewer)
    await log.write(f"DELETE {noun}/{{id}}", one, kind=f"{kind}.deleted", subject=of)
    await log.refused("DELETE", one, by=log.api)


async def keys_and_tokens(log: Log, served: Served, new: Any) -> None:
    made = await log.write("POST /keys", "/keys", new["/keys"], kind="key.created")
    one, of = f"/keys/{made['id']}", made["id"]
    changed = {"name": "changed"}
    await log.write("PATCH /keys/{id}", one, changed, kind="key.changed", subject=of)
    await log.write("DELETE /keys/{id}", one, kind="key.revoked", subject=of)
    owner = (await log.api.get("/tokens/current"))["user_id"]
    body = {"username": OWNER, "password": PASSWORD}
    kind = "user.token_issued"
    await log.write("POST /tokens", "/tokens", body, kind=kind, subject=owner)
    another = await log_in(served, OWNER, PASSWORD)
    kind = "user.token_released"
    route = "DELETE /tokens/current"
    await log.write(route, "/tokens/current", kind=kind, subject=owner, by=another)


async def lists(log: Log, ids: Everything) -> None:
    customer = (await log.api.post("/customers", {"first_name": "x"}))["id"]
    promotion = (await log.api.post("/promotions", {"key": "x", "title": "x"}))["id"]
    for noun, members, held, what in (
        ("/groups", "members/{customer_id}", customer, "member"),
        ("/promotion-lists", "promotions/{promotion_id}", promotion, "promotion"),
    ):
        kind, of = noun.strip("/").replace("-", "_").removesuffix("s"), ids.of(noun)
        path = f"{noun}/{of}/{members.partition('/')[0]}/{held}"
        for method, done in (("PUT", "added"), ("DELETE", "removed")):
            route = f"{method} {noun}/{{id}}/{members}"
            await log.write(route, path, kind=f"{kind}.{what}_{done}", subject=of)
    other = (await log.api.post("/promotion-lists", {"reference": "x"}))["id"]
    another = (await log.api.post("/promotion-lists", {"reference": "y"}))["id"]
    for noun, pair in (
        ("/assignments", {"group_id": int(ids.of("/groups")), "list_id": other}),
        ("/customer-assignments", {"customer_id": customer, "list_id": other}),
    ):
        kind = noun.strip("/").replace("-", "_").removesuffix("s")
        made = await log.write(f"POST {noun}", noun, pair, kind=f"{kind}.created")
        one, of, change = f"{noun}/{made['id']}", made["id"], {"list_id": another}
        await log.write(f"PATCH {noun}/{{id}}", one, change, kind=f"{kind}.changed", subject=of)
        await log.refused("POST", noun, pair | change, by=log.api)
        await log.write(f"DELETE {noun}/{{id}}", one, kind=f"{kind}.deleted", subject=of)


async def codes(log: Log, ids: Everything, new: Any) -> None:
    campaign = ids.of("/campaigns")
    path = f"/campaigns/{campaign}/codes"
    route = "/campaigns/{id}/codes"
    kind = "campaign.codes_added"
    await log.write(f"POST {route}", path, {"count": 2}, kind=kind, subject=campaign)
    batch, kind = {"count": 1}, "job.started"
    await log.write(f"POST {route}/batches", f"{path}/batches", batch, kind=kind)
    await log.write(f"POST {route}/imports", f"{path}/imports", kind=kind, **SHEET)
    used, route = new["/codes/redeem"], "/codes/redeem"
    of = (await log.api.get("/codes", code=used["code"]))["items"][0]["id"]
    await log.write(f"POST {route}", route, used, kind="code.redeemed", subject=of)
    await log.refused("POST", route, used, by=log.api)
    asked, route = new["/codes/request"], "POST /codes/request"
    code = await log.write(route, "/codes/request", asked, kind="code.issued")
    one, of = f"/codes/{code['id']}/cancel", code["id"]
    await log.write("POST /codes/{id}/cancel", one, kind="code.cancelled", subject=of)
    await log.refused("POST", one, by=log.api)


async def grants_and_jobs(log: Log, ids: Everything, new: Any) -> None:
    grant = {"promotion": "promotion a", "email": "new@example.com"}
    made = await log.write("POST /grants", "/grants", grant, kind="grant.created")
    await log.refused("POST", "/grants", grant, by=log.api)
    one, of = f"/grants/{made['id']}", made["id"]
    await log.write("DELETE /grants/{id}", one, kind="grant.revoked", subject=of)
    path, body = "/grants/revocations", {"source_id": "new"}
    await log.write("POST /grants/revocations", path, body, kind="job.started")
    batch = new["/grants/batches"]
    path = "/grants/batches"
    job = await log.write("POST /grants/batches", path, batch, kind="job.started")
    one, of = f"/jobs/{job['id']}", job["id"]
    await log.refused("DELETE", one, by=log.api)
    for verb, done in (("cancel", "cancelled"), ("resume", "resumed"), ("cancel", "cancelled")):
        path, route = f"{one}/{verb}", f"POST /jobs/{{id}}/{verb}"
        await log.write(route, path, kind=f"job.{done}", subject=of)
        await log.refused("POST", path, by=log.api)
    await log.write("DELETE /jobs/{id}", one, kind="job.deleted", subject=of)


async def mails(log: Log, served: Served, ids: Everything, new: Any) -> None:
    code = {"codes": ["mailed"]}
    await log.api.post(f"/campaigns/{ids.of('/campaigns')}/codes", code)
    mail = new["/mails"] | {"code": "mailed"}
    made = await log.write("POST /mails", "/mails", mail, kind="mail.queued")
    one, of = f"/mails/{made['id']}/retry", made["id"]
    await log.refused("POST", one, by=log.api)
    async with served.services.database.write() as tx:
        await tx.execute(update(mail_table).values(state="failed"))
    await log.write("POST /mails/{id}/retry", one, kind="mail.retried", subject=of)
    one = f"/mails/{made['id']}/cancel"
    await log.write("POST /mails/{id}/cancel", one, kind="mail.cancelled", subject=of)
    await log.refused("POST", one, by=log.api)
    for verb, kind, state, body in (
        ("retry", "mail.retried", "failed", {}),
        ("cancel", "mail.cancelled", "queued", {}),
        ("pause", "mail.paused", "queue", {"kind": "queue"}),
        ("resume", "mail.resumed", "queue", {"kind": "queue"}),
    ):
        path = f"/mail-queue/{verb}"
        await log.write(f"POST {path}", path, body, kind=kind, subject=state)


async def others(log: Log, ids: Everything, new: Any) -> None:
    one, of = f"/schedules/{ids.of('/schedules')}/run", ids.of("/schedules")
    await log.write("POST /schedules/{id}/run", one, kind="schedule.started", subject=of)
    body, kind = new["/suppressions"], "suppression.created"
    made = await log.write("POST /suppressions", "/suppressions", body, kind=kind)
    await log.refused("POST", "/suppressions", body, by=log.api)
    one, kind = f"/suppressions/{made['id']}", "suppression.deleted"
    await log.write("DELETE /suppressions/{id}", one, kind=kind, subject=made["id"])


async def logins(log: Log, ids: Everything) -> None:
    of = ids.of("/customers")
    one, route, body = f"/customers/{of}/login", "/customers/{id}/login", {"password": PASSWORD}
    await log.write(f"PUT {route}", one, body, kind="customer.login_set", subject=of)
    await log.write(f"DELETE {route}", one, kind="customer.login_removed", subject=of)
    of = ids.of("/users")
    one, route = f"/users/{of}/second-factor", "/users/{id}/second-factor"
    await log.write(f"POST {route}", one, kind="user.second_factor_added", subject=of)
    await log.write(f"DELETE {route}", one, kind="user.second_factor_removed", subject=of)
    # A coupon is a campaign with one code: the log tells of these.
    new = {"code": "logged", "promotions": ["promotion a"]}
    for method, path, body in (
        ("POST", "/coupons", new),
        ("PATCH", "/coupons/logged", {"uses": 5}),
        ("DELETE", "/coupons/logged", None),
    ):
        headers = {"X-Request-ID": f"{method.lower()}-a-coupon"}
        assert (await log.api.send(method, path, body, headers=headers)).is_success
        assert await log.lines(headers["X-Request-ID"]), method
        log.done.add((method, path.replace("logged", "{id}")))
