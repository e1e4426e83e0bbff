"""Envelope senders that name their mail, so that a bounce is recognised by where it was sent to.

`bounces@example.com` becomes `bounces+<token>@example.com`: the mail system must deliver such
addresses to the mailbox of `bounces` (subaddressing, RFC 5233).
"""

import re


def with_token(bounce_address: str, token: str) -> str:
    """Return the envelope sender of the mail with this token, 32 hexadecimal digits."""
    local, _, domain = bounce_address.rpartition("@")
    return f"{local}+{token}@{domain}"


def token_in(text: str, bounce_address: str) -> str | None:
    """Return the token of the first such address in a text; None if there is none."""
    local, _, domain = bounce_address.rpartition("@")
    found = re.search(
        rf"(?<![\w.+-]){re.escape(local)}\+([0-9a-f]{{32}})@{re.escape(domain)}(?![\w.-])",
        text,
        re.IGNORECASE,
    )
    return found[1].lower() if found else None
