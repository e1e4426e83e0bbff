"""`python -m largesse.admin.catalogues`: every text of the pages, and the catalogues beside them.

It takes what can be translated out of the sources, and rewrites each catalogue in `translations/`
so that it has these texts and no others; what was translated stays. With a language as argument
it begins the catalogue of one more. What it writes depends on the sources alone.
"""

import ast
import importlib
import io
import pkgutil
import sys
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.plurals import get_plural
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

import largesse
from largesse import core
from largesse.admin import auth
from largesse.admin.formats import sentence_of
from largesse.admin.language import FOLDER
from largesse.core.access.model import Right
from largesse.core.errors import InvalidEmail, Refused, Unknown, leaves
from largesse.core.events.model import EventKind
from largesse.wire.errors import WIRE_ERRORS

SOURCES = Path(largesse.__file__).parent

HEADER = """\
# The pages' texts in {name}. `make catalogues` brings what the sources say into here.
msgid ""
msgstr ""
"Language: {locale}\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: {plural}\\n"

"""

FACTS = {
    "InvalidValue": (1, "reason"),
    "InvalidEmail": (1, "reason"),
    "InvalidCodeFormat": (0, "reason"),
    "BadSignature": (0, "reason"),
    "NewsletterProviderFailed": (0, "reason"),
    "WrongState": (1, "state"),
    "AlreadyAssigned": (0, "what"),
}
"""Refusals whose facts are words for people: where those stand."""

SILENT = (EventKind,)
"""Values that the pages show as they are."""

Text = str | tuple[str, str]
"""A text, or one about a thing and one about many."""


def texts() -> dict[Text, list[str]]:
    """Return every text that can be translated, with the files it stands in."""
    found: dict[Text, list[str]] = {}
    for text, place in _all():
        places = found.setdefault(text, [])
        if place not in places:
            places.append(place)
    plurals = {one: (one, many) for one, many in (t for t in found if isinstance(t, tuple))}
    for one, both in plurals.items():
        # A catalogue has one entry for a text, be it of a number of things at times.
        found[both] += found.pop(one, [])
    return found


def rewritten(path: Path) -> str:
    """Return a catalogue as it is to be: the sources' texts, and what it says of them."""
    locale = Locale.parse(path.stem)
    known = read_po(io.BytesIO(path.read_bytes()), locale=locale) if path.exists() else Catalog()
    catalogue = Catalog(locale=locale)
    for text, places in texts().items():
        old = known.get(text if isinstance(text, str) else text[0])
        said = old.string if old is not None and "fuzzy" not in old.flags else ""
        if isinstance(text, tuple) is not isinstance(said, tuple):
            said = ("", "") if isinstance(text, tuple) else ""
        catalogue.add(text, said, locations=[(place, 0) for place in sorted(places)])
    file = io.BytesIO()
    write_po(file, catalogue, width=100, omit_header=True, sort_output=True, include_lineno=False)
    name = locale.get_display_name("en")
    plural = get_plural(str(locale)).plural_forms
    return HEADER.format(name=name, locale=locale, plural=plural) + file.getvalue().decode()


def main(languages: list[str]) -> None:
    """Rewrite every catalogue, and begin those of the languages given."""
    for path in sorted({*FOLDER.glob("*.po"), *(FOLDER / f"{one}.po" for one in languages)}):
        path.parent.mkdir(exist_ok=True)
        path.write_text(rewritten(path), encoding="utf-8")
        missing = [m.id for m in read_po(path.open("rb")) if m.id and not _is_whole(m.string)]
        print(f"{path.name}: {len(missing)} to be translated")


# --- inside ------------------------------------------------------------------------------------


def _is_whole(said: Any) -> bool:
    return all(said) if isinstance(said, tuple) else bool(said)


def _all() -> Iterator[tuple[Text, str]]:
    for path in sorted((SOURCES / "admin").rglob("*.py")):
        yield from ((text, _name(path)) for text in _marked(ast.parse(path.read_text())))
    for path in sorted((SOURCES / "admin" / "templates").rglob("*.html")):
        yield from ((text, _name(path)) for text in _said(path))
    for path in sorted((SOURCES / "core").rglob("*.py")):
        yield from ((text, _name(path)) for text in _reasons(ast.parse(path.read_text())))
    yield from _refusals()
    yield from _values()


def _name(path: Path) -> str:
    return path.relative_to(SOURCES).as_posix()


def _marked(tree: ast.AST) -> Iterator[Text]:
    """Yield what `N_` marks; two that are `one` and `many` of a call are about a number of things."""
    paired: set[int] = set()
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        named = {one.arg: _marked_text(one.value) for one in call.keywords}
        one, many = named.get("one"), named.get("many")
        if one is not None and many is not None:
            paired |= {id(k.value) for k in call.keywords if k.arg in ("one", "many")}
            yield one, many
        if _called(call) == "say_many":
            both = [_marked_text(arg) or _text(arg) for arg in call.args[:2]]
            if len(both) == 2 and both[0] is not None and both[1] is not None:
                paired |= {id(arg) for arg in call.args[:2]}
                yield both[0], both[1]
    for node in ast.walk(tree):
        text = _marked_text(node)
        if text is not None and id(node) not in paired:
            yield text


def _marked_text(node: ast.AST) -> str | None:
    if isinstance(node, ast.Call) and _called(node) == "N_" and node.args:
        return _text(node.args[0])
    return None


def _called(call: ast.Call) -> str:
    return str(getattr(call.func, "attr", getattr(call.func, "id", "")))


def _text(node: ast.AST) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _said(path: Path) -> Iterator[Text]:
    """Yield what a template says."""
    options = {"trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}
    with path.open("rb") as file:
        for _, called, given, _ in babel_extract(file, ("_", "N_", "many"), [], options):
            said = [given] if isinstance(given, str) else list(given or ())
            if called == "many":
                yield str(said[0]), str(said[1])
            elif said and said[0] is not None:
                yield said[0]


def _reasons(tree: ast.AST) -> Iterator[str]:
    """Yield what the core says where it refuses; what varies is `{0}`, `{1}`."""
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        at, name = FACTS.get(_called(call), (99, ""))
        named = [one.value for one in call.keywords if one.arg == name]
        for node in [*call.args[at : at + 1], *named]:
            either = [node.body, node.orelse] if isinstance(node, ast.IfExp) else [node]
            yield from filter(None, map(pattern_of, either))


def pattern_of(node: ast.AST) -> str | None:
    """Return a text as a pattern, e.g. `must be from 1 to {0}`; None: it is none."""
    if not isinstance(node, ast.JoinedStr):
        return _text(node)
    parts, count = [], 0
    for part in node.values:
        text = _text(part)
        parts.append(f"{{{count}}}" if text is None else text)
        count += text is None
    return "".join(parts) if any(_text(part) for part in node.values) else None


def _refusals() -> Iterator[tuple[Text, str]]:
    # Dialects have refusals of their own, of which there are those that were imported.
    ours = [kind for kind in leaves(Refused) if kind.__module__.startswith(core.__name__)]
    kinds: tuple[type[Exception], ...] = (*ours, *WIRE_ERRORS, auth.ForeignForm)
    for kind in kinds:
        yield sentence_of(kind), "core/errors"
        if issubclass(kind, Unknown):
            yield kind.noun, "core/errors"
    yield InvalidEmail.reason, "core/errors"


def _values() -> Iterator[tuple[Text, str]]:
    """Yield the values that pages show as words, e.g. the state of a job."""
    for module in pkgutil.walk_packages(core.__path__, f"{core.__name__}."):
        for kind in vars(importlib.import_module(module.name)).values():
            if isinstance(kind, type) and issubclass(kind, StrEnum) and kind not in SILENT:
                for value in kind:
                    yield value.replace("_", " "), module.name.removeprefix("largesse.")
    yield from ((right.replace("_", " "), "core.access.model") for right in Right)


if __name__ == "__main__":
    main(sys.argv[1:])
