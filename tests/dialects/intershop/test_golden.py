"""No golden file lies about unplayed."""

from pathlib import Path

from tests.golden import all_golden

HERE = Path(__file__).parent


def test_every_golden_file_is_named_by_a_test() -> None:
    tests = "".join(file.read_text() for file in sorted(HERE.glob("test_*.py")))
    unnamed = [g.name for g in all_golden("intershop") if f'"{g.name}"' not in tests]
    assert unnamed == []
