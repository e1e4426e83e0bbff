"""A template is compiled once for each of its versions, and filled for each recipient."""

import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from jinja2.environment import Template

from largesse.core.errors import InvalidValue, Refused
from largesse.core.limits import storable
from largesse.core.templates import language, limits, mjml
from largesse.core.templates.marks import marked
from largesse.core.templates.model import Addressee, MailTemplate, Rendered
from largesse.core.templates.plain import tidy, to_text

LONGEST_SOURCE = 200_000
"""Characters of a body or a text. Mail services cut what is longer than some 100 kB."""

LONGEST_SUBJECT = 400
"""Characters of a subject; lines of 998 bytes are what mail services take (RFC 5322)."""

MOST_COMPILED = 500

# A control character would end the header or hide a part of it.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Compiled:
    """A template ready to be filled."""

    key: str
    names: frozenset[str]
    """The values it takes, `code` and `range` aside."""
    campaigns: tuple[str, ...]
    """The campaigns it claims a code of for each recipient, by alternative code or name."""
    subject: Template
    html: Template
    text: Template
    made: bool
    """Whether the text is made of the HTML."""


class Compiler:
    """Compiles templates, and keeps what it compiled by template and version."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[Any, ...], Compiled] = OrderedDict()

    def compiled(self, template: MailTemplate) -> Compiled:
        """Return a template ready to be filled. Raises InvalidValue, as `compile_template`."""
        key = (template.id, template.version, template.key, template.locale)
        found = self._kept.get(key)
        if found is None:
            found = self._kept[key] = compile_template(template)
            if len(self._kept) > MOST_COMPILED:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(key)
        return found


def compile_template(template: MailTemplate) -> Compiled:
    """Return a template ready to be filled.

    Raises:
        InvalidValue: `subject`, `body` or `text` is too long, no template, or says what templates
            can not; the reason names the line.
    """
    sources = {"subject": template.subject, "body": template.body, "text": template.text or ""}
    for field, source in sources.items():
        if len(source) > LONGEST_SOURCE:
            raise InvalidValue(field, f"has more than {LONGEST_SOURCE:,} characters")
    meanings = {field: language.meaning(source, field) for field, source in sources.items()}
    body = template.body
    html = mjml.to_html(body, "body") if mjml.is_mjml(body) else body
    if len(html) > limits.LONGEST:
        raise InvalidValue("body", f"is more than {limits.LONGEST:,} characters of HTML")
    made = template.text is None
    return Compiled(
        key=template.key,
        names=frozenset().union(*(one.names for one in meanings.values())),
        campaigns=tuple(dict.fromkeys(c for one in meanings.values() for c in one.campaigns)),
        subject=language.compiled(template.subject, "subject", html=False),
        html=language.compiled(html, "body", html=True),
        text=_text_of(html) if made else language.compiled(template.text or "", "text", html=False),
        made=made,
    )


def _text_of(html: str) -> Template:
    """Make the text once, as a template. Raises InvalidValue."""
    source = marked(html, "body")
    text = source.restored(to_text(source.text))
    try:
        return language.compiled(text, "body", html=False)
    except InvalidValue as error:
        # An {% if %} around a part of a tag, say: half of it is gone with the tag.
        raise InvalidValue("body", f"no text can be made of it, give one: {error.reason}") from None


def check_names(template: MailTemplate, known: Mapping[str, Any]) -> None:
    """Refuse a name that no recipient has a value for. Raises InvalidValue."""
    for field in ("subject", "body", "text"):
        source = getattr(template, field) or ""
        asked = language.meaning(source, field)
        unknown = sorted(asked.names - known.keys(), key=lambda name: asked.lines.get(name, 0))
        if unknown:
            line = asked.lines.get(unknown[0], 1)
            reason = f"line {line}: {unknown[0]!r} is not defined; `example` gives it a value"
            raise InvalidValue(field, reason)


def values_of(addressee: Addressee, unsubscribe_url: str | None) -> dict[str, Any]:
    """Return what every template is filled with, and the values of this recipient."""
    own = {
        "name": addressee.name,
        "email": addressee.email,
        "locale": addressee.locale or "",
        "unsubscribe_url": unsubscribe_url or "",
    }
    return {**addressee.values, **own}


def filled(compiled: Compiled, values: Mapping[str, Any], codes: Mapping[str, str]) -> Rendered:
    """Fill a template for one recipient; `codes` has the code of each of its campaigns.

    Raises:
        InvalidValue: a value is missing or does not fit, or the mail becomes too much.
    """
    given = {**values, language.CLAIM: codes.__getitem__}
    with limits.budget():
        subject = _part("subject", lambda: language.fill(compiled.subject, given))
        html = _part("body", lambda: language.fill(compiled.html, given))
        text = _part("text", lambda: language.fill(compiled.text, given))
    made = Rendered(one_line(subject), tidy(text) if compiled.made else text, html)
    if not made.subject:
        raise InvalidValue("subject", "is empty")
    if len(made.subject) > LONGEST_SUBJECT:
        raise InvalidValue("subject", f"has more than {LONGEST_SUBJECT} characters")
    for field, part in (("subject", made.subject), ("body", html), ("text", text)):
        if not storable(part):
            raise InvalidValue(field, "has a character that can not be kept")
    return made


def one_line(text: str) -> str:
    """Return a text without line breaks and other control characters."""
    return " ".join(_CONTROL.sub(" ", text).split())


def _part(field: str, fill: Callable[[], str]) -> str:
    try:
        return fill()
    except Refused:
        raise
    except Exception as error:
        # Whatever an expression does with the values of one recipient, it is a fault of both.
        reason = str(error) or type(error).__name__
        raise InvalidValue(field, f"can not be filled: {reason[:300]}") from None
