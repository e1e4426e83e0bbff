"""Files and functions stay small enough to be read at once."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

FILE_LINES = {"src": 400, "tests": 600, "benchmarks": 600}
FUNCTION_LINES = 60
# A revision is written once, by Alembic, and never changed again.
EXEMPT = Path("src/largesse/migrations/versions")

FILES = [
    file
    for folder in FILE_LINES
    for file in sorted(Path(folder).rglob("*.py"))
    if EXEMPT not in file.parents
]


def test_the_files_are_found() -> None:
    assert Path("tests/rules/test_sizes.py") in FILES


@pytest.mark.parametrize("file", FILES, ids=str)
def test_a_file_and_its_functions_are_short(file: Path) -> None:
    source = file.read_text(encoding="utf-8")
    assert len(source.splitlines()) <= FILE_LINES[file.parts[0]]
    assert not list(long_functions(source))


def long_functions(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > FUNCTION_LINES:
                yield f"{node.name}, line {node.lineno}: {lines} lines"
