"""From our records to Oracle Commerce Cloud's. Pure: no input, no output."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec import UNSET

from largesse.core.campaigns.model import CodeSource
from largesse.core.coupons.model import Coupon, CouponBatch
from largesse.core.promotions.model import Promotion, PromotionFolder
from largesse.dialects.oracle import records
from largesse.dialects.oracle.mapping import WIRE, folder_id


def promotion(found: Promotion, language: str | None) -> dict[str, Any]:
    """Return a promotion, in a language if it has that, with everything that was given of it."""
    title, description = _texts(found, language)
    own = {
        "id": found.key,
        "repositoryId": found.key,
        "displayName": title,
        "description": description,
        "enabled": found.enabled,
        "startDate": moment(found.starts_at),
        "endDate": moment(found.ends_at),
        "parentFolder": _reference(found.folder_id),
    }
    template = {} if found.applies_to is None else {"templatePath": found.applies_to}
    return own | template | dict(kept_of(found))


def _texts(found: Promotion, language: str | None) -> tuple[str, str | None]:
    # `en_US` may be answered in `en`: that is nearer than another language.
    for locale in (language, (language or "").replace("-", "_").partition("_")[0]):
        if locale == found.locale:
            break
        texts = found.translations.get(locale or "")
        if texts is not None:
            return texts.get("title") or found.title, texts.get("description") or found.description
    return found.title, found.description


def kept_of(found: Promotion) -> Mapping[str, Any]:
    """Return the members of a promotion that only this wire has words for."""
    kept = found.attributes.get(WIRE)
    return kept if isinstance(kept, Mapping) else {}


def folder(found: PromotionFolder) -> records.Folder:
    """Return a folder."""
    return records.Folder(
        path=found.path,
        parentFolder=_reference(found.parent_id),
        name=found.name,
        repositoryId=folder_id(found.id),
    )


def _reference(parent_id: int | None) -> records.Reference | None:
    return None if parent_id is None else records.Reference(folder_id(parent_id))


def coupon(found: Coupon, *, verbose: bool = True) -> records.Coupon:
    """Return a claimable; a brief one says nothing of how often it may be used (DOC 21D)."""
    campaign = found.campaign
    answer = records.Coupon(
        promotions=references(found.promotion_keys),
        repositoryId=found.code,
        uses=str(found.used),
        startDate=moment(campaign.codes_start_at) or UNSET,
    )
    if verbose:
        answer.id = found.code
        if campaign.uses_per_code is not None:
            answer.maxUses = str(campaign.uses_per_code)
        if campaign.code_source == CodeSource.POOL:
            answer.prefix = campaign.code_prefix
    return answer


def batch(found: CouponBatch, *, prefix: bool = True) -> records.Batch:
    """Return a batch."""
    uses = found.campaign.uses_per_code
    return records.Batch(
        maxUses=UNSET if uses is None else str(uses),
        promotions=references(found.promotion_keys),
        prefix=found.campaign.code_prefix if prefix else UNSET,
        numberClaimed=str(found.given),
        numberOfCoupons=str(found.size),
        repositoryId=found.reference,
        id=found.reference,
        startDate=moment(found.campaign.codes_start_at) or UNSET,
    )


def references(keys: Sequence[str]) -> list[records.Reference]:
    """Return records by their ids."""
    return [records.Reference(key) for key in keys]


def moment(value: datetime | None) -> str | None:
    """Return a moment as it is printed, e.g. 2016-03-23T15:56:00.000Z (DOC 12-17)."""
    if value is None:
        return None
    text = value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds")
    return f"{text}Z"
