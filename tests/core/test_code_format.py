"""What codes look like, how many there are, and which formats are refused."""

import itertools
import math
import re
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from largesse.core.campaigns.model import CodeCheck
from largesse.core.codes.alphabet import PRESETS, Drawing, unfit_character
from largesse.core.codes.format import CodeFormat
from largesse.core.errors import InvalidCodeFormat
from tests.core.code_formats import CHARACTERS, KEY, formats

KEYED, CHARACTER = CodeCheck.KEYED, CodeCheck.CHARACTER


class TestMaking:
    def test_a_code_is_a_prefix_random_characters_and_a_suffix(self) -> None:
        made = CodeFormat("SC", 13, "abc123", "-X")
        for code in [made.make(), *made.make_many(50)]:
            assert re.fullmatch("SC[abc123]{13}-X", code)

    def test_a_pattern_is_the_whole_form(self) -> None:
        for pattern, form in (
            ("AB-####-????", "AB-[2-9]{4}-[A-HJKMNP-Z]{4}"),
            ("**", "[A-HJKMNP-Z2-9]{2}"),
            (r"\#\?\*\\#x", r"#\?\*\\[2-9]x"),
            (r"\AB?", "AB[A-HJKMNP-Z]"),
            ("#?#?", "([2-9][A-HJKMNP-Z]){2}"),
        ):
            made = CodeFormat(pattern=pattern)
            made.check()
            for code in [made.make(), *made.make_many(20)]:
                assert re.fullmatch(form, code), (pattern, code)

    def test_check_characters_stand_behind_the_random_ones_and_before_the_suffix(self) -> None:
        for proof, length in ((CHARACTER, 1), (KEYED, 3)):
            more = {"proof": proof, "proof_length": length, "key": KEY, "alphabet": "ABC123"}
            made = CodeFormat("P-", 4, suffix="-S", **more)  # type: ignore[arg-type]
            assert re.fullmatch(f"P-[A-C1-3]{{{4 + length}}}-S", made.make())
            assert made.whole_length == 8 + length
            made = CodeFormat(pattern="P-##-", **more)  # type: ignore[arg-type]
            assert re.fullmatch(f"P-[1-3]{{2}}-[A-C1-3]{{{length}}}", made.make())

    @given(formats(), st.integers(0, 30))
    def test_whatever_the_format_its_codes_are_of_it(self, made: CodeFormat, count: int) -> None:
        made.check()
        many = made.make_many(count)
        assert len(many) == count
        for code in [made.make(), *many]:
            assert len(code) == len(code.casefold()) == made.whole_length
            assert made.could_be(code)
            assert made.could_be(f" {code.upper()} ")
            assert made.could_be(code.lower())

    @given(formats())
    def test_one_is_made_as_many_are(self, made: CodeFormat) -> None:
        """The same random characters get the same check characters."""
        for code in made.make_many(5):
            end = len(code) - len(made.suffix)
            body = code[: end - made.proof_length]
            if made._check is not None:
                assert made._check.of(body) == code[end - made.proof_length : end]

    def test_ten_thousand_are_different(self) -> None:
        codes = CodeFormat().make_many(10_000)
        assert len(set(codes)) == 10_000

    def test_a_keyed_code_is_not_made_without_the_key(self) -> None:
        with pytest.raises(ValueError, match="key"):
            CodeFormat(proof=KEYED, proof_length=4).make()


MAKERS: tuple[Callable[[CodeFormat, int], list[str]], ...] = (
    lambda made, count: made.make_many(count),
    lambda made, count: [made.make() for _ in range(count)],
)


class TestRandomness:
    @pytest.mark.parametrize("make", MAKERS, ids=["many", "one by one"])
    @pytest.mark.parametrize("name", sorted(PRESETS))
    def test_every_character_is_as_likely_as_every_other(
        self, make: Callable[[CodeFormat, int], list[str]], name: str
    ) -> None:
        """By chi-square: a fair draw exceeds the bound once in more than 10^12 runs.

        Bytes modulo 31 instead would be at about 400.
        """
        alphabet = PRESETS[name]
        codes = make(CodeFormat("X-", 8, alphabet), 16_000)
        counts = Counter("".join(code[2:] for code in codes))
        assert _chi_square(counts, alphabet) < _bound(len(alphabet))
        for place in range(8):
            counts = Counter(code[2 + place] for code in codes)
            assert _chi_square(counts, alphabet) < _bound(len(alphabet))

    def test_neighbours_say_nothing_of_each_other(self) -> None:
        digits = PRESETS["digits"]
        codes = CodeFormat("", 2, digits).make_many(50_000)
        pairs = ["".join(pair) for pair in itertools.product(digits, repeat=2)]
        assert _chi_square(Counter(codes), pairs) < _bound(100)

    @given(st.integers(2, 100), st.integers(0, 200))
    def test_as_many_characters_are_drawn_as_were_asked_for(self, size: int, count: int) -> None:
        alphabet = CHARACTERS[:size]
        drawn = Drawing(alphabet).draw(count)
        assert len(drawn) == count
        assert set(drawn) <= set(alphabet)


def _chi_square(counts: Counter[str], possible: str | list[str]) -> float:
    expected = counts.total() / len(possible)
    assert set(counts) <= set(possible)
    return sum((counts[one] - expected) ** 2 / expected for one in possible)


def _bound(kinds: int) -> float:
    """Return what chi-square stays below, far beyond doubt (Wilson and Hilferty, 8 sigma)."""
    freedom = kinds - 1
    return freedom * (1 - 2 / (9 * freedom) + 8 * math.sqrt(2 / (9 * freedom))) ** 3


class TestSpace:
    def test_it_counts_letters_as_they_are_compared(self) -> None:
        assert CodeFormat("", 3, "AB").space == 8
        assert CodeFormat("", 3, "ABab").space == 8
        assert CodeFormat(pattern="AB-####-????").space == 8**4 * 23**4
        assert CodeFormat(pattern=r"\##?*", alphabet="Aa1234").space == 4 * 1 * 5

    def test_check_characters_add_nothing(self) -> None:
        assert CodeFormat("", 3, "AB", proof=CHARACTER, proof_length=1).space == 8

    @given(
        st.lists(st.sampled_from("AaBbéÉ12"), min_size=2, max_size=4, unique=True).map("".join),
        st.text("#?*-", min_size=1, max_size=4),
    )
    def test_it_is_the_number_of_all_codes(self, alphabet: str, pattern: str) -> None:
        digits, letters = (
            [c for c in alphabet if test(c)] for test in (str.isdecimal, str.isalpha)
        )
        kinds = {"#": digits, "?": letters, "*": list(alphabet), "-": ["-"]}
        every = itertools.product(*(kinds[symbol] for symbol in pattern))
        distinct = {"".join(code).casefold() for code in every}
        if distinct:
            assert CodeFormat(alphabet=alphabet, pattern=pattern).space == len(distinct)
        else:
            with pytest.raises(InvalidCodeFormat, match="the alphabet has no"):
                _ = CodeFormat(alphabet=alphabet, pattern=pattern).space

    def test_there_must_be_a_thousand_codes_for_each_one_made(self) -> None:
        ten_thousand = CodeFormat("", 4, "0123456789")
        ten_thousand.check_room(10)
        with pytest.raises(InvalidCodeFormat, match=r"10,000 codes; 11 .* length of 5 would do"):
            ten_thousand.check_room(11)
        with pytest.raises(
            InvalidCodeFormat, match=r"need 1,000,0{3},0{3},0{3},0{3}.*length of 15 "
        ):
            ten_thousand.check_room(10**12)

    def test_or_as_many_as_the_setting_says(self) -> None:
        pattern = CodeFormat(pattern="###", alphabet="0123456789")
        pattern.check_room(1000, per_code=1)
        with pytest.raises(InvalidCodeFormat, match=r"1,000 codes; 501 .* need 1,002 \(1 in 2 "):
            pattern.check_room(501, per_code=2)


UNFIT = (" ", "\t", "\x00", "\x7f", "\u00a0", "\u00ad", "\u200d", "\u2028", "\ud800", "\ufe0f")
"""Unseen."""
PICTURES = ("\U0001f600", "\u2603", "\U0001f3fd", "\u00a9")
"""An emoji, a snowman, the colour of an emoji's skin, a sign that some show as an emoji."""
COMBINING = ("\u0301", "\u0345", "\u20e3")
CHANGING = ("ß", "ẞ", "\u0131", "\u0130", "ŉ", "ﬁ", "ΐ")
"""Sharp s, dotless i, dotted I and others that are more than one letter, or another, in capitals."""


class TestCheck:
    @pytest.mark.parametrize("character", UNFIT + PICTURES + COMBINING + CHANGING, ids=ascii)
    def test_a_character_that_can_not_be_told_or_typed_is_refused(self, character: str) -> None:
        assert unfit_character(f"A{character}") == character
        for made in (
            CodeFormat(prefix=character),
            CodeFormat(suffix=f"A{character}"),
            CodeFormat(alphabet=f"AB{character}"),
            CodeFormat(pattern=f"##{character}"),
        ):
            with pytest.raises(InvalidCodeFormat, match="can not stand in a code"):
                made.check()

    def test_others_are_taken(self) -> None:
        assert unfit_character(CHARACTERS) is None
        CodeFormat(prefix="€", alphabet="ÄÖÜäöü", suffix="字").check()

    @pytest.mark.parametrize(
        ("made", "reason"),
        [
            (CodeFormat(alphabet=""), "two characters or more"),
            (CodeFormat(alphabet="A"), "two characters or more"),
            (CodeFormat(alphabet="Aa"), "differ by more than case"),
            (CodeFormat(alphabet="ABA"), "2 different ones among 3"),
            (CodeFormat(alphabet="".join(map(chr, range(0x4E00, 0x4E65)))), "at most 100"),
            (CodeFormat(length=0), "not 0"),
            (CodeFormat(length=-1), "not -1"),
            (CodeFormat(length=2**31 - 1), "not 2147483647"),
            (CodeFormat("SC", 60, suffix="ABC"), "have 65: 5 fixed, 60 random, 0 to check"),
            (CodeFormat("", 61, proof=KEYED, proof_length=4), "have 65: 0 fixed, 61 random, 4 to"),
            (CodeFormat(pattern="#" * 65), "have 65"),
            (CodeFormat(pattern=""), "only 1 code"),
            (CodeFormat(pattern="AB-1234"), "only 1 code"),
            (CodeFormat(pattern=r"\#\?\*"), "only 1 code"),
            (CodeFormat(pattern="####", alphabet="1AB"), "only 1 code"),
            (CodeFormat(pattern="#", alphabet="ABC"), "has #, .* no digit"),
            (CodeFormat(pattern="?", alphabet="123"), r"has \?, .* no letter"),
            (CodeFormat(pattern="##\\"), "backslash"),
            (CodeFormat(proof_length=1), "'none' takes 0 check characters, not 1"),
            (CodeFormat(proof=CHARACTER), "'character' takes 1 check characters, not 0"),
            (CodeFormat(proof=CHARACTER, proof_length=2), "not 2"),
            (CodeFormat(proof=KEYED), "from 1 to 16 check characters, not 0"),
            (CodeFormat(proof=KEYED, proof_length=17), "not 17"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_what_makes_no_sense_is_refused_with_the_numbers(
        self, made: CodeFormat, reason: str
    ) -> None:
        with pytest.raises(InvalidCodeFormat, match=reason):
            made.check()

    def test_the_longest_there_is(self) -> None:
        made = CodeFormat("P" * 30, 17, suffix="S", proof=KEYED, proof_length=16, key=KEY)
        made.check()
        assert {len(code) for code in made.make_many(3)} == {64}
