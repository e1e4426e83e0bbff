"""Intershop's operations: the contact centre's, then the newsletter's."""

from functools import partial

from largesse.core.errors import (
    InvalidEmail,
    InvalidValue,
    MailNotAccepted,
    MissingValue,
    NoMailService,
    UnknownSubscription,
    WrongState,
)
from largesse.core.mail.model import Mail, MailState
from largesse.core.promotions.model import Channel
from largesse.dialects.intershop import auth, mapping, schemas
from largesse.dialects.intershop.errors import NoAddress, UnreadableRecipient
from largesse.dialects.intershop.paths import link, recipient, segment
from largesse.wire.call import Call

SOURCE = "intershop"
"""What the evidence of a consent names as its source."""

PAGE = 1000
"""Channels read at once."""

NO_ADDRESS = (InvalidEmail, MissingValue)

# --- contact centre ----------------------------------------------------------------------------


async def user(call: Call) -> schemas.User:
    """GET users/-: log in; the token is in the answer's header (DOC M25763)."""
    token = auth.token(call)
    if token is not None:
        call.response_headers[auth.TOKEN] = token
    return mapping.from_user(call.caller)


async def channels(call: Call) -> schemas.Links:
    """GET channels: every channel of the organization, as links."""
    found: list[Channel] = []
    after = None
    while True:
        page = await call.services.channels.page(call.caller, after=after, limit=PAGE)
        found += page.items
        after = page.next_after
        if after is None:
            return mapping.from_channels(found, partial(link, call))


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


async def send_code(call: Call) -> None:
    """POST customers/{customer}/mails: mail a code to a customer (SEED 000)."""
    command = mapping.to_send_code(segment(call, "customer"), call.body)
    try:
        mail = await call.services.mails.send_code(call.caller, command)
    except InvalidEmail:
        raise NoAddress() from None
    mail = await _tried_again(call, mail)
    if call.settings.confirm == "sent":
        mail = await call.services.mails.outcome(
            call.caller, mail.id, seconds=call.settings.confirm_seconds
        )
    if mail.state in (MailState.FAILED, MailState.UNCERTAIN):
        if not call.services.transports:
            raise NoMailService()
        raise MailNotAccepted(mail.last_reply or "")


async def _tried_again(call: Call, mail: Mail) -> Mail:
    """Queue a mail again that an earlier call left behind as failed.

    DECIDED: who repeats a call after a 500 wants the mail sent. One whose fate is uncertain may
    have arrived, so it is for a person to send again.
    """
    if mail.state != MailState.FAILED:
        return mail
    try:
        return await call.services.mails.retry(call.caller, mail.id)
    except WrongState:
        # Another call was faster.
        return await call.services.mails.get(call.caller, mail.id)


# --- newsletter --------------------------------------------------------------------------------


async def subscribe(call: Call) -> schemas.Subscribed:
    """POST subscriptions: subscribe a recipient, who need not be logged in (dialects.md)."""
    caller, body = await auth.identify(call), call.body
    try:
        made = await call.services.newsletter.subscribe(
            caller, body.recipient, source=SOURCE, name=body.name
        )
    except InvalidValue as error:
        raise UnreadableRecipient(str(error)) from None
    return mapping.from_subscription(made)


async def subscription(call: Call) -> schemas.Subscribed:
    """GET subscriptions/{recipient}: 404 for whoever is not subscribed (SEED 004)."""
    caller, key = await auth.subscriber(call), recipient(call)
    try:
        found = await call.services.newsletter.status(caller, key)
    except NO_ADDRESS:
        # SEED 004 knows no 400 here: what is no address is not subscribed.
        raise UnknownSubscription(key, "recipient") from None
    return mapping.from_subscription(found)


async def unsubscribe(call: Call) -> None:
    """DELETE subscriptions/{recipient}."""
    caller, key = await auth.subscriber(call), recipient(call)
    try:
        await call.services.newsletter.unsubscribe(caller, key, source=SOURCE)
    except NO_ADDRESS:
        raise UnknownSubscription(key, "recipient") from None
