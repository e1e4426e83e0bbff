"""Links in mails that act for their recipient without a login: signed, so that nobody makes one."""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from enum import StrEnum

from largesse.core.access.service import Access

_SIGNATURE = 16
"""Bytes of a signature: the chance to guess one is 1 in 2**128."""


class Purpose(StrEnum):
    """What a link does; also its place below `/v1`."""

    UNSUBSCRIBE = "unsubscribe"
    CONFIRM = "confirm"


@dataclass(frozen=True, slots=True)
class LinkKey:
    """Signs links and reads them."""

    key: bytes
    base: str

    def url(self, purpose: Purpose, organization_id: int, subject: str) -> str:
        """Return the link; `subject` is an address, or the id of a subscription."""
        payload = f"{organization_id} {subject}".encode()
        raw = self._signature(purpose, payload) + payload
        token = base64.urlsafe_b64encode(raw).decode().rstrip("=")
        return f"{self.base}/v1/{purpose.value}/{token}"

    def read(self, purpose: Purpose, token: str) -> tuple[int, str] | None:
        """Return the organization and the subject of a link's token; None if we did not make it."""
        try:
            raw = base64.b64decode(token + "=" * (-len(token) % 4), b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        signature, payload = raw[:_SIGNATURE], raw[_SIGNATURE:]
        if not hmac.compare_digest(signature, self._signature(purpose, payload)):
            return None
        organization_id, _, subject = payload.decode().partition(" ")
        return int(organization_id), subject

    def _signature(self, purpose: Purpose, payload: bytes) -> bytes:
        message = b"\0".join((b"link", purpose.encode(), payload))
        return hmac.digest(self.key, message, hashlib.sha256)[:_SIGNATURE]


class Links:
    """Knows where links lead and what signs them."""

    def __init__(self, access: Access, *, public_url: str | None) -> None:
        self._access = access
        self._base = None if public_url is None else public_url.rstrip("/")

    async def key(self) -> LinkKey | None:
        """Return what makes links; None: nobody has said where this service is reached."""
        if self._base is None:
            return None
        return LinkKey(await self._access.signing_key(), self._base)

    async def read(self, purpose: Purpose, token: str) -> tuple[int, str] | None:
        """Return the organization and the subject of a link's token; None if we did not make it."""
        return LinkKey(await self._access.signing_key(), "").read(purpose, token)
