"""Callers that act for one customer only."""

from dataclasses import replace

from largesse.core import clock
from largesse.core.access.model import OF_CONSUMERS, Caller, Consumer
from largesse.core.customers.store import token_is_effective
from largesse.core.errors import BadToken
from largesse.storage.database import Transaction


def acting_for(caller: Caller, consumer: Consumer) -> Caller:
    """Return the caller with rights on what belongs to one customer, and on nothing else."""
    return replace(
        caller,
        consumer=consumer,
        rights=frozenset(),
        own_rights=caller.rights & OF_CONSUMERS,
        # By it a shopper's own subscription would be known.
        email=None,
    )


async def still_acting_for(tx: Transaction, caller: Caller, consumer: Consumer) -> Caller:
    """Return the caller of a consumer's access token.

    Raises:
        BadToken: the customer token is no longer effective.
    """
    token_id, customer_id = consumer.customer_token_id, consumer.customer_id
    if not await token_is_effective(
        tx, caller.organization_id, token_id, customer_id=customer_id, now=clock.now()
    ):
        raise BadToken()
    return acting_for(caller, consumer)
