"""The route table as a list of requests: every path filled in, every body valid."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from largesse.dialects.native.routes import NATIVE
from largesse.wire.routes import Offer, Route
from tests.dialects.native.client import PASSWORD, Everything


@dataclass(frozen=True)
class Request:
    """One request of the walk."""

    route: Route
    path: str
    body: Any

    def __str__(self) -> str:
        return f"{self.route.method} {self.path}"


def bodies(ids: Everything, tag: str) -> dict[str, Any]:
    """Return a valid body for every POST, which refers to what `ids` has."""
    customer = ids.of("/customers")
    return {
        "/tokens": {"username": f"user {tag}", "password": PASSWORD},
        "/units": {"name": "new", "alternative_code": "new"},
        "/users": {"username": "new", "unit_id": ids.of("/units"), "role": "viewer"},
        "/keys": {"name": "new", "user_id": ids.of("/users")},
        "/customers": {"first_name": "new"},
        "/accounts": {"customer_id": customer, "kind": "receivable", "number": "new"},
        "/customer-tokens": {"customer_id": customer, "identifier": "new@example.com"},
        "/channels": {"id": "new", "name": "new"},
        "/promotion-folders": {"name": "new"},
        "/coupons": {"code": "new", "promotions": [f"promotion {tag}"]},
        "/promotions": {"key": "new", "title": "new", "channel_id": ids.of("/channels")},
        "/campaigns": {"name": "new", "promotion_id": ids.of("/promotions")},
        "/campaigns/{id}/codes": {"count": 1},
        "/campaigns/{id}/codes/batches": {"count": 1},
        "/codes/request": {
            "campaign": {"id": ids.of("/campaigns")},
            "receiver": {"customer": {"id": customer}},
        },
        "/codes/redeem": {"code": f"next-{tag}", "receiver": {"customer": {"id": customer}}},
        "/groups": {"reference": "new", "name": "new"},
        "/promotion-lists": {"reference": "new"},
        "/assignments": {
            "group_id": int(ids.of("/groups")),
            "list_id": int(ids.of("/promotion-lists")),
        },
        "/grants": {"promotion": f"promotion {tag}", "customer": customer},
        "/grants/batches": {
            "promotions": [f"promotion {tag}"],
            "profile_ids": [f"profile {tag}"],
            "source_id": "new",
        },
        "/subscriptions": {"recipient": "new@example.com"},
        "/mails": {"customer": customer, "code": f"code-{tag}"},
        "/schedules": {
            "name": "new",
            "cron": "0 3 * * *",
            "kind": "generate_codes",
            "parameters": {"campaign": ids.of("/campaigns"), "count": 1},
        },
        "/suppressions": {"address": "new@example.com"},
        "/templates": {"key": "new", "subject": "s", "body": "b"},
        "/templates/{id}/preview": {"values": {}},
        "/mail-queue/pause": {"kind": "domain", "name": "new.example"},
        "/mail-queue/resume": {"kind": "domain", "name": "example.org"},
        "/mail-queue/retry": {"job_id": ids.of("/jobs")},
        "/mail-queue/cancel": {"job_id": ids.of("/jobs")},
        "/customer-assignments": {
            "customer_id": customer,
            "list_id": int(ids.of("/promotion-lists")),
        },
        "/grants/revocations": {"job_id": ids.of("/jobs")},
    }


PUTS = {"/customers/{id}/login": {"password": PASSWORD}}
"""Valid bodies of every PUT that takes one."""


def walk(ids: Everything, tag: str) -> Iterator[Request]:
    """Yield a request for every route that is answered; paths and bodies name what `ids` has."""
    given = bodies(ids, tag)
    answered = [route for route in NATIVE.routes if route.offer is Offer.DONE]
    posts = {r.path for r in answered if r.method == "POST" and r.request is not None}
    assert given.keys() == posts, "the bodies and the route table differ"
    for route in answered:
        if "{hook}" in route.path or "{token}" in route.path:
            continue  # a mail service's or a mail's, which names the organization by a secret
        # Every field of a PATCH may be left out.
        body = given.get(route.path) if route.method == "POST" else PUTS.get(route.path)
        if route.method == "PATCH":
            body = {} if route.request else None
        yield Request(route, filled(route.path, ids), body)


def filled(path: str, ids: Everything) -> str:
    """Return a route's path with the ids of what it names, and the query that it needs."""
    noun = "/" + path.split("/")[1]
    values = {
        "id": ids.ids.get(noun, ""),
        "customer_id": ids.of("/customers"),
        "promotion_id": ids.of("/promotions"),
    }
    filled_path = re.sub(r"\{(\w+)\}", lambda match: values[match[1]], path)
    return f"{filled_path}?recipient=a%40example.com" if path == "/consents" else filled_path


async def everything(api: Any, ids: Everything) -> dict[str, Any]:
    """Return all that can be read, to see that nothing has changed."""
    reads = [r for r in walk(ids, "a") if r.route.method == "GET"]
    answers = {str(r): await api.send("GET", r.path) for r in reads}
    return {
        place: answer.json() if "json" in answer.headers["content-type"] else answer.text
        for place, answer in answers.items()
    }
