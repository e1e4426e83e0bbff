"""Check characters find what they are said to find."""

import hmac
import itertools
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from largesse.core.campaigns.model import CodeCheck
from largesse.core.codes.alphabet import PRESETS, folded_characters
from largesse.core.codes.check import CheckCharacter, KeyedCharacters
from largesse.core.codes.format import CodeFormat
from tests.core.code_formats import CHARACTERS, KEY, OWN_ALPHABETS, formats

CHECKED = st.just((CodeCheck.CHARACTER, 1))
SURELY = formats(st.just((CodeCheck.KEYED, 16))).filter(lambda made: made.false_accepts < 1e-11)
"""Formats whose keyed check characters no wrong code ever fits by chance."""

SIZES = [2, 3, 4, 9, 10, 16, 26, 31, 36]


def of_size(size: int) -> str:
    return "".join(dict.fromkeys(CHARACTERS.casefold()))[:size]


def refused_substitutes(made: CodeFormat, code: str) -> None:
    """Put every character there is into every place; each must be refused."""
    others = set(folded_characters(made.alphabet + "0Zé€ ")) | set(code.casefold())
    for place, other in itertools.product(range(len(code)), others):
        if other != code[place].casefold():
            wrong = f"{code[:place]}{other}{code[place + 1 :]}"
            assert not made.could_be(wrong), (code, wrong)


class TestCheckCharacter:
    @pytest.mark.parametrize("name", sorted(PRESETS))
    def test_every_wrong_character_is_found(self, name: str) -> None:
        for prefix, suffix in (("", ""), ("SPRING-", ""), ("A0-", "-É9")):
            made = CodeFormat(
                prefix, 9, PRESETS[name], suffix, proof=CodeCheck.CHARACTER, proof_length=1
            )
            for code in made.make_many(5):
                refused_substitutes(made, code)

    @given(formats(CHECKED))
    def test_whatever_the_format(self, made: CodeFormat) -> None:
        refused_substitutes(made, made.make())

    @pytest.mark.parametrize("size", SIZES)
    def test_of_exchanged_neighbours_all_or_all_but_two_pairs_are_found(self, size: int) -> None:
        """Whatever stands before them: each beginning brings another state."""
        alphabet = of_size(size)
        check = CheckCharacter(alphabet, "", "")
        for before in alphabet:
            bodies = [before + a + b for a, b in itertools.permutations(alphabet, 2)]
            right = check.of_each(bodies)
            turned = check.of_each([body[0] + body[2] + body[1] for body in bodies])
            unseen = sum(a == b for a, b in zip(right, turned, strict=True))
            assert unseen == (0 if size % 2 else 2)

    @pytest.mark.parametrize("size", SIZES)
    def test_nor_does_the_check_character_change_places_unseen(self, size: int) -> None:
        alphabet = of_size(size)
        check = CheckCharacter(alphabet, "-", "-")
        for before in alphabet:
            codes = [(last, check.of(before + last)) for last in alphabet]
            unseen = sum(last != end and check.of(before + end) == last for last, end in codes)
            assert unseen <= (0 if size % 2 else 2)

    @given(OWN_ALPHABETS, st.text(max_size=3))
    def test_one_guess_in_as_many_as_there_are_characters_fits(
        self, alphabet: str, start: str
    ) -> None:
        made = CodeFormat("X", 1, alphabet, proof=CodeCheck.CHARACTER, proof_length=1)
        distinct = folded_characters(alphabet)
        fitting = [
            code
            for code in map("".join, itertools.product("X", distinct, distinct))
            if made.could_be(code)
        ]
        assert len(fitting) == len(distinct)
        assert made.false_accepts == 1 / len(distinct)

    def test_the_prefix_counts(self) -> None:
        """A code does not become another campaign's when its prefix is mistyped."""
        one, other = (
            CodeFormat(prefix, 8, proof=CodeCheck.CHARACTER, proof_length=1)
            for prefix in ("A2-", "A3-")
        )
        for code in one.make_many(50):
            assert not other.could_be("A3-" + code[3:])


class TestKeyedCharacters:
    def test_they_are_a_truncated_hmac_of_the_rest(self) -> None:
        """As docs/codes.md says it, so that others can compute it."""
        alphabet = PRESETS["unambiguous"]
        for length, key in ((4, KEY), (16, b"k" * 100)):
            check = KeyedCharacters(alphabet, length, key=key, suffix="-End")
            for body in ("Spring-AAAA", "SPRING-aaab", "É"):
                digest = hmac.digest(key, f"{body}-End".casefold().encode(), "sha256")
                fair = [byte % 31 for byte in digest if byte < 248]
                assert check.of(body) == "".join(alphabet[place] for place in fair[:length])

    def test_there_are_always_enough(self) -> None:
        """Of the bytes of a digest a third is left out in an alphabet of 86 characters."""
        alphabet = "".join(map(chr, range(0x4E00, 0x4E56)))
        check = KeyedCharacters(alphabet, 31, key=KEY, suffix="")
        assert {len(check.of(str(number))) for number in range(50)} == {31}

    @given(SURELY)
    def test_every_wrong_character_is_found(self, made: CodeFormat) -> None:
        refused_substitutes(made, made.make())

    @pytest.mark.parametrize("length", [1, 2, 3])
    def test_of_all_guesses_for_a_code_one_fits(self, length: int) -> None:
        made = CodeFormat("P-", 3, "AB7", proof=CodeCheck.KEYED, proof_length=length, key=KEY)
        guesses = map("".join, itertools.product("AB7", repeat=length))
        assert sum(made.could_be(f"P-AB7{guess}") for guess in guesses) == 1
        assert made.false_accepts == 1 / 3**length

    def test_codes_of_another_key_fit_as_seldom_as_guesses(self) -> None:
        """The same codes in every run: 1 in 100 is expected."""
        mine, other = (KeyedCharacters("0123456789", 2, key=key, suffix="") for key in (KEY, b"x"))
        bodies = [f"{number:06}" for number in range(20_000)]
        fitting = sum(map(str.__eq__, mine.of_each(bodies), other.of_each(bodies)))
        assert 150 < fitting < 250

    def test_their_characters_are_equally_likely(self) -> None:
        """The same codes in every run: 1,290 of each are expected."""
        check = KeyedCharacters(PRESETS["unambiguous"], 4, key=KEY, suffix="")
        counts = Counter("".join(check.of_each([str(number) for number in range(10_000)])))
        assert set(counts) == set(PRESETS["unambiguous"])
        assert 1290 - 150 < min(counts.values()) < max(counts.values()) < 1290 + 150

    def test_case_does_not_matter_nor_which_letter_of_an_alphabet_in_both(self) -> None:
        made = CodeFormat("p", 8, "aAbB", proof=CodeCheck.KEYED, proof_length=8, key=KEY)
        for code in made.make_many(20):
            assert made.could_be(code.swapcase())
        assert made.space == 2**8


def test_without_check_characters_any_code_may_be_one_of_the_campaign() -> None:
    made = CodeFormat("SPRING-")
    assert made.could_be("imported")
    assert made.false_accepts == 1


@pytest.mark.parametrize("text", ["", " ", "\0", "\ud800", "ß" * 32, "P-" * 5000, "P-AB"])
def test_what_is_no_code_of_the_form_is_refused(text: str) -> None:
    for proof, length in ((CodeCheck.CHARACTER, 1), (CodeCheck.KEYED, 4)):
        assert not CodeFormat("P-", proof=proof, proof_length=length, key=KEY).could_be(text)
