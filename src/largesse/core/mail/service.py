"""The use cases of mail: put a code on its way, follow it, retry it."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from largesse.core import clock
from largesse.core.access.model import Caller, Right
from largesse.core.campaigns import store as campaign_store
from largesse.core.campaigns.model import Campaign, CodeSource
from largesse.core.codes import store as code_store
from largesse.core.codes.model import Code
from largesse.core.customers import store as customer_store
from largesse.core.customers.model import Customer
from largesse.core.customers.service import find_customer
from largesse.core.errors import (
    CodeGivenToAnother,
    CodeNotEffective,
    CodeOfOtherPromotion,
    InvalidEmail,
    Refused,
    UnknownCode,
    UnknownMail,
    WrongState,
)
from largesse.core.events import store as event_store
from largesse.core.events.model import Author, EventKind, author_of
from largesse.core.mail import store
from largesse.core.mail.model import (
    WAKE,
    Attempt,
    Mail,
    MailState,
    Priority,
    SendCode,
    mails,
)
from largesse.core.mail.rows import mail_row
from largesse.core.promotions.model import Promotion, promotions
from largesse.core.records import Records, value_of
from largesse.core.templates import store as template_store
from largesse.core.templates.builtin import CODE
from largesse.core.templates.model import Addressee, Rendered
from largesse.core.templates.render import Compiler, filled, values_of
from largesse.core.templates.store import Choice
from largesse.core.together import together
from largesse.storage import records
from largesse.storage.database import Database, Transaction

POLL_SECONDS = 0.05
"""How often a waiting request looks at its mail: the worker may be another process."""


class Mails(Records[Mail]):
    """The queue of mails. A mail is made by what gives a code, and never changed by hand."""

    table = mails
    value = Mail
    unknown = UnknownMail
    write_right = Right.SEND_MAIL
    changeable = frozenset()
    shelf = store.MAIL_SHELF

    def __init__(self, database: Database, compiler: Compiler, *, domain: str) -> None:
        super().__init__(database)
        self._compiler = compiler
        self._domain = domain

    async def send_code(self, caller: Caller, command: SendCode) -> Mail:
        """Mark a code as the customer's and queue the mail that brings it; once for both.

        A repeated call returns the mail that is there already.

        Raises:
            NotPermitted, UnknownCustomer
            UnknownCode, CodeOfOtherPromotion, CodeGivenToAnother, CodeNotEffective
            InvalidEmail: the customer has no address.
            InvalidValue: the organization's template of the key `code` can not be filled.
        """
        caller.require(Right.SEND_MAIL)
        asked = (caller, author_of(caller), command)
        return await together(self.database, self._send, asked)

    async def send_again(self, caller: Caller, code_id: UUID) -> Mail:
        """Queue another mail that brings a code to its customer, to the address of now.

        It is a mail of its own: one with the message id of the first would be dropped by many
        mail systems as that one's double.

        Raises:
            NotPermitted, UnknownCode
            WrongState: the code is nobody's.
            CodeOfOtherPromotion, CodeNotEffective, InvalidEmail, InvalidValue: as `send_code`.
        """
        caller.require(Right.SEND_MAIL)
        organization_id = caller.organization_id
        async with self.database.write() as tx:
            code = await code_store.code(tx, organization_id, code_id)
            if code is None:
                raise UnknownCode(str(code_id))
            if code.customer_id is None:
                raise WrongState("code", "nobody's")
            command = SendCode(code.customer_id.hex, code.code, None, None)
            templates = await template_store.templates_of(tx, organization_id, CODE)
            row = await self._row(tx, caller, command, templates)
            # There is one mail for a customer and a code, which repeated requests join.
            (mail,) = await store.enqueue(tx, [row | {"code_id": None}])
            told = {"mail_id": str(mail.id)}
            event_store.record(
                tx, caller, EventKind.CODE_MAILED_AGAIN, ("code", code.id), data=told
            )
        return mail

    async def outcome(self, caller: Caller, mail_id: UUID, *, seconds: float) -> Mail:
        """Wait until a mail is sent or has failed, but no longer than that, and return it."""
        deadline = asyncio.get_running_loop().time() + seconds
        while True:
            mail = await self.get(caller, mail_id)
            waiting = mail.state in (MailState.QUEUED, MailState.SENDING)
            if not waiting or asyncio.get_running_loop().time() >= deadline:
                return mail
            await asyncio.sleep(POLL_SECONDS)

    async def attempts(self, caller: Caller, mail_id: UUID) -> list[Attempt]:
        """Return a mail's attempts. Raises UnknownMail, NotPermitted."""
        caller.require(self.read_right)
        async with self.database.read() as tx:
            mail = await self._one(tx, caller.organization_id, mail_id)
            return await store.attempts_of(tx, caller.organization_id, mail)

    async def content(self, caller: Caller, mail_id: UUID) -> Rendered:
        """Return what a mail says. Raises UnknownMail, NotPermitted."""
        caller.require(self.read_right)
        async with self.database.read() as tx:
            row = await self._whole(tx, caller.organization_id, mail_id)
        return Rendered(row.subject, row.text, row.html)

    async def resend(self, caller: Caller, mail_id: UUID) -> Mail:
        """Queue once more what a mail says, as a mail of its own with a message id of its own.

        Its code stays the first mail's: a code is mailed to a customer once (`send_code`).

        Raises:
            NotPermitted, UnknownMail
            WrongState: it was not sent: it can be retried, or waits.
        """
        caller.require(Right.SEND_MAIL)
        async with self.database.write() as tx:
            row = await self._whole(tx, caller.organization_id, mail_id)
            if row.state != MailState.SENT:
                raise WrongState("mail", row.state)
            again = mail_row(
                caller.organization_id,
                row.recipient,
                Rendered(row.subject, row.text, row.html),
                domain=self._domain,
                now=clock.now(),
                template_key=row.template_key,
                customer_id=row.customer_id,
                priority=Priority.URGENT,
                list_unsubscribe=row.list_unsubscribe,
            )
            (queued,) = await store.enqueue(tx, [again])
            told = {"again": str(mail_id)}
            subject = ("mail", queued.id)
            event_store.record(tx, caller, EventKind.MAIL_QUEUED, subject, data=told)
        return queued

    async def _whole(self, tx: Transaction, organization_id: int, mail_id: UUID) -> Any:
        self._check_id(mail_id)
        row = await records.find(tx, mails, organization_id, mails.c.id == mail_id)
        if row is None:
            raise UnknownMail(str(mail_id))
        return row

    async def retry(self, caller: Caller, mail_id: UUID) -> Mail:
        """Queue a failed, suppressed or uncertain mail again, as if it were new.

        Raises:
            NotPermitted, UnknownMail
            WrongState: it is waiting, on its way, cancelled or sent.
        """
        over = (MailState.FAILED, MailState.UNCERTAIN, MailState.SUPPRESSED)
        again = {"state": MailState.QUEUED, "attempts": 0, "due_at": clock.now(), "reason": None}
        return await self._move(caller, mail_id, over, again, EventKind.MAIL_RETRIED)

    async def cancel(self, caller: Caller, mail_id: UUID) -> Mail:
        """Take a mail that waits out of the queue.

        Raises:
            NotPermitted, UnknownMail
            WrongState: it does not wait any more.
        """
        values = {"state": MailState.CANCELLED, "lane": None}
        return await self._move(
            caller, mail_id, (MailState.QUEUED,), values, EventKind.MAIL_CANCELLED
        )

    async def _move(
        self,
        caller: Caller,
        mail_id: UUID,
        states: Sequence[MailState],
        values: Mapping[str, Any],
        kind: EventKind,
    ) -> Mail:
        """Change a mail that is in one of the states, and write so to the log."""
        caller.require(Right.SEND_MAIL)
        async with self.database.write() as tx:
            row = await records.change(
                tx,
                mails,
                caller.organization_id,
                mails.c.id == mail_id,
                mails.c.state.in_(states),
                values=values,
            )
            if row is None:
                found = await self._one(tx, caller.organization_id, mail_id)
                raise WrongState("mail", found.state)
            event_store.record(tx, caller, kind, ("mail", mail_id))
            await tx.wake(WAKE)
        return self._value(row)

    async def create(self, caller: Caller, new: Any) -> Mail:
        """Queue the mail that brings a code: `customer`, `code` (see `send_code`)."""
        return await self.send_code(
            caller,
            SendCode(
                customer=new["customer"],
                code=new["code"],
                promotion_key=new.get("promotion"),
                channel_id=new.get("channel"),
            ),
        )

    async def _send(
        self, tx: Transaction, asked: Sequence[tuple[Caller, Author, SendCode]]
    ) -> list[Mail | Exception]:
        """Queue the mails of many callers; return the mail or the refusal of each, in order."""
        templates = {
            organization_id: await template_store.templates_of(tx, organization_id, CODE)
            for organization_id in {caller.organization_id for caller, _, _ in asked}
        }
        outcomes: list[Mail | Exception] = []
        for caller, by, command in asked:
            chosen = templates[caller.organization_id]
            mail, is_new = await self._send_one(tx, caller, command, chosen)
            if isinstance(mail, Mail) and is_new:
                told = {"code_id": str(mail.code_id), "customer_id": str(mail.customer_id)}
                event_store.record(tx, by, EventKind.MAIL_QUEUED, ("mail", mail.id), data=told)
            outcomes.append(mail)
        return outcomes

    async def _send_one(
        self, tx: Transaction, caller: Caller, command: SendCode, templates: Choice
    ) -> tuple[Mail | Exception, bool]:
        """Return the mail or the refusal, and whether the mail is a new one."""
        organization_id = caller.organization_id
        try:
            row = await self._row(tx, caller, command, templates)
        except Refused as refusal:
            return refusal, False
        added = await store.enqueue(tx, [row])
        if added:
            return added[0], True
        joined = await store.mail_of(tx, organization_id, row["customer_id"], row["code_id"])
        assert joined is not None
        return joined, False

    async def _row(
        self, tx: Transaction, caller: Caller, command: SendCode, templates: Choice
    ) -> dict[str, Any]:
        """Mark the code as the customer's and return the mail that brings it, as a row.

        Every refusal comes before the change: changes for others in the same batch are committed.
        """
        organization_id = caller.organization_id
        customer_id = await find_customer(tx, organization_id, None, command.customer)
        code = await code_store.code_named(tx, organization_id, command.code)
        if code is None:
            raise UnknownCode(command.code, "code")
        campaign = await _campaign_of(tx, organization_id, code)
        promotion = await _promotion_of(tx, organization_id, code, campaign, command)
        customer = await customer_store.customer(tx, organization_id, customer_id)
        if customer is None or not customer.email:
            raise InvalidEmail("", "the customer has no e-mail address")
        rendered = self._rendered(templates, customer, code, promotion)
        # A coupon is everybody's: it is not given to the one who is told of it.
        shared = campaign.code_source == CodeSource.SHARED
        if not shared and not await code_store.give_to_customer(
            tx,
            organization_id,
            code.id,
            customer_id,
            now=clock.now(),
            user_id=caller.user_id,
            unit_id=caller.unit_id,
        ):
            raise _why_not(code, customer_id)
        return mail_row(
            organization_id,
            customer.email,
            rendered,
            domain=self._domain,
            now=clock.now(),
            template_key=CODE,
            customer_id=customer_id,
            code_id=code.id,
            priority=Priority.URGENT,
        )

    def _rendered(
        self, templates: Choice, customer: Customer, code: Code, promotion: Promotion
    ) -> Rendered:
        template = templates.for_locale(customer.locale)
        assert template is not None  # there is a built-in one
        values = {
            "promotion_code": code.code,
            "title": promotion.title.strip(),
            "description": promotion.description or "",
            "expires": code.expires_at.strftime("%Y-%m-%d") if code.expires_at else None,
        }
        addressee = Addressee(
            customer.email or "", name=customer.name, locale=customer.locale, values=values
        )
        return filled(self._compiler.compiled(template), values_of(addressee, None), {})


def _why_not(code: Code, customer_id: UUID) -> Refused:
    if code.customer_id not in (None, customer_id):
        return CodeGivenToAnother(code.code)
    return CodeNotEffective(code.code)


async def _campaign_of(tx: Transaction, organization_id: int, code: Code) -> Campaign:
    found = await campaign_store.campaigns_by_id(tx, organization_id, [code.campaign_id])
    return found[code.campaign_id]


async def _promotion_of(
    tx: Transaction, organization_id: int, code: Code, campaign: Campaign, command: SendCode
) -> Promotion:
    where = promotions.c.id == campaign.promotion_id
    row = await records.find(tx, promotions, organization_id, where)
    if row is None or command.promotion_key not in (None, row.key):
        raise CodeOfOtherPromotion(code.code)
    if command.channel_id not in (None, row.channel_id):
        raise CodeOfOtherPromotion(code.code)
    return value_of(Promotion, row)
