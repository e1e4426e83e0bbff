"""The pages' languages: every text is in every catalogue, and a viewer reads their own."""

import re
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from babel import Locale
from babel.messages.pofile import read_po
from playwright.async_api import Page, expect

from largesse.admin.catalogues import rewritten
from largesse.admin.formats import Viewer, sentence_of
from largesse.admin.language import FOLDER
from largesse.core.errors import (
    AlreadyExists,
    InvalidValue,
    NotPermitted,
    Refused,
    StillInUse,
    UnknownCode,
    leaves,
)
from largesse.wire.errors import UnknownPath
from tests.admin.conftest import Site
from tests.admin.looking import check

CATALOGUES = sorted(FOLDER.glob("*.po"))

PLACES = re.compile(r"%\(\w+\)\w|\{\d[^}]*\}")
"""What is filled in."""

GERMAN = Viewer(Locale("de"), ZoneInfo("UTC"))


async def test_there_is_a_catalogue() -> None:
    assert "de" in {path.stem for path in CATALOGUES}


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
async def test_a_catalogue_has_every_text_and_no_other(path: Path) -> None:
    assert path.read_text() == rewritten(path), "`make catalogues` brings it up to date"


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
async def test_every_text_is_translated(path: Path) -> None:
    with path.open("rb") as file:
        catalogue = read_po(file, locale=path.stem)
    assert len(catalogue) > 500
    assert not list(catalogue.obsolete)
    for text in catalogue:
        if not text.id:
            continue
        assert not text.fuzzy, text.id
        said = [text.string] if isinstance(text.string, str) else list(text.string)
        assert all(said), f"not translated: {text.id!r}"
        asked = set(PLACES.findall(" ".join([text.id] if isinstance(text.id, str) else text.id)))
        for one in said:
            has = set(PLACES.findall(one))
            assert has <= asked, (text.id, one)
            # One thing need not be counted, and German needs no article of a noun's.
            left = {"%(count)s"} if len(said) > 1 else {"{0.article}"}
            assert asked - has <= left, (text.id, one)


async def test_every_refusal_can_be_said_in_german() -> None:
    class Facts:
        def __getattr__(self, name: str) -> Any:
            return name

    for kind in leaves():
        said = GERMAN.say(sentence_of(kind))
        assert said.format(Facts())


@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        (StillInUse("promotion"), "Aktion"),
        (AlreadyExists("user"), "Mit einer dieser Kennungen gibt es schon etwas (Benutzer)."),
        (NotPermitted("manage_access"), "Dazu ist das Recht 'Zugänge verwalten' nötig."),
        (UnknownCode("X", "code"), "Nicht gefunden: Code mit code 'X'."),
        (InvalidValue("limit", "must be from 1 to 25"), "limit: muss zwischen 1 und 25 liegen"),
        (InvalidValue("x", "is nothing we know"), "x: is nothing we know"),
        (UnknownPath(), "Unter dieser Adresse gibt es nichts."),
    ],
)
async def test_a_refusal_is_said_with_its_facts(refusal: Refused, said: str) -> None:
    assert said in GERMAN.refusal(refusal)


async def test_pages_are_in_the_language_that_the_browser_asks_for(site: Site) -> None:
    async with site.visitor() as client:
        for accepted, language, word in (
            ("de-AT,en;q=0.5", "de-AT", "Aktionen"),
            ("fr,de;q=0.5,en;q=0.3", "de", "Aktionen"),
            ("fr,es", "en", "Promotions"),
            ("", "en", "Promotions"),
        ):
            page = (await client.get("promotions", headers={"accept-language": accepted})).text
            assert f'<html lang="{language}">' in page
            assert f"<h1>{word}</h1>" in page
        german = (await client.get("promotions", headers={"accept-language": "de"})).text
    assert re.search(r">\d\d\.\d\d\.\d{4}, \d\d:\d\d<", german)
    assert GERMAN.number(1234567.5) == "1.234.567,5"
    assert GERMAN.percent(0.125) == "12,5\N{NO-BREAK SPACE}%"


async def test_somebody_chooses_a_language(page: Page, site: Site) -> None:
    await page.goto("promotions")
    await page.get_by_text(site.people["owner"].caller.username).click()
    await page.get_by_role("button", name="Deutsch").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Aktionen")
    await page.get_by_role("link", name="Neue Aktion").click()
    await page.get_by_role("button", name="Anlegen").click()
    await expect(page.get_by_text("Diese Angabe wird gebraucht.")).to_be_visible()
    await check(page)
    await page.get_by_text(site.people["owner"].caller.username).click()
    await page.get_by_role("button", name="English").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("New promotion")
