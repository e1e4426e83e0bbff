"""Promo codes: requested, and applied."""

from largesse.core.codes.model import IssuedCode
from largesse.core.customers.model import AccountKind, ByAccount
from largesse.dialects.crmcom import identifiers, mapping
from largesse.dialects.crmcom.errors import MissingParameter
from largesse.dialects.crmcom.objects import PromoCode, Subscription
from largesse.dialects.crmcom.schemas import PromoCodeEnvelope, Status, SubscriptionEnvelope
from largesse.wire.call import Call


async def request_promo_code(call: Call) -> PromoCodeEnvelope:
    """POST promotion_campaigns/request_promo_code: give a receiver a code of a campaign."""
    wanted, receiver = identifiers.to_wanted(call.body), identifiers.to_receiver(call.body)
    fields = mapping.to_fields(call.body.fields_set, PromoCode)
    issued = await call.services.codes.request(call.caller, wanted, receiver)
    return answer(call, issued, fields)


def answer(call: Call, issued: IssuedCode, fields: frozenset[str] | None) -> PromoCodeEnvelope:
    """Return a code just given out as `request_promo_code` answers it, cut down to the fields."""
    data = mapping.from_issued(issued, legacy_names=call.settings.legacy_names)
    return PromoCodeEnvelope(mapping.cut(data, fields), Status())


async def apply_promo_code(call: Call) -> SubscriptionEnvelope:
    """POST subscriptions/apply_promo_code: use a code on a subscription.

    An accounts receivable stands for its owner's subscription, if there is just one.
    """
    body = call.body
    names = ("subscription_identifier", "accounts_receivable_identifier")
    receiver = identifiers.to_receiver(body, names)
    fields = mapping.to_fields(body.fields_set, Subscription)
    if not body.promo_code:
        raise MissingParameter("promo_code")
    used = await call.services.redemptions.redeem(
        call.caller, body.promo_code, receiver, on=AccountKind.SUBSCRIPTION
    )
    assert used.account_id is not None
    named = ByAccount(AccountKind.SUBSCRIPTION, "id", used.account_id.hex)
    view = await call.services.lookup.account(call.caller, named)
    return SubscriptionEnvelope(mapping.cut(mapping.from_subscription(view), fields), Status())
