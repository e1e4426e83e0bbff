"""Newsletter subscriptions."""

from largesse.core.errors import InvalidEmail, InvalidValue, MissingValue, UnknownSubscription
from largesse.dialects.intershop import auth, mapping, schemas
from largesse.dialects.intershop.errors import UnreadableRecipient
from largesse.dialects.intershop.paths import recipient
from largesse.wire.call import Call

SOURCE = "intershop"
"""What the evidence of a consent names as its source."""

NO_ADDRESS = (InvalidEmail, MissingValue)


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
