"""Code formats of every kind, for the tests."""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from largesse.core.campaigns.model import CodeCheck
from largesse.core.codes.alphabet import PRESETS
from largesse.core.codes.format import CodeFormat

KEY = b"a key of the tests"

CHARACTERS = "".join(chr(code) for code in range(33, 127)) + "éÉΩωжЖ字€٣𐐀𐐨"
"""What codes may be made of, in both cases and of all widths."""

LITERALS = st.text(st.sampled_from([c for c in CHARACTERS if c not in "#?*\\"]), max_size=6)

OWN_ALPHABETS = st.lists(
    st.sampled_from(CHARACTERS), min_size=2, max_size=100, unique_by=str.casefold
).map("".join)

ALPHABETS = st.one_of(st.sampled_from(sorted(PRESETS.values())), OWN_ALPHABETS)

PATTERNS = st.lists(st.one_of(LITERALS, st.sampled_from("#?*")), min_size=1, max_size=8).map(
    "".join
)

CHECKS = st.one_of(
    st.just((CodeCheck.NONE, 0)),
    st.just((CodeCheck.CHARACTER, 1)),
    st.integers(1, 16).map(lambda length: (CodeCheck.KEYED, length)),
)


@st.composite
def formats(draw: Callable[[Any], Any], checks: Any = CHECKS) -> CodeFormat:
    """Draw a format, with a prefix and suffix or with a pattern."""
    proof, proof_length = draw(checks)
    more = {"proof": proof, "proof_length": proof_length, "key": KEY}
    if draw(st.booleans()):
        # A pattern may ask for digits and letters, so there are some.
        alphabet = draw(st.sampled_from([PRESETS["unambiguous"], PRESETS["hex"], "ab12é"]))
        pattern = draw(PATTERNS.filter(lambda text: not set("#?*").isdisjoint(text)))
        return CodeFormat(alphabet=alphabet, pattern=pattern, **more)
    return CodeFormat(
        draw(LITERALS), draw(st.integers(1, 12)), draw(ALPHABETS), draw(LITERALS), **more
    )
