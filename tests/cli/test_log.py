"""How log lines look, and what is not in them."""

import json
import subprocess
import sys

import pytest

SCRIPT = """
import logging, structlog
from largesse import log
log.configure(look={look!r}, level={level!r})
mine = structlog.get_logger("largesse.mine")
def work():
    held = "s3cret in a variable"
    raise ValueError("it broke")
with structlog.contextvars.bound_contextvars(request_id="0123-abcd"):
    try:
        work()
    except ValueError:
        mine.exception("fault", path="/v1/x", token="s3cret in a field")
mine.debug("a small thing")
logging.getLogger("aiosqlite").debug("executing with s3cret parameters")
logging.getLogger("uvicorn.error").info("Started server process")
logging.getLogger("uvicorn.error").warning("Invalid HTTP request received.")
"""


def written(look: str, level: str) -> str:
    """Return what a process writes to standard error; nothing goes to standard output."""
    script = SCRIPT.format(look=look, level=level)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == ""
    return done.stderr


@pytest.mark.parametrize("look", ["json", "console"])
@pytest.mark.parametrize("level", ["debug", "info"])
def test_secrets_are_in_no_line(look: str, level: str) -> None:
    text = written(look, level)
    assert "it broke" in text
    assert "/v1/x" in text
    assert "s3cret" not in text
    assert ("a small thing" in text) == (level == "debug")


def test_each_line_of_json_is_an_object_with_the_same_fields() -> None:
    fault, other = (json.loads(line) for line in written("json", "info").splitlines())
    for line in (fault, other):
        assert {"timestamp", "level", "logger", "event"} <= line.keys()
    assert (fault["event"], fault["level"], fault["logger"]) == ("fault", "error", "largesse.mine")
    assert (fault["request_id"], fault["token"]) == ("0123-abcd", "***")
    assert fault["exception"][0]["exc_type"] == "ValueError"
    assert (other["logger"], other["level"]) == ("uvicorn.error", "warning")
    assert other["event"] == "Invalid HTTP request received."
