"""The mails that tell recipients of a batch what they were given."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from largesse.core.customers import store as customer_store
from largesse.core.customers.model import Customer
from largesse.core.errors import Refused
from largesse.core.events.model import worker_of
from largesse.core.grants.bulk_store import Giving, Recipient
from largesse.core.jobs.model import Claim
from largesse.core.mail.model import Priority
from largesse.core.promotions.model import Promotion
from largesse.core.templates.mailing import Mailing
from largesse.core.templates.model import Addressee
from largesse.storage.database import Transaction

NO_ADDRESS = "the customer has no e-mail address"


class Telling:
    """Queues a mail for each grant, in the transaction that gives it."""

    def __init__(self, mailing: Mailing) -> None:
        self._mailing = mailing

    async def check(self, tx: Transaction, organization_id: int, template: str) -> None:
        """Refuse a template that does not exist. Raises UnknownTemplate."""
        await self._mailing.campaigns_claimed(tx, organization_id, template)

    async def tell(
        self,
        tx: Transaction,
        claim: Claim,
        promotion: Promotion,
        what: Giving,
        recipients: Sequence[Recipient],
    ) -> dict[int, str]:
        """Queue the mails of one promotion; return the positions of who gets none, and why."""
        ids = [UUID(digits) for _, _, digits, _ in recipients if digits is not None]
        customers = await customer_store.customers_by_ids(tx, claim.organization_id, ids)
        values = {
            "promotion": promotion.key,
            "promotion_title": promotion.title,
            "promotion_description": promotion.description or "",
            "expires_at": what.expires_at,
        }
        refused: dict[int, str] = {}
        going: list[Recipient] = []
        addressees: list[Addressee] = []
        for one in recipients:
            addressee = _addressee(one, customers, values)
            if addressee is None:
                refused[one[1]] = NO_ADDRESS
            else:
                going.append(one)
                addressees.append(addressee)
        queued = await self._mailing.queue(
            tx,
            worker_of(claim.organization_id, user_id=claim.created_by_user),
            claim.parameters["template"],
            addressees,
            job_id=claim.id,
            priority=Priority.BULK,
        )
        for one, outcome in zip(going, queued, strict=True):
            if isinstance(outcome, Refused):
                refused[one[1]] = str(outcome)
        return refused


def _addressee(
    recipient: Recipient, customers: Mapping[UUID, Customer], values: Mapping[str, Any]
) -> Addressee | None:
    _, _, digits, email = recipient
    if digits is None:
        assert email is not None
        return Addressee(email, values=values)
    customer = customers.get(UUID(digits))
    if customer is None or not customer.email:
        return None
    return Addressee(
        customer.email,
        customer_id=customer.id,
        name=customer.name,
        locale=customer.locale,
        values=values,
    )
