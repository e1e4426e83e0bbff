"""The locks name versions and hashes, and nothing of the machine that made them."""

import re
from pathlib import Path

import pytest

LOCKS = sorted(Path("requirements").glob("*.txt"))

PIN = re.compile(
    r"[a-z0-9][a-z0-9._-]*(?:\[[a-z0-9,_-]+\])?==[\w.+!-]+(?: ; [^\\\n]+)? \\\n"
    r"(?: {4}--hash=sha256:[0-9a-f]{64} \\\n)*"
    r" {4}--hash=sha256:[0-9a-f]{64}\n"
)
COMMENT = re.compile(r"^ *#.*\n", re.MULTILINE)


def test_there_is_a_lock_for_users_and_one_for_developers() -> None:
    assert [lock.name for lock in LOCKS] == ["dev.txt", "runtime.txt"]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_is_nothing_but_pins_with_hashes(lock: Path) -> None:
    # What remains would be an option, a URL, or a version without a hash.
    assert PIN.sub("", COMMENT.sub("", lock.read_text())) == ""


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_names_no_host(lock: Path) -> None:
    assert not re.findall(
        r".*(?:://|--\w*-?index|find-links|localhost|\d\.\d+\.\d+\.\d+:).*", lock.read_text()
    )


def test_developers_run_the_versions_that_users_run() -> None:
    users, developers = (
        set(re.findall(r"^\S+==\S+", Path(f"requirements/{name}.txt").read_text(), re.MULTILINE))
        for name in ("runtime", "dev")
    )
    assert users <= developers
