"""Values of coupons. They are campaigns and codes; there are no tables of their own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from largesse.core.campaigns.model import Campaign
from largesse.core.codes.model import CodeState

MOST_PROMOTIONS = 1000
"""Promotions that one coupon or batch brings at most."""


@dataclass(frozen=True, slots=True)
class NewCoupon:
    """One code, which everybody may use."""

    code: str
    promotion_keys: tuple[str, ...]
    uses: int | None = None
    """How often it can be used in all; None: no limit."""
    starts_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewBatch:
    """Codes that are made at once."""

    reference: str
    """The client's name of it."""
    prefix: str
    count: int
    promotion_keys: tuple[str, ...]
    uses: int | None = None
    """How often each of the codes can be used; None: no limit."""
    starts_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    """What is to be changed of a coupon or of a batch."""

    values: Mapping[str, Any] = field(default_factory=dict)
    """Fields of the campaign."""
    promotion_keys: tuple[str, ...] | None = None
    """All the promotions that it is to bring; None: as before."""
    count: int | None = None
    """Codes that a batch is to have; None: as before."""


@dataclass(frozen=True, slots=True)
class Coupon:
    """A code with what it brings; one of a batch if its campaign has a pool."""

    code: str
    state: CodeState
    campaign: Campaign
    promotion_keys: tuple[str, ...]
    used: int = 0
    """How often it was used."""


@dataclass(frozen=True, slots=True)
class CouponBatch:
    """A campaign's pool with what its codes bring."""

    campaign: Campaign
    promotion_keys: tuple[str, ...]
    size: int
    """Codes that it has or, as long as they are being made, was ordered to have."""
    given: int
    """Codes that were given out, used ones included."""

    @property
    def reference(self) -> str:
        """What clients know it by."""
        return self.campaign.alternative_code or self.campaign.id.hex
