"""The contact centre's user, channels, promotions and codes, and the storefront's promotions."""

from functools import partial

from largesse.core.promotions.model import Channel
from largesse.dialects.intershop import auth, mapping, schemas, shop
from largesse.dialects.intershop.paths import link, segment
from largesse.wire.call import Call

PAGE = 1000
"""Channels read at once."""


async def user(call: Call) -> schemas.User:
    """GET users/-: log in; the token is in the answer's header (DOC M25763)."""
    token = auth.token(call)
    if token is not None:
        call.response_headers[auth.TOKEN] = token
    return mapping.from_user(call.caller)


async def channels(call: Call) -> schemas.Links:
    """GET channels: every channel of the organization, as links."""
    return mapping.from_channels(await every_channel(call), partial(link, call))


async def every_channel(call: Call) -> list[Channel]:
    """Return every channel of the organization."""
    found: list[Channel] = []
    after = None
    while True:
        page = await call.services.channels.page(call.caller, after=after, limit=PAGE)
        found += page.items
        after = page.next_after
        if after is None:
            return found


async def channel(call: Call) -> schemas.Channel:
    """GET channels/{channel}."""
    found = await call.services.channels.get(call.caller, segment(call, "channel"))
    return mapping.from_channel(found, partial(link, call))


async def promotions(call: Call) -> schemas.Links:
    """GET channels/{channel}/promotions: the channel's promotions, as links."""
    channel_id = segment(call, "channel")
    found = await call.services.promotions.in_channel(call.caller, channel_id)
    return mapping.from_promotions(channel_id, found, partial(link, call))


async def promotion(call: Call) -> schemas.Promotion:
    """GET channels/{channel}/promotions/{promotion}."""
    channel_id, key = segment(call, "channel"), segment(call, "promotion")
    found = await call.services.promotions.one_in_channel(call.caller, channel_id, key)
    return mapping.from_promotion(channel_id, found, partial(link, call))


async def create_code(call: Call) -> schemas.CreatedCode:
    """POST channels/{channel}/promotions/{promotion}/codes: 200, not 201 (DOC 25761F)."""
    if call.raw.strip() not in (b"", b"{}"):
        schemas.decode(call, schemas.PromotionCode)
    channel_id, key = segment(call, "channel"), segment(call, "promotion")
    found = await call.services.promotions.one_in_channel(call.caller, channel_id, key)
    issued = await call.services.codes.create_for_promotion(call.caller, channel_id, key)
    return mapping.from_issued(channel_id, found, issued, partial(link, call))


async def offered(call: Call) -> schemas.OfferedPromotion:
    """GET promotions/{promotion}: what a visitor of the shop sees of it (DOC 2259K0)."""
    caller, key = await auth.identify(call), segment(call, "promotion")
    found = await call.services.offers.one(caller, key)
    return shop.from_offered(found, call.settings)
