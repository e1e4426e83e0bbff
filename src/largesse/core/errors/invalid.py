"""Values that can not be accepted."""

from dataclasses import dataclass

from largesse.core.errors.refused import Refused


class Invalid(Refused):
    """A value can not be accepted."""


@dataclass(eq=False)
class InvalidValue(Invalid):
    """A value is outside what its field allows."""

    field: str
    reason: str

    sentence = "{0.field}: {0.reason}"


@dataclass(eq=False)
class UnknownReference(Invalid):
    """A record is to refer to one that does not exist."""

    field: str
    """The field that names the other record."""
    value: str

    sentence = "{0.field}: there is none with the id {0.value!r}."


@dataclass(eq=False)
class MissingValue(Invalid):
    """A value that is needed was not given."""

    field: str

    sentence = "{0.field} is missing."


@dataclass(eq=False)
class AmbiguousValue(Invalid):
    """More than one record answers to the value."""

    field: str
    value: str

    sentence = "More than one record has the {0.field} {0.value!r}."


@dataclass(eq=False)
class InvalidEmail(Invalid):
    """The text is not an e-mail address."""

    value: str
    reason: str = "not an e-mail address"

    sentence = "The address {0.value!r} can not be used: {0.reason}."


@dataclass(eq=False)
class InvalidCodeFormat(Invalid):
    """The code format can not make as many codes as asked."""

    reason: str

    sentence = "{0.reason}"
