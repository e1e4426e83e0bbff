"""How texts that people type are folded, so that equal ones compare equal."""

import re
from functools import lru_cache

import email_validator

from largesse.core.errors import InvalidEmail

LONGEST_EMAIL = 254
"""Characters of an address at most (RFC 5321), and of the key by which it is compared."""

LONGEST_LOCAL_PART = 64
"""Characters before the at sign at most (RFC 5321)."""

_ORDINARY = re.compile(r"([A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*)@([A-Za-z0-9.-]+)")
"""What nearly every address looks like: nothing but its domain needs a closer look."""


def folded(text: str) -> str:
    """Return the key under which a name, code or identifier is compared: trimmed, case folded."""
    return text.strip().casefold()


def checked_email(address: str) -> str:
    """Return the address as typed, trimmed, if it is one; no DNS is asked (DECIDED).

    `test_environment` lets reserved names such as `example.test` pass: the vendors' documents
    use them, and whether a domain exists is the mail service's to say.

    Raises:
        InvalidEmail: the text is not an e-mail address.
    """
    address = address.strip()
    ordinary = _ORDINARY.fullmatch(address)
    if (
        ordinary is not None
        and len(address) <= LONGEST_EMAIL
        and len(ordinary[1]) <= LONGEST_LOCAL_PART
        and _is_domain(ordinary[2])
    ):
        return address  # a batch has many addresses and few domains
    try:
        _validate(address)
    except email_validator.EmailNotValidError as error:
        raise InvalidEmail(address[:LONGEST_EMAIL], str(error).rstrip(".")) from None
    if len(folded(address)) > LONGEST_EMAIL:
        # A few letters are several when they are folded, e.g. the German sharp s.
        raise InvalidEmail(address, "too long to be compared")
    return address


@lru_cache(maxsize=10_000)
def _is_domain(domain: str) -> bool:
    try:
        _validate(f"a@{domain}")
    except email_validator.EmailNotValidError:
        return False
    return True


def _validate(address: str) -> None:
    email_validator.validate_email(
        address, check_deliverability=False, test_environment=True, allow_smtputf8=True
    )
