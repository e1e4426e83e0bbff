"""How secrets are hashed: slowly where people choose them, by a keyed hash where we look them up."""

import asyncio
import hashlib
import hmac

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# RFC 9106's second recommended option has 64 MiB and 4 lanes, which is the library's default.
# One lane and 19 MiB is OWASP's floor for a server: a login costs about 20 ms of one core.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)

PROOF = 16
"""Hexadecimal digits of what tells a password from the one before."""

_NOBODY = (
    "$argon2id$v=19$m=19456,t=2,p=1$xaNIpLi7iVFsuLClaetAxQ$"
    "QFNGox6VfVqJg0lT9xsc/A5gvAd9LFUhtqctYYeuisM"
)
"""The hash of a random text that was thrown away: made anew it would cost each start 30 ms."""


async def hashed(secret: str) -> str:
    """Return the argon2id hash of a password or pass code; runs beside the event loop."""
    return await asyncio.to_thread(_HASHER.hash, secret)


async def fits(secret_hash: str | None, secret: str) -> bool:
    """Say whether the secret has the hash. Takes as long where there is no hash at all."""
    return await asyncio.to_thread(_fits, secret_hash, secret)


def _fits(secret_hash: str | None, secret: str) -> bool:
    try:
        return _HASHER.verify(secret_hash or _NOBODY, secret) and secret_hash is not None
    except (VerificationError, InvalidHashError):
        return False


def digest(secret: str) -> str:
    """Return the SHA-256 of a secret of 128 random bits or more, which no one can guess."""
    return hashlib.sha256(secret.encode()).hexdigest()


def keyed_digest(key: bytes, secret: str) -> str:
    """Return an HMAC by which a short secret is found without being readable in the database."""
    return hmac.new(key, secret.encode(), hashlib.sha256).hexdigest()


def proof_of(key: bytes, password_hash: str | None) -> str | None:
    """Return what tells that a password is still the same, and nothing else about it."""
    if password_hash is None:
        return None
    return keyed_digest(key, f"login:{password_hash}")[:PROOF]


def same(left: str, right: str) -> bool:
    """Compare two digests in constant time."""
    return hmac.compare_digest(left, right)
