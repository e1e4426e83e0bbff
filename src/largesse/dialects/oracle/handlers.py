"""Oracle Commerce Cloud's operations."""

from collections.abc import AsyncIterator
from typing import Any

from largesse.core.access.model import Caller
from largesse.core.errors import LoginRequired
from largesse.core.grants.model import GrantOrder, Recipients
from largesse.dialects.oracle import mapping
from largesse.dialects.oracle.auth import bearer
from largesse.dialects.oracle.errors import MissingProperty, UnknownGrantType
from largesse.dialects.oracle.schemas import BatchGrantPromotions, Token
from largesse.wire import bodies
from largesse.wire.call import Call
from largesse.wire.members import Members

BATCH_ID = "X-Batch-Id"
"""The header that names the job of a batch. It is ours: no document has one (DECIDED)."""


async def batch_grant_promotions(call: Call) -> Any:
    """POST profiles/batchGrantPromotions: accept a batch of grants, which a worker then gives."""
    assert call.blocks is not None
    release = call.settings.release
    members = Members(
        call.blocks,
        BatchGrantPromotions,
        long=mapping.RECIPIENTS,
        limit=call.services.settings.max_body_bytes,
    )
    given: set[str] = set()

    async def recipients() -> AsyncIterator[Recipients]:
        async for name, texts in members.lists():
            kind = mapping.to_kind(name, release)
            if texts and kind is not None:
                given.add(name)
                yield kind, texts

    def order() -> GrantOrder:
        return mapping.to_order(members.rest, release, given)

    intake = call.services.grants.intake
    async with intake.received(call.caller, recipients(), order) as received:
        job = await received.accept()
    call.response_headers[BATCH_ID] = str(job.id)
    return mapping.from_accepted(_url(call), release)


async def login(call: Call) -> Token:
    """POST login: exchange an application key, or a user's name and password, for a token."""
    # DOC 12-17 has the parameters in the form; most clients send `grant_type` in the query.
    given = dict(call.request.query_params) | bodies.form(call.raw)
    match given.get("grant_type"):
        case None | "":
            raise MissingProperty("grant_type")
        case "client_credentials":
            seconds = call.settings.key_token_seconds
            caller = await call.services.access.log_in_with_key(bearer(call), address=call.address)
        case "password":
            seconds = call.settings.user_token_seconds
            caller = await _log_in(call, given.get("username"), given.get("password"))
        case unknown:
            raise UnknownGrantType(unknown)
    issued = await call.services.access.issue_token(caller, seconds=seconds)
    return mapping.from_token(issued, _url(call))


async def _log_in(call: Call, username: str | None, password: str | None) -> Caller:
    if not username or not password:
        raise LoginRequired()
    return await call.services.access.log_in(username, password, address=call.address)


async def refresh(call: Call) -> Token:
    """POST refresh: exchange a token for a new one that lives as long as the old one did.

    DECIDED: the old token stays valid until its own end, minutes away. A client whose parts
    share a token, or that never got this answer, is not locked out.
    """
    caller = call.caller
    assert caller.issued_at is not None
    assert caller.expires_at is not None
    lived = int((caller.expires_at - caller.issued_at).total_seconds())
    longest = max(call.settings.key_token_seconds, call.settings.user_token_seconds)
    # A token that another dialect issued does not live longer here than one of ours.
    issued = await call.services.access.issue_token(caller, seconds=min(lived, longest))
    return Token(access_token=issued.token, expires_in=issued.expires_in)


def _url(call: Call) -> str:
    """Return the absolute URL that was called. A query may hold a password: it is left out."""
    return str(call.request.url.replace(query=""))
