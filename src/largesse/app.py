"""The ASGI application as a list: middleware, dialects, health."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from largesse import migrations
from largesse.admin.routes import ADMIN
from largesse.dialects.crmcom.routes import CRMCOM
from largesse.dialects.intershop.routes import INTERSHOP
from largesse.dialects.native.routes import NATIVE
from largesse.dialects.oracle.routes import ORACLE
from largesse.dialects.valomnia.routes import VALOMNIA
from largesse.services import Services
from largesse.wire.application import application
from largesse.wire.dialect import Dialect
from largesse.wire.documentation import Documentation
from largesse.wire.mount import Mounts
from largesse.wire.requests import RequestIds
from largesse.worker import loop

DIALECTS: Sequence[Dialect] = (CRMCOM, INTERSHOP, NATIVE, ORACLE, VALOMNIA)
"""Every wire. Adding a vendor is one folder and one line here."""


class Application:
    """The whole service as one ASGI application."""

    def __init__(self, services: Services) -> None:
        self.services = services
        mounts = Mounts()
        described: dict[str, Dialect] = {}
        for dialect in (*DIALECTS, ADMIN):
            chosen = getattr(services.settings, dialect.name)
            if chosen.enabled:
                prefixes = dialect.prefixes if chosen.prefixes is None else chosen.prefixes
                roots = dialect.roots if chosen.prefixes is None else frozenset[str]()
                mounts.add(application(dialect, services), prefixes=prefixes, roots=roots)
                # The last of several is the one that the vendor's newest clients call.
                described |= {prefixes[-1]: dialect} if prefixes and dialect is not ADMIN else {}
        mounts.add(Documentation(described), prefixes=("/docs",), roots=frozenset())
        mounts.add(Health(services), prefixes=("/health",), roots=frozenset())
        self._app: ASGIApp = RequestIds(mounts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or run the service from start to stop."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        else:
            await self._app(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            async with running(self.services):
                await send({"type": "lifespan.startup.complete"})
                await receive()
        except Exception as error:
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            raise
        await send({"type": "lifespan.shutdown.complete"})


@asynccontextmanager
async def running(services: Services) -> AsyncIterator[None]:
    """Keep the worker running, if this process is to have one, and close everything behind it."""
    services.database.engine.claim_serving()
    await migrations.upgrade(services.database)
    await services.start()
    stop = asyncio.Event()
    worker = asyncio.create_task(loop.run(services, stop)) if services.settings.worker else None
    try:
        yield
    finally:
        stop.set()
        if worker is not None:
            await worker
        await services.close()


class Health:
    """`/health/live`: the process answers. `/health/ready`: so does its database, migrated."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a probe."""
        path = scope["path"].removeprefix(scope["root_path"])
        if path == "/live":
            response = JSONResponse({"status": "ok"})
        elif path == "/ready":
            response = await self._ready()
        else:
            response = JSONResponse({"status": "unknown path"}, status_code=404)
        await response(scope, receive, send)

    async def _ready(self) -> JSONResponse:
        try:
            ready = await asyncio.wait_for(migrations.current(self._services.database), 5)
        except Exception as error:
            return JSONResponse({"status": "failed", "reason": type(error).__name__}, 503)
        return JSONResponse(
            {"status": "ok"} if ready else {"status": "not migrated"}, 200 if ready else 503
        )
