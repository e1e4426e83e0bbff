"""Many codes into a pool: in the order of their keys, which the indexes take fastest.

Codes leave a pool in the order of their places, and these follow the order in which the codes
came, not that of their keys: from one code nobody can tell what the next one is near.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from largesse.core import clock
from largesse.core.campaigns.model import Campaign
from largesse.core.codes import store
from largesse.core.codes.model import CodeState, codes
from largesse.core.ids import new_ids
from largesse.storage.database import Transaction
from largesse.storage.errors import DuplicateKey
from largesse.storage.sequences import next_numbers

NAMES = (
    *("code_key", "code", "expires_at", "id", "pos"),
    *("organization_id", "campaign_id", "state", "created_at"),
    *("created_by_user", "created_by_unit"),
)
"""The columns of a new row; rows are sorted by the first, which is unique."""


@dataclass(frozen=True, slots=True)
class Filling:
    """Whose pool is filled, and by whom."""

    organization_id: int
    campaign: Campaign
    user_id: UUID | None
    unit_id: UUID | None


async def load_codes(
    tx: Transaction,
    filling: Filling,
    new: Mapping[str, str],
    *,
    expire: Mapping[str, datetime] | None = None,
    look_first: bool = False,
) -> set[str]:
    """Put codes, named by their keys, into a pool; return the keys that exist already.

    They get places in their order. `expire` names the keys that expire at another moment than
    the campaign's. `look_first` is for codes of which some are likely to exist: otherwise they
    are looked for only when the load meets one.
    """
    held: set[str] = set()
    while True:
        if look_first:
            held |= await store.held_keys(tx, filling.organization_id, list(new))
            new = {key: code for key, code in new.items() if key not in held}
        if not new:
            return held
        try:
            async with tx.savepoint():
                name = store.places_of(filling.campaign.id)
                places = await next_numbers(tx, filling.organization_id, name, len(new))
                # Beside the loop: a server that also answers requests goes on with them.
                rows = await asyncio.to_thread(_rows, filling, new, expire or {}, places)
                await tx.load(codes, NAMES, rows)
        except DuplicateKey:
            look_first = True
        else:
            return held


def _rows(
    filling: Filling, new: Mapping[str, str], expire: Mapping[str, datetime], places: Sequence[int]
) -> list[tuple[Any, ...]]:
    campaign, usual = filling.campaign, filling.campaign.codes_expire_at
    same = (
        filling.organization_id,
        campaign.id.hex,
        CodeState.AVAILABLE.value,
        clock.now(),
        filling.user_id and filling.user_id.hex,
        filling.unit_id and filling.unit_id.hex,
    )
    parts = zip(new.items(), new_ids(len(new)), places, strict=True)
    return sorted(
        (key, code, expire.get(key, usual), code_id, place, *same)
        for (key, code), code_id, place in parts
    )
