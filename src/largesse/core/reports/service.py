"""The use cases of reports: take what came back, mark the mail, and suppress the address."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from largesse.core import clock
from largesse.core.access import store as access_store
from largesse.core.access.model import Caller, Right
from largesse.core.access.passwords import keyed_digest, same
from largesse.core.access.service import Access
from largesse.core.errors import (
    BadSignature,
    CertificateNotFetched,
    InvalidEmail,
    InvalidValue,
    UnknownMailReport,
    UnknownOrganization,
)
from largesse.core.events import store as event_store
from largesse.core.events.model import ANONYMOUS, Author, EventKind, author_of
from largesse.core.records import Records
from largesse.core.reports import store
from largesse.core.reports.model import MailReport, Taken, mail_reports
from largesse.core.request import request_id
from largesse.core.suppressions import store as suppression_store
from largesse.core.suppressions.model import OF_KIND, Reason, address_key
from largesse.core.text import checked_email
from largesse.senders.reports.message import read_message
from largesse.senders.reports.report import (
    NotFetched,
    NotSigned,
    Posted,
    Provider,
    Reading,
    Report,
    Unreadable,
)
from largesse.storage.database import Database, Transaction

DIGITS = 18
"""Digits of an organization's number at most; the largest number has one more."""

About = tuple[UUID | None, str]
"""The mail that a report is about, if it is one of ours, and the address."""


@dataclass(frozen=True, slots=True)
class Rules:
    """When soft bounces suppress an address, and where bounces come to."""

    soft_bounces: int = 5
    """So many in a row suffice; 0: none do."""
    soft_bounce_days: int = 30
    """Within so many days one is in a row with the one before."""
    bounce_address: str | None = None
    """The address behind the envelope senders of mails (`senders/reports/return_path.py`)."""


class MailReports(Records[MailReport]):
    """What came back of mails. Each report is one transaction with all that it brings about."""

    table = mail_reports
    value = MailReport
    unknown = UnknownMailReport
    write_right = Right.MANAGE_SUBSCRIPTIONS
    changeable = frozenset()

    def __init__(
        self,
        database: Database,
        access: Access,
        providers: Mapping[str, Provider],
        *,
        rules: Rules,
    ) -> None:
        super().__init__(database)
        self._access = access
        self._providers = providers
        self._rules = rules

    async def take_message(self, caller: Caller, raw: bytes) -> Taken:
        """Take a message that came to where bounces go (RFC 3464, RFC 5965).

        Raises:
            NotPermitted
            InvalidValue: it is no report at all.
        """
        caller.require(self.write_right)
        try:
            reading = read_message(raw, bounce_address=self._rules.bounce_address)
        except Unreadable as error:
            raise InvalidValue("message", error.reason) from None
        return await self._take(author_of(caller), reading)

    async def take_posted(
        self, provider: str, hook: str, headers: Mapping[str, str], body: bytes
    ) -> Taken:
        """Take a request of a mail service to an organization's hook.

        Raises:
            UnknownOrganization: the hook is nobody's.
            InvalidValue: the service is not set up, or the body can not be read.
            BadSignature, CertificateNotFetched
        """
        organization_id = await self._organization(hook)
        chosen = self._providers.get(provider)
        if chosen is None:
            raise InvalidValue("provider", "is not set up here")
        try:
            reading = await chosen.read(Posted(headers, body, clock.now()))
        except NotSigned as error:
            raise BadSignature(error.reason) from None
        except NotFetched as error:
            raise CertificateNotFetched() from error
        except Unreadable as error:
            raise InvalidValue("body", error.reason) from None
        return await self._take(
            Author(organization_id, ANONYMOUS, request_id=request_id()), reading
        )

    async def hooks(self, caller: Caller) -> dict[str, str]:
        """Return, for each mail service that is set up, the last part of the hook's path.

        Raises:
            NotPermitted
        """
        caller.require(Right.MANAGE_ACCESS)
        hook = await self._hook(caller.organization_id)
        return {name: f"{name}/{hook}" for name in sorted(self._providers)}

    # --- which organization --------------------------------------------------------------------

    async def _hook(self, organization_id: int) -> str:
        key = await self._access.signing_key()
        return f"{organization_id}-{keyed_digest(key, f'mail reports {organization_id}')[:32]}"

    async def _organization(self, hook: str) -> int:
        """Return the organization whose hook this is. Raises UnknownOrganization."""
        organization_id = _number(hook.partition("-")[0])
        if organization_id is not None and hook.isascii():
            if same(await self._hook(organization_id), hook):
                async with self.database.read() as tx:
                    if await access_store.organization(tx, organization_id) is not None:
                        return organization_id
        raise UnknownOrganization(hook, "hook")

    # --- what a report brings about ------------------------------------------------------------

    async def _take(self, author: Author, reading: Reading) -> Taken:
        recorded: list[MailReport] = []
        repeated = unknown = 0
        for report in reading.reports:
            # One transaction each: a batch that is cut off goes on when the service repeats it.
            async with self.database.write() as tx:
                found = await self._about(tx, author.organization_id, report)
                if found is None:
                    unknown += 1
                    continue
                kept = await self._record_one(tx, author, report, found)
            if kept is None:
                repeated += 1
            else:
                recorded.append(kept)
        note = "it is about no mail of ours" if unknown and not recorded and not repeated else None
        return Taken(recorded, repeated, unknown, reading.note or note)

    async def _about(self, tx: Transaction, organization_id: int, report: Report) -> About | None:
        """Return what a report is about; None if that is not certain."""
        mail = await store.mail_of(tx, organization_id, report)
        if mail is not None:
            # Not the address in the report: mails are forwarded, and reports can be made up.
            return mail.id, mail.recipient
        if not report.vouched or report.address is None:
            return None
        try:
            return None, checked_email(report.address)
        except InvalidEmail:
            return None

    async def _record_one(
        self, tx: Transaction, author: Author, report: Report, about: About
    ) -> MailReport | None:
        """Keep a report with all that it brings about; None if it is kept already."""
        (mail_id, address), now = about, clock.now()
        organization_id = author.organization_id
        kept = await store.add(
            tx, organization_id, report, mail_id=mail_id, address=address, now=now
        )
        if kept is None:
            return None
        if mail_id is not None:
            await store.mark(tx, organization_id, mail_id, report.kind)
            data = {"kind": kept.kind, "source": kept.source, "status": kept.status}
            event_store.record(tx, author, EventKind.MAIL_REPORTED, ("mail", mail_id), data=data)
        reason = OF_KIND.get(report.kind) or await self._too_many(tx, organization_id, address, now)
        if reason is not None:
            await self._suppress(tx, author, kept, reason)
        return kept

    async def _too_many(
        self, tx: Transaction, organization_id: int, address: str, now: datetime
    ) -> Reason | None:
        """Count a soft bounce; return a reason if there are too many in a row."""
        count = await suppression_store.count_soft_bounce(
            tx,
            organization_id,
            address_key(address),
            now=now,
            since=now - timedelta(days=self._rules.soft_bounce_days),
        )
        return Reason.SOFT_BOUNCES if 0 < self._rules.soft_bounces <= count else None

    async def _suppress(
        self, tx: Transaction, author: Author, report: MailReport, reason: Reason
    ) -> None:
        row = suppression_store.suppression_row(
            author.organization_id,
            report.address,
            reason,
            source=report.source,
            now=report.created_at,
            note=report.diagnostic,
            mail_id=report.mail_id,
            user_id=author.user_id,
        )
        for one in await suppression_store.suppress(tx, [row]):
            after = {"address": one.address, "reason": one.reason, "source": one.source}
            event_store.record(
                tx, author, "suppression.created", ("suppression", one.id), after=after
            )


def _number(text: str) -> int | None:
    short = text.isascii() and text.isdecimal() and len(text) <= DIGITS
    return int(text) if short else None
