"""Forms: what is asked, what was typed, and what is wrong with it, beside the field.

A page declares its fields once; the template `form.html` draws them, `read` takes what was typed,
and what is refused is kept and told where it was typed.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Literal
from urllib.parse import parse_qsl

from babel import Locale, numbers

from largesse.admin.formats import Viewer
from largesse.admin.language import N_
from largesse.core.errors import Conflict, Invalid, InvalidEmail, Refused
from largesse.core.text import checked_email
from largesse.wire.call import Call
from largesse.wire.characters import check_text
from largesse.wire.errors import MalformedBody

FIELDS = "largesse.admin.fields"
"""The scope's entry with a body's fields."""

MOST_FIELDS = 5000
"""Fields of one form at most: a list's page of records to act on has a thousand."""

SEEN = "seen"
"""The hidden field with the fingerprint of the record as it was shown (`core.records`)."""

Kind = Literal[
    "text",
    "long",
    "email",
    "password",
    "integer",
    "decimal",
    "moment",
    "day",
    "flag",
    "choice",
    "choices",
    "file",
    "hidden",
]

Choice = tuple[str, str]
"""A value, and what people read for it."""

Choices = Sequence[Choice] | Callable[[Call], Awaitable[Sequence[Choice]]]


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that a form asks."""

    name: str
    label: str
    kind: Kind = "text"
    required: bool = False
    help: str = ""
    choices: Choices = ()
    """Of `choice` and `choices`; their labels are translated."""
    longest: int | None = None
    only_new: bool = False
    """Whether it is asked when a record is made, and never changes behind that."""
    parse: Callable[[str], Any] | None = None
    """Makes a value of what was typed, or raises ValueError with a sentence."""
    part: str = ""
    """The heading above it, and above those behind it that have the same."""


@dataclass(slots=True)
class Form:
    """A form as it is shown, sent and refused."""

    fields: Sequence[Field]
    viewer: Viewer
    typed: dict[str, Any] = field(default_factory=dict)
    """What stands in each field: a text, or a list of texts of `choices`."""
    errors: dict[str, str] = field(default_factory=dict)
    """What is wrong, by field; under the empty name what is wrong with the whole."""
    values: dict[str, Any] = field(default_factory=dict)
    """What was typed, as the core takes it."""
    choices: dict[str, Sequence[Choice]] = field(default_factory=dict)
    seen: str | None = None

    @property
    def is_good(self) -> bool:
        """Whether nothing is wrong so far."""
        return not self.errors

    @contextmanager
    def refusing(self) -> Iterator[None]:
        """Take what a use case refuses for the form's errors, and let all else pass."""
        try:
            yield
        except (Invalid, Conflict) as refusal:
            self.refuse(refusal)

    def refuse(self, refusal: Refused) -> None:
        """Tell a refusal beside the field that it is about, or above the form."""
        name = str(getattr(refusal, "field", "") or "")
        known = {one.name for one in self.fields}
        if name in known:
            reason = getattr(refusal, "reason", None)
            said = self.viewer.reason(str(reason)) if reason else self.viewer.refusal(refusal)
            self.errors[name] = said
        else:
            self.errors[""] = self.viewer.refusal(refusal)


async def blank(call: Call, viewer: Viewer, fields: Sequence[Field], **typed: Any) -> Form:
    """Return a form with nothing typed but what is given, as values of the core."""
    form = Form(fields, viewer, choices=await _choices(call, fields))
    for one in fields:
        if one.name in typed:
            form.typed[one.name] = shown(viewer, one, typed[one.name])
    return form


async def read(call: Call, viewer: Viewer, asked: Sequence[Field]) -> Form:
    """Return a form as it was sent: what was typed, its values, and what is wrong with them."""
    form = Form(asked, viewer, choices=await _choices(call, asked))
    form.seen = fields(call).get(SEEN) or None
    for one in asked:
        typed = many(call, one.name) if one.kind == "choices" else fields(call).get(one.name, "")
        form.typed[one.name] = typed
        try:
            form.values[one.name] = _value(form, one, typed)
        except ValueError as error:
            form.errors[one.name] = viewer.say(str(error))
    return form


def shown(viewer: Viewer, one: Field, value: Any) -> Any:
    """Return a value as it stands in its field."""
    if one.kind == "choices":
        return [str(item) for item in value or ()]
    if one.kind == "moment" and isinstance(value, datetime):
        return viewer.local(value)
    if one.kind == "decimal" and isinstance(value, Decimal | float | int):
        return str(numbers.format_decimal(value, locale=viewer.locale, group_separator=False))
    if one.kind == "flag":
        return "on" if value else ""
    return "" if value is None else str(value)


def fields(call: Call) -> dict[str, str]:
    """Return the last value of each field of a form's body. Raises MalformedBody."""
    return {name: values[-1] for name, values in _fields(call).items()}


def many(call: Call, name: str) -> list[str]:
    """Return every value of one field of a form's body. Raises MalformedBody."""
    return _fields(call).get(name, [])


def _fields(call: Call) -> Mapping[str, list[str]]:
    known: dict[str, list[str]] | None = call.scope.get(FIELDS)
    if known is not None:
        return known
    try:
        pairs = parse_qsl(call.raw.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise MalformedBody(str(error)) from None
    return keep(call, pairs)


def keep(call: Call, pairs: Sequence[tuple[str, str]]) -> Mapping[str, list[str]]:
    """Keep the fields of a body as those that its form has. Raises WrongType."""
    known: dict[str, list[str]] = {}
    for name, value in pairs:
        check_text(name, value)
        # What browsers send for the end of a line is no part of a text (HTML, 4.10.11.6).
        known.setdefault(name, []).append(value.replace("\r\n", "\n"))
    call.scope[FIELDS] = known
    return known


async def _choices(call: Call, asked: Sequence[Field]) -> dict[str, Sequence[Choice]]:
    found: dict[str, Sequence[Choice]] = {}
    for one in asked:
        if one.kind in ("choice", "choices"):
            found[one.name] = await one.choices(call) if callable(one.choices) else one.choices
    return found


def _value(form: Form, one: Field, typed: Any) -> Any:
    """Return what was typed as the core takes it. Raises ValueError with a sentence."""
    if one.kind == "flag":
        return typed == "on"
    if one.kind == "choices":
        known = {value for value, _ in form.choices[one.name]}
        if not known.issuperset(typed):
            raise ValueError(N_("Choose from the list."))
        if one.required and not typed:
            raise ValueError(N_("Choose at least one."))
        return typed
    text = typed if one.kind == "password" else typed.strip()
    if not text:
        if one.required:
            raise ValueError(N_("This is needed."))
        return None
    if one.longest is not None and len(text) > one.longest:
        raise ValueError(N_("This is too long."))
    if one.kind == "choice" and text not in {value for value, _ in form.choices[one.name]}:
        raise ValueError(N_("Choose from the list."))
    value = _PARSERS[one.kind](text, form.viewer) if one.kind in _PARSERS else text
    return one.parse(value) if one.parse is not None else value


def _integer(text: str, viewer: Viewer) -> int:
    number = _decimal(text, viewer)
    if number != number.to_integral_value():
        raise ValueError(N_("Type a whole number."))
    return int(number)


def _decimal(text: str, viewer: Viewer) -> Decimal:
    for locale in (viewer.locale, Locale("en")):
        try:
            number = numbers.parse_decimal(text, locale=locale, strict=True)
        except (numbers.NumberFormatError, InvalidOperation):
            continue
        if number.is_finite() and abs(number.adjusted()) < 30:
            return number
    raise ValueError(N_("Type a number."))


def _moment(text: str, viewer: Viewer) -> datetime:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=viewer.zone)
    except ValueError:
        raise ValueError(N_("Type a date and a time.")) from None


def _day(text: str, viewer: Viewer) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(N_("Type a date.")) from None


def _email(text: str, viewer: Viewer) -> str:
    try:
        return checked_email(text)
    except InvalidEmail as refusal:
        raise ValueError(viewer.refusal(refusal)) from None


_PARSERS: Mapping[str, Callable[[str, Viewer], Any]] = {
    "email": _email,
    "integer": _integer,
    "decimal": _decimal,
    "moment": _moment,
    "day": _day,
}
