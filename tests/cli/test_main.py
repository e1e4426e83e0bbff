"""The command itself: help, usage, and how it starts."""

import subprocess
import sys

import pytest

from largesse import __version__
from tests.cli.command import Largesse, one_line

HEAVY = (
    "asyncio",
    "msgspec",
    "sqlalchemy",
    "starlette",
    "uvicorn",
    "structlog",
    "httpx",
    "alembic",
)


async def test_help_names_every_command(bare: Largesse) -> None:
    ran = await bare("--help")
    assert ran.code == 0
    for noun in ("serve", "worker", "demo", "db", "organizations", "units", "users", "keys"):
        assert noun in ran.out
    for noun in ("campaigns", "codes", "grants", "jobs", "mails", "coverage", "settings"):
        assert noun in ran.out


async def test_version(bare: Largesse) -> None:
    assert (await bare("--version")).out == f"largesse, version {__version__}\n"


def test_the_command_starts_without_the_service() -> None:
    script = f"import sys, largesse.cli.main; print([m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["codes", "generate", "--campaign", "x"],
        ["codes", "generate", "--campaign", "x", "--count", "0"],
        ["jobs", "show", "no-uuid"],
        ["demo"],
        ["demo", "--play", "--load-only"],
        ["serve", "--port", "70000"],
        ["users", "create", "anna", "--password", "x", "--password-stdin"],
        ["organizations", "create", "x", "--called", "nobody", "y"],
    ],
)
async def test_wrong_usage_ends_with_2(bare: Largesse, arguments: list[str]) -> None:
    ran = await bare(*arguments)
    assert (ran.code, ran.out) == (2, ""), ran
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(
    ("name", "value", "word"),
    [
        ("port", "many", "port"),
        ("log_level", "loud", "log_level"),
        ("config", "/nowhere/largesse.toml", "/nowhere/largesse.toml"),
        ("database_url", "mysql://localhost/x", "mysql"),
        ("database_url", "nonsense", "database_url"),
        ("database_url", "sqlite://", "file"),
        ("smtp_url", "http://localhost", "mail service"),
    ],
)
async def test_a_setting_that_can_not_be_is_named(
    bare: Largesse, name: str, value: str, word: str
) -> None:
    bare.settings[name] = value
    one_line(await bare("db", "upgrade"), word)


async def test_a_file_of_settings_that_is_no_toml_is_named(bare: Largesse) -> None:
    (bare.folder / "largesse.toml").write_text("port = [")
    one_line(await bare("db", "upgrade"), "largesse.toml")


async def test_settings_come_from_the_file_and_the_environment_wins(bare: Largesse) -> None:
    (bare.folder / "largesse.toml").write_text(
        "port = 1\nhost = '::1'\n[oracle]\nrelease = '21D'\n"
    )
    bare.settings["port"] = "2"
    shown = {row["setting"]: row["value"] for row in await bare.json("settings")}
    assert (shown["port"], shown["host"], shown["oracle.release"]) == (2, "::1", "21D")


async def test_settings_hide_what_is_secret(bare: Largesse) -> None:
    bare.settings.update(
        secret="s3cret-1",
        smtp_url="smtp://user:s3cret-2@localhost:25",
        database_url="postgresql://user:s3cret-3@localhost/x",
    )
    ran = await bare("settings")
    assert ran.code == 0
    assert "s3cret" not in ran.out + ran.err
