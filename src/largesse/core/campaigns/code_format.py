"""What a client says of a campaign's code format, and what follows from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from largesse.core.campaigns.model import CodeCheck
from largesse.core.codes.alphabet import DEFAULT_ALPHABET, characters_of
from largesse.core.codes.format import DEFAULT_KEYED, DEFAULT_LENGTH
from largesse.core.errors import InvalidValue

DEFAULTS: Mapping[str, Any] = {
    "code_prefix": "",
    "code_length": DEFAULT_LENGTH,
    "code_alphabet": DEFAULT_ALPHABET,
    "code_suffix": "",
    "code_pattern": None,
    "code_check": CodeCheck.NONE,
    "code_check_length": 0,
}
"""The fields that a code format has in a campaign, and their values if none are given."""


@dataclass(frozen=True, slots=True)
class Sketch:
    """What codes of a format would be like; none of the examples is kept."""

    examples: Sequence[str]
    space: int
    """How many different codes there are."""
    room: int
    """How many of them a campaign may have."""
    false_accepts: float
    """The share of random guesses of the right form that pass the check."""


def settled(given: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields given, with what follows from them for those that were not given.

    Raises:
        InvalidValue: there is a pattern, and what it is instead of is given as well.
    """
    values = dict(given)
    if "code_alphabet" in given:
        values["code_alphabet"] = characters_of(given["code_alphabet"])
    if given.get("code_pattern", before["code_pattern"]) is not None:
        _check_pattern_alone(given, before)
        values |= {"code_prefix": "", "code_suffix": ""}
    kind = given.get("code_check", before["code_check"])
    if kind != before["code_check"] and "code_check_length" not in given:
        lengths = {CodeCheck.NONE: 0, CodeCheck.CHARACTER: 1, CodeCheck.KEYED: DEFAULT_KEYED}
        values["code_check_length"] = lengths[kind]
    return values


def _check_pattern_alone(given: Mapping[str, Any], before: Mapping[str, Any]) -> None:
    # What changes nothing may be given: clients send whole records back.
    unused = {"code_prefix": "", "code_suffix": "", "code_length": before["code_length"]}
    for name, nothing in unused.items():
        if given.get(name, nothing) != nothing:
            raise InvalidValue(name, "is not used with a pattern, which is the whole form")
