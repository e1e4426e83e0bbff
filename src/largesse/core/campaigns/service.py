"""The use cases of campaigns."""

from typing import Any

from largesse.core.access.model import Caller, Right
from largesse.core.campaigns import store
from largesse.core.campaigns.model import (
    Campaign,
    CampaignState,
    CampaignType,
    CodeCheck,
    CodeSource,
    Distribution,
    WhenEmpty,
    campaigns,
)
from largesse.core.codes.format import DEFAULT_ALPHABET, DEFAULT_LENGTH, CodeFormat
from largesse.core.errors import InvalidValue, UnknownCampaign
from largesse.core.records import Records
from largesse.storage.database import Transaction

ENUMS = {
    "state": CampaignState,
    "type": CampaignType,
    "distribution": Distribution,
    "code_source": CodeSource,
    "code_check": CodeCheck,
    "when_empty": WhenEmpty,
}

COUNTS = ("codes_in_all", "codes_per_receiver", "codes_per_day", "alarm_level")
"""What is 1 or more, or not given."""


class Campaigns(Records[Campaign]):
    """Campaigns."""

    table = campaigns
    value = Campaign
    unknown = UnknownCampaign
    write_right = Right.MANAGE_CAMPAIGNS
    required = ("name",)
    changeable = frozenset(campaigns.c.keys()) - {
        "organization_id",
        "id",
        "created_at",
        "updated_at",
    }

    async def named(self, caller: Caller, field: str, value: str) -> Campaign:
        """Return a campaign by its id, name or alternative code. Raises UnknownCampaign."""
        async with self.database.read() as tx:
            found = await store.campaign_named(tx, caller.organization_id, field, value)
        if found is None:
            raise UnknownCampaign(value, field)
        return found

    async def _insert(self, tx: Transaction, caller: Caller, new: dict[str, Any]) -> Campaign:
        defaults = {
            "state": CampaignState.DRAFT,
            "type": CampaignType.DISCOUNT,
            "distribution": Distribution.UPON_REQUEST,
            "code_source": CodeSource.POOL,
            "code_prefix": "",
            "code_length": DEFAULT_LENGTH,
            "code_alphabet": DEFAULT_ALPHABET,
            "code_suffix": "",
            "code_check": CodeCheck.NONE,
            "code_check_length": 0,
            "when_empty": WhenEmpty.REFUSE,
        }
        campaign = await super()._insert(tx, caller, _checked(defaults | new))
        CodeFormat.of(campaign).check()
        return campaign

    async def _update(
        self, tx: Transaction, caller: Caller, record_id: Any, values: dict[str, Any]
    ) -> Campaign:
        campaign = await super()._update(tx, caller, record_id, _checked(values))
        CodeFormat.of(campaign).check()
        return campaign


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    for name, kind in ENUMS.items():
        if name in values and values[name] not in list(kind):
            raise InvalidValue(name, f"must be one of {', '.join(kind)}")
    for name in COUNTS:
        if isinstance(limit := values.get(name), int) and limit < 1:
            raise InvalidValue(name, "must be 1 or more")
    return values
