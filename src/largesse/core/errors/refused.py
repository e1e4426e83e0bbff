"""The root of the tree."""

from collections.abc import Iterator
from typing import ClassVar


class Refused(Exception):
    """The base of every refusal; a refusal never changes data."""

    sentence: ClassVar[str] = ""
    """What happened, with the facts; without it the first line of the docstring says it."""

    def __str__(self) -> str:
        """Say what happened in a plain English sentence."""
        return (self.sentence or (type(self).__doc__ or "").splitlines()[0]).format(self)


def leaves(kind: type[Refused] = Refused) -> Iterator[type[Refused]]:
    """Yield every refusal that can be raised: the classes without subclasses."""
    if not kind.__subclasses__():
        yield kind
    for child in kind.__subclasses__():
        yield from leaves(child)
