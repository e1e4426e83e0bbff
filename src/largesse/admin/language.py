"""Languages: catalogues of what the pages say, beside this file; a new one is a new `.po` file.

What a page says in English is the key of its translations. Texts in Python are marked by `N_` where
they are written and translated where they are shown; templates say `_("...")`.
"""

import io
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

FOLDER = Path(__file__).parent / "translations"
SOURCE = "en"
"""The language of the keys."""


VARYING = re.compile(r"\{\d\}")


def N_(text: str) -> str:
    """Mark a text for the catalogues, and return it as it is."""
    return text


@cache
def catalogues() -> Mapping[str, Translations]:
    """Return the translations of every language that has a catalogue, and of English."""
    found = {path.stem: _load(path) for path in sorted(FOLDER.glob("*.po"))}
    return {SOURCE: Translations(), **found}


@cache
def patterns(language: str) -> Sequence[tuple[re.Pattern[str], str]]:
    """Return the keys of a catalogue of which a part varies, `{0}`, and what their texts match."""
    path = FOLDER / f"{language}.po"
    if not path.exists():
        return ()
    with path.open("rb") as file:
        keys = [one.id for one in read_po(file) if isinstance(one.id, str) and "{0}" in one.id]
    # The one that says most of itself is the one that is meant.
    keys.sort(key=len, reverse=True)
    return [
        (re.compile("(.*)".join(map(re.escape, VARYING.split(key))), re.DOTALL), key)
        for key in keys
    ]


def chosen(wanted: str | None, accepted: str | None) -> Locale:
    """Return the language of a page: the one chosen, or the first of `Accept-Language` that is had.

    Within a language the browser's region decides on numbers and dates, e.g. de-AT.
    """
    for tag in (*([wanted] if wanted else []), *_ranked(accepted or "")):
        language = tag.replace("_", "-").partition("-")[0].lower()
        if language in catalogues():
            return _locale(tag) or Locale(language)
    return Locale(SOURCE)


def _ranked(accepted: str) -> list[str]:
    """Return the tags of an Accept-Language header, the dearest first (RFC 9110, 12.5.4)."""
    weighed: list[tuple[float, int, str]] = []
    for part in accepted[:1000].split(","):
        tag, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality or 1)
        except ValueError:
            weight = 0.0
        if tag and weight > 0:
            weighed.append((-weight, len(weighed), tag))
    return [tag for _, _, tag in sorted(weighed)]


def _locale(tag: str) -> Locale | None:
    try:
        return Locale.parse(tag, sep="-" if "-" in tag else "_")
    except (ValueError, LookupError):
        return None


def _load(path: Path) -> Translations:
    with path.open("rb") as file:
        catalogue = read_po(file, locale=path.stem)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled)
