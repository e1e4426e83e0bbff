"""What is written of a coupon. Pure."""

from typing import Any

from largesse.core import clock
from largesse.core.access.model import Caller
from largesse.core.campaigns.model import Campaign, CampaignState
from largesse.core.codes.model import CodeState
from largesse.core.ids import new_id
from largesse.core.text import folded


def fields_of(name: str, uses: int | None, starts_at: Any) -> dict[str, Any]:
    """Return the fields of the campaign that a coupon or a batch is."""
    return {
        "name": name,
        "alternative_code": name,
        "state": CampaignState.POSTED,
        "uses_per_code": uses,
        "codes_start_at": starts_at,
    }


def code_row(caller: Caller, campaign: Campaign, code: str) -> dict[str, Any]:
    """Return the row of a coupon's code."""
    return {
        "organization_id": caller.organization_id,
        "id": new_id(),
        "campaign_id": campaign.id,
        # Only codes that wait in a pool have a place in it.
        "pos": 0,
        "code": code,
        "code_key": folded(code),
        "state": CodeState.ISSUED,
        "created_at": clock.now(),
        "created_by_user": caller.user_id,
        "created_by_unit": caller.unit_id,
    }
