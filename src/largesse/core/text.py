"""How texts that people type are folded, so that equal ones compare equal."""

import email_validator

from largesse.core.errors import InvalidEmail


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
    try:
        email_validator.validate_email(
            address, check_deliverability=False, test_environment=True, allow_smtputf8=True
        )
    except email_validator.EmailNotValidError as error:
        raise InvalidEmail(address[:254], str(error)) from None
    return address
