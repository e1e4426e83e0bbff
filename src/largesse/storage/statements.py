"""Statements built once: building one costs more than running it with other parameters."""

from collections.abc import Callable, Hashable

from sqlalchemy import Executable


class Statements:
    """Keeps each statement of an engine under a name."""

    def __init__(self) -> None:
        self._statements: dict[Hashable, Executable] = {}

    def prepared(self, name: Hashable, build: Callable[[], Executable]) -> Executable:
        """Return the statement kept under the name; build it at the first call."""
        statement = self._statements.get(name)
        if statement is None:
            statement = self._statements[name] = build()
        return statement
