"""Compare an answer with a recorded one, where ids, tokens and moments are others now.

What the recorded server made (an id, a code, a token) and what the new one made at the same place
of an answer belong together: later requests name the new one, and later answers must.
"""

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from largesse.conform.compare import ABSENT, Difference, MissingData, same, shown
from largesse.conform.masks import BASIC, KEY, MARK
from largesse.conform.secrets import Names, normal

MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?")
MADE = (
    re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE),
    re.compile(r"[0-9a-f]{32}", re.IGNORECASE),
    re.compile(r"(?=.*\d)(?=.*[A-Z].*[A-Z])[A-Za-z0-9]{10,}"),
    re.compile(r"(?=.*\d)[\w.-]{24}"),
    re.compile(r"\d{8,}"),
)
"""Forms of what servers make: ids and codes."""

NUMBERED = re.compile(r".*id|number", re.IGNORECASE)
"""Names of members whose numbers are ids."""

MEASURED = re.compile(r".*(seconds|rate|duration|elapsed).*", re.IGNORECASE)
"""Names of members whose fractions are what a server measured."""

URL = re.compile(r"https?://[^/\s\"'<>]+")
TOKEN = re.compile(r"([\w.@+%-]+)")
TOLD_APART = 8
"""Characters from which a value is the same thing wherever it stands."""


class Alignment:
    """What of the new server belongs to what of the recorded one."""

    def __init__(
        self, credentials: Mapping[str, Mapping[str, Any]], vary: Sequence[str] = ()
    ) -> None:
        self._made: dict[str, str] = {}
        self._here: dict[str, str] = {}
        """What belongs together in the answer that is compared, and is not known before."""
        self._secrets: dict[str, Any] = {}
        self._login = credentials.get("login", {})
        self._given = {
            normal(name): value
            for table in ("login", "secrets")
            for name, value in credentials.get(table, {}).items()
        }
        self._vary = set(vary)
        self._names = Names()

    # --- requests

    def filled(self, value: Any) -> Any:
        """Return a recorded value of a request as the new server is sent it.

        Raises:
            MissingData: it has a secret that no answer told, nor the credentials.
        """
        if isinstance(value, Mapping):
            return {name: self.filled(held) for name, held in value.items()}
        if isinstance(value, list):
            return [self.filled(item) for item in value]
        if isinstance(value, str):
            whole = MARK.fullmatch(value)
            return self._secret(whole) if whole else self.text(value)
        if type(value) is int:
            made = self._made.get(str(value), "")
            return int(made) if made.isdecimal() else value
        return value

    def text(self, text: str) -> str:
        """Return a text with the new server's ids and secrets. Raises MissingData."""
        parts = re.split(rf"({MARK.pattern.replace('(', '(?:')})", text)
        return "".join(
            str(self._secret(mark)) if (mark := MARK.fullmatch(part)) else self._translated(part)
            for part in parts
        )

    def _translated(self, text: str) -> str:
        if text in self._made:
            return self._made[text]
        return TOKEN.sub(lambda found: self._made.get(found[0], found[0]), text)

    def _secret(self, mark: re.Match[str]) -> Any:
        number, name = mark[1], mark[2]
        if number in self._secrets:
            return self._secrets[number]
        if name in self._given:
            return self._given[name]
        user, password = self._login.get("username"), self._login.get("password")
        key = self._login.get("application_key")
        known: dict[str, Any] = {"authorization": key, "applicationkey": key}
        if user is not None and password is not None:
            known[BASIC] = base64.b64encode(f"{user}:{password}".encode()).decode()
        if key is not None:
            known[KEY] = base64.b64encode(f"{key}:".encode()).decode()
        value = password if name.endswith("password") else known.get(name)
        if value is None:
            raise MissingData(f"{name} in the credentials file")
        return value

    # --- answers

    def look(self, recorded: Any, got: Any) -> None:
        """See what an answer has made, before it is compared: its links name it."""
        self._here = dict(_pairs("", recorded, got))

    def learn(self, recorded: Any, got: Any, name: str = "") -> None:
        """Remember what belongs together in an answer."""
        self._made |= dict(_pairs(name, recorded, got))
        for one, other in _marked(recorded, got):
            self._learn_secrets(one, other)

    def _learn_secrets(self, recorded: str, got: Any) -> None:
        marks = list(MARK.finditer(recorded))
        if len(marks) == 1 and marks[0][0] == recorded:
            self._secrets[marks[0][1]] = got
            return
        parts = re.split(MARK.pattern.replace("(", "(?:"), recorded)
        found = re.fullmatch("(.+?)".join(map(re.escape, parts)), str(got), re.DOTALL)
        for mark, value in zip(marks, found.groups() if found else (), strict=False):
            self._secrets[mark[1]] = value

    def differences(
        self, path: str, recorded: Any, got: Any, name: str = ""
    ) -> Iterator[Difference]:
        """Yield where an answer is another one than the recorded."""
        if name in self._vary:
            return
        if isinstance(recorded, Mapping) and isinstance(got, Mapping):
            yield from self._members(path, recorded, got)
        elif isinstance(recorded, list) and isinstance(got, list):
            if len(recorded) != len(got):
                yield Difference(path, f"{len(recorded)} items", f"{len(got)} items")
            for number, (one, other) in enumerate(zip(recorded, got, strict=False)):
                yield from self.differences(f"{path}[{number}]", one, other, name)
        elif not self._alike(name, recorded, got):
            yield Difference(path, shown(recorded), shown(got))

    def _members(
        self, path: str, recorded: Mapping[str, Any], got: Mapping[str, Any]
    ) -> Iterator[Difference]:
        for name in [*recorded, *(name for name in got if name not in recorded)]:
            below = f"{path}.{name}"
            if name not in got:
                yield Difference(below, shown(recorded[name]), ABSENT)
            elif name not in recorded:
                yield Difference(below, ABSENT, shown(got[name]))
            else:
                yield from self.differences(below, recorded[name], got[name], name)

    def _alike(self, name: str, recorded: Any, got: Any) -> bool:
        if isinstance(recorded, str) and MARK.search(recorded):
            return got not in (None, "") and not isinstance(got, Mapping | list)
        if same(recorded, got):
            return True
        if isinstance(recorded, float) and isinstance(got, float) and MEASURED.fullmatch(name):
            return True
        form = _form(name, recorded)
        if form is not None and form == _form(name, got):
            known = None if form == "moment" else self._made.get(str(recorded))
            return known is None or known == str(got) or len(str(recorded)) < TOLD_APART
        if not isinstance(recorded, str) or not isinstance(got, str):
            return False
        return self._same_text(recorded, got)

    def _same_text(self, recorded: str, got: str) -> bool:
        """Say whether texts are the same but for hosts, moments and what servers make."""
        one = TOKEN.split(MOMENT.sub("<moment>", URL.sub("<host>", recorded)))
        other = TOKEN.split(MOMENT.sub("<moment>", URL.sub("<host>", got)))
        return len(one) == len(other) and all(
            a == b
            or b in (self._made.get(a), self._here.get(a))
            or (a not in self._made and _form("", a) is not None and _form("", a) == _form("", b))
            for a, b in zip(one, other, strict=True)
        )


def _leaves(name: str, recorded: Any, got: Any) -> Iterator[tuple[str, Any, Any]]:
    """Yield the values that stand at the same places, with the names of their members."""
    if isinstance(recorded, Mapping) and isinstance(got, Mapping):
        for member in recorded.keys() & got.keys():
            yield from _leaves(member, recorded[member], got[member])
    elif isinstance(recorded, list) and isinstance(got, list):
        for one, other in zip(recorded, got, strict=False):
            yield from _leaves(name, one, other)
    else:
        yield name, recorded, got


def _pairs(name: str, recorded: Any, got: Any) -> Iterator[tuple[str, str]]:
    """Yield what servers made, and stands at the same places."""
    for member, one, other in _leaves(name, recorded, got):
        form = _form(member, one)
        if form is not None and form == _form(member, other):
            yield str(one), str(other)


def _marked(recorded: Any, got: Any) -> Iterator[tuple[str, Any]]:
    """Yield the recorded texts with secrets, and what stands there now."""
    for _, one, other in _leaves("", recorded, got):
        if isinstance(one, str) and MARK.search(one):
            yield one, other


def _form(name: str, value: Any) -> str | None:
    """Return the form of what a server made; None if it can not be that."""
    if type(value) is int:
        return "number" if NUMBERED.fullmatch(name) and value > 0 else None
    if not isinstance(value, str):
        return None
    if MOMENT.fullmatch(value):
        return "moment"
    for number, pattern in enumerate(MADE):
        if pattern.fullmatch(value):
            return f"made {number}"
    return "number" if NUMBERED.fullmatch(name) and value.isdecimal() else None
