"""The parts that mails need, made from the settings: transports, signature, limits, reports."""

from collections.abc import Sequence
from datetime import timedelta
from email.utils import parseaddr
from pathlib import Path

from largesse.core.access.service import Access
from largesse.core.mail.claiming import MailLimits
from largesse.core.mail.limits import parse_domain_rates, parse_rate
from largesse.core.mail.trying import MailTrial
from largesse.core.reports.service import MailReports, Rules
from largesse.senders import open_sender
from largesse.senders.dkim import signer_of
from largesse.senders.local import NoSender
from largesse.senders.message import Sender, Sign
from largesse.senders.reports.fetch import fetch
from largesse.senders.reports.mailgun import Mailgun
from largesse.senders.reports.postmark import Postmark
from largesse.senders.reports.report import Provider
from largesse.senders.reports.sendgrid import SendGrid
from largesse.senders.reports.ses import Ses
from largesse.settings import ReportsSettings, Settings
from largesse.storage.database import Database


def transports(settings: Settings) -> list[Sender]:
    """Return how mails leave, the preferred way first. Raises ValueError."""
    urls = {"main": settings.smtp_url, "fallback": settings.smtp_fallback_url}
    return [
        open_sender(
            url,
            name=name,
            connections=settings.smtp_connections,
            timeout=settings.smtp_timeout,
            answer=settings.smtp_answer_timeout,
        )
        for name, url in urls.items()
        if url is not None
    ]


def sign(settings: Settings) -> Sign | None:
    """Return what signs each mail (DKIM). Raises ValueError."""
    given = (settings.dkim_domain, settings.dkim_selector, settings.dkim_key_file)
    if not any(given):
        return None
    domain, selector, key_file = given
    if not (domain and selector and key_file):
        raise ValueError("DKIM: dkim_domain, dkim_selector and dkim_key_file go together")
    return signer_of(domain=domain, selector=selector, key_file=key_file)


def limits(settings: Settings) -> MailLimits:
    """Return how many mails may go, and where to. Raises ValueError."""
    rates = {"main": settings.smtp_limit, "fallback": settings.smtp_fallback_limit}
    urls = {"main": settings.smtp_url, "fallback": settings.smtp_fallback_url}
    named = {name: parse_rate(rates[name]) for name, url in urls.items() if url is not None}
    return MailLimits(
        named or {NoSender.name: None},
        parse_domain_rates(settings.mail_domain_limits),
    )


def trial(
    settings: Settings, database: Database, ways: Sequence[Sender], signer: Sign | None
) -> MailTrial:
    """Return what sends test mails."""
    sender = settings.mail_from
    return MailTrial(database, ways, signer, sender=sender, domain=domain(sender))


def reports(settings: Settings, database: Database, access: Access) -> MailReports:
    """Return what takes bounces and complaints. Raises ValueError."""
    where = settings.bounce_address
    if where is not None and not all(where.rpartition("@")[::2]):
        raise ValueError(f"bounce_address: {where!r} is no address")
    rules = Rules(
        soft_bounces=settings.reports.soft_bounces,
        soft_bounce_days=settings.reports.soft_bounce_days,
        bounce_address=where,
    )
    return MailReports(database, access, _providers(settings.reports), rules=rules)


def domain(mail_from: str) -> str:
    """Return the domain of a sender, which message ids have, too."""
    return parseaddr(mail_from)[1].rpartition("@")[2] or "localhost.localdomain"


def _providers(chosen: ReportsSettings) -> dict[str, Provider]:
    """Return the mail services whose reports can be checked."""
    longest = timedelta(hours=chosen.max_age_hours)
    found: dict[str, Provider] = {}
    if chosen.ses_topics:
        file = chosen.ses_certificate
        found["ses"] = Ses(
            [topic.strip() for topic in chosen.ses_topics.split(",")],
            urls=chosen.ses_urls,
            longest=longest,
            fetch=fetch,
            certificate=None if file is None else Path(file).read_bytes(),
        )
    if chosen.sendgrid_public_key:
        found["sendgrid"] = SendGrid(chosen.sendgrid_public_key, longest=longest)
    if chosen.mailgun_signing_key:
        found["mailgun"] = Mailgun(chosen.mailgun_signing_key, longest=longest)
    if chosen.postmark_secret:
        found["postmark"] = Postmark(chosen.postmark_secret)
    return found
