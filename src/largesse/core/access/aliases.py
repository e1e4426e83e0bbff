"""The names by which clients know an organization. Pure."""

from collections.abc import Iterable

from largesse.core.errors import InvalidValue
from largesse.core.text import folded

Alias = tuple[str, str | None]
"""A name, and the wire that prints it, if one does."""


def distinct(aliases: Iterable[Alias]) -> list[Alias]:
    """Return each alias once, however its letters are typed; as the wire prints it, if one does.

    Raises:
        InvalidValue: an alias is to be printed by two wires.
    """
    found: dict[str, Alias] = {}
    for alias, wire in aliases:
        known = found.get(folded(alias))
        if known is not None and None not in (known[1], wire):
            raise InvalidValue("aliases", f"{alias!r} can be printed by one wire only")
        if known is None or wire is not None:
            found[folded(alias)] = (alias, wire)
    return list(found.values())
