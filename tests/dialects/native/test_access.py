"""Who may do what: on every route of the table, for other organizations, viewers and nobody."""

import asyncio

import httpx

from largesse.core.access.model import Role
from tests.dialects.native.client import (
    Api,
    Everything,
    demo_user,
    one_of_everything,
    organization,
    problem,
    user_of_role,
)
from tests.dialects.native.walk import everything, walk
from tests.serving import Served

NO_REFERENCES = {
    "/tokens",
    "/units",
    "/customers",
    "/channels",
    "/groups",
    "/promotion-folders",
    "/promotion-lists",
    "/subscriptions",
    "/suppressions",
    "/mail-reports",
    "/templates",
}
"""The POSTs whose bodies name no other record of the organization that is called."""

OWNERS_READ = ("/users", "/keys", "/consents", "/mail-reports/hooks")
"""What a viewer can not read: it says who may get in, or how people consented."""


async def settled(api: Api, ids: Everything) -> None:
    """Wait until the worker has done what it was given."""
    for noun in ("/jobs", "/mails"):
        while (await api.get(f"{noun}/{ids.of(noun)}"))["state"] not in ("done", "sent"):
            await asyncio.sleep(0.02)


async def test_another_organizations_ids_are_unknown_on_every_route(served: Served) -> None:
    ours = await organization(served, "A")
    theirs = await organization(served, "B")
    ids = await one_of_everything(ours, "a")
    await settled(ours, ids)
    before = await everything(ours, ids)
    wrong = []
    for request in walk(ids, "a"):
        if "{" not in request.route.path:
            continue
        answer = await theirs.send(request.route.method, request.path, request.body)
        if answer.status_code != 404 or not answer.json()["code"].startswith("unknown_"):
            wrong.append((str(request), answer.status_code, answer.text))
    assert not wrong
    assert await everything(ours, ids) == before


async def test_another_organizations_ids_in_a_body_make_nothing(served: Served) -> None:
    ours = await organization(served, "A")
    theirs = await organization(served, "B")
    ids = await one_of_everything(ours, "a")
    await settled(ours, ids)
    before = await everything(ours, ids)
    wrong = []
    for request in walk(ids, "a"):
        path = request.route.path
        if request.route.method != "POST" or "{" in path or path in NO_REFERENCES:
            continue
        answer = await theirs.send("POST", path, request.body)
        if path.startswith("/mail-queue"):
            # Steers the caller's own queue, in which there is nothing of that job.
            assert (answer.status_code, answer.json().get("count", 0)) == (200, 0)
        elif answer.status_code not in (404, 409) and code_of(answer) != "unknown_reference":
            wrong.append((str(request), answer.status_code, answer.text))
    assert not wrong
    assert await everything(ours, ids) == before


async def test_a_group_takes_no_customer_of_another_organization(served: Served) -> None:
    ours = await organization(served, "A")
    theirs = await organization(served, "B")
    ids = await one_of_everything(ours, "a")
    own = await one_of_everything(theirs, "b")
    for path, code in (
        (f"/groups/{own.of('/groups')}/members/{ids.of('/customers')}", "unknown_customer"),
        (
            f"/promotion-lists/{own.of('/promotion-lists')}/promotions/{ids.of('/promotions')}",
            "unknown_promotion",
        ),
    ):
        problem(await theirs.send("PUT", path), 404, code)


def code_of(answer: httpx.Response) -> str:
    """Return the code of a refusal."""
    return str(answer.json().get("code"))


async def test_lists_hold_nothing_of_another_organization(served: Served) -> None:
    ours = await organization(served, "A")
    theirs = await organization(served, "B")
    ids = await one_of_everything(ours, "a")
    own = {(await theirs.get("/units"))["items"][0]["id"]}
    own |= {(await theirs.get("/users"))["items"][0]["id"]}
    own |= {item["id"] for item in (await theirs.get("/events"))["items"]}
    own -= {item["id"] for item in (await ours.get("/events"))["items"]}
    for request in walk(ids, "a"):
        if request.route.method != "GET" or "{" in request.route.path:
            continue
        answer = await theirs.send("GET", request.path)
        assert answer.status_code == 200, str(request)
        for item in answer.json().get("items", []):
            # What is built in has no id, and is everybody's.
            assert item["id"] is None or item["id"] in own, str(request)


async def test_a_viewer_reads_and_changes_nothing(served: Served) -> None:
    owner = await demo_user(served)
    ids = await one_of_everything(owner, "a")
    await settled(owner, ids)
    viewer = await user_of_role(served, owner, Role.VIEWER)
    before = await everything(owner, ids)
    wrong = []
    for request in walk(ids, "a"):
        if request.route.path.startswith("/tokens"):
            continue
        answer = await viewer.send(request.route.method, request.path, request.body)
        reads = request.route.method == "GET" or request.path.endswith("/preview")
        reads = reads and not request.path.startswith(OWNERS_READ)
        expected = (200, None) if reads else (403, "not_permitted")
        if (answer.status_code, answer.json().get("code") if not reads else None) != expected:
            wrong.append((str(request), answer.status_code, answer.text))
    assert not wrong
    assert await everything(owner, ids) == before


async def test_nobody_gets_in_anywhere(served: Served) -> None:
    ids = await one_of_everything(await demo_user(served), "a")
    for request in walk(ids, "a"):
        if request.route.public is not None:
            continue
        answer = await served.client.request(
            request.route.method, f"/v1{request.path}", json=request.body
        )
        problem(answer, 401, "login_required")
        assert answer.headers["www-authenticate"] == 'Bearer realm="largesse"'


async def test_support_issues_codes_and_mails_but_makes_no_campaign(served: Served) -> None:
    owner = await demo_user(served)
    support = await user_of_role(served, owner, Role.SUPPORT)
    code = await support.post(
        "/codes/request",
        {
            "campaign": {"alternative_code": "BG4"},
            "receiver": {"customer": {"profile_id": "profile1"}},
        },
        status=200,
    )
    assert code["state"] == "issued"
    problem(await support.send("POST", "/campaigns", {"name": "x"}), 403, "not_permitted")
    await support.post("/customers", {"first_name": "New"})
