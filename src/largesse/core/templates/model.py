"""Tables and values of templates."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Integer, String, Table, Text, UniqueConstraint

from largesse.core.tables import created_at, id_column, organization_column, updated_at
from largesse.storage.types import Json, metadata


class TemplateKind(StrEnum):
    """Why a mail is sent; what is marketing can be unsubscribed from."""

    MARKETING = "marketing"
    TRANSACTIONAL = "transactional"


ANY_LOCALE = ""
"""The locale of a template that serves whoever has no closer one."""

mail_templates = Table(
    "mail_templates",
    metadata,
    organization_column(),
    id_column(),
    Column("key", String(100), nullable=False),
    # Lower case, parted by hyphens, e.g. `de-at`; empty: any.
    Column("locale", String(20), nullable=False),
    Column("kind", String(15), nullable=False),
    Column("subject", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("text", Text),
    Column("example", Json, nullable=False),
    Column("version", Integer, nullable=False),
    created_at(),
    updated_at(),
    UniqueConstraint("organization_id", "key", "locale"),
)


@dataclass(frozen=True, slots=True)
class MailTemplate:
    """What the mails of one key say in one language; see docs/mail.md."""

    id: UUID | None
    """None: it is built in."""
    key: str
    locale: str
    kind: TemplateKind
    subject: str
    body: str
    """HTML, or MJML if it begins with `<mjml`."""
    text: str | None
    """The plain-text part; None: it is made of the body."""
    example: Mapping[str, Any]
    """Values for previews. A template may name no others than these and those of every mail."""
    version: int
    """1 at first, and one more with each change."""
    created_at: datetime | None
    updated_at: datetime | None


@dataclass(frozen=True, slots=True)
class Rendered:
    """A mail's subject and both of its parts."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Addressee:
    """Whom a mail of a template is for."""

    email: str
    customer_id: UUID | None = None
    name: str = ""
    locale: str | None = None
    """Which of the template's languages, e.g. `de-AT`; without it `de`, and then any is taken."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """What the template is filled with, beside `name`, `email`, `locale` and `unsubscribe_url`."""
