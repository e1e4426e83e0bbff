"""`largesse templates`: files become mails."""

from pathlib import Path

import pytest

from tests.cli.command import Largesse, columns, one_line


@pytest.fixture
async def shop(largesse: Largesse) -> Largesse:
    """A database with an organization, which no server has opened yet."""
    await largesse.json("organizations", "create", "My Shop")
    return largesse


@pytest.mark.parametrize("engine_name", ["sqlite", "postgres"])
async def test_a_file_is_saved_looked_at_shown_and_deleted(shop: Largesse, tmp_path: Path) -> None:
    body = tmp_path / "hello.html"
    body.write_text("<p>Grüße aus {{ city }}, {{ code('BG4') }}</p>", encoding="utf-8")
    save = ("templates", "save", "hello", "--body", str(body), "--subject", "Hi {{ name }}")
    one_line(await shop(*save), "line 1", "'city' is not defined")
    saved = await shop.json(*save, "--example", '{"city": "Rom"}', "--locale", "de_AT")
    assert (saved["key"], saved["locale"], saved["version"]) == ("hello", "de-at", 1)
    again = await shop.json(
        "templates", "save", "hello", "--locale", "de-AT", "--kind", "marketing"
    )
    assert (again["kind"], again["version"]) == ("marketing", 2)
    listed = columns(await shop("templates", "list"))
    assert [line.split()[-1] for line in listed[2:]] == ["1", "1"]  # those that are built in
    look = ("templates", "preview", "hello", "--locale", "de-AT")
    assert (await shop(*look)).out == ("Subject: Hi Ada Lovelace\n\nGrüße aus Rom, BG4-EXAMPLE\n")
    html = await shop(*look, "--html", "--values", '{"city": "<Wien>"}')
    assert html.out == "<p>Grüße aus &lt;Wien&gt;, BG4-EXAMPLE</p>\n"
    assert (await shop.json(*look))["subject"] == "Hi Ada Lovelace"
    shown = await shop("templates", "show", "hello", "--locale", "de-AT")
    assert shown.out.endswith(body.read_text(encoding="utf-8") + "\n")
    assert (await shop.json("templates", "show", "code"))["id"] is None
    one_line(await shop(*look, "--values", "[]"), "--values is no JSON object")
    one_line(await shop("templates", "show", "hello"), "no template", "'hello'")
    one_line(await shop("templates", "delete", "code"), "no template", "'code'")
    assert (await shop("templates", "delete", "hello", "--locale", "de-AT")).code == 0
    one_line(await shop(*look), "no template")
