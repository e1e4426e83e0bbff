"""What is committed is true on every machine."""

import re
import subprocess
from pathlib import Path

import pytest

# Put together here, so that this file does not find itself.
FOLDERS = ("wo" + "rk", "ro" + "ot")
# At the start of a path: a URL or a relative path may have a folder of that name.
MACHINE_PATH = re.compile((r"(?<![\w.})-])/(?:" + "|".join(FOLDERS) + ")/").encode())
UNWANTED = re.compile(r"(?:.*/)?(?:uv\.lock|pylock(?:\..+)?\.toml|poetry\.lock)")


@pytest.fixture(scope="module")
def committed() -> list[Path]:
    if not Path(".git").exists():
        pytest.skip("not a checkout")
    listed = subprocess.run(["git", "ls-files", "-z"], check=True, capture_output=True, text=True)
    return [file for name in listed.stdout.split("\0") if name and (file := Path(name)).is_file()]


def test_no_file_names_a_path_of_this_machine(committed: list[Path]) -> None:
    assert not [str(file) for file in committed if MACHINE_PATH.search(file.read_bytes())]


def test_no_lock_file_carries_registry_hosts(committed: list[Path]) -> None:
    assert not [str(file) for file in committed if UNWANTED.fullmatch(str(file))]
    npm = [file for file in committed if file.name in {"package-lock.json", "npm-shrinkwrap.json"}]
    assert not [str(file) for file in npm if b'"resolved": "http' in file.read_bytes()]
