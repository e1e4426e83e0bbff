"""Every query of reports on mails."""

import hashlib
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import or_, update

from largesse.core.ids import new_id, parsed_id
from largesse.core.mail.model import mails
from largesse.core.records import value_of
from largesse.core.reports.model import MailReport, mail_reports
from largesse.senders.reports.report import Kind, Report
from largesse.storage.database import Transaction
from largesse.storage.records import find

ORDER = list(Kind)
"""From what says least about a mail to what says most."""

LONGEST_KEY = 150
"""Characters of a mail service's id that are kept as they are."""


async def mail_of(tx: Transaction, organization_id: int, report: Report) -> Any | None:
    """Return the mail that a report is about, as a row; None if it is none of this organization.

    A Message-ID begins with the mail's own id, and so nobody needs an index of them.
    """
    if report.token is not None and (row := await _mail(tx, organization_id, report.token)):
        return row
    if report.message_id is None:
        return None
    row = await _mail(tx, organization_id, report.message_id.strip("<>").partition("@")[0])
    return row if row is not None and row.message_id == report.message_id else None


async def _mail(tx: Transaction, organization_id: int, named: str) -> Any | None:
    mail_id = parsed_id(named)
    return mail_id and await find(tx, mails, organization_id, mails.c.id == mail_id)


def once_key(report: Report, mail_id: UUID | None) -> str:
    """Return what a report is the only one of.

    A mail has one recipient, and so it bounces once, whoever tells of it and how often.
    """
    if mail_id is not None:
        return f"{mail_id.hex} {report.kind}"
    told = report.key or f"{report.kind} {report.address} {report.message_id}"
    if len(told) > LONGEST_KEY:
        told = hashlib.sha256(told.encode()).hexdigest()
    return f"{report.source} {told}"


async def add(
    tx: Transaction,
    organization_id: int,
    report: Report,
    *,
    mail_id: UUID | None,
    address: str,
    now: datetime,
) -> MailReport | None:
    """Keep a report and return it; None if it is kept already."""
    row = {
        "organization_id": organization_id,
        "id": new_id(),
        "once_key": once_key(report, mail_id),
        "mail_id": mail_id,
        "address": address,
        "kind": report.kind,
        "source": report.source,
        "status": report.status,
        "diagnostic": report.diagnostic,
        "created_at": now,
    }
    added = await tx.insert_new(mail_reports, [row], returning=(mail_reports,))
    return value_of(MailReport, added[0]) if added else None


async def mark(tx: Transaction, organization_id: int, mail_id: UUID, kind: Kind) -> None:
    """Mark a mail with what came back, unless it bears a mark that says more."""
    less = [*ORDER[: ORDER.index(kind)]]
    await tx.execute(
        update(mails)
        .where(
            mails.c.organization_id == organization_id,
            mails.c.id == mail_id,
            or_(mails.c.report.is_(None), mails.c.report.in_(less)),
        )
        .values(report=kind)
    )
