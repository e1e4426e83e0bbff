"""What the tests of the kit talk to: any ASGI application behind a real socket."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from largesse.conform.report import Report
from largesse.demo.people import PASSWORD, SHOPPER
from tests.serving import Served, Server


@asynccontextmanager
async def listening(application: ASGIApp) -> AsyncIterator[str]:
    """Serve an application; give its address."""
    config = uvicorn.Config(application, port=0, log_config=None, lifespan="off")
    server = Server(config)
    running = asyncio.create_task(server._serve())
    while not server.started:
        assert not running.done(), "the server did not start"
        await asyncio.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.stop.set()
        await running


def credentials(served: Served) -> dict[str, Mapping[str, Any]]:
    """Return what a credentials file says of a served instance."""
    login = {
        "username": served.demo.username,
        "password": served.demo.password,
        "application_key": served.demo.application_key,
        "organisation": served.demo.crmcom_organisation,
        "organization": served.demo.intershop_organization,
        "shopper": SHOPPER,
        "shopper_password": PASSWORD,
    }
    return {"login": login}


def printed(report: Report) -> str:
    """Return a report as people read it."""
    return "\n".join(report.lines())
