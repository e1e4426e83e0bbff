"""What is a secret, by the name of a header, a parameter or a member."""

import re
from collections.abc import Callable, Iterable

HIDDEN = "***"
JWT = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]*")
"""A signed token, wherever it stands."""

SHORTEST = 8
"""Characters of a secret that is hidden wherever it stands, not only under its name. A shorter one
could be part of anything."""

NAMES = re.compile(
    r"(.*(password|passwd|passcode|secret|signature|credentials?|authorization|cookies?)"
    r"|.*(token|apikey|applicationkey|accesskey|privatekey|jwt)"
    r"|jsessionid|sid|otp|totp|totpcode|onetimepassword|authenticationcode|pin)"
)
"""Names, in small letters without `-` and `_`. A member that is an object is no secret itself."""


def normal(name: str) -> str:
    """Return a name as `NAMES` has it."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


class Names:
    """Which names hide a secret."""

    def __init__(self, more: Iterable[str] = ()) -> None:
        self._more = {normal(name) for name in more}

    def __contains__(self, name: object) -> bool:
        text = normal(str(name))
        return text in self._more or NAMES.fullmatch(text) is not None


IN_TEXT = (
    # A text may stand in a JSON text itself: its quotes are escaped then, and its end may be cut.
    re.compile(r'\\?"(?P<name>[\w-]+)\\?"\s*:\s*\\?"(?P<value>[^"\\]*)'),
    re.compile(r"<(?P<name>[\w:-]+)(?:\s[^<>]*)?>(?P<value>[^<>]*)"),
    re.compile(r'(?P<name>[\w-]+)\s*=\s*\\?"(?P<value>[^"\\]*)'),
    re.compile(r"(?P<name>[\w-]+)=(?P<value>[^&;\s\"'<>\\]+)"),
)
"""Where a text may have a secret under a name: JSON, XML elements and attributes, queries."""


def named(text: str, names: Names, hidden: Callable[[str, str], str]) -> str:
    """Return a text in which each secret that stands under its name is `hidden(value, name)`."""

    def one(found: re.Match[str]) -> str:
        value, name = found["value"], found["name"]
        if name not in names or not value:
            return found[0]
        start, end = found.start("value") - found.start(), found.end("value") - found.start()
        return found[0][:start] + hidden(value, name) + found[0][end:]

    for pattern in IN_TEXT:
        text = pattern.sub(one, text)
    return text


class Secrets:
    """The secrets of a run, so that nothing that is printed has one in it."""

    def __init__(self, values: Iterable[object] = ()) -> None:
        self._values: set[str] = set()
        for value in values:
            self.add(value)

    def add(self, value: object) -> None:
        """Hide this from now on."""
        text = str(value)
        if text:
            self._values.add(text)

    def hide(self, text: str) -> str:
        """Return a text without them."""
        text = JWT.sub(HIDDEN, text)
        for value in sorted(self._values, key=len, reverse=True):
            if len(value) >= SHORTEST:
                text = text.replace(value, HIDDEN)
            else:
                text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", HIDDEN, text)
        return text
