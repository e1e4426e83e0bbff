"""Bodies about templates, the mails made of them, and the links in these."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from largesse.core.templates.model import TemplateKind
from largesse.core.templates.render import LONGEST_SOURCE
from largesse.core.templates.service import KEY
from largesse.dialects.native.schemas.base import Body, Label, Locale, Object
from largesse.wire.schemas import FILLED

Source = Annotated[str, Meta(max_length=LONGEST_SOURCE)]
FilledSource = Annotated[Source, FILLED]
Key = Annotated[Label, Meta(extra_json_schema={"pattern": f"^(?:{KEY.pattern})$"})]


class TemplateChanges(Body, kw_only=True):
    """What may be changed of a template; see docs/mail.md."""

    key: Key | UnsetType = UNSET
    locale: Locale | UnsetType = UNSET
    kind: TemplateKind | UnsetType = UNSET
    subject: FilledSource | UnsetType = UNSET
    body: FilledSource | UnsetType = UNSET
    text: Source | UnsetType | None = UNSET
    example: Object | UnsetType = UNSET


class NewTemplate(TemplateChanges, kw_only=True):
    """What the mails of a key say in a language; without `locale` in every one."""

    key: Key
    subject: FilledSource
    body: FilledSource


class Preview(Body, kw_only=True):
    """Values for a preview, instead of those of the template's example."""

    values: Object | UnsetType = UNSET


class LinkQuestion(Struct):
    """What a link does when it is posted to."""

    recipient: str
    does: str


class LinkAnswer(Struct):
    """What a link did."""

    recipient: str
    done: str
