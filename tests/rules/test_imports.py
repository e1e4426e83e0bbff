"""The arrows of docs/architecture.md point one way. The contracts are in pyproject.toml."""

import pytest
from importlinter.cli import lint_imports


def test_imports_follow_the_arrows(capfd: pytest.CaptureFixture[str]) -> None:
    refused = lint_imports(no_cache=True, no_logo=True)
    assert not refused, capfd.readouterr().out
