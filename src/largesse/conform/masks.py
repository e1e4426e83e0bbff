"""Take the secrets out of recorded traffic, so that the same secret stays recognizable.

A secret becomes `{{secret 3 password}}`: its number, and the name under which it was first seen.
Wherever the same value stands later, the same mark stands.
"""

import base64
import binascii
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, unquote, unquote_plus

from largesse.conform.secrets import JWT, SHORTEST, Names, named, normal

MARK = re.compile(r"\{\{secret (\d+) (\w+)\}\}")
BASIC, KEY = "basic", "basickey"
"""Names of what Basic carries: a user with a password, or a key alone."""

FORM = "application/x-www-form-urlencoded"
Pairs = Sequence[tuple[str, str]]


class Masks:
    """The secrets that were seen so far."""

    def __init__(self, more: Iterable[str] = ()) -> None:
        self._names = Names(more)
        self._marks: dict[str, str] = {}

    def mark(self, value: object, name: str) -> str:
        """Return the mark of a secret; a text that is one, or is empty, stays."""
        text = str(value)
        if not text or MARK.fullmatch(text):
            return text
        if text not in self._marks:
            number = len(self._marks) + 1
            self._marks[text] = f"{{{{secret {number} {normal(name) or 'value'}}}}}"
        return self._marks[text]

    def headers(self, headers: Pairs) -> list[tuple[str, str]]:
        """Return headers without secrets."""
        return [(name, self._header(name.lower(), value)) for name, value in headers]

    def path(self, path: str) -> str:
        """Return a path and its query, as they were sent, without secrets."""
        before, question, query = path.partition("?")
        steps = [self._known(step) for step in before.split("/")]
        pairs = [self._pair(pair) for pair in query.split("&")]
        return "/".join(steps) + question + "&".join(pairs)

    def body(self, content: bytes, headers: Pairs) -> dict[str, Any] | None:
        """Return a body without secrets, in the form in which it is kept; None if it is empty.

        What is neither text nor JSON is not kept, only how large it was.
        """
        if not content:
            return None
        given = {name.lower(): value for name, value in headers}
        media = given.get("content-type", "").partition(";")[0].strip().lower()
        try:
            text = content.decode()
        except UnicodeDecodeError:
            return {"omitted": len(content)}
        if given.get("content-encoding") or media.startswith("multipart/"):
            return {"omitted": len(content)}
        if media == FORM:
            fields = parse_qsl(text, keep_blank_values=True)
            return {"form": [[name, self._value(name, value)] for name, value in fields]}
        try:
            return {"json": self.json(json.loads(text))}
        except (ValueError, RecursionError):
            return {"text": self.text(text)}

    def json(self, value: Any, name: str = "") -> Any:
        """Return JSON without secrets."""
        if isinstance(value, Mapping):
            return {self._plain(key): self.json(held, key) for key, held in value.items()}
        if isinstance(value, list):
            return [self.json(item, name) for item in value]
        if isinstance(value, str):
            return self._value(name, value)
        if type(value) is int and name in self._names:
            return self.mark(value, name)
        return value

    def text(self, text: str) -> str:
        """Return a text without secrets: those under a name, and those that were seen before."""
        return self._plain(named(text, self._names, self._unmarked))

    def _unmarked(self, value: str, name: str) -> str:
        return value if MARK.search(value) else self.mark(value, name)

    def _value(self, name: str, value: str) -> str:
        return self.mark(value, name) if name in self._names else self._plain(value)

    def _plain(self, text: str) -> str:
        """Return a text without the secrets that were seen before, and without tokens."""
        if text in self._marks:
            return self._marks[text]
        for value in sorted(self._marks, key=len, reverse=True):
            if len(value) >= SHORTEST and value in text:
                text = text.replace(value, self._marks[value])
        return JWT.sub(lambda found: self.mark(found[0], "token"), text)

    def _header(self, name: str, value: str) -> str:
        if name in ("authorization", "proxy-authorization"):
            return self._authorization(value)
        if name == "cookie":
            return "; ".join(self._cookie(part.strip()) for part in value.split(";"))
        if name == "set-cookie":
            first, semicolon, rest = value.partition(";")
            return self._cookie(first) + semicolon + rest
        if name == "location":
            return self.path(self._plain(value))
        return self._value(name, value)

    def _authorization(self, value: str) -> str:
        scheme, blank, credentials = value.partition(" ")
        if not blank:
            return self.mark(value, "authorization")
        name = "authorization"
        if scheme.lower() == "basic":
            name = self._basic(credentials)
        return f"{scheme} {self.mark(credentials.strip(), name)}"

    def _basic(self, credentials: str) -> str:
        """Hide what Basic carries, wherever else it stands; return the name of the whole."""
        try:
            text = base64.b64decode(credentials, validate=True).decode()
        except (binascii.Error, ValueError):
            return BASIC
        user, _, password = text.partition(":")
        self.mark(password or user, "password" if password else "applicationkey")
        return BASIC if password else KEY

    def _cookie(self, text: str) -> str:
        name, equals, value = text.partition("=")
        return f"{name}={self.mark(value, name)}" if equals else text

    def _pair(self, pair: str) -> str:
        name, equals, value = pair.partition("=")
        if not equals:
            return pair
        if unquote_plus(name) in self._names:
            return f"{name}={self.mark(unquote_plus(value), unquote_plus(name))}"
        return f"{name}={self._known(value, unquote_plus(value))}"

    def _known(self, sent: str, plain: str | None = None) -> str:
        """Return a part of a path without the secrets that were seen before."""
        return self._marks.get(unquote(sent) if plain is None else plain) or self._plain(sent)
