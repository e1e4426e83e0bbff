"""Every command of README.md, as it stands there, against a server that it says to start."""

import asyncio
import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from tests.cli.command import SECONDS, Largesse, Ran, Running

README = Path("README.md").read_text()

STATUS = re.compile(r"^HTTP/1\.1 (\d{3})", re.MULTILINE)

STAND_IN = Path("tests/cli/curl.py").absolute()


def blocks(section: str) -> list[str]:
    """Return the commands of a section."""
    text = re.search(rf"^## {section}\n(.*?)(?=^## )", README, re.MULTILINE | re.DOTALL)
    assert text is not None
    return re.findall(r"^```bash\n(.*?)^```", text[1], re.MULTILINE | re.DOTALL)


CURLS = ["stand-in", *(["curl"] if shutil.which("curl") else [])]


@pytest.fixture(params=CURLS)
def shell(request: pytest.FixtureRequest, bare: Largesse) -> Largesse:
    """A folder with `.venv`, where curl is the machine's, or one that does as much as is needed."""
    (bare.folder / ".venv").symlink_to(sys.prefix)
    if request.param == "stand-in":
        curl = bare.folder / "curl"
        curl.write_text(f'#!/bin/sh\nexec {sys.executable} {STAND_IN} "$@"\n')
        curl.chmod(0o755)
    return bare


async def run(shell: Largesse, commands: str, server: Running, *, stdin: str = "") -> Ran:
    """Run commands in bash, which stops at the first that fails."""
    script = commands.replace("http://127.0.0.1:8000", server.url)
    path = f"{shell.folder}{os.pathsep}{os.environ['PATH']}"
    process = await asyncio.create_subprocess_exec(
        *("bash", "-euo", "pipefail", "-c", script),
        cwd=shell.folder,
        env=shell.environment() | {"PATH": path},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(stdin.encode()), SECONDS)
    assert process.returncode is not None
    return Ran(process.returncode, out.decode(), err.decode())


async def test_the_five_requests_are_answered(shell: Largesse) -> None:
    async with shell.running("serve", "--demo", "--port", "0") as server:
        answers = [await run(shell, block, server) for block in blocks("Try it")]
        assert [answer.code for answer in answers] == [0] * 5, answers
        assert [STATUS.findall(answer.out) for answer in answers] == [
            *(["204"], ["200"], ["200"], ["201"], ["201"])
        ]
        mails, batch, code, assignment, subscription = (answer.out for answer in answers)
        assert mails.splitlines()[-1] == ""
        assert "x-batch-id: " in batch.lower()
        assert '"SC4dcj1p4sathzZ"' in code
        assert '"CG-003"' in assignment
        assert '"d.weiers@test.intershop.de"' in subscription
        assert (await server.line())["mail"]["to"] == "patricia@test.intershop.de"
        # "largesse jobs list shows what became of it"
        for _ in range(50):
            (job,) = await shell.json("jobs", "list")
            if job["state"] == "done":
                break
            await asyncio.sleep(0.1)
        assert job["counts"] == {"granted": 3, "grants": 6}


@pytest.mark.parametrize("shell", CURLS[-1:], indirect=True)
async def test_an_organization_is_set_up_as_told(shell: Largesse) -> None:
    async with shell.running("serve", "--port", "0") as server:
        commands = "\n".join(blocks("Set up your own"))
        ran = await run(shell, commands, server, stdin="correct horse battery\n")
    assert ran.code == 0, ran
    assert re.search(r'"code": ?"SPRING-[A-Z0-9]{10}"', ran.out), ran.out


async def test_every_file_that_is_named_exists() -> None:
    for name in re.findall(r"\]\(([^)#:]+)\)", README):
        assert Path(name).exists(), name
