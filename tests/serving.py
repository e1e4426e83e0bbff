"""A served instance: the whole application behind a real socket, with the demo data."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import msgspec
import uvicorn

from largesse import migrations
from largesse.app import Application
from largesse.cli.one_write import OneWrite
from largesse.demo import data
from largesse.demo.sink import Sink
from largesse.services import Services, open_services
from largesse.settings import Settings

POOL = 20
"""Codes in each demo campaign beside those that the documents print."""


@dataclass(frozen=True)
class Served:
    """A running instance and a client that talks to it over TCP."""

    url: str
    client: httpx.AsyncClient
    services: Services
    demo: data.DemoCredentials
    sink: Sink


def settings_for(url: str, **changes: Any) -> Settings:
    """Return settings for tests; a nested change is a dict, e.g. `crmcom={"http_errors": False}`."""
    values = {"database_url": url, "worker_poll_seconds": 0.1, "pool_check_seconds": 0.1} | changes
    return msgspec.convert(values, Settings)


class Server(uvicorn.Server):
    """A server that stops at once: uvicorn's own looks every 0.1 s whether it is to."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.stop = asyncio.Event()

    async def main_loop(self) -> None:
        """Wait until the test is done."""
        await self.on_tick(0)
        await self.stop.wait()


@asynccontextmanager
async def serve(url: str, **changes: Any) -> AsyncIterator[Served]:
    """Serve the application from a migrated database with the demo data in it."""
    with Sink() as sink:
        services = open_services(settings_for(url, **({"smtp_url": sink.url} | changes)))
        config = uvicorn.Config(
            Application(services),
            host="127.0.0.1",
            port=0,
            http=OneWrite,
            log_config=None,
            lifespan="on",
        )
        server = Server(config)
        running = asyncio.create_task(server._serve())
        while not server.started:
            assert not running.done(), "the server did not start"
            await asyncio.sleep(0.005)
        port = server.servers[0].sockets[0].getsockname()[1]
        base = f"http://127.0.0.1:{port}"
        try:
            demo = await data.load(services, pool=POOL)
            async with httpx.AsyncClient(base_url=base, timeout=30, verify=False) as client:
                yield Served(base, client, services, demo, sink)
        finally:
            services.wakeups.stopping.set()
            server.stop.set()
            await running


async def prepare(url: str, *, demo: bool) -> None:
    """Migrate an empty database, and load the demo data if asked to."""
    services = open_services(settings_for(url))
    try:
        await migrations.upgrade(services.database)
        if demo:
            await services.start()
            await data.load(services, pool=POOL)
    finally:
        await services.close()
