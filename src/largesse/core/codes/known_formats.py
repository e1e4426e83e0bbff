"""The formats of an organization's campaigns, in memory: a code that none made needs no query."""

import asyncio
import hmac
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from largesse.core.access.service import Access
from largesse.core.campaigns.model import Campaign, CodeCheck
from largesse.core.codes import store
from largesse.core.codes.format import CodeFormat
from largesse.core.text import folded
from largesse.storage.database import Database

FRESH = 1.0
"""Seconds for which a code is refused by what was read before."""

KEPT = 60.0
"""Seconds for which a code is let through to the database by what was read before."""

MOST_FORMATS = 1000
"""Different formats of an organization, beyond which its codes are looked for in the database."""

MOST_ORGANIZATIONS = 10_000
"""Organizations whose formats and keys are remembered at most."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What was read of an organization's campaigns."""

    read_at: float
    formats: Mapping[int, Sequence[CodeFormat]] | None
    """By the length of their codes; None: some campaign may have any code."""

    def could_have(self, code: str) -> bool:
        if self.formats is None:
            return True
        same_length = self.formats.get(len(folded(code)), ())
        return any(one.could_be(code) for one in same_length)


class KnownFormats:
    """Makes the formats of campaigns, and knows which codes no campaign can have."""

    def __init__(self, database: Database, access: Access, *, space_per_code: int) -> None:
        self._database = database
        self._access = access
        self._space_per_code = space_per_code
        self._known: dict[int, _Known] = {}
        self._keys: dict[int, bytes] = {}
        self._changes = 0
        self._reading = asyncio.Lock()

    async def of(self, organization_id: int, campaign: Campaign) -> CodeFormat:
        """Return a campaign's format, with the key if its check characters have one.

        The services are started (`Services.start`): in a transaction no key could be made.
        """
        if campaign.code_check != CodeCheck.KEYED:
            return CodeFormat.of(campaign)
        return CodeFormat.of(campaign, key=await self.key(organization_id))

    async def key(self, organization_id: int) -> bytes:
        """Return what the organization's keyed check characters are made with."""
        key = self._keys.get(organization_id)
        if key is None:
            signing_key = await self._access.signing_key()
            key = hmac.digest(signing_key, f"codes:{organization_id}".encode(), "sha256")
            if len(self._keys) >= MOST_ORGANIZATIONS:
                self._keys.clear()
            self._keys[organization_id] = key
        return key

    def check_room(self, campaign: Campaign, count: int) -> None:
        """Refuse a count of codes that a campaign's format has no room for.

        Raises:
            InvalidCodeFormat: the numbers are in its reason.
        """
        CodeFormat.of(campaign).check_room(count, per_code=self._space_per_code)

    def room(self, made: CodeFormat) -> int:
        """Return how many codes of a format a campaign may have."""
        return made.space // self._space_per_code

    async def could_have(self, organization_id: int, code: str) -> bool:
        """Say whether any campaign of the organization can have the code.

        A campaign without check characters can have any. What other processes changed counts
        after a second at the latest.
        """
        known = self._known.get(organization_id)
        if known is None or not self._serves(known, code):
            known = await self._read(organization_id, code)
        return known.could_have(code)

    def forget(self, organization_id: int) -> None:
        """Read the organization's campaigns again when they are needed: one has changed."""
        self._changes += 1
        self._known.pop(organization_id, None)

    # --- inside --------------------------------------------------------------------------------

    def _serves(self, known: _Known, code: str) -> bool:
        age = time.monotonic() - known.read_at
        return age < FRESH or (age < KEPT and known.could_have(code))

    async def _read(self, organization_id: int, code: str) -> _Known:
        # A flood of guesses must not become a flood of queries: who waits takes what was read.
        async with self._reading:
            known = self._known.get(organization_id)
            if known is not None and self._serves(known, code):
                return known
            changes, read_at = self._changes, time.monotonic()
            async with self._database.read() as tx:
                rows = await store.formats(tx, organization_id, MOST_FORMATS + 1)
            key = await self.key(organization_id)
            known = _Known(read_at, _by_length([CodeFormat.of(row, key=key) for row in rows]))
            if changes == self._changes:
                if len(self._known) >= MOST_ORGANIZATIONS:
                    self._known.clear()
                self._known[organization_id] = known
            return known


def _by_length(formats: Sequence[CodeFormat]) -> Mapping[int, Sequence[CodeFormat]] | None:
    if len(formats) > MOST_FORMATS or any(one.proof == CodeCheck.NONE for one in formats):
        return None
    found: dict[int, list[CodeFormat]] = defaultdict(list)
    for one in formats:
        found[one.whole_length].append(one)
    return found
