"""What a shop tells its storefront: tokens, configuration, promotions. Pure: no input, no output."""

from collections.abc import Sequence
from typing import Any

from msgspec import UNSET, UnsetType

from largesse.core.access import passwords
from largesse.core.access.model import IssuedToken
from largesse.core.promotions.offers import Offer
from largesse.dialects.intershop import schemas

LONG_ENOUGH = 28
"""Characters of a personalization id; those that DOC 29Y958 prints have as many."""


def from_tokens(issued: IssuedToken, refresh_token: str | None = None) -> schemas.TokenSet:
    """Return tokens as the storefront's OAuth library reads them (PWA)."""
    return schemas.TokenSet(
        access_token=issued.token,
        expires_in=issued.expires_in,
        refresh_token=refresh_token or UNSET,
    )


def from_groups(organization_id: int, groups: Sequence[int], key: bytes) -> schemas.Personalization:
    """Return the personalization id of customers of these groups: a digest, which names none."""
    text = f"personalization:{organization_id}:{sorted(groups)}"
    return schemas.Personalization(pgid=passwords.keyed_digest(key, text)[:LONG_ENOUGH])


def from_settings(settings: Any, *, with_newsletter: bool) -> schemas.Configuration:
    """Return what the storefront must know of a shop (PWA); the first of several is the default."""
    locales, currencies = _parts(settings.locales), _parts(settings.currencies)
    return schemas.Configuration(
        data=schemas.ConfigurationData(
            general=schemas.General(
                default_locale=locales[0],
                locales=locales,
                default_currency=currencies[0],
                currencies=currencies,
            ),
            marketing=schemas.Marketing(newsletter_subscription_enabled=with_newsletter),
        )
    )


def from_offered(offer: Offer, settings: Any) -> schemas.OfferedPromotion:
    """Return a promotion as visitors see it (DOC 2259K0).

    What only a shop words is in the promotion's attributes, under the names printed there.
    """
    promotion = offer.promotion
    discount = promotion.discount or {}

    def worded(name: str) -> str | UnsetType:
        value = promotion.attributes.get(name)
        return value if isinstance(value, str) else UNSET

    return schemas.OfferedPromotion(
        name=promotion.title,
        id=promotion.key,
        title=promotion.title,
        description=promotion.description or UNSET,
        long_title=worded("longTitle"),
        rule_description=worded("ruleDescription"),
        legal_content_message=worded("legalContentMessage"),
        icon=worded("icon"),
        promotion_type=worded("promotionType"),
        currency=str(discount.get("currency") or _parts(settings.currencies)[0]),
        coupon_code_required=offer.needs_code,
    )


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()] or [text]
