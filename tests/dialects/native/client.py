"""A client of the native API, and one of everything in an organization of its own."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import httpx

from largesse.core.access.model import Role, Unit, system
from largesse.core.ids import new_id
from tests.serving import Served

PASSWORD = "correct horse battery"


@dataclass
class Api:
    """Sends requests as one user."""

    client: httpx.AsyncClient
    token: str

    async def send(
        self, method: str, path: str, body: Any = None, *, key: str | None = None, **more: Any
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}"} | more.pop("headers", {})
        if key is not None:
            headers["Idempotency-Key"] = key
        if body is not None:
            more["json"] = body
        return await self.client.request(method, f"/v1{path}", headers=headers, **more)

    async def get(self, path: str, **params: Any) -> Any:
        """Read, which must work."""
        answer = await self.send("GET", path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, body: Any = None, status: int = 201) -> Any:
        """Post, which must work."""
        answer = await self.send("POST", path, body)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def patch(self, path: str, body: Any) -> Any:
        """Change, which must work."""
        answer = await self.send("PATCH", path, body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def report(self, mail: Any, status: str = "5.1.1") -> Any:
        """Tell that a mail has bounced, which must work."""
        headers = {"Content-Type": "message/rfc822"}
        content = bounce(mail["message_id"], status)
        answer = await self.send("POST", "/mail-reports", content=content, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def delete(self, path: str) -> None:
        """Delete, which must work."""
        answer = await self.send("DELETE", path)
        assert answer.status_code == 204, answer.text
        assert answer.content == b""


def bounce(message_id: str, status: str = "5.1.1") -> bytes:
    """Return a message that says that a mail was not delivered."""
    return (
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n"
        f"Final-Recipient: rfc822; x@example.com\nAction: failed\nStatus: {status}\n\n"
        f"--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: {message_id}\n\n--b--\n"
    ).encode()


def problem(answer: httpx.Response, status: int, code: str) -> Any:
    """Return an answer's problem document, which must have this status and code."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found = answer.json()
    assert found["status"] == status
    assert found["code"] == code, answer.text
    assert found["type"] == f"urn:problem-type:largesse:{code}"
    assert found["title"]
    assert found["detail"]
    assert found["instance"] == answer.request.url.path
    return found


async def log_in(served: Served, username: str, password: str, **more: Any) -> Api:
    """Return a client with an access token of its own."""
    answer = await served.client.post(
        "/v1/tokens", json={"username": username, "password": password} | more
    )
    assert answer.status_code == 201, answer.text
    return Api(served.client, answer.json()["access_token"])


async def demo_user(served: Served) -> Api:
    """Return a client of the demo organization's owner."""
    return await log_in(served, served.demo.username, served.demo.password)


async def user_of_role(served: Served, owner: Api, role: Role) -> Api:
    """Return a client of a new user of a role, in the owner's organization."""
    unit = (await owner.get("/units"))["items"][0]
    name = f"{role}-{new_id().hex}"
    new = {"username": name, "password": PASSWORD, "unit_id": unit["id"], "role": role}
    await owner.post("/users", new)
    return await log_in(served, name, PASSWORD)


async def organization(served: Served, name: str) -> Api:
    """Make an organization with a unit and an owner, and return a client of the owner."""
    services = served.services
    made = await services.access.create_organization(name, [])
    caller = system(made)
    new_unit = {"name": "Main", "alternative_code": "main"}
    unit: Unit = await services.units.create(caller, new_unit)
    user = {"username": f"owner of {name}", "password": PASSWORD, "unit_id": unit.id}
    await services.users.create(caller, user | {"role": Role.OWNER})
    return await log_in(served, f"owner of {name}", PASSWORD)


USES = ("used", "code", "next")
"""Beginnings of the codes of each organization."""


@dataclass
class Everything:
    """The ids of one of everything in an organization, by the noun's path."""

    ids: dict[str, str] = field(default_factory=dict)

    def of(self, noun: str) -> str:
        return self.ids[noun]


@dataclass
class Maker:
    """Makes a record and notes its id."""

    api: Api
    made: Everything

    async def __call__(self, noun: str, new: dict[str, Any]) -> str:
        answer = await self.api.post(noun, new)
        answer = answer.get("key", answer) if noun == "/keys" else answer
        self.made.ids[noun] = str(answer["id"])
        return self.made.ids[noun]


async def one_of_everything(api: Api, tag: str) -> Everything:
    """Make one of everything through the API, and return the ids."""
    made = Everything()
    make = Maker(api, made)
    unit = await make("/units", {"name": tag, "alternative_code": tag})
    user = {"username": f"user {tag}", "unit_id": unit, "role": "viewer", "password": PASSWORD}
    await make("/users", user)
    await make("/keys", {"name": tag})
    new_customer = {
        "first_name": tag,
        "email": f"{tag}@example.com",
        "identifiers": {"profile_id": f"profile {tag}", "customer_id": f"customer {tag}"},
    }
    customer = await make("/customers", new_customer)
    await api.send("PUT", f"/customers/{customer}/login", {"password": PASSWORD})
    account = {"customer_id": customer, "kind": "rewards", "number": f"RP {tag}"}
    await make("/accounts", account)
    token = {"customer_id": customer, "identifier": f"{tag}@example.com", "pass_code": "1234"}
    await make("/customer-tokens", token)
    channel = await make("/channels", {"id": f"channel-{tag}", "name": tag})
    offer = {"key": f"promotion {tag}", "title": tag, "channel_id": channel}
    promotion = await make("/promotions", offer)
    await make("/promotion-folders", {"name": tag})
    coupon = {"code": f"coupon-{tag}", "promotions": [f"promotion {tag}"]}
    made.ids["/coupons"] = (await api.post("/coupons", coupon))["code"]
    offer = {"name": f"campaign {tag}", "promotion_id": promotion, "state": "posted"}
    campaign = await make("/campaigns", offer)
    await api.post(f"/campaigns/{campaign}/codes", {"codes": [f"{use}-{tag}" for use in USES]})
    used = {"code": f"used-{tag}", "receiver": {"customer": {"id": customer}}}
    made.ids["/redemptions"] = (await api.post("/codes/redeem", used))["id"]
    # Two codes are fewer than three: there will be an event. Set before, it could tell of an
    # empty pool, and of nothing else then.
    await api.patch(f"/campaigns/{campaign}", {"alarm_level": 3})
    code = (await api.get("/codes", code=f"code-{tag}"))["items"][0]
    made.ids["/codes"] = code["id"]
    await targets_and_mails(make, tag)
    return made


async def targets_and_mails(make: Maker, tag: str) -> None:
    """Make one of what refers to customers, promotions and campaigns."""
    api, made = make.api, make.made
    customer, campaign = made.of("/customers"), made.of("/campaigns")
    group = await make("/groups", {"reference": f"G {tag}", "name": tag})
    await api.send("PUT", f"/groups/{group}/members/{customer}")
    listed = await make("/promotion-lists", {"reference": f"L {tag}"})
    await api.send("PUT", f"/promotion-lists/{listed}/promotions/{made.of('/promotions')}")
    await make("/assignments", {"group_id": int(group), "list_id": int(listed)})
    await make("/grants", {"promotion": f"promotion {tag}", "customer": customer})
    batch = {"promotions": [f"promotion {tag}"], "profile_ids": [f"profile {tag}"]}
    made.ids["/jobs"] = (await api.post("/grants/batches", batch, status=202))["id"]
    nightly = {"name": f"schedule {tag}", "cron": "0 3 * * *", "kind": "generate_codes"}
    await make("/schedules", nightly | {"parameters": {"campaign": campaign, "count": 1}})
    await make("/subscriptions", {"recipient": f"{tag}@example.com"})
    await make("/mails", {"customer": customer, "code": f"code-{tag}"})
    mail = await api.get(f"/mails/{made.of('/mails')}")
    # A hard bounce would hold the mail back.
    made.ids["/mail-reports"] = (await api.report(mail, "4.2.2"))["recorded"][0]["id"]
    await make("/templates", {"key": f"template-{tag}", "subject": "s", "body": "b"})
    spare = await api.post("/promotion-lists", {"reference": f"M {tag}"})
    await make("/customer-assignments", {"customer_id": customer, "list_id": spare["id"]})
    await api.post("/mail-queue/pause", {"kind": "domain", "name": "example.org"}, status=200)
    await make("/suppressions", {"address": f"gone-{tag}@example.com"})
    made.ids["/events"] = (await first_event(api, kind="pool.low"))["id"]


async def first_event(api: Api, **filters: str) -> Any:
    """Wait for the worker to have recorded an event, and return it."""
    while not (found := (await api.get("/events", **filters))["items"]):
        await asyncio.sleep(0.02)
    return found[0]
