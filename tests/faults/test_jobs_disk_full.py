"""The disk is full: that is told clearly, nothing is lost, and jobs go on when there is room."""

import resource
from pathlib import Path

import pytest

from largesse.core.jobs.model import JobState
from largesse.demo import data, people
from largesse.services import Services
from tests.faults.batches import HASTY, Batches
from tests.faults.client import Answer, connect
from tests.faults.server import Server, worker

RECIPIENTS = 6000
ROOM = 200_000
"""Bytes that the database's files may still grow by: less than the grants need."""
REQUESTS = 30
"""Together these need more too: the grants may have left some room."""


def let_files_grow(one: Server, size: int) -> None:
    """Limit the size of the files that a process writes; it is told so as of a full disk."""
    _, most = resource.prlimit(one.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(one.process.pid, resource.RLIMIT_FSIZE, (size, most))


async def ask(one: Server, token: str, name: str) -> Answer:
    """Make a channel, by a request that writes some pages."""
    async with connect(one.port) as client:
        body = {"id": name, "name": name, "description": "x" * 20_000}
        return await client.post("/v1/channels", body, Authorization=f"Bearer {token}")


@pytest.mark.parametrize("engine_name", ["sqlite"])
async def test_a_full_disk_is_told_and_jobs_go_on_when_there_is_room(
    demo_services: Services, demo_url: str
) -> None:
    services = demo_services
    caller = await services.access.log_in(
        data.USERNAME, people.PASSWORD, organization=data.ORGANIZATION, address="tests"
    )
    token = (await services.access.issue_token(caller, seconds=600)).token
    await services.promotions.create(caller, {"key": "promo0", "title": "Ten off"})
    batches = Batches(services, caller)
    batches.others, _ = await batches.held()
    path = Path(demo_url.removeprefix("sqlite:///"))
    async with worker(demo_url, **HASTY) as one:
        largest = max(file.stat().st_size for file in path.parent.glob(f"{path.name}*"))
        let_files_grow(one, largest + ROOM)
        # This process has all the room it wants.
        job = await batches.start(RECIPIENTS)
        now = await batches.until(job, lambda now: "no room left" in one.log, by=one)
        assert now.done < now.total
        answers = [await ask(one, token, f"channel{number}") for number in range(REQUESTS)]
        refused = [answer for answer in answers if answer.status != 201]
        assert {(a.status, a.body["code"]) for a in refused} == {(503, "database_full")}
        assert "room" in refused[0].body["detail"]
        now = await batches.job(job.id)
        assert now.state in (JobState.WAITING, JobState.RUNNING)

        let_files_grow(one, resource.RLIM_INFINITY)
        await batches.until(job, lambda now: now.state == JobState.DONE, by=one)
        assert (await ask(one, token, "room again")).status == 400  # a space is none of an id
        assert (await ask(one, token, "roomy")).status == 201
        assert one.process.poll() is None
    await batches.check()
    found = {channel.id for channel in (await services.channels.page(caller, limit=1000)).items}
    made = {f"channel{n}" for n, answer in enumerate(answers) if answer.status == 201}
    assert {name for name in found if name.startswith("channel")} == made
