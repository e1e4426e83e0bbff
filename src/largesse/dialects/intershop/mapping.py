"""Between Intershop's words and ours. Pure: no input, no output."""

from collections.abc import Callable, Iterable

from msgspec import UNSET

from largesse.core.access.model import Caller
from largesse.core.codes.model import IssuedCode
from largesse.core.errors import InvalidValue
from largesse.core.mail.model import SendCode
from largesse.core.newsletter.model import Subscription
from largesse.core.promotions.model import Channel, Promotion
from largesse.dialects.intershop import schemas

Linker = Callable[..., str]
"""Makes the uri of a resource out of the segments of its path."""

NEWSLETTER = "Newsletter"
"""The name of a subscription that none was given; the storefront sends the same (PWA)."""


def to_send_code(customer: str, body: schemas.PromotionCode) -> SendCode:
    """Return the command to mail a code. Raises InvalidValue: there is none.

    SEED 000 prints the ids of promotion and channel beside the code: given, they must fit it.
    """
    if not body.code or not body.code.strip():
        raise InvalidValue("code", "is missing")
    return SendCode(
        customer=customer,
        code=body.code,
        promotion_key=body.promotion_id or None,
        channel_id=body.channel_id or None,
    )


def from_user(caller: Caller) -> schemas.User:
    """Return who is logged in (DOC M25763)."""
    return schemas.User(first_name=caller.first_name or UNSET, last_name=caller.last_name or UNSET)


def from_channels(channels: Iterable[Channel], link: Linker) -> schemas.Links:
    """Return links to channels (DOC 25K759)."""
    return schemas.Links(
        [
            schemas.Link(
                description=channel.description or UNSET,
                title=channel.name,
                uri=link("channels", channel.id),
                attributes=[schemas.Attribute(channel.id)],
            )
            for channel in channels
        ]
    )


def from_channel(channel: Channel, link: Linker) -> schemas.Channel:
    """Return a channel (INFERRED)."""
    return schemas.Channel(
        name=channel.name,
        id=channel.id,
        description=channel.description or UNSET,
        links=_related("promotions", link("channels", channel.id, "promotions")),
    )


def from_promotions(
    channel_id: str, promotions: Iterable[Promotion], link: Linker
) -> schemas.Links:
    """Return links to a channel's promotions (DOC 2575L5)."""
    return schemas.Links(
        [
            schemas.Link(
                description=promotion.description or UNSET,
                title=promotion.title,
                uri=link("channels", channel_id, "promotions", promotion.key),
                attributes=[schemas.Attribute(promotion.key)],
            )
            for promotion in promotions
        ]
    )


def from_promotion(channel_id: str, promotion: Promotion, link: Linker) -> schemas.Promotion:
    """Return a promotion (DOC 257F56: its name is its title)."""
    codes = link("channels", channel_id, "promotions", promotion.key, "codes")
    return schemas.Promotion(
        name=promotion.title,
        id=promotion.key,
        description=promotion.description or UNSET,
        links=_related("codes", codes),
    )


def from_issued(
    channel_id: str, promotion: Promotion, issued: IssuedCode, link: Linker
) -> schemas.CreatedCode:
    """Return a code just created (DOC 25761F, SEED 000)."""
    return schemas.CreatedCode(
        code=issued.code.code,
        promotion=schemas.Link(
            description=promotion.description or UNSET,
            title=promotion.title,
            uri=link("channels", channel_id, "promotions", promotion.key),
            relation="about",
        ),
        promotion_id=promotion.key,
        channel_id=channel_id,
    )


def from_subscription(subscription: Subscription) -> schemas.Subscribed:
    """Return a subscription (SEED 004)."""
    return schemas.Subscribed(
        name=subscription.name or NEWSLETTER,
        active=subscription.active,
        recipient=subscription.recipient,
    )


def _related(title: str, uri: str) -> schemas.RelatedLinks:
    return schemas.RelatedLinks([schemas.Link(title=title, uri=uri, relation="related")])
