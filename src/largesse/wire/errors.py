"""Refusals of the wire itself, and the table by which a dialect renders every refusal.

WireError
├── UnknownPath · NotOffered
├── MethodNotAllowed
│   └── MethodNotOffered
├── MalformedBody · WrongType · BodyTooLarge · UnsupportedMediaType
└── Fault                   anything unexpected; the details stay in the log
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from largesse.core.errors import DatabaseFull, DatabaseUnavailable, Overloaded, TooManyAttempts


class WireError(Exception):
    """The base of what goes wrong before or outside a use case."""

    def __str__(self) -> str:
        """Say what happened in a plain English sentence."""
        return (type(self).__doc__ or type(self).__name__).strip().splitlines()[0]


class UnknownPath(WireError):
    """There is nothing at this path."""


@dataclass(eq=False)
class MethodNotAllowed(WireError):
    """The path does not take this method."""

    allowed: tuple[str, ...]


@dataclass(eq=False)
class MethodNotOffered(MethodNotAllowed):
    """The path does not take this method, which is known for it, but does take others."""

    reason: str

    def __str__(self) -> str:
        return f"The path does not take this method. {self.reason}"


@dataclass(eq=False)
class NotOffered(WireError):
    """This operation is known but not offered."""

    reason: str


@dataclass(eq=False)
class MalformedBody(WireError):
    """The body can not be read."""

    reason: str

    def __str__(self) -> str:
        return f"The body can not be read: {self.reason}"


@dataclass(eq=False)
class WrongType(WireError):
    """A value has the wrong type."""

    field: str
    reason: str

    def __str__(self) -> str:
        return f"{self.field}: {self.reason}" if self.field else self.reason


@dataclass(eq=False)
class BodyTooLarge(WireError):
    """The body is larger than the limit."""

    limit: int

    def __str__(self) -> str:
        return f"The body is larger than {self.limit:,} bytes."


@dataclass(eq=False)
class UnsupportedMediaType(WireError):
    """The body's media type is not taken."""

    given: str
    is_coding: bool = False
    """Whether that is its Content-Encoding."""

    def __str__(self) -> str:
        if self.is_coding:
            return f"The body must not be compressed; its Content-Encoding is {self.given}."
        return super().__str__()


class Fault(WireError):
    """Something went wrong; the log knows more under the request's id."""


WIRE_ERRORS: tuple[type[WireError], ...] = (
    UnknownPath,
    MethodNotAllowed,
    NotOffered,
    MalformedBody,
    WrongType,
    BodyTooLarge,
    UnsupportedMediaType,
    Fault,
)


@dataclass(frozen=True, slots=True)
class Row:
    """How a dialect renders one kind of refusal."""

    status: int
    code: str
    message: str | Callable[[Any], str] = str
    """The text for the client, or how to make it from the refusal; by default its own sentence."""

    def text(self, error: Exception) -> str:
        """Return the text for the client."""
        return self.message if isinstance(self.message, str) else self.message(error)


ErrorTable = Mapping[type[Exception], Row]


def row_for(table: ErrorTable, error: Exception) -> Row:
    """Return the row of the error's class, or of the nearest class it derives from."""
    for kind in type(error).__mro__:
        if kind in table:
            return table[kind]
    return table[Fault]


def headers_of(error: Exception) -> dict[str, str]:
    """Return the headers that HTTP wants beside some refusals: Allow (RFC 9110), Retry-After."""
    headers = {}
    if isinstance(error, MethodNotAllowed):
        headers["Allow"] = ", ".join(error.allowed)
    if isinstance(error, (TooManyAttempts, Overloaded, DatabaseUnavailable, DatabaseFull)):
        headers["Retry-After"] = str(error.retry_after)
    return headers
