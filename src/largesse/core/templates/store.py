"""Every query of templates."""

from collections.abc import Sequence
from typing import Any

from largesse.core.mail.model import WAKE, mails
from largesse.core.records import value_of
from largesse.core.search.browse import Shelf, containing
from largesse.core.templates.builtin import BUILT_IN
from largesse.core.templates.model import ANY_LOCALE, MailTemplate, mail_templates
from largesse.storage.database import Transaction
from largesse.storage.records import find_all


def normal_locale(locale: str | None) -> str:
    """Return a locale as templates have it: `de_AT` is `de-at`."""
    return (locale or ANY_LOCALE).strip().replace("_", "-").lower()


TEMPLATE_SHELF = Shelf(
    mail_templates,
    filters={"kind": mail_templates.c.kind},
    orders={"key": mail_templates.c.key},
    lookups=(containing(mail_templates.c.key, mail_templates.c.subject),),
)


class Choice:
    """The templates of one key, by locale."""

    def __init__(self, templates: dict[str, MailTemplate]) -> None:
        self._templates = templates

    @property
    def all(self) -> Sequence[MailTemplate]:
        """Every one of them."""
        return list(self._templates.values())

    def of(self, locale: str) -> MailTemplate | None:
        """Return the one of this very locale."""
        return self._templates.get(locale)

    def for_locale(self, locale: str | None) -> MailTemplate | None:
        """Return the closest one: for de-AT that of `de-at`, of `de`, or of any locale."""
        wanted = normal_locale(locale)
        while wanted:
            if wanted in self._templates:
                return self._templates[wanted]
            wanted = wanted.rpartition("-")[0]
        return self._templates.get(ANY_LOCALE)


async def templates_of(tx: Transaction, organization_id: int, key: str) -> Choice:
    """Return an organization's templates of a key; the built-in one serves where there is none."""
    rows = await find_all(tx, mail_templates, organization_id, mail_templates.c.key == key)
    own = {row.locale: value_of(MailTemplate, row) for row in rows}
    built_in = BUILT_IN.get(key)
    return Choice(own if built_in is None else {ANY_LOCALE: built_in} | own)


async def enqueue(tx: Transaction, rows: Sequence[dict[str, Any]]) -> None:
    """Insert new mails. What they say is not read back: they may be many."""
    await tx.insert_new(mails, rows, returning=(mails.c.id,))
    await tx.wake(WAKE)
