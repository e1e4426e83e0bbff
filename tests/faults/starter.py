"""A process that has imported the service already, and starts `largesse` by forking itself.

A start takes a second, of which all but 0.06 are imports: these are done once, so that tests can
kill and start servers as often as they like.
"""

import atexit
import contextlib
import faulthandler
import functools
import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from tests.postgres import stop_with_parent

LONGEST_ORDER = 2**16

ROOT = Path(__file__).parents[2]


class Forked:
    """A process that was started by fork; of `subprocess.Popen` it has what tests use."""

    def __init__(self, status: IO[bytes]) -> None:
        self._status = status
        try:
            self.pid = int(status.readline())
        except ValueError:
            status.close()
            raise
        self._code: int | None = None

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def poll(self) -> int | None:
        """Return its exit code, or None while it runs."""
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def wait(self, timeout: float | None = None) -> int:
        """Return its exit code once it has ended. Raises subprocess.TimeoutExpired."""
        if self._code is None:
            if not select.select([self._status], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("largesse", timeout or 0)
            self._code = int(self._status.readline())
            self._status.close()
        return self._code


def fork(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    *,
    out: IO[bytes],
    err: IO[bytes],
    given: IO[bytes] | None = None,
    folder: str = ".",
) -> Forked:
    """Start `largesse` with these arguments, in this environment; it reads `given`, if anything."""
    order = {"arguments": arguments, "environment": dict(environment), "folder": folder}
    files = [out.fileno(), err.fileno()] + ([given.fileno()] if given is not None else [])
    try:
        return _ordered(order, files)
    except (BrokenPipeError, ConnectionResetError, ValueError):
        # The starter has ended, e.g. by a signal that was meant for others: one more is started,
        # so that a whole worker's tests do not fail for it.
        _starter.cache_clear()
        return _ordered(order, files)


def _ordered(order: Mapping[str, Any], files: Sequence[int]) -> Forked:
    """Send an order to the starter. Raises what tells that there is none."""
    read, write = os.pipe()
    with os.fdopen(write, "wb") as status, os.fdopen(read, "rb", buffering=0) as answer:
        socket.send_fds(_starter(), [json.dumps(order).encode()], [status.fileno(), *files])
        status.close()
        return Forked(os.fdopen(os.dup(answer.fileno()), "rb", buffering=0))


@functools.cache
def _starter() -> socket.socket:
    """Start the process that forks; it ends when this one does."""
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with there:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.starter"],
            stdin=there,
            cwd=ROOT,
            # A pipe is written in UTF-8 whatever the machine's locale.
            env=os.environ | {"PYTHONUTF8": "1"},
        )

    def stop() -> None:
        here.close()
        process.wait()

    atexit.register(stop)
    return here


def main() -> None:
    """Fork for each order, until the other side is gone."""
    # Heavy, and only for this process.
    import largesse.cli.serving
    import largesse.cli.worker
    import largesse.demo.play  # noqa: F401

    # Else each process would copy all of it, to look for garbage when it ends.
    gc.collect()
    gc.freeze()
    orders = socket.socket(fileno=os.dup(0))
    # Servers have no input; left free, the number would become that of some other file.
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    while True:
        order, files, *_ = socket.recv_fds(orders, LONGEST_ORDER, 4)
        # Those who ended are not ignored: `time` counts what they took.
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG) != (0, 0):
                pass
        if not order:
            return
        if os.fork() == 0:
            orders.close()
            _keep(**json.loads(order), files=files)
            return
        for file in files:
            os.close(file)


def _keep(
    arguments: Sequence[str], environment: Mapping[str, str], folder: str, files: Sequence[int]
) -> None:
    """Fork once more: the process that was asked for; say its number, and how it ended."""
    status, out, err, *given = files
    stop_with_parent()
    pid = os.fork()
    if pid == 0:
        stop_with_parent()
        os.close(status)
        for number, file in enumerate((*given, out, err), start=1 - len(given)):
            os.dup2(file, number)
            os.close(file)
        os.chdir(folder)
        _run(arguments, environment)
        return
    for file in (out, err, *given):
        os.close(file)
    # The group's Ctrl-C is for the one that was asked for.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.write(status, b"%d\n" % pid)
    os.write(status, b"%d\n" % os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    os._exit(0)


def _run(arguments: Sequence[str], environment: Mapping[str, str]) -> None:
    from largesse.cli.main import main as largesse

    os.environ.clear()
    os.environ.update(environment)
    # As a terminal would start it: whoever runs the tests in the background has SIGINT ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # A server that hangs is told to say where: SIGABRT.
    faulthandler.enable()
    sys.argv = ["largesse", *arguments]
    largesse()


if __name__ == "__main__":
    main()
