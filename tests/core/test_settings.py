"""Settings come from the environment and from a file, and a wrong one is named."""

from pathlib import Path

import pytest

from largesse import settings
from largesse.settings import Settings


def load(**environment: str) -> Settings:
    given = {f"LARGESSE_{name}": value for name, value in environment.items()}
    return settings.load({"PATH": "x"} | given)


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work where no file of settings is."""
    monkeypatch.chdir(tmp_path)


def test_without_any_they_are_the_documented_ones() -> None:
    assert load() == Settings()


def test_the_environment_sets_every_kind_of_value() -> None:
    chosen = load(
        DATABASE_URL="postgresql://me@db/largesse",
        SMTP_URL="smtp://mail:25",
        PORT="9000",
        WORKER="false",
        TOKEN_RECHECK_SECONDS="0.5",
        NEWSLETTER_PROVIDER="none",
        CRMCOM_HTTP_ERRORS="0",
        CRMCOM_PREFIXES="/one,/two/*",
        ORACLE_RELEASE="21D",
        VALOMNIA_ENABLED="False",
    )
    assert chosen.database_url == "postgresql://me@db/largesse"
    assert (chosen.smtp_url, chosen.port, chosen.worker) == ("smtp://mail:25", 9000, False)
    assert (chosen.token_recheck_seconds, chosen.newsletter_provider) == (0.5, "none")
    assert (chosen.crmcom.http_errors, chosen.crmcom.prefixes) == (False, ["/one", "/two/*"])
    assert (chosen.oracle.release, chosen.valomnia.enabled) == ("21D", False)
    assert chosen.intershop == Settings().intershop


def test_the_file_sets_them_and_the_environment_wins(tmp_path: Path) -> None:
    file = tmp_path / "chosen.toml"
    file.write_text(
        'host = "0.0.0.0"\nport = 9000\n[crmcom]\nhttp_errors = false\nlegacy_names = false\n'
    )
    chosen = load(CONFIG=str(file), PORT="9001", CRMCOM_LEGACY_NAMES="true")
    assert (chosen.host, chosen.port) == ("0.0.0.0", 9001)
    assert (chosen.crmcom.http_errors, chosen.crmcom.legacy_names) == (False, True)


def test_the_file_of_the_working_folder_is_read() -> None:
    Path("largesse.toml").write_text("port = 9002\n")
    assert load().port == 9002


def test_a_file_that_is_named_must_be_there() -> None:
    with pytest.raises(ValueError, match=r"chosen\.toml"):
        load(CONFIG="chosen.toml")


@pytest.mark.parametrize(
    ("name", "value", "named"),
    [
        ("PORT", "many", "port"),
        ("WORKER", "perhaps", "worker"),
        ("NEWSLETTER_PROVIDER", "pigeon", "newsletter_provider"),
        ("ORACLE_RELEASE", "19A", "oracle.release"),
        ("CRMCOM_TOKEN_SECONDS", "1h", "crmcom.token_seconds"),
    ],
)
def test_a_wrong_value_is_named(name: str, value: str, named: str) -> None:
    with pytest.raises(ValueError, match=rf"settings: .*{named}"):
        load(**{name: value})


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("prot = 9000", "prot"),
        ("[crmcom]\ncolour = 1", "colour"),
        ("[sap]\nenabled = true", "sap"),
        ("port = [1]", "port"),
    ],
)
def test_an_unknown_setting_in_the_file_is_named(tmp_path: Path, text: str, named: str) -> None:
    file = tmp_path / "largesse.toml"
    file.write_text(text)
    with pytest.raises(ValueError, match=rf"settings: .*{named}"):
        load(CONFIG=str(file))


def test_a_file_that_is_no_toml_is_said(tmp_path: Path) -> None:
    file = tmp_path / "largesse.toml"
    file.write_text("port 9000")
    with pytest.raises(ValueError, match="line 1"):
        load(CONFIG=str(file))
