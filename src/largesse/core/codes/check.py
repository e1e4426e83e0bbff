"""Check characters: what shows that a code was typed wrongly, or guessed.

Both kinds read codes as they are compared (`core.text.folded`) and stand in the code's own
alphabet, so that it does not matter in which case a code is typed.
"""

import codecs
import hashlib
from collections.abc import Sequence
from typing import Protocol

from largesse.core.codes.alphabet import Drawing, folded_characters

BLOCK = 64
"""Bytes that SHA-256 takes in at a time."""


class Check(Protocol):
    """What a format's check characters are made by.

    A body is the part of a code before its check characters. `Check`s are made with the suffix,
    the part behind them, which counts as well.
    """

    false_accepts: float
    """The share of random check characters that are taken for right ones."""

    def of(self, body: str) -> str:
        """Return the check characters of one body."""
        ...

    def of_each(self, bodies: Sequence[str]) -> Sequence[str]:
        """Return the check characters of bodies that are equally long."""
        ...


class CheckCharacter:
    """One character that shows typing errors, computed as in ISO/IEC 7064.

    Each character has a value: its place in the alphabet, or its code point if it is not in the
    alphabet, modulo the number of characters M. From the suffix through the body the value is
    added to a state, and the state is permuted; the check character brings the last state to 0.

    Adding and permuting are one to one, so a single wrong character always changes the end. Two
    neighbours that changed places do so as well if `permuted(s) - s` is different for every s.
    Doubling does that for every odd M. For an even M no permutation does; the one of ISO/IEC 7064
    hybrid systems (doubling modulo M + 1) comes closest: 2 of M * (M - 1) pairs go unseen.
    """

    def __init__(self, alphabet: str, literals: str, suffix: str) -> None:
        self._drawing = Drawing(_one_of_each(alphabet))
        count = len(self._drawing.characters)
        self.false_accepts = 1 / count
        known = folded_characters(alphabet + literals)
        values = [place if place < count else ord(c) % count for place, c in enumerate(known)]
        self._values = dict(zip(known, values, strict=True))
        # With NUL in front, which no code has, it is a table instead of a slower dictionary.
        self._places = codecs.charmap_build("\0" + known)
        self._value_at = bytes([0, *values]).ljust(256, b"\0")
        self._next = bytes(_permuted(state % count, count) for state in range(256))
        self._last = bytes(-state % count for state in range(256))
        self._start = self._after(0, suffix)

    def of(self, body: str) -> str:
        """Return the check character of a body."""
        return self._drawing.characters[self._last[self._after(self._start, body)]]

    def of_each(self, bodies: Sequence[str]) -> Sequence[str]:
        """Return the check characters of bodies that are equally long, side by side.

        All first characters are added at once, as one large number whose bytes are the states;
        none overflows its byte, as an alphabet has at most 100 characters.
        """
        text = "".join(bodies).casefold()
        values = codecs.charmap_encode(text, "strict", self._places)[0].translate(self._value_at)
        states = bytes([self._start]) * len(bodies)
        length = len(bodies[0]) if bodies else 0
        for place in range(length):
            sums = int.from_bytes(states, "little") + int.from_bytes(
                values[place::length], "little"
            )
            states = sums.to_bytes(len(bodies), "little").translate(self._next)
        return self._drawing.at(states.translate(self._last))

    def _after(self, state: int, text: str) -> int:
        following, values = self._next, self._values
        for character in text.casefold():
            state = following[state + values[character]]
        return state


class KeyedCharacters:
    """Characters that only who has the key can make: a truncated HMAC-SHA256."""

    def __init__(self, alphabet: str, length: int, *, key: bytes, suffix: str) -> None:
        self._drawing = Drawing(_one_of_each(alphabet))
        self._length = length
        self._suffix = suffix
        # HMAC as RFC 2104 writes it: `hmac.digest` looks the hash up again for each message, and
        # takes three times as long.
        block = (hashlib.sha256(key).digest() if len(key) > BLOCK else key).ljust(BLOCK, b"\0")
        self._inner = bytes(byte ^ 0x36 for byte in block) if key else b""
        self._outer = bytes(byte ^ 0x5C for byte in block)
        self.false_accepts = 1 / len(self._drawing.characters) ** length

    def of(self, body: str) -> str:
        """Return the check characters of a body."""
        digest = self._digest((body + self._suffix).casefold().encode())
        made = self._drawing.from_bytes(digest)
        while len(made) < self._length:  # bytes that would favour some characters were left out
            digest = self._digest(digest)
            made += self._drawing.from_bytes(digest)
        return made[: self._length]

    def of_each(self, bodies: Sequence[str]) -> Sequence[str]:
        """Return the check characters of each body."""
        return [self.of(body) for body in bodies]

    def _digest(self, message: bytes) -> bytes:
        if not self._inner:
            raise ValueError("keyed check characters are made with a key")
        inside = hashlib.sha256(self._inner + message).digest()
        return hashlib.sha256(self._outer + inside).digest()


def _one_of_each(alphabet: str) -> str:
    """Return the first of the alphabet's characters that are compared as equal."""
    first: dict[str, str] = {}
    for character in alphabet:
        first.setdefault(character.casefold(), character)
    return "".join(first.values())


def _permuted(state: int, count: int) -> int:
    if count % 2:
        return 2 * state % count
    # Hybrid systems count from 1 to M instead of from 0.
    return 2 * (state or count) % (count + 1) % count
