"""Who looks at a page: a session's cookie, and proof that a form is one of ours.

A session is an access token of the core, so that it ends with its user and can be revoked; the
cookie that carries it is read by no script. All of it is DECIDED.
"""

import hmac
import secrets
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.responses import Response

from largesse.admin import forms, uploads
from largesse.core.access.model import Caller, IssuedToken
from largesse.core.errors import LoginRequired, NotAuthenticated, NotPermitted
from largesse.wire.call import Call
from largesse.wire.errors import WireError

COOKIE = "largesse_session"
TOKEN_FIELD = "csrf_token"
"""The field of every form, and below the header of every script's request, that prove it ours."""
TOKEN_HEADER = "x-csrf-token"

FORM_TOKEN = "largesse.admin.form_token"
"""The scope's entry with what this session's forms carry."""

PROOF_BYTES = 16

SAFE = frozenset({"GET", "HEAD"})


class ForeignForm(WireError):
    """The form did not come from a page of this session; nothing was done."""


async def authenticate(call: Call) -> Caller:
    """Return the caller whose session the cookie is of.

    Raises:
        LoginRequired, BadToken, ExpiredToken
        NotPermitted: a shopper, for whom there are no pages.
        ForeignForm: the request is to change something, and did not come from a page of ours.
    """
    check_origin(call)
    token = session_token(call) or ""
    try:
        if not token:
            raise LoginRequired()
        caller = await call.services.access.authenticate(token)
    except NotAuthenticated:
        if call.blocks is not None:
            # What was typed is kept over the sign-in; a file has to be chosen again.
            await (await uploads.received(call)).drain()
        raise
    if not caller.rights:
        raise NotPermitted("read")
    proof = _proof(await call.services.access.signing_key(), token)
    if call.scope["method"] not in SAFE and not hmac.compare_digest(_unmasked(_given(call)), proof):
        raise ForeignForm()
    call.scope[FORM_TOKEN] = _masked(proof)
    return caller


def session_token(call: Call) -> str | None:
    """Return the token that the session's cookie carries."""
    return call.request.cookies.get(COOKIE) or None


async def form_token(call: Call, token: str) -> str:
    """Return what the forms of a session carry to prove that they are its own.

    It is another text each time: answers are compressed, and of a text that stayed the same their
    lengths would tell to who can make us say something beside it (BREACH).
    """
    return _masked(_proof(await call.services.access.signing_key(), token))


def check_origin(call: Call) -> None:
    """Refuse a change that a page of another site asks for. Raises ForeignForm.

    Browsers say where a request comes from (Fetch Metadata; before it, Origin). What says neither
    is no browser, and has no cookie that it did not get itself.
    """
    if call.scope["method"] in SAFE:
        return
    site = call.header("sec-fetch-site")
    if site is not None:
        if site not in ("same-origin", "none"):
            raise ForeignForm()
    elif (origin := call.header("origin")) is not None:
        if urlsplit(origin).netloc.lower() != (call.header("host") or "").lower():
            raise ForeignForm()


async def new_session(call: Call, caller: Caller) -> IssuedToken:
    """Return what a session is carried by."""
    seconds = int(call.settings.session_hours * 3600)
    return await call.services.access.issue_token(caller, seconds=seconds)


def keep_session(call: Call, response: Response, issued: IssuedToken) -> None:
    """Let the browser keep a session."""
    response.set_cookie(
        COOKIE,
        issued.token,
        max_age=issued.expires_in,
        path=call.scope["root_path"] or "/",
        secure=must_be_secure(call),
        httponly=True,
        samesite="lax",
    )


def drop_session(call: Call, response: Response) -> None:
    """Let the browser forget its session."""
    response.delete_cookie(COOKIE, path=call.scope["root_path"] or "/")


def must_be_secure(call: Call) -> bool:
    """Say whether a session may leave the browser by https only: unless settings or place allow."""
    if call.scope["scheme"] == "https":
        return True
    return not (call.settings.plain_http or _is_this_machine(call.request.url.hostname or ""))


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _given(call: Call) -> str:
    """Return what a request brings as proof. A body that is read while it comes has no fields yet."""
    if call.blocks is not None:
        return call.header(TOKEN_HEADER) or call.request.query_params.get(TOKEN_FIELD, "")
    return call.header(TOKEN_HEADER) or forms.fields(call).get(TOKEN_FIELD, "")


def _proof(key: bytes, token: str) -> bytes:
    return hmac.digest(key, b"form\0" + token.encode(), "sha256")[:PROOF_BYTES]


def _masked(proof: bytes) -> str:
    pad = secrets.token_bytes(PROOF_BYTES)
    return (pad + _xor(pad, proof)).hex()


def _unmasked(given: str) -> bytes:
    """Return the proof in what was given; nothing, if it has none."""
    try:
        both = bytes.fromhex(given)
    except ValueError:
        return b""
    return _xor(both[:PROOF_BYTES], both[PROOF_BYTES:]) if len(both) == 2 * PROOF_BYTES else b""


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(one ^ other for one, other in zip(left, right, strict=True))
