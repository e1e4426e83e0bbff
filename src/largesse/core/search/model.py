"""What a search asks for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

MOST_IN_A_PAGE = 1000
"""Records that one page holds at most (dialects.md, Valomnia)."""

MOST_SKIPPED = 2**63 - 1
"""Records that a page passes over at most; the databases count no further."""


@dataclass(frozen=True, slots=True)
class MomentFilter:
    """A bound on a moment, e.g. created_at gte 2016-08-24T11:32:37Z."""

    field: Literal["created_at", "updated_at"]
    operator: Literal["gt", "gte", "lt", "lte"]
    moment: datetime


@dataclass(frozen=True, slots=True)
class Search:
    """Which records of one kind, in which order; every name is one of the kind's fields."""

    limit: int = 100
    offset: int = 0
    sort: str = "id"
    descending: bool = False
    moments: tuple[MomentFilter, ...] = ()
    like: Mapping[str, str] = field(default_factory=dict)
    """Patterns, in which `*` stands for any characters; all else, case too, counts."""
    equal: Mapping[str, Any] = field(default_factory=dict)
    among: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    """Values of which a field has one."""
