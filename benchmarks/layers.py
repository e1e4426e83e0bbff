"""The product with handlers that stop early, to see what each layer of a request costs."""

import json
import os
import socket
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import uvloop
from starlette.types import ASGIApp, Receive, Scope, Send

from largesse import log
from largesse.app import running
from largesse.cli.serving import BACKLOG, Server, configured
from largesse.core.codes.model import IssuedCode
from largesse.dialects.crmcom import identifiers, mapping
from largesse.dialects.crmcom.handlers import promo_codes
from largesse.dialects.crmcom.objects import PromoCode
from largesse.dialects.crmcom.routes import CRMCOM
from largesse.dialects.crmcom.schemas import PromoCodeEnvelope, RequestPromoCode
from largesse.services import Services, open_services
from largesse.settings import Settings, load
from largesse.wire.application import application
from largesse.wire.call import Call
from largesse.wire.mount import Mounts
from largesse.wire.requests import RequestIds
from largesse.wire.routes import route

PREFIX = CRMCOM.prefixes[0]
ROOT = "/promotion_campaigns"

LAYERS = {
    "uvicorn alone": "/bare",
    "+ ids, mounts, router": f"{PREFIX}{ROOT}/empty",
    "+ authentication": f"{PREFIX}{ROOT}/authenticated",
    "+ decoding, mapping": f"{PREFIX}{ROOT}/decoded",
    "+ mapping, encoding the answer": f"{PREFIX}{ROOT}/answered",
    "+ the code (all)": f"{PREFIX}{ROOT}/request_promo_code",
}
"""Paths that stop after one layer more than the one before."""


async def empty(call: Call) -> dict[str, Any]:
    """Answer at once."""
    return {"data": None}


async def decoded(call: Call) -> dict[str, Any]:
    """Do what `request_promo_code` does before it asks the core."""
    identifiers.to_wanted(call.body)
    identifiers.to_receiver(call.body)
    mapping.to_fields(call.body.fields_set, PromoCode)
    return {"data": None}


given: list[IssuedCode] = []
"""The one code that `answered` gives to everybody."""


async def answered(call: Call) -> PromoCodeEnvelope:
    """Do all that `request_promo_code` does, but ask the core only once."""
    wanted, receiver = identifiers.to_wanted(call.body), identifiers.to_receiver(call.body)
    fields = mapping.to_fields(call.body.fields_set, PromoCode)
    if not given:
        given.append(await call.services.codes.request(call.caller, wanted, receiver))
    return promo_codes.answer(call, given[0], fields)


EARLY = (
    route("POST", f"{ROOT}/empty", empty, source="none", public="it measures"),
    route("POST", f"{ROOT}/authenticated", empty, source="none"),
    route("POST", f"{ROOT}/decoded", decoded, source="none", request=RequestPromoCode),
    route("POST", f"{ROOT}/answered", answered, source="none", request=RequestPromoCode),
)


class Layered:
    """One dialect of the product, with the early handlers beside its own."""

    def __init__(self, services: Services) -> None:
        dialect = replace(CRMCOM, routes=(*CRMCOM.routes, *EARLY))
        mounts = Mounts()
        mounts.add(application(dialect, services), prefixes=(PREFIX,), roots=frozenset())
        self._app: ASGIApp = RequestIds(mounts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["path"] == "/bare":
            await bare(receive, send)
        else:
            await self._app(scope, receive, send)


async def bare(receive: Receive, send: Callable[[Any], Any]) -> None:
    """Answer with the least that a server can do."""
    while (await receive()).get("more_body"):
        pass
    headers = [(b"content-type", b"application/json"), (b"content-length", b"13")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b'{"data":null}'})


async def serve(settings: Settings) -> None:
    """Serve as `largesse serve --json --port 0` does, and say where."""
    services = open_services(settings)
    async with running(services):
        listener = socket.create_server((settings.host, 0), backlog=BACKLOG)
        print(json.dumps({"url": "http://{}:{}".format(*listener.getsockname())}), flush=True)
        server = Server(configured(Layered(services), settings), services.wakeups.stopping)
        await server.serve(sockets=[listener])


def main() -> None:
    """Serve until the process is told to stop."""
    settings = load(os.environ)
    log.configure(look=settings.log_format, level=settings.log_level)
    uvloop.run(serve(settings))


if __name__ == "__main__":
    main()
