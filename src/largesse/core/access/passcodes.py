"""One-time passcodes of an authenticator app (TOTP, RFC 6238).

A passcode is calculated from the user's secret, so this can not be kept as a hash. It is kept
sealed, under a key made of the one that signs tokens: who has read the database alone, and a
setting names the key, can make no passcode.
"""

import base64
import binascii
import hmac
import os
import re
import time
from uuid import UUID

import pyotp
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

ISSUER = "Largesse"
"""What authenticator apps show beside the user's name."""

DRIFT = 1
"""Steps of 30 s that a passcode may be early or late (RFC 6238, 5.2)."""

NONCE = 12
"""Bytes of a nonce of AES-GCM."""

_PASSCODE = re.compile(r"[0-9]{6}", re.ASCII)


def new_secret() -> str:
    """Return a new secret: 160 random bits in base 32 (RFC 4226, 4)."""
    return pyotp.random_base32()


def uri(secret: str, username: str) -> str:
    """Return what authenticator apps read as a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=ISSUER)


def sealed(key: bytes, user_id: UUID, secret: str) -> str:
    """Return a secret as it is kept. It opens for the same user only."""
    nonce = os.urandom(NONCE)
    closed = _cipher(key).encrypt(nonce, secret.encode(), user_id.bytes)
    return base64.b64encode(nonce + closed).decode()


def opened(key: bytes, user_id: UUID, kept: str) -> str | None:
    """Return a secret that was sealed; None: with another key, or it was changed."""
    try:
        raw = base64.b64decode(kept, validate=True)
        return _cipher(key).decrypt(raw[:NONCE], raw[NONCE:], user_id.bytes).decode()
    except (InvalidTag, binascii.Error, ValueError):
        return None


def step_of(secret: str, passcode: str) -> int | None:
    """Return the step of time whose passcode this is; None: of none near now."""
    if not _PASSCODE.fullmatch(passcode):
        return None
    one_time, now = pyotp.TOTP(secret), int(time.time())
    first = now // one_time.interval - DRIFT
    fitting = [
        step
        for step in range(first, first + 2 * DRIFT + 1)
        # Each is compared, and in constant time: how long it takes tells nothing.
        if hmac.compare_digest(one_time.generate_otp(step), passcode)
    ]
    return fitting[0] if fitting else None


def _cipher(key: bytes) -> AESGCM:
    return AESGCM(hmac.digest(key, b"second factor", "sha256"))
