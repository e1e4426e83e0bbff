"""What the tokens of customers and visitors say, and their text: a JWT that only we sign. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import jwt

from largesse.core.access.model import Session
from largesse.core.errors import BadToken, ExpiredToken

ALGORITHM = "HS256"
CUSTOMER = "customer:"
VISITOR = "visitor"
"""What the subject of a token begins with: it can be no user's, whose subject is a bare id."""

ACCESS, REFRESH = "access", "refresh"


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says. Without a customer it is a visitor's, who is nobody in particular."""

    token_id: UUID
    organization_id: int
    issued_at: datetime
    expires_at: datetime
    customer_id: UUID | None
    session: Session | None
    """The session that it was got in, which ends it."""
    proof: str | None
    """Shows that the customer's password is still the same."""
    use: str
    """`access`, or `refresh`: such a token is exchanged for others, and opens nothing."""


def signed(key: bytes, claims: Claims) -> str:
    """Return the token with these claims."""
    said: dict[str, Any] = {
        "jti": claims.token_id.hex,
        "sub": VISITOR if claims.customer_id is None else CUSTOMER + claims.customer_id.hex,
        "oid": claims.organization_id,
        "iat": int(claims.issued_at.timestamp()),
        "exp": int(claims.expires_at.timestamp()),
        "use": claims.use,
    }
    if claims.session is not None:
        said |= {"sid": claims.session.id.hex, "sxp": int(claims.session.expires_at.timestamp())}
    if claims.proof is not None:
        said["prf"] = claims.proof
    return jwt.encode(said, key, algorithm=ALGORITHM)


def read(key: bytes, token: str, *, use: str) -> Claims:
    """Return what a token for this use says.

    Raises:
        BadToken: malformed or forged, for another use, or a user's.
        ExpiredToken: past its life time.
    """
    try:
        said = jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            options={"require": ["exp", "iat", "jti", "sub", "oid"]},
        )
        claims = _claims(said)
    except jwt.ExpiredSignatureError:
        raise ExpiredToken() from None
    except (jwt.InvalidTokenError, KeyError, ValueError, TypeError, RecursionError):
        raise BadToken() from None
    if claims.use != use:
        raise BadToken()
    return claims


def _claims(said: dict[str, Any]) -> Claims:
    subject: str = said["sub"]
    if subject != VISITOR and not subject.startswith(CUSTOMER):
        raise ValueError("a user's")
    session = None
    if "sid" in said:
        session = Session(UUID(said["sid"]), _moment(said["sxp"]))
    return Claims(
        token_id=UUID(said["jti"]),
        organization_id=int(said["oid"]),
        issued_at=_moment(said["iat"]),
        expires_at=_moment(said["exp"]),
        customer_id=None if subject == VISITOR else UUID(subject.removeprefix(CUSTOMER)),
        session=session,
        proof=said.get("prf"),
        use=said["use"],
    )


def _moment(seconds: Any) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
