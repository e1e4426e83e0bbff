"""The use case of redemptions: a code is used, as often as its campaign allows."""

from typing import Any
from uuid import UUID

from largesse.core import clock
from largesse.core.access.model import Caller, Right
from largesse.core.campaigns import store as campaign_store
from largesse.core.campaigns.model import Campaign, CampaignState, CodeSource
from largesse.core.codes.known_formats import KnownFormats
from largesse.core.codes.model import Code, CodeState
from largesse.core.customers import store as customer_store
from largesse.core.customers.model import AccountKind, ByCustomer, FoundReceiver, Receiver
from largesse.core.customers.receivers import Receivers
from largesse.core.errors import (
    AmbiguousValue,
    CodeGivenToAnother,
    CodeNotEffective,
    CustomerTokenNotEffective,
    UnknownAccount,
    UnknownRedemption,
    WrongState,
)
from largesse.core.events.model import EventKind
from largesse.core.events.store import record
from largesse.core.ids import new_id
from largesse.core.records import Records
from largesse.core.redemptions import store
from largesse.core.redemptions.model import Redemption, redemptions
from largesse.storage import records
from largesse.storage.database import Database, Transaction


class Redemptions(Records[Redemption]):
    """Redemptions. A code is redeemed; nobody makes, changes or deletes a redemption otherwise."""

    table = redemptions
    value = Redemption
    unknown = UnknownRedemption
    write_right = Right.REDEEM_CODES
    changeable = frozenset()

    def __init__(self, database: Database, receivers: Receivers, formats: KnownFormats) -> None:
        super().__init__(database)
        self._receivers = receivers
        self._formats = formats

    async def create(self, caller: Caller, new: Any) -> Redemption:
        """Refuse: a redemption comes from a code (`redeem`), not from a form."""
        raise WrongState("redemption", "not of a code")

    async def redeem(
        self, caller: Caller, code: str, receiver: Receiver, *, on: AccountKind | None = None
    ) -> Redemption:
        """Use a code for a customer, and on an account of the kind `on`, if one is named.

        A receiver that is no such account means the customer's only one. A code that was given
        to nobody is given to the customer at the same time.

        Raises:
            NotPermitted
            CodeNotEffective: there is no such code, or it can not be used (any more).
            CodeGivenToAnother
            UnknownAccount, AmbiguousValue: the customer has no account of the kind, or several.
            and what `Receivers.find` raises.
        """
        caller.require_own(Right.REDEEM_CODES)
        if not await self._formats.could_have(caller.organization_id, code):
            raise CodeNotEffective(code)
        found = await self._receivers.find(caller, receiver)
        async with self.database.write() as tx:
            account_id = await _account(tx, caller.organization_id, receiver, found, on)
            await _use_up_password(tx, caller.organization_id, found)
            held = await store.hold_code(tx, caller.organization_id, code)
            if held is None:
                raise CodeNotEffective(code)
            return await self._redeem(
                tx, caller, held, FoundReceiver(found.customer_id, account_id)
            )

    async def _redeem(
        self, tx: Transaction, caller: Caller, code: Code, by: FoundReceiver
    ) -> Redemption:
        organization_id, now = caller.organization_id, clock.now()
        of_id = await campaign_store.campaigns_by_id(tx, organization_id, [code.campaign_id])
        campaign = of_id[code.campaign_id]
        turn = await store.times_redeemed(tx, organization_id, code.id) + 1
        most = uses_of(campaign)
        if not _is_effective(code, campaign, now) or (most is not None and turn > most):
            raise CodeNotEffective(code.code)
        if code.customer_id not in (None, by.customer_id):
            raise CodeGivenToAnother(code.code)
        row = {
            "organization_id": organization_id,
            "id": new_id(),
            "code_id": code.id,
            "turn": turn,
            "customer_id": by.customer_id,
            "account_id": by.account_id,
            "created_at": now,
            "created_by_user": caller.user_id,
            "created_by_unit": caller.unit_id,
        }
        made = self._value(await records.add(tx, redemptions, row))
        if turn == most:
            await store.change_code(tx, organization_id, code.id, _used_up(code, made, most))
        told = {"customer_id": str(by.customer_id), "turn": turn}
        record(tx, caller, EventKind.CODE_REDEEMED, ("code", code.id), data=told)
        return made


def uses_of(campaign: Campaign) -> int | None:
    """Return how often each of a campaign's codes can be used; None: no limit."""
    if campaign.uses_per_code is not None:
        return campaign.uses_per_code
    return None if campaign.code_source == CodeSource.SHARED else 1


def _is_effective(code: Code, campaign: Campaign, now: Any) -> bool:
    """Say whether a code can be used; one that nobody has ends with its campaign."""
    is_open = code.state == CodeState.ISSUED or (
        code.state == CodeState.AVAILABLE and campaign.state == CampaignState.POSTED
    )
    has_begun = campaign.codes_start_at is None or campaign.codes_start_at <= now
    return is_open and has_begun and (code.expires_at is None or now < code.expires_at)


def _used_up(code: Code, last: Redemption, most: int) -> dict[str, Any]:
    """Return what becomes of a code at its last use."""
    values: dict[str, Any] = {"state": CodeState.REDEEMED}
    if most == 1 and code.issued_at is None:
        values |= {
            "customer_id": last.customer_id,
            "account_id": last.account_id,
            "issued_at": last.created_at,
            "issued_by_user": last.created_by_user,
            "issued_by_unit": last.created_by_unit,
        }
    return values


async def _account(
    tx: Transaction,
    organization_id: int,
    receiver: Receiver,
    found: FoundReceiver,
    on: AccountKind | None,
) -> UUID | None:
    """Return the account that a code is used on."""
    if on is None or (not isinstance(receiver, ByCustomer) and receiver.kind == on):
        return found.account_id
    held = await customer_store.accounts_of(
        tx, organization_id, on, customer_ids=[found.customer_id], limit=2
    )
    if not held:
        raise UnknownAccount(str(on), "kind")
    if len(held) > 1:
        raise AmbiguousValue("kind", str(on))
    return held[0].id


async def _use_up_password(tx: Transaction, organization_id: int, found: FoundReceiver) -> None:
    token_id = found.one_time_token_id
    if token_id is not None and not await customer_store.use_up_one_time_password(
        tx, organization_id, token_id
    ):
        raise CustomerTokenNotEffective()
