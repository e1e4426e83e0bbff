"""How addresses are checked."""

import email_validator
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from largesse.core.errors import InvalidEmail
from largesse.core.text import checked_email

LABEL = "a" * 63
LONG = f"{LABEL}.{LABEL}.{LABEL}"
NEARLY = st.from_regex(
    r"[aZ9._+-]{0,66}@[aZ9.-]{0,12}(\.(com|test|local|localhost|9|x))?", fullmatch=True
)


def passes(address: str) -> bool:
    """Say whether the address is taken."""
    try:
        return checked_email(address) == address
    except InvalidEmail:
        return False


def is_valid(address: str) -> bool:
    """Say what email-validator says of the whole address."""
    try:
        email_validator.validate_email(address, check_deliverability=False, test_environment=True)
    except email_validator.EmailNotValidError:
        return False
    return True


@given(NEARLY)
@example("a" * 64 + "@example.com")
@example("a" * 65 + "@example.com")
@example(f"{'a' * 50}@{LONG}.com")
@example(f"{'a' * 64}@{LONG}.com")
@example(f"a@{LONG}.{LABEL}")
@example("a..b@example.com")
@example(".a@example.com")
@example("a.@example.com")
@example("a@-b.com")
@example("a@b-.com")
@example("a@ab--c.com")
@example("a@xn--a.com")
@example("a@b..com")
@example("a@b.com.")
@example("a@1.2.3.4")
@example("a@localhost")
@example("a@b.invalid")
@example("a@b.test")
def test_the_short_cut_for_ordinary_addresses_decides_as_the_long_way(address: str) -> None:
    assert passes(address) == is_valid(address)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" A.B+c@Example.COM\n", "A.B+c@Example.COM"),
        ("o'neil@example.com", "o'neil@example.com"),
        ('"quoted"@example.com', None),
        ("jörg@bücher.example", "jörg@bücher.example"),
        ("Jo <jo@example.com>", None),
        ("a@example.com, b@example.com", None),
        ("\u0390" * 100 + "@example.com", None),
        ("", None),
    ],
)
def test_an_address_is_kept_as_typed_or_refused(typed: str, kept: str | None) -> None:
    if kept is None:
        with pytest.raises(InvalidEmail):
            checked_email(typed)
    else:
        assert checked_email(typed) == kept
