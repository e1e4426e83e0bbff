"""The characters that codes are made of, and how they are drawn."""

import os
import unicodedata
from codecs import charmap_decode

PRESETS = {
    "unambiguous": "ABCDEFGHJKMNPQRSTUVWXYZ23456789",
    "digits": "0123456789",
    "hex": "0123456789ABCDEF",
    "letters": "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
}
"""Alphabets by name. `unambiguous` has none that is read as another: I, L, O, 0 and 1."""

DEFAULT_ALPHABET = PRESETS["unambiguous"]

MOST_CHARACTERS = 100
"""Characters of an alphabet at most: the sum of two places must fit into a byte (`check.py`)."""

SIGNS = {"Sc", "Sm"}
"""Unicode's categories of signs that may stand in a code, beside letters, digits, punctuation."""


def characters_of(alphabet: str) -> str:
    """Return the characters of a preset, or those given if they are no preset's name."""
    return PRESETS.get(alphabet, alphabet)


def unfit_character(text: str) -> str | None:
    """Return the first character that can not stand in a code's format; None: all can.

    Those can not that are unseen, pictures, or part of the character before them, and letters
    that are not the same again when they were typed in capitals or in small letters.
    """
    return next((character for character in text if not _fits(character)), None)


def _fits(character: str) -> bool:
    if character.isascii():
        return character.isprintable() and character != " "
    category = unicodedata.category(character)
    if category[0] not in "LNP" and category not in SIGNS:
        return False
    key = character.casefold()
    # One character each: the key that a code is compared by must not be longer than the code.
    return len(key) == 1 and key == character.upper().casefold() == character.lower().casefold()


def folded_characters(characters: str) -> str:
    """Return the characters as codes are compared, without regard to case, each once, in order."""
    return "".join(dict.fromkeys(characters.casefold()))


class Drawing:
    """Characters that are drawn, each as likely as every other."""

    __slots__ = ("_limit", "_place", "_unfair", "characters")

    def __init__(self, characters: str) -> None:
        self.characters = characters
        count = len(characters)
        # Bytes from here on would make the first characters likelier than the last.
        self._limit = 256 - 256 % count
        self._unfair = bytes(range(self._limit, 256))
        self._place = bytes(byte % count for byte in range(256))

    def draw(self, count: int) -> str:
        """Return so many random characters."""
        # A few bytes more than are needed on average: a second call costs more than they do.
        random = os.urandom(count * 256 // self._limit + 8)
        places = random.translate(self._place, self._unfair)
        while len(places) < count:
            more = os.urandom(2 * (count - len(places)))
            places += more.translate(self._place, self._unfair)
        return self.at(places[:count])

    def from_bytes(self, random: bytes) -> str:
        """Return the characters that random bytes mean; fewer than the bytes, now and then."""
        return self.at(random.translate(self._place, self._unfair))

    def at(self, places: bytes) -> str:
        """Return the characters at these places of the alphabet."""
        return charmap_decode(places, "strict", self.characters)[0]
