"""Statements compiled once and run by the driver itself.

The statements of a group commit run a thousand times a second. SQLAlchemy writes them, from the
same tables as all others; but to execute one through it costs more than the database needs for it.
"""

from abc import ABC, abstractmethod
from collections import namedtuple
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import lru_cache
from itertools import repeat
from operator import is_
from typing import Any

from sqlalchemy import ARRAY, Dialect, Executable, Float, Select, Uuid
from sqlalchemy.types import TypeEngine

from largesse.storage.types import Utc

MOST_KEPT = 1000
"""Values of a column that are kept converted."""

Processor = Callable[[Any], Any]


class Prepared:
    """A statement's text, the order of its parameters, and how its values are converted."""

    def __init__(self, statement: Any, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        self.text = str(compiled)
        self.reads = isinstance(statement, Select) and statement._for_update_arg is None
        """Whether it is a SELECT that locks nothing."""
        self._parameters = [
            (name, compiled.params[name], _binding(compiled.binds[name].type, dialect))
            for name in compiled.positiontup or ()
        ]
        columns = list(getattr(statement, "exported_columns", ()))
        self.names = tuple(column.key for column in columns)
        self._converters = [_converter(column.type, dialect) for column in columns]
        row: Any = namedtuple("Row", self.names)  # type: ignore[misc]
        self._make = row._make

    def bind(self, parameters: Mapping[str, Any]) -> list[Any]:
        """Return the values in the order and the form in which the driver takes them."""
        values = []
        for name, default, convert in self._parameters:
            value = parameters.get(name, default)
            values.append(value if convert is None else convert(value))
        return values

    def rows(self, found: Sequence[Sequence[Any]]) -> list[Any]:
        """Return what the driver found, as named tuples of the columns' own types."""
        make = self._make
        if not any(self._converters):
            return [make(row) for row in found]
        converters = self._converters
        return [
            make(
                [
                    value if convert is None else convert(value)
                    for convert, value in zip(converters, row, strict=True)
                ]
            )
            for row in found
        ]


class Statements(ABC):
    """Keeps each statement of an engine under a name."""

    def __init__(self) -> None:
        self._statements: dict[Hashable, Prepared] = {}

    @abstractmethod
    def dialect(self) -> Dialect:
        """Return the dialect that statements are compiled for."""

    def prepared(self, name: Hashable, build: Callable[[], Executable]) -> Prepared:
        """Return the statement kept under the name; build it at the first call."""
        statement = self._statements.get(name)
        if statement is None:
            statement = self._statements[name] = Prepared(build(), self.dialect())
        return statement


def is_one(values: Sequence[Any]) -> bool:
    """Say whether values are all the same object."""
    return bool(values) and all(map(is_, values, repeat(values[0])))


def _binding(kind: TypeEngine[Any], dialect: Dialect) -> Processor | None:
    if not isinstance(kind, ARRAY):
        return kind.dialect_impl(dialect).bind_processor(dialect)
    # SQLAlchemy's own looks into every element for an array in it.
    of_each = _binding(kind.item_type, dialect)
    return None if of_each is None else lambda values: [of_each(value) for value in values]


def _converter(kind: TypeEngine[Any], dialect: Dialect) -> Processor | None:
    if isinstance(kind, Float):
        return None  # what both drivers return; SQLAlchemy would ask for the column's number
    convert = kind.dialect_impl(dialect).result_processor(dialect, None)
    if convert is not None and isinstance(kind, (Uuid, Utc)):
        # Rows share them, such as who made a code and when.
        return lru_cache(MOST_KEPT)(convert)
    return convert
