"""Compare what a server answered with what is expected, and say where they differ.

What is expected is JSON in which a pattern may stand for a value that varies: an id, a moment, a
list of any length. A text may hold `${name}` for a value of the data (`filled`).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

PLACE = re.compile(r"\$\{(\w+)\}")
ABSENT = "nothing"
LONGEST = 200
"""Characters of a value that a difference shows."""


class MissingData(Exception):
    """A value that a case needs is not known: no data has it, and no answer before gave it."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where an answer is not as expected."""

    path: str
    """Where: `status`, `header error-key`, or the body's JSON path, as `body.data[0].id`."""
    expected: str
    got: str


class Pattern:
    """What a value may be, where it is not always the same."""

    def filled(self, values: Mapping[str, Any]) -> "Pattern":
        """Return this with the data's values put in."""
        return self

    def compare(self, path: str, got: Any) -> Iterator[Difference]:
        """Yield where a value is not what this describes."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Shape(Pattern):
    """A value that varies and has a form: a text or a number whose text matches."""

    name: str
    regex: str
    kind: type | tuple[type, ...] = str

    def compare(self, path: str, got: Any) -> Iterator[Difference]:
        """Yield a difference if the value is of another type or form."""
        typed = isinstance(got, self.kind) and (not isinstance(got, bool) or self.kind is bool)
        if not typed or not re.fullmatch(self.regex, str(got), re.DOTALL | re.ASCII):
            yield Difference(path, self.name, shown(got))


@dataclass(frozen=True, slots=True)
class Like(Pattern):
    """A text with `*` for any characters, e.g. `Not Found (*)`; capitals do not count."""

    text: str

    def filled(self, values: Mapping[str, Any]) -> "Like":
        """Return this with the data's values put in."""
        return replace(self, text=str(filled(self.text, values)))

    def compare(self, path: str, got: Any) -> Iterator[Difference]:
        """Yield a difference if the text is another one."""
        wild = re.sub(r"([\[?])", r"[\1]", self.text.casefold())
        if not isinstance(got, str) or not fnmatchcase(got.casefold(), wild):
            yield Difference(path, f"a text like {self.text}", shown(got))


@dataclass(frozen=True, slots=True)
class Maybe(Pattern):
    """A member that may be missing or null, and is this otherwise."""

    value: Any

    def filled(self, values: Mapping[str, Any]) -> "Maybe":
        """Return this with the data's values put in."""
        return Maybe(filled(self.value, values))

    def compare(self, path: str, got: Any) -> Iterator[Difference]:
        """Yield where the value differs, if there is one."""
        if got is not None:
            yield from differences(path, self.value, got)


@dataclass(frozen=True, slots=True)
class Open(Pattern):
    """An object with these members, and any others."""

    members: Mapping[str, Any]

    def filled(self, values: Mapping[str, Any]) -> "Open":
        """Return this with the data's values put in."""
        return Open(filled(self.members, values))

    def compare(self, path: str, got: Any) -> Iterator[Difference]:
        """Yield where a member differs."""
        yield from _members(path, self.members, got, others=True)


@dataclass(frozen=True, slots=True)
class Each(Pattern):
    """A list whose items are all this; there are at least and at most so many."""

    item: Any
    least: int = 0
    most: int | None = None
    rising: str | None = None
    """The member by which the items are sorted; `-` before it: the largest first."""

    def filled(self, values: Mapping[str, Any]) -> "Each":
        """Return this with the data's values put in."""
        return replace(self, item=filled(self.item, values))

    def compare(self, path: str, got: Any) -> Iterator[Difference]:
        """Yield where an item differs, and whether there are too few or too many."""
        if not isinstance(got, list):
            yield Difference(path, "a list", shown(got))
            return
        most = len(got) if self.most is None else self.most
        if not self.least <= len(got) <= most:
            wanted = f"at least {self.least}" if len(got) < self.least else f"at most {most}"
            yield Difference(path, f"{wanted} items", f"{len(got)} items")
        for number, item in enumerate(got):
            yield from differences(f"{path}[{number}]", self.item, item)
        if self.rising:
            yield from _sorted(path, self.rising, got)


@dataclass(frozen=True, slots=True)
class Has(Pattern):
    """A list in which one item at least is this."""

    item: Any

    def filled(self, values: Mapping[str, Any]) -> "Has":
        """Return this with the data's values put in."""
        return Has(filled(self.item, values))

    def compare(self, path: str, got: Any) -> Iterator[Difference]:
        """Yield a difference if no item is this."""
        items = got if isinstance(got, list) else []
        if not any(not list(differences("", self.item, item)) for item in items):
            yield Difference(path, f"an item {shown(_plain(self.item))}", shown(got))


class _Anything(Pattern):
    def compare(self, path: str, got: Any) -> Iterator[Difference]:
        return iter(())


ANYTHING = _Anything()
TEXT = Shape("a text", r".*")
SOME_TEXT = Shape("a text that is not empty", r".+")
NUMBER = Shape("a number", r"-?\d+(\.\d+)?([eE][-+]?\d+)?", (int, float))
COUNT = Shape("a whole number from 0 on", r"\d+", int)
ID = Shape("a whole number from 1 on", r"[1-9]\d*", int)
BOOLEAN = Shape("true or false", r"True|False", bool)


def filled(value: Any, values: Mapping[str, Any]) -> Any:
    """Return a value with each `${name}` in its texts replaced; a whole text keeps the type.

    Raises:
        MissingData: there is no value of a name, or an empty one.
    """
    if isinstance(value, str):
        whole = PLACE.fullmatch(value)
        return (
            _of(values, whole[1]) if whole else PLACE.sub(lambda m: str(_of(values, m[1])), value)
        )
    if isinstance(value, Mapping):
        return {str(filled(name, values)): filled(held, values) for name, held in value.items()}
    if isinstance(value, list | tuple):
        return [filled(item, values) for item in value]
    return value.filled(values) if isinstance(value, Pattern) else value


def differences(path: str, expected: Any, got: Any) -> Iterator[Difference]:
    """Yield every place where a value is not the expected one; the order of members is free."""
    if isinstance(expected, Pattern):
        yield from expected.compare(path, got)
    elif isinstance(expected, Mapping):
        yield from _members(path, expected, got, others=False)
    elif isinstance(expected, list):
        yield from _items(path, expected, got)
    elif not same(expected, got):
        yield Difference(path, shown(expected), shown(got))


def same(one: Any, other: Any) -> bool:
    """Say whether two plain values are the same one: true is not 1, and "1" is not 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return bool(one == other)


def found(document: Any, path: str) -> Any:
    """Return the value at a path of names and positions, `data[0].id`; None if there is none."""
    for step in re.findall(r"[^.\[\]]+", path):
        try:
            document = document[int(step)] if isinstance(document, list) else document[step]
        except (KeyError, IndexError, TypeError, ValueError):
            return None
    return document


def shown(value: Any) -> str:
    """Return a value as a difference shows it: as JSON, cut."""
    import json

    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def _members(
    path: str, expected: Mapping[str, Any], got: Any, *, others: bool
) -> Iterator[Difference]:
    if not isinstance(got, Mapping):
        yield Difference(path, "an object", shown(got))
        return
    for name, value in expected.items():
        below = f"{path}.{name}"
        if name in got:
            yield from differences(below, value, got[name])
        elif not isinstance(value, Maybe):
            yield Difference(below, shown(_plain(value)), ABSENT)
    for name in () if others else got.keys() - expected.keys():
        yield Difference(f"{path}.{name}", ABSENT, shown(got[name]))


def _items(path: str, expected: Sequence[Any], got: Any) -> Iterator[Difference]:
    if not isinstance(got, list):
        yield Difference(path, "a list", shown(got))
        return
    if len(got) != len(expected):
        yield Difference(path, f"{len(expected)} items", f"{len(got)} items")
    for number, (one, other) in enumerate(zip(expected, got, strict=False)):
        yield from differences(f"{path}[{number}]", one, other)


def _sorted(path: str, by: str, items: Sequence[Any]) -> Iterator[Difference]:
    name = by.removeprefix("-")
    values = [value for item in items if (value := found(item, name)) is not None]
    if values != sorted(values, reverse=by != name):
        order = "falling" if by != name else "rising"
        yield Difference(path, f"{name} {order}", shown(values))


def _plain(value: Any) -> Any:
    """Return what is expected without patterns, to be shown."""
    if isinstance(value, Shape):
        return f"<{value.name}>"
    if isinstance(value, Like):
        return f"<like {value.text}>"
    if isinstance(value, Open):
        return _plain(value.members)
    if isinstance(value, Mapping):
        return {name: _plain(held) for name, held in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return "<...>" if isinstance(value, Pattern) else value


def _of(values: Mapping[str, Any], name: str) -> Any:
    value = values.get(name, "")
    if value == "" or value is None:
        raise MissingData(name)
    return value
