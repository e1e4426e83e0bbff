"""The generated pages are current, and the commands that make them say when they are not."""

import json
import re
from pathlib import Path

import pytest

from largesse.app import DIALECTS
from largesse.cli import coverage, settings
from tests.cli.command import Largesse, one_line


def test_coverage_is_current() -> None:
    stale = "docs/coverage.md is stale: `largesse coverage` writes it anew"
    assert Path("docs/coverage.md").read_text() == coverage.page(), stale


def test_coverage_has_every_operation_once() -> None:
    page = coverage.page()
    for dialect in DIALECTS:
        assert f"## {dialect.title}" in page
        for route in dialect.routes:
            assert (
                f"| `{route.method} {route.path}` | {route.offer.value} | {route.source} |" in page
            )


def test_the_settings_are_current() -> None:
    stale = "docs/operations.md is stale: `largesse settings --write` writes its table anew"
    assert settings.table() in Path("docs/operations.md").read_text(), stale


def test_every_setting_has_a_sentence() -> None:
    assert [one["name"] for one in settings.described() if not one["meaning"].endswith(".")] == []


def test_the_map_has_every_area_of_the_core() -> None:
    house = Path("docs/architecture.md").read_text().partition("## The house")[2]
    areas = [folder.name for folder in Path("src/largesse/core").iterdir() if folder.is_dir()]
    assert [area for area in areas if area not in house and not area.startswith("_")] == []


@pytest.mark.parametrize("page", sorted(Path("docs").rglob("*.md")), ids=str)
def test_a_page_links_to_files_that_exist(page: Path) -> None:
    for name in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
        assert (page.parent / name).exists(), name


async def test_stale_coverage_is_told(bare: Largesse) -> None:
    one_line(await bare("coverage"), "docs")
    page = bare.folder / "page.md"
    one_line(await bare("coverage", "--check", "page.md"), "page.md is stale")
    assert (await bare("coverage", "page.md")).code == 0
    assert (await bare("coverage", "page.md", "--check")).code == 0
    page.write_text(page.read_text() + "more\n")
    one_line(await bare("coverage", "--check", "page.md"), "page.md is stale")
    assert json.loads((await bare("coverage", "--json")).out) == coverage.operations()


async def test_a_stale_table_of_settings_is_told(bare: Largesse) -> None:
    docs = bare.folder / "docs"
    docs.mkdir()
    page = docs / "operations.md"
    page.write_text("# Operations\n")
    one_line(await bare("settings", "--write"), "no place")
    page.write_text(f"# Operations\n{settings.BEGIN}\n| old |\n{settings.END}\nThe end.\n")
    one_line(await bare("settings", "--check"), "stale")
    assert (await bare("settings", "--write")).code == 0
    assert (await bare("settings", "--check")).code == 0
    text = page.read_text()
    assert "| old |" not in text
    assert text.endswith(f"{settings.END}\nThe end.\n")
