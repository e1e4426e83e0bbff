"""What filling a template may cost.

Jinja2's sandbox keeps templates away from Python's insides but bounds no time and no memory. So
loops are counted, and the operators and filters that make more than they are given look first.
"""

import operator as operators
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from functools import wraps
from time import thread_time
from typing import Any

from jinja2 import Undefined
from jinja2.filters import FILTERS

LONGEST = 500_000
"""Characters of a text that a template makes, and of a part of a mail."""

MOST_TURNS = 20_000
"""Turns of all loops of a template together."""

LONGEST_RANGE = 1000

LARGEST_NUMBER = 10**15

SECONDS = 1.0
"""Processor time to fill a template. A usual one takes some 50 microseconds."""


ARITHMETIC: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": operators.add,
    "-": operators.sub,
    "*": operators.mul,
    "/": operators.truediv,
    "//": operators.floordiv,
    "%": operators.mod,
}


class TooMuch(Exception):
    """A template makes more than it may."""


class Budget:
    """What filling one template may still cost."""

    __slots__ = ("ends", "turns")

    def __init__(self) -> None:
        self.turns = MOST_TURNS
        self.ends = thread_time() + SECONDS

    def turn(self) -> None:
        """Count one turn of a loop. Raises TooMuch."""
        self.turns -= 1
        if self.turns < 0:
            raise TooMuch(f"its loops take more than {MOST_TURNS:,} turns")
        self.check_time()

    def check_time(self) -> None:
        """Refuse to go on when the time is over. Raises TooMuch."""
        if thread_time() > self.ends:
            raise TooMuch(f"it takes longer than {SECONDS:g} s")


_budget: ContextVar[Budget | None] = ContextVar("budget", default=None)


@contextmanager
def budget() -> Iterator[None]:
    """Count the turns and the time of what is filled inside the block."""
    token = _budget.set(Budget())
    try:
        yield
    finally:
        _budget.reset(token)


def counted(values: Iterable[Any]) -> Iterator[Any]:
    """Yield what a loop goes over, and count its turns. Raises TooMuch."""
    left = _budget.get()
    for value in values:
        if left is not None:
            left.turn()
        yield value


def bounded_range(*bounds: int) -> range:
    """Return a range. Raises TooMuch."""
    asked = range(*bounds)
    if len(asked) > LONGEST_RANGE:
        raise TooMuch(f"a range has more than {LONGEST_RANGE:,} numbers")
    return asked


def calculate(operator: str, left: Any, right: Any) -> Any:
    """Calculate with numbers; `+` also joins texts. Raises TooMuch, TypeError."""
    if operator == "+" and isinstance(left, str) and isinstance(right, str):
        check_length(len(left) + len(right))
        return left + right
    if not (isinstance(left, int | float) and isinstance(right, int | float)):
        raise TypeError(f"{operator} takes numbers, and + also takes two texts")
    result = ARITHMETIC[operator](left, right)
    if abs(result) > LARGEST_NUMBER:
        raise TooMuch(f"a number is larger than {LARGEST_NUMBER:,}")
    return result


def check_length(length: int) -> None:
    """Refuse a text of so many characters. Raises TooMuch."""
    if length > LONGEST:
        raise TooMuch(f"a text has more than {LONGEST:,} characters")


def _replace(text: Any, old: str, new: str) -> str:
    text = text if isinstance(text, str) else shown_of(text)
    check_length(len(text) + text.count(old) * len(new))
    replaced: str = text.replace(old, new)
    return replaced


def _join(values: Iterable[Any], separator: str = "", attribute: str | None = None) -> str:
    shown = [str(shown_of(one if attribute is None else one[attribute])) for one in values]
    check_length(sum(map(len, shown)) + len(separator) * len(shown))
    # A separator with markup would make markup of texts that are none.
    return str(separator).join(shown)


def _round(number: float, digits: int = 0) -> float:
    return round(number, max(-15, min(15, digits)))


def shown_of(value: Any) -> Any:
    """Return what is printed of a value: a text, a number or a date, never a list or an object.

    Raises:
        TypeError: it is something else. An object may hold another one over and over.
    """
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool | int | float | Undefined):
        return str(value)  # raises for what is undefined, and names it
    raise TypeError(f"a {type(value).__name__} can not be printed")


def _textual(use: Callable[..., Any]) -> Callable[..., Any]:
    """Return a filter that takes texts and numbers only; others would print whole objects."""

    def filtered(value: Any, *more: Any) -> Any:
        return use(shown_of(value), *more)

    return filtered


def _timed(use: Callable[..., Any]) -> Callable[..., Any]:
    """Return a filter that looks at the time; a long text takes long."""

    @wraps(use)
    def filtered(*given: Any, **more: Any) -> Any:
        left = _budget.get()
        if left is not None:
            left.check_time()
        return use(*given, **more)

    return filtered


TEXTUAL = ("capitalize", "e", "escape", "lower", "string", "striptags", "title", "trim", "upper")
OF_NUMBERS = ("abs", "float", "int")
OF_LISTS = ("count", "dictsort", "first", "last", "length", "list", "max", "min", "reverse")
OF_ANYTHING = ("d", "default", "safe", "sort", "sum", "truncate", "unique", "urlencode")
ALLOWED_FILTERS: Mapping[str, Callable[..., Any]] = {
    name: _timed(use)
    for name, use in (
        *((name, _textual(FILTERS[name])) for name in TEXTUAL),
        *((name, FILTERS[name]) for name in (*OF_NUMBERS, *OF_LISTS, *OF_ANYTHING)),
        ("join", _join),
        ("replace", _replace),
        ("round", _round),
    )
}
"""Jinja2's filters but those that make long texts of short ones, or look into any object."""
