"""What a campaign's codes look like, and how they are made."""

import hmac
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import groupby, repeat

from largesse.core.campaigns.model import Campaign, CodeCheck
from largesse.core.codes.alphabet import (
    DEFAULT_ALPHABET,
    MOST_CHARACTERS,
    Drawing,
    folded_characters,
    unfit_character,
)
from largesse.core.codes.check import Check, CheckCharacter, KeyedCharacters
from largesse.core.errors import InvalidCodeFormat
from largesse.core.text import folded

DEFAULT_LENGTH = 10

DEFAULT_KEYED = 4
"""Keyed check characters of a campaign that does not say how many."""

MOST_KEYED = 16

LONGEST = 64
"""Characters of a whole code at most."""

SPACE_PER_CODE = 1000
"""How many codes a format must be able to make for each one asked, unless the setting says else."""

KNOWN_FORMATS = 4096
"""Formats that are kept compiled at most."""


@dataclass(frozen=True, slots=True)
class Run:
    """Random characters in a row, all drawn from the same ones."""

    drawing: Drawing
    length: int


@dataclass(frozen=True)
class CodeFormat:
    """What codes look like: what they begin with, what is random, and what proves them.

    A code is the prefix, random characters, check characters and the suffix; or, with a pattern,
    what the pattern says and check characters.
    """

    prefix: str = ""
    length: int = DEFAULT_LENGTH
    """Random characters; not of a pattern."""
    alphabet: str = DEFAULT_ALPHABET
    suffix: str = ""
    pattern: str | None = None
    proof: CodeCheck = CodeCheck.NONE
    proof_length: int = 0
    """Check characters."""
    key: bytes = field(default=b"", repr=False)
    """What keyed check characters are made with (`KnownFormats.of` has it)."""

    @staticmethod
    def of(campaign: Campaign, *, key: bytes = b"") -> "CodeFormat":
        """Return the format of a campaign's codes.

        One with keyed check characters makes and recognizes codes only with the key.
        """
        return _format(
            campaign.code_prefix,
            campaign.code_length,
            campaign.code_alphabet,
            campaign.code_suffix,
            campaign.code_pattern,
            campaign.code_check,
            campaign.code_check_length,
            key if campaign.code_check == CodeCheck.KEYED else b"",
        )

    # --- whether it is one ---------------------------------------------------------------------

    def check(self) -> None:
        """Refuse a format that is no format, with the numbers. Raises InvalidCodeFormat."""
        self._check_alphabet()
        literals = self.prefix + self.suffix + (self.pattern or "")
        if (unfit := unfit_character(literals + self.alphabet)) is not None:
            raise InvalidCodeFormat(
                f"{unfit!a} can not stand in a code: no spaces, control characters, pictures, "
                "combining marks, or letters that change when their case does."
            )
        if self.pattern is None and not 1 <= self.length <= LONGEST:
            raise InvalidCodeFormat(
                f"A code has from 1 to {LONGEST} random characters, not {self.length}."
            )
        self._check_proof()
        random = sum(part.length for part in self._parts if isinstance(part, Run))
        fixed = sum(len(part) for part in self._parts if isinstance(part, str)) + len(self.suffix)
        if random + fixed + self.proof_length > LONGEST:
            raise InvalidCodeFormat(
                f"A code has at most {LONGEST} characters; these would have "
                f"{random + fixed + self.proof_length}: {fixed} fixed, {random} random, "
                f"{self.proof_length} to check."
            )
        if self.space < 2:
            raise InvalidCodeFormat(
                "The format makes only 1 code: it has nothing random. A pattern takes # for a "
                "digit, ? for a letter and * for any character of the alphabet."
            )

    def _check_alphabet(self) -> None:
        distinct = len(set(self.alphabet))
        if distinct != len(self.alphabet) or len(folded_characters(self.alphabet)) < 2:
            raise InvalidCodeFormat(
                "The alphabet needs two characters or more that differ by more than case, each "
                f"once; this one has {distinct} different ones among {len(self.alphabet)}."
            )
        if distinct > MOST_CHARACTERS:
            raise InvalidCodeFormat(
                f"An alphabet has at most {MOST_CHARACTERS} characters, not {distinct}."
            )

    def _check_proof(self) -> None:
        least, most = {
            CodeCheck.NONE: (0, 0),
            CodeCheck.CHARACTER: (1, 1),
            CodeCheck.KEYED: (1, MOST_KEYED),
        }[self.proof]
        if not least <= self.proof_length <= most:
            wanted = f"from {least} to {most}" if least < most else str(least)
            raise InvalidCodeFormat(
                f"The check {self.proof.value!r} takes {wanted} check characters, "
                f"not {self.proof_length}."
            )

    # --- how many there are --------------------------------------------------------------------

    @cached_property
    def space(self) -> int:
        """How many different codes there are, as they are compared: without regard to case."""
        return math.prod(
            len(folded_characters(part.drawing.characters)) ** part.length
            for part in self._parts
            if isinstance(part, Run)
        )

    def check_room(self, count: int, *, per_code: int = SPACE_PER_CODE) -> None:
        """Refuse a count that the format has no room for.

        `per_code` is the setting `code_space_per_code`.

        Raises:
            InvalidCodeFormat: the space is smaller than `per_code` times the count.
        """
        wanted = count * per_code
        if self.space < wanted:
            raise InvalidCodeFormat(
                f"The format makes {self.space:,} codes; {count:,} codes need {wanted:,} "
                f"(1 in {per_code:,} used). {self._advice(wanted)}"
            )

    def _advice(self, wanted: int) -> str:
        base = len(folded_characters(self.alphabet))
        if self.pattern is not None or base < 2:
            return "A pattern with more places for random characters would do."
        length = 1
        while base**length < wanted:
            length += 1
        return f"A length of {length} would do."

    # --- making --------------------------------------------------------------------------------

    def make(self) -> str:
        """Return a new random code."""
        body = ""
        for part in self._parts:
            body += part if isinstance(part, str) else part.drawing.draw(part.length)
        check = "" if self._check is None else self._check.of(body)
        return body + check + self.suffix

    def make_many(self, count: int) -> list[str]:
        """Return so many new random codes; one may be among them twice, by chance.

        They are in memory at once: ask for 100,000 or so at a time.
        """
        columns: list[Iterable[str]] = []
        for part in self._parts:
            if isinstance(part, str):
                columns.append(repeat(part, count))
            else:
                columns.append(_cut(part.drawing.draw(part.length * count), part.length))
        if self._check is not None:
            bodies = list(map("".join, zip(*columns, strict=True)))
            columns = [bodies, self._check.of_each(bodies)]
        if self.suffix:
            columns.append(repeat(self.suffix, count))
        return list(map("".join, zip(*columns, strict=True)))

    # --- recognizing ---------------------------------------------------------------------------

    def could_be(self, text: str) -> bool:
        """Say whether a campaign of this format can have the code, however it was typed.

        Without check characters it can have any: codes are also imported.
        """
        if self._check is None:
            return True
        key = folded(text)
        if self._shape.fullmatch(key) is None:
            return False
        end = len(key) - len(self.suffix)
        body, given = key[: end - self.proof_length], key[end - self.proof_length : end]
        wanted = self._check.of(body).casefold()
        return hmac.compare_digest(wanted.encode(), given.encode())

    def with_hyphens(self, text: str) -> str | None:
        """Return how the beginning of a code is written that was read out without its hyphens.

        None: no code of the format begins so.
        """
        written, rest = "", text
        for part in (*self._parts, self.proof_length, self.suffix):
            if isinstance(part, str):
                for character in part.casefold():
                    if rest and character != "-" and character != rest[0]:
                        return None
                    if rest:
                        written += character
                        rest = rest[character != "-" :]
            else:
                length = part if isinstance(part, int) else part.length
                written, rest = written + rest[:length], rest[length:]
        return None if rest else written

    @property
    def false_accepts(self) -> float:
        """The share of random guesses of the right form that `could_be` takes for codes."""
        return 1.0 if self._check is None else self._check.false_accepts

    @cached_property
    def whole_length(self) -> int:
        """Characters of a whole code."""
        body = sum(len(part) if isinstance(part, str) else part.length for part in self._parts)
        return body + self.proof_length + len(self.suffix)

    # --- compiled ------------------------------------------------------------------------------

    @cached_property
    def _parts(self) -> tuple[str | Run, ...]:
        """What a code is made of, up to its check characters."""
        if self.pattern is not None:
            return _parts_of(self.pattern, self.alphabet)
        random = Run(Drawing(self.alphabet), self.length)
        return (self.prefix, random) if self.prefix else (random,)

    @cached_property
    def _check(self) -> Check | None:
        if self.proof == CodeCheck.CHARACTER:
            literals = "".join(part for part in self._parts if isinstance(part, str))
            return CheckCharacter(self.alphabet, literals + self.suffix, self.suffix)
        if self.proof == CodeCheck.KEYED:
            return KeyedCharacters(
                self.alphabet, self.proof_length, key=self.key, suffix=self.suffix
            )
        return None

    @cached_property
    def _shape(self) -> re.Pattern[str]:
        """What a folded code must match before its check characters are looked at."""
        last = (Run(Drawing(self.alphabet), self.proof_length), self.suffix)
        return re.compile("".join(_expression(part) for part in (*self._parts, *last)))


def is_code(text: str) -> bool:
    """Say whether a text can be a code."""
    # The key that it is compared by may be longer than the code: both have a column.
    return (
        1 <= len(text)
        and max(len(text), len(folded(text))) <= LONGEST
        and (text.isprintable() and " " not in text)
    )


@lru_cache(maxsize=KNOWN_FORMATS)
def _format(
    prefix: str,
    length: int,
    alphabet: str,
    suffix: str,
    pattern: str | None,
    proof: str,
    proof_length: int,
    key: bytes,
) -> CodeFormat:
    if pattern is not None:
        prefix, length, suffix = "", 0, ""
    return CodeFormat(
        prefix, length, alphabet, suffix, pattern, CodeCheck(proof), proof_length, key
    )


def _parts_of(pattern: str, alphabet: str) -> tuple[str | Run, ...]:
    """Read a pattern. Raises InvalidCodeFormat: a place has no character, a backslash no next."""
    drawn = {
        "#": "".join(filter(str.isdecimal, alphabet)),
        "?": "".join(filter(str.isalpha, alphabet)),
        "*": alphabet,
    }
    symbols = re.findall(r"\\.?|[^\\]", pattern, re.DOTALL)
    if symbols and symbols[-1] == "\\":
        raise InvalidCodeFormat("The pattern ends with a backslash that nothing follows.")
    parts: list[str | Run] = []
    for symbol, same in groupby(symbols, lambda symbol: symbol if symbol in drawn else None):
        if symbol is None:
            parts.append("".join(text[-1] for text in same))
            continue
        if not drawn[symbol]:
            kind = "digit" if symbol == "#" else "letter"
            raise InvalidCodeFormat(f"The pattern has {symbol}, and the alphabet has no {kind}.")
        parts.append(Run(Drawing(drawn[symbol]), len(list(same))))
    return tuple(parts)


def _expression(part: str | Run) -> str:
    if isinstance(part, str):
        return re.escape(part.casefold())
    return f"[{re.escape(folded_characters(part.drawing.characters))}]{{{part.length}}}"


def _cut(text: str, length: int) -> list[str]:
    return [text[start : start + length] for start in range(0, len(text), length)]
