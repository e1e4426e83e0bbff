"""What a case is: one exchange of a dialect, from where it is known, and what must come back."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from largesse.conform.compare import ABSENT, Difference, Pattern, shown

MARKS = ("SEED", "DOC", "INFERRED", "PWA", "DECIDED")
"""How something is known, as in docs/coverage.md. PWA is a DOC: the vendor's storefront."""


class _Empty(Pattern):
    """A body of no bytes."""

    def compare(self, path: str, got: Any) -> Iterator[Difference]:
        """Yield a difference if there are any."""
        if got is not None:
            yield Difference(path, ABSENT, shown(got))


EMPTY = _Empty()


@dataclass(frozen=True, slots=True)
class Form:
    """A body of `application/x-www-form-urlencoded`."""

    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Text:
    """A body as it is, with its media type. `${name}` is filled in, without quoting."""

    text: str
    media: str = "application/json"


@dataclass(frozen=True, slots=True)
class Case:
    """One exchange."""

    operation: str
    """As in docs/coverage.md: the method and the path's pattern."""
    what: str
    """The case in a few words."""
    source: str
    """A mark, and the seed or the page; see the dialect's README."""
    path: str
    """What is asked for, below the base URL, with its query. `${name}` is percent-encoded."""
    status: int
    body: Any = None
    """JSON, or a Form, or a Text; None: no body."""
    answer: Any = None
    """The JSON that must come back, with patterns; XML as `xml_of` has it; None: anything."""
    media: str | None = None
    """The answer's media type."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """What is sent beside the suite's headers."""
    gives: Mapping[str, Any] = field(default_factory=dict)
    """Headers of the answer: a value or a pattern; None: it must not be there."""
    keep: Mapping[str, str] = field(default_factory=dict)
    """What later cases may use: a name, and the path of its value in the answer; `header NAME` and
    `cookie NAME` are values of headers."""
    writes: bool = False
    """Whether it creates, changes or deletes something."""
    anonymous: bool = False
    """Whether it is sent without the suite's headers."""

    @property
    def method(self) -> str:
        """The method of the operation."""
        return self.operation.split(" ", 1)[0]

    @property
    def mark(self) -> str:
        """How it is known."""
        return self.source.split(" ", 1)[0]


@dataclass(frozen=True, slots=True)
class Suite:
    """The cases of a dialect, in the order in which they run; the login comes first."""

    dialect: str
    login: Mapping[str, str]
    """What the table `login` of the credentials file has to hold, and what it is."""
    data: Mapping[str, Any]
    """What the table `data` may hold, with the documents' examples as defaults."""
    headers: Mapping[str, str]
    """What every case sends that is not anonymous."""
    cases: tuple[Case, ...]
