"""Settings are read in one place, and each has a sentence."""

import ast
from pathlib import Path

import pytest

# The command line reads the environment and hands it to the settings.
READERS = (Path("src/largesse/settings.py"), Path("src/largesse/cli"))

SOURCES = [
    file
    for file in sorted(Path("src/largesse").rglob("*.py"))
    if file not in READERS and READERS[1] not in file.parents
]


def test_the_sources_are_found() -> None:
    assert Path("src/largesse/app.py") in SOURCES
    assert READERS[0].is_file()
    assert READERS[1].is_dir()


@pytest.mark.parametrize("file", SOURCES, ids=str)
def test_nothing_else_reads_the_environment(file: Path) -> None:
    for node in ast.walk(ast.parse(file.read_text())):
        name = getattr(node, "attr", getattr(node, "id", None))
        assert name not in ("environ", "environb", "getenv", "getenvb"), f"line {node.lineno}"
        if isinstance(node, ast.ImportFrom) and node.module == "os":
            names = {alias.name for alias in node.names}
            assert not names & {"environ", "getenv"}, f"line {node.lineno}"


def test_every_setting_has_a_sentence() -> None:
    tree = ast.parse(READERS[0].read_text())
    found = 0
    for kind in (node for node in tree.body if isinstance(node, ast.ClassDef)):
        assert ast.get_docstring(kind), kind.name
        for setting, after in zip(kind.body, [*kind.body[1:], None], strict=True):
            if isinstance(setting, ast.AnnAssign):
                found += 1
                name = ast.unparse(setting.target)
                said = after.value if isinstance(after, ast.Expr) else None
                assert isinstance(said, ast.Constant), f"{kind.name}.{name}"
                assert str(said.value).strip().endswith("."), f"{kind.name}.{name}"
    assert found > 30
