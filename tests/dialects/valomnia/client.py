"""What Valomnia's clients do, for the tests."""

import json
from dataclasses import dataclass, replace
from typing import Any

import httpx

from largesse.core.access.model import Caller, system
from largesse.core.lists.model import Assignment
from largesse.core.search.model import Search
from largesse.storage.sequences import sequences
from tests.golden import Golden
from tests.serving import Served

CHECK = "/j_spring_security_check"
LANDING = "/login/ajaxSuccess"
LISTS = "/customerGroupPromotionLists"
SESSION = "JSESSIONID"


async def log_in(served: Served, **changes: str) -> httpx.Response:
    """Log in as the 2016 client does: a POST with everything in the query."""
    query = {"j_username": served.demo.username, "j_password": served.demo.password, "ajax": "true"}
    answer = await served.client.post(CHECK, params=query | changes)
    served.client.cookies.clear()  # a test says itself what it sends
    return answer


@dataclass(frozen=True)
class Api:
    """The demo organization's API, for a client that is logged in."""

    served: Served
    token: str | None
    version: str = "v1"

    def speaking(self, version: str) -> "Api":
        """The same client with another version in its addresses."""
        return replace(self, version=version)

    async def send(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Send a request below `/api/VERSION`."""
        headers = more.pop("headers", {})
        if self.token is not None:
            headers = {"Authorization": f"Bearer {self.token}"} | headers
        return await self.served.client.request(
            method, f"/api/{self.version}{path}", headers=headers, **more
        )

    async def caller(self) -> Caller:
        """Return someone who may do everything, to prepare and to look at data."""
        return system(await self.served.services.access.organization_named("demo"))

    async def records(self) -> list[Assignment]:
        """Return every assignment there is."""
        found, _ = await self.served.services.assignments.search(
            await self.caller(), Search(limit=1000)
        )
        return found

    async def next_number(self, name: str, number: int) -> None:
        """Let the next row of a table have this id."""
        organization_id = (await self.caller()).organization_id
        async with self.served.services.database.write() as tx:
            await tx.execute(
                sequences.update()
                .where(sequences.c.organization_id == organization_id, sequences.c.name == name)
                .values(value=number - 1)
            )

    async def group(self, reference: str, number: int | None = None) -> int:
        """Make a group."""
        if number is not None:
            await self.next_number("customer_groups", number)
        new = {"reference": reference, "name": f"Group {reference}"}
        return (await self.served.services.groups.create(await self.caller(), new)).id

    async def promotion_list(self, reference: str, number: int | None = None) -> int:
        """Make a list."""
        if number is not None:
            await self.next_number("promotion_lists", number)
        lists = self.served.services.promotion_lists
        return (await lists.create(await self.caller(), {"reference": reference})).id

    async def assign(self, group: int | str, plist: int | str, number: int | None = None) -> int:
        """Assign a list to a group."""
        if number is not None:
            await self.next_number("assignments", number)
        made = await self.served.services.assignments.assign(
            await self.caller(), group=group, promotion_list=plist
        )
        return made.id


def compact(body: bytes) -> bytes:
    """Take out white space between JSON's tokens, and nothing else.

    The document indents by 3, 4 and 5 blanks: that is its page's layout, not the wire's.
    """
    return json.dumps(json.loads(body), separators=(",", ":"), ensure_ascii=False).encode()


def assert_printed(answer: httpx.Response, golden: Golden) -> None:
    """Check the printed status and the printed bytes, members in the printed order."""
    assert answer.status_code == golden.status, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.content == compact(golden.body), golden.name


def assert_refused(answer: httpx.Response, status: int, error: str) -> str:
    """Check the envelope around a failure, and return its description."""
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    assert (answer.status_code, body["error"]) == (status, error), answer.text
    assert list(body) == ["error", "error_description"]
    assert body["error_description"]
    return str(body["error_description"])
