"""The use cases of templates: word the mails of an organization, look at them, send one."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from largesse.core.access.model import Caller, Right
from largesse.core.customers import store as customer_store
from largesse.core.customers.service import find_customer
from largesse.core.errors import (
    InvalidEmail,
    InvalidValue,
    MissingValue,
    Refused,
    UnknownTemplate,
)
from largesse.core.events.model import author_of
from largesse.core.limits import check_fits
from largesse.core.mail import store as mail_store
from largesse.core.mail.model import Mail
from largesse.core.records import Records, is_blank
from largesse.core.templates import store
from largesse.core.templates.builtin import BUILT_IN
from largesse.core.templates.language import CLAIM
from largesse.core.templates.mailing import Mailing
from largesse.core.templates.model import (
    ANY_LOCALE,
    Addressee,
    MailTemplate,
    Rendered,
    TemplateKind,
    mail_templates,
)
from largesse.core.templates.render import check_names, compile_template, filled, values_of
from largesse.core.text import checked_email
from largesse.storage.database import Database, Transaction

KEY = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*")
LOCALE = re.compile(r"(?:[a-z]{2,3}(?:-[a-z0-9]{2,8})*)?")

DEFAULTS: Mapping[str, Any] = {
    "locale": ANY_LOCALE,
    "kind": TemplateKind.TRANSACTIONAL,
    "text": None,
    "example": {},
}

EXAMPLE = Addressee(email="ada@example.com", name="Ada Lovelace", locale="en")
"""Whom a preview is for."""


class Templates(Records[MailTemplate]):
    """The templates of an organization. One of its own stands before the built-in one of its key."""

    table = mail_templates
    value = MailTemplate
    unknown = UnknownTemplate
    write_right = Right.MANAGE_TEMPLATES
    required = ("key", "subject", "body")
    changeable = frozenset({"key", "locale", "kind", "subject", "body", "text", "example"})
    shelf = store.TEMPLATE_SHELF

    def __init__(self, database: Database, mailing: Mailing) -> None:
        super().__init__(database)
        self._mailing = mailing

    async def preview(
        self, caller: Caller, template_id: UUID, values: Mapping[str, Any] | None = None
    ) -> Rendered:
        """Fill a template for nobody: with its example, and the values given instead of it.

        No code is given; its place has an example.

        Raises:
            NotPermitted, UnknownTemplate
            InvalidValue: a value is missing or does not fit.
        """
        found = await self.get(caller, template_id)
        return _example(found, values or {})

    async def preview_named(
        self, caller: Caller, key: str, locale: str | None, values: Mapping[str, Any]
    ) -> Rendered:
        """Do the same with the template of a key and a locale, which may be built in."""
        return _example(await self.named(caller, key, locale), values)

    async def preview_built_in(self, caller: Caller, key: str) -> Rendered:
        """Fill a built-in template with its example. Raises NotPermitted, UnknownTemplate."""
        caller.require(self.read_right)
        if key not in BUILT_IN:
            raise UnknownTemplate(key, "key")
        return _example(BUILT_IN[key], {})

    async def preview_draft(self, caller: Caller, new: Mapping[str, Any]) -> Rendered:
        """Fill a template that is still being written, with its example.

        Raises:
            NotPermitted, MissingValue
            InvalidValue: it can not be kept like this; the reason names the line.
        """
        caller.require(self.write_right)
        for field in self.required:
            if is_blank(new.get(field)):
                raise MissingValue(field)
        return _example(_unkept(_checked({**DEFAULTS, **new})), {})

    async def send_sample(self, caller: Caller, template_id: UUID, email: str) -> Mail:
        """Queue the mail that a preview shows, to be looked at in a mail program.

        No code is given: its place has an example, and there is nothing to unsubscribe from.

        Raises:
            NotPermitted, UnknownTemplate, InvalidEmail, InvalidValue
        """
        caller.require(Right.SEND_MAIL)
        found = await self.get(caller, template_id)
        rendered, address = _example(found, {}), checked_email(email)
        async with self.database.write() as tx:
            mail_id = await self._mailing.queue_sample(
                tx, author_of(caller), found, rendered, address
            )
            queued = await mail_store.mail(tx, caller.organization_id, mail_id)
        assert queued is not None
        return queued

    async def built_in(self, caller: Caller) -> list[MailTemplate]:
        """Return the templates that serve where an organization has none of its own."""
        caller.require(self.read_right)
        return list(BUILT_IN.values())

    async def named(self, caller: Caller, key: str, locale: str | None) -> MailTemplate:
        """Return the template of a key and a locale, or the next one that stands in for it.

        Raises:
            NotPermitted, UnknownTemplate
        """
        caller.require(self.read_right)
        async with self.database.read() as tx:
            choice = await store.templates_of(tx, caller.organization_id, key)
        found = choice.for_locale(locale)
        if found is None:
            raise UnknownTemplate(key, "key")
        return found

    async def save(self, caller: Caller, new: Mapping[str, Any]) -> MailTemplate:
        """Make the template of a key and a locale, or change the one that is there.

        Raises: as `create`.
        """
        caller.require(self.write_right)
        locale = store.normal_locale(new.get("locale"))
        async with self.database.read() as tx:
            choice = await store.templates_of(tx, caller.organization_id, new.get("key") or "")
        found = choice.of(locale)
        if found is None or found.id is None:
            return await self.create(caller, new)
        return await self.change(caller, found.id, new)

    async def delete_named(self, caller: Caller, key: str, locale: str | None) -> None:
        """Delete the template of a key and this very locale. Raises NotPermitted, UnknownTemplate."""
        caller.require(self.write_right)
        async with self.database.read() as tx:
            choice = await store.templates_of(tx, caller.organization_id, key)
        found = choice.of(store.normal_locale(locale))
        if found is None or found.id is None:
            raise UnknownTemplate(key, "key")
        await self.delete(caller, found.id)

    async def send(
        self,
        caller: Caller,
        key: str,
        *,
        customer: str | None = None,
        email: str | None = None,
        locale: str | None = None,
        values: Mapping[str, Any] | None = None,
    ) -> Mail:
        """Queue the mail of a template for a customer, or for an address.

        Raises:
            NotPermitted: also when it claims codes, and the caller may not issue any.
            UnknownTemplate, UnknownCustomer, InvalidEmail, InvalidValue
            and whatever refuses a code.
        """
        caller.require(Right.SEND_MAIL)
        organization_id = caller.organization_id
        async with self.database.write() as tx:
            if await self._mailing.campaigns_claimed(tx, organization_id, key):
                caller.require(Right.ISSUE_CODES)
            if customer is not None:
                addressee = await _customer(tx, organization_id, customer)
            else:
                addressee = Addressee(email=checked_email(email or ""))
            addressee = replace(addressee, values=values or {}, locale=locale or addressee.locale)
            (outcome,) = await self._mailing.queue(tx, author_of(caller), key, [addressee])
            if isinstance(outcome, Refused):
                raise outcome
            queued = await mail_store.mail(tx, organization_id, outcome)
        assert queued is not None
        return queued

    # --- inside --------------------------------------------------------------------------------

    async def _insert(self, tx: Transaction, caller: Caller, new: dict[str, Any]) -> MailTemplate:
        complete = _checked({**DEFAULTS, **new})
        return await super()._insert(tx, caller, complete | {"version": 1})

    async def _update(
        self, tx: Transaction, caller: Caller, record_id: Any, values: dict[str, Any]
    ) -> MailTemplate:
        before = await self._locked(tx, caller.organization_id, record_id)
        names = self.changeable
        whole = _checked({name: getattr(before, name) for name in names} | values)
        changed = {name: whole[name] for name in values if whole[name] != getattr(before, name)}
        if not changed:
            return before
        # Locked: nobody else takes this version.
        return await super()._update(
            tx, caller, record_id, changed | {"version": before.version + 1}
        )


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    """Return a template's values in their normal form. Raises InvalidValue."""
    values = values | {"locale": store.normal_locale(values["locale"])}
    check_fits(mail_templates, values)
    if not KEY.fullmatch(values["key"]):
        raise InvalidValue("key", "is small letters and digits, parted by dots, hyphens or _")
    if not LOCALE.fullmatch(values["locale"]):
        raise InvalidValue("locale", "is a language such as de or de-AT, or empty")
    if values["kind"] not in list(TemplateKind):
        raise InvalidValue("kind", f"is one of {', '.join(TemplateKind)}")
    if not isinstance(values["example"], Mapping):
        raise InvalidValue("example", "must be an object: values by their names")
    if CLAIM in values["example"]:
        raise InvalidValue("example", f"{CLAIM!r} is a function")
    _example(_unkept(values), {})
    return values


def _unkept(values: Mapping[str, Any]) -> MailTemplate:
    return MailTemplate(id=None, version=0, created_at=None, updated_at=None, **values)


def _example(template: MailTemplate, values: Mapping[str, Any]) -> Rendered:
    """Fill a template with its example. Raises InvalidValue."""
    compiled = compile_template(template)
    built_in = BUILT_IN.get(template.key)
    marketing = template.kind == TemplateKind.MARKETING
    if built_in is not None and compiled.campaigns:
        raise InvalidValue("body", f"a mail of the key {template.key!r} claims no code")
    if built_in is not None and marketing:
        raise InvalidValue("kind", f"a mail of the key {template.key!r} is transactional")
    url = "https://example.com/unsubscribe" if marketing else None
    example = {**({} if built_in is None else built_in.example), **template.example}
    known = values_of(replace(EXAMPLE, values=example), url)
    check_names(template, known)
    codes = {name: f"{name}-EXAMPLE" for name in compiled.campaigns}
    return filled(compiled, {**known, **values}, codes)


async def _customer(tx: Transaction, organization_id: int, name: str) -> Addressee:
    """Return a customer to write to. Raises UnknownCustomer, InvalidEmail."""
    customer_id = await find_customer(tx, organization_id, None, name)
    found = await customer_store.customer(tx, organization_id, customer_id)
    if found is None or not found.email:
        raise InvalidEmail("", "the customer has no e-mail address")
    return Addressee(found.email, customer_id, found.name, found.locale)
