"""What a campaign's codes look like, and how they are made."""

import math
import secrets
from dataclasses import dataclass

from largesse.core.campaigns.model import Campaign
from largesse.core.errors import InvalidCodeFormat

DEFAULT_ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""Capitals and digits without those that are read as others: I, L, O, 0 and 1."""

DEFAULT_LENGTH = 10

LONGEST = 64
"""Characters of a whole code at most."""

SPACE_PER_CODE = 1000
"""How many codes the format must be able to make for each one asked: guesses then fail 99.9 %."""


@dataclass(frozen=True, slots=True)
class CodeFormat:
    """A prefix and a number of characters drawn from an alphabet."""

    prefix: str
    length: int
    alphabet: str

    @classmethod
    def of(cls, campaign: Campaign) -> "CodeFormat":
        """Return the format of a campaign's codes."""
        return cls(campaign.code_prefix, campaign.code_length, campaign.code_alphabet)

    def check(self) -> None:
        """Refuse a format that is no format. Raises InvalidCodeFormat."""
        if len(set(self.alphabet)) != len(self.alphabet) or len(self.alphabet) < 2:
            raise InvalidCodeFormat("The alphabet needs two characters or more, each once.")
        if any(not c.isprintable() or c.isspace() for c in self.prefix + self.alphabet):
            raise InvalidCodeFormat("A code has no spaces and no control characters.")
        if any(len(c.casefold()) != 1 for c in self.prefix + self.alphabet):
            # The key that it is compared by would be longer than the code.
            raise InvalidCodeFormat("A code has no letter that is several in lower case.")
        if not 1 <= self.length <= LONGEST - len(self.prefix):
            raise InvalidCodeFormat(f"A code has from 1 to {LONGEST} characters.")

    @property
    def space(self) -> int:
        """How many different codes there are, as they are compared: without regard to case."""
        return int(len({c.casefold() for c in self.alphabet}) ** self.length)

    def check_room(self, count: int) -> None:
        """Refuse a count that the format has no room for. Raises InvalidCodeFormat."""
        if self.space < count * SPACE_PER_CODE:
            needed = math.ceil(
                math.log(count * SPACE_PER_CODE, len({c.casefold() for c in self.alphabet}))
            )
            raise InvalidCodeFormat(
                f"The format makes {self.space:,} codes; {count:,} codes need "
                f"{count * SPACE_PER_CODE:,} (1 in {SPACE_PER_CODE:,} used). "
                f"A length of {needed} would do."
            )

    def make(self) -> str:
        """Return a new random code."""
        return self.prefix + "".join(secrets.choice(self.alphabet) for _ in range(self.length))
