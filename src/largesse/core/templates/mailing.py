"""Mails made of templates: filled for each recipient, and queued in the transaction at hand."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from largesse.core import clock
from largesse.core.campaigns.model import Campaign
from largesse.core.campaigns.store import campaigns_named
from largesse.core.codes.issue import issue
from largesse.core.codes.known_formats import KnownFormats
from largesse.core.codes.model import CampaignRef, Code, IssueCode
from largesse.core.customers.model import FoundReceiver
from largesse.core.errors import (
    InvalidEmail,
    InvalidValue,
    Refused,
    UnknownCampaign,
    UnknownTemplate,
)
from largesse.core.events.model import Author, EventKind
from largesse.core.events.store import record
from largesse.core.mail.model import Priority
from largesse.core.mail.rows import mail_row
from largesse.core.suppressions.store import suppressed_among
from largesse.core.templates import store
from largesse.core.templates.links import LinkKey, Links, Purpose
from largesse.core.templates.model import Addressee, MailTemplate, Rendered, TemplateKind
from largesse.core.templates.render import Compiled, Compiler, filled, values_of
from largesse.core.templates.store import Choice
from largesse.core.text import checked_email
from largesse.storage.database import Transaction


@dataclass(slots=True, eq=False)
class Letter:
    """One recipient's mail on its way to the queue."""

    addressee: Addressee
    template: MailTemplate
    compiled: Compiled
    unsubscribe_url: str | None
    codes: dict[str, Code] = field(default_factory=dict)
    """The codes it has claimed, by what the template calls their campaigns."""
    rendered: Rendered | None = None
    refusal: Refused | None = None

    def begin_again(self) -> None:
        """Forget what was given back."""
        self.codes, self.rendered, self.refusal = {}, None, None


class _GivenBack(Exception):
    """Some letters were refused after they had a code: all codes of this attempt go back."""


class Mailing:
    """Queues mails of templates, inside the transaction of whatever they tell of."""

    def __init__(self, formats: KnownFormats, links: Links, *, domain: str) -> None:
        self._formats = formats
        self._links = links
        self._domain = domain
        self.compiler = Compiler()

    async def queue(
        self,
        tx: Transaction,
        by: Author,
        key: str,
        recipients: Sequence[Addressee],
        *,
        job_id: UUID | None = None,
        priority: Priority = Priority.NORMAL,
    ) -> list[UUID | Refused]:
        """Queue a mail for each recipient; return its id or its refusal, in order.

        Codes that the template claims are given in this transaction, `by` whoever asked. A refused mail leaves
        nothing: codes that it had claimed go back.

        Raises:
            UnknownTemplate: nothing has this key.
            InvalidValue: it is marketing, and there is no `public_url` to unsubscribe at.
        """
        letters = await self._letters(tx, by.organization_id, key, recipients)
        going = [letter for letter in letters if isinstance(letter, Letter)]
        await self._prepare(tx, by, going)
        ready = [letter for letter in going if letter.refusal is None]
        now = clock.now()
        rows = {
            id(letter): self._row(by.organization_id, letter, now, job_id, priority)
            for letter in ready
        }
        if rows:
            await store.enqueue(tx, list(rows.values()))
            if job_id is None:  # a job has its own lines
                for row in rows.values():
                    told = {"template": key, "customer_id": _text(row["customer_id"])}
                    record(tx, by, EventKind.MAIL_QUEUED, ("mail", row["id"]), data=told)
        return [
            letter if isinstance(letter, Refused) else letter.refusal or rows[id(letter)]["id"]
            for letter in letters
        ]

    async def queue_sample(
        self, tx: Transaction, by: Author, template: MailTemplate, rendered: Rendered, email: str
    ) -> UUID:
        """Queue a template as it was filled with examples; return the mail's id."""
        row = mail_row(
            by.organization_id,
            email,
            rendered,
            domain=self._domain,
            now=clock.now(),
            template_key=template.key,
            priority=Priority.URGENT,
        )
        await store.enqueue(tx, [row])
        told = {"template": template.key, "sample": True}
        record(tx, by, EventKind.MAIL_QUEUED, ("mail", row["id"]), data=told)
        mail_id: UUID = row["id"]
        return mail_id

    async def campaigns_claimed(
        self, tx: Transaction, organization_id: int, key: str
    ) -> frozenset[str]:
        """Return the campaigns whose codes the templates of a key claim. Raises as `queue`."""
        choice, _ = await self._choice(tx, organization_id, key)
        return frozenset(
            name for one in choice.all for name in self.compiler.compiled(one).campaigns
        )

    async def _letters(
        self, tx: Transaction, organization_id: int, key: str, recipients: Sequence[Addressee]
    ) -> list[Letter | Refused]:
        choice, link = await self._choice(tx, organization_id, key)
        letters: list[Letter | Refused] = []
        for addressee in recipients:
            template = choice.for_locale(addressee.locale)
            if template is None:
                letters.append(UnknownTemplate(key, f"locale {addressee.locale!r} and the key"))
                continue
            try:
                letters.append(self._letter(organization_id, addressee, template, link))
            except Refused as refusal:
                letters.append(refusal)
        return letters

    async def _choice(
        self, tx: Transaction, organization_id: int, key: str
    ) -> tuple[Choice, LinkKey | None]:
        choice = await store.templates_of(tx, organization_id, key)
        if not choice.all:
            raise UnknownTemplate(key, "key")
        link = await self._links.key()
        if link is None and any(one.kind == TemplateKind.MARKETING for one in choice.all):
            reason = "is marketing: the setting public_url must say where to unsubscribe from it"
            raise InvalidValue("template", reason)
        return choice, link

    def _letter(
        self,
        organization_id: int,
        addressee: Addressee,
        template: MailTemplate,
        link: LinkKey | None,
    ) -> Letter:
        email = checked_email(addressee.email)
        url = None
        if template.kind == TemplateKind.MARKETING and link is not None:
            url = link.url(Purpose.UNSUBSCRIBE, organization_id, email)
        return Letter(addressee, template, self.compiler.compiled(template), url)

    async def _prepare(self, tx: Transaction, by: Author, letters: list[Letter]) -> None:
        """Fill the letters, with the codes they claim; or say in each why not."""
        if not any(letter.compiled.campaigns for letter in letters):
            for letter in letters:
                _fill(letter)
            return
        await _refuse_suppressed(tx, by.organization_id, letters)
        going = [letter for letter in letters if letter.refusal is None]
        while going:
            try:
                async with tx.savepoint():
                    await self._claim(tx, by, going)
                    for letter in going:
                        if letter.refusal is None:
                            _fill(letter)
                    if any(letter.refusal and letter.codes for letter in going):
                        raise _GivenBack
                return
            except _GivenBack:
                # These are refused for good. What they gave back may serve the others.
                going = [one for one in going if not (one.refusal and one.codes)]
                for letter in going:
                    letter.begin_again()

    async def _claim(self, tx: Transaction, by: Author, letters: Sequence[Letter]) -> None:
        """Give each letter a code of each of its campaigns, all by a handful of statements."""
        wanted = [(letter, name) for letter in letters for name in letter.compiled.campaigns]
        found = await _campaigns(tx, by.organization_id, {name for _, name in wanted})
        asking: list[tuple[Letter, str]] = []
        for letter, name in wanted:
            if name in found:
                asking.append((letter, name))
            else:
                letter.refusal = letter.refusal or UnknownCampaign(name, "alternative code or name")
        asking = [(letter, name) for letter, name in asking if letter.refusal is None]
        format_key = await self._formats.key(by.organization_id)
        now = clock.now()
        outcomes = await issue(
            tx,
            [
                IssueCode(
                    by=by,
                    wanted=CampaignRef("id", found[name].id.hex),
                    now=now,
                    format_key=format_key,
                    receiver=_receiver(letter.addressee),
                    on_request_only=False,
                )
                for letter, name in asking
            ],
        )
        for (letter, name), outcome in zip(asking, outcomes, strict=True):
            if isinstance(outcome, Refused):
                letter.refusal = letter.refusal or outcome
            elif isinstance(outcome, Exception):
                raise outcome
            else:
                letter.codes[name] = outcome.code

    def _row(
        self,
        organization_id: int,
        letter: Letter,
        now: Any,
        job_id: UUID | None,
        priority: Priority,
    ) -> dict[str, Any]:
        assert letter.rendered is not None
        first = next(iter(letter.codes.values()), None)
        return mail_row(
            organization_id,
            letter.addressee.email.strip(),
            letter.rendered,
            domain=self._domain,
            now=now,
            template_key=letter.template.key,
            customer_id=letter.addressee.customer_id,
            code_id=None if first is None else first.id,
            job_id=job_id,
            priority=priority,
            list_unsubscribe=letter.unsubscribe_url,
        )


def _fill(letter: Letter) -> None:
    codes = {name: code.code for name, code in letter.codes.items()}
    values = values_of(letter.addressee, letter.unsubscribe_url)
    try:
        letter.rendered = filled(letter.compiled, values, codes)
    except Refused as refusal:
        letter.refusal = refusal


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)


def _receiver(addressee: Addressee) -> FoundReceiver | None:
    return None if addressee.customer_id is None else FoundReceiver(addressee.customer_id)


async def _refuse_suppressed(
    tx: Transaction, organization_id: int, letters: Sequence[Letter]
) -> None:
    """Refuse addresses that get no mail: a code would be gone for nothing."""
    asked = {
        id(letter): (organization_id, letter.addressee.email, letter.unsubscribe_url is not None)
        for letter in letters
    }
    found = await suppressed_among(tx, set(asked.values()))
    for letter in letters:
        reason = found.get(asked[id(letter)])
        if reason is not None:
            letter.refusal = InvalidEmail(letter.addressee.email, f"suppressed: {reason.value}")


async def _campaigns(tx: Transaction, organization_id: int, names: set[str]) -> dict[str, Campaign]:
    """Find campaigns by alternative code, or else by name."""
    found = await campaigns_named(tx, organization_id, "alternative_code", sorted(names))
    missing = sorted(names - found.keys())
    if missing:
        found |= await campaigns_named(tx, organization_id, "name", missing)
    return found
