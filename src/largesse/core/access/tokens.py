"""Access tokens: what one says of its caller, signed (HS256 JWT)."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import jwt

from largesse.core.access.model import Caller, Consumer
from largesse.core.errors import BadToken, ExpiredToken
from largesse.core.ids import new_id, parsed_id

ALGORITHM = "HS256"


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says."""

    organization_id: int
    token_id: UUID
    user_id: UUID
    unit_id: UUID | None
    key_id: UUID | None
    consumer: Consumer | None
    proof: str | None
    """That of the password it was got with; None: by a key, or before there was one."""
    issued_at: datetime
    expires_at: datetime


def signed(caller: Caller, key: bytes, *, seconds: int) -> tuple[str, UUID]:
    """Return a token that stands for the caller, and its id.

    Its claims carry CRM.COM's names (DOC iZgH: jti, usr, org, oun, exp, iat, and of consumers cii
    and acr), which suit all.
    """
    now, token_id = int(time.time()), new_id()
    claims = {
        "jti": _digits(token_id),
        "usr": caller.username,
        "org": caller.organization_name,
        "oun": _digits(caller.unit_id),
        "sub": _digits(caller.user_id),
        "oid": caller.organization_id,
        "key": _digits(caller.key_id),
        "iat": now,
        "exp": now + seconds,
    }
    if caller.proof is not None and caller.key_id is None:
        claims["pwp"] = caller.proof
    if (consumer := caller.consumer) is not None:
        claims |= {
            "cii": _digits(consumer.customer_id),
            "acr": _digits(consumer.account_id),
            "cti": _digits(consumer.customer_token_id),
        }
    return jwt.encode(claims, key, algorithm=ALGORITHM), token_id


def read(token: str, key: bytes) -> Claims:
    """Return what a token says.

    Raises:
        BadToken: malformed or forged.
        ExpiredToken: past its life time.
    """
    try:
        claims = jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            options={"require": ["exp", "iat", "jti", "sub", "oid"], "verify_sub": False},
        )
        token_id, user_id = _id(claims["jti"]), _id(claims["sub"])
        if token_id is None or user_id is None:
            raise BadToken()
        return Claims(
            organization_id=int(claims["oid"]),
            token_id=token_id,
            user_id=user_id,
            unit_id=_id(claims.get("oun")),
            key_id=_id(claims.get("key")),
            consumer=_consumer(claims),
            proof=claims.get("pwp"),
            issued_at=datetime.fromtimestamp(claims["iat"], UTC),
            expires_at=datetime.fromtimestamp(claims["exp"], UTC),
        )
    except jwt.ExpiredSignatureError:
        raise ExpiredToken() from None
    except (jwt.InvalidTokenError, ValueError, TypeError, RecursionError):
        raise BadToken() from None


def _consumer(claims: dict[str, Any]) -> Consumer | None:
    if "cii" not in claims:
        return None
    customer_id, token_id = _id(claims["cii"]), _id(claims.get("cti"))
    if customer_id is None or token_id is None:
        raise BadToken()
    return Consumer(customer_id, _id(claims.get("acr")), token_id)


def _digits(value: UUID | None) -> str | None:
    return None if value is None else value.hex.upper()


def _id(claim: Any) -> UUID | None:
    return parsed_id(str(claim or ""))
