"""The load: clients that keep their connection and always have one request on its way.

It runs in a process of its own (`python -m benchmarks.load`), reads its orders as JSON from
standard input and prints what it measured. It is a protocol written by hand, because whatever
the load costs is missing to the server on the same machine.
"""

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import count, cycle
from typing import Any

import psutil
import uvloop

NUMBER = "%NUMBER%"
"""Stands in a body for a number that no other request of the run has."""
END_OF_HEAD = b"\r\n\r\n"
LENGTH = b"content-length:"


@dataclass(frozen=True)
class Orders:
    """What to send, how, and whose processor time to watch."""

    host: str
    port: int
    clients: int
    warm_up: float
    seconds: float
    path: str
    bodies: Sequence[str]
    """Sent one after the other, from the first again after the last."""
    headers: Mapping[str, str]
    first: int
    """The number of the first request."""
    server: int
    """The process id of the server, which counts with its children."""
    database: int | None = None
    """That of the database server, if there is one."""


@dataclass(frozen=True)
class Measured:
    """What a load met with. Times are of the window behind the warm-up only."""

    answers: dict[str, int]
    """How many answers carried each status."""
    seconds: float
    latencies_ms: dict[str, float]
    server_us: float
    """Processor time of the server for each answer, user and system, in microseconds."""
    database_us: float | None
    load_us: float

    @property
    def rate(self) -> float:
        """Answers in each second."""
        return sum(self.answers.values()) / self.seconds


class Processors:
    """Sums up the processor time of a process and of all that it started."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)

    def seconds(self) -> dict[int, float]:
        """Return the processor time that each has used so far.

        They are looked up anew each time: a database starts a process for each connection.
        """
        used = {}
        for process in (self._process, *self._process.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                used[process.pid] = times.user + times.system
        return used


def used_since(before: Mapping[int, float], after: Mapping[int, float]) -> float:
    """Return the processor time between two looks."""
    return sum(seconds - before.get(pid, 0.0) for pid, seconds in after.items())


class Load:
    """The clients' common part: what is sent next, and what came back."""

    def __init__(self, orders: Orders) -> None:
        self.orders = orders
        self._requests = cycle([_request(orders, body) for body in orders.bodies])
        self._numbers = count(orders.first)
        self._numbered = NUMBER in orders.bodies[0]
        self.over = False
        self.failure: str | None = None
        self._counting = False
        self._answers: Counter[int] = Counter()
        self._latencies: list[float] = []
        self._watched = [Processors(orders.server), Processors(psutil.Process().pid)]
        if orders.database is not None:
            self._watched.append(Processors(orders.database))

    def next_request(self) -> bytes:
        """Return what the next free client sends."""
        request = next(self._requests)
        if self._numbered:
            return request.replace(NUMBER.encode(), b"%08d" % next(self._numbers))
        return request

    def answered(self, status: int, seconds: float) -> None:
        """Note an answer, if the clock is running."""
        if self._counting:
            self._answers[status] += 1
            self._latencies.append(seconds)

    async def run(self) -> Measured:
        """Keep every client busy for the time that was ordered."""
        loop = asyncio.get_running_loop()
        for _ in range(self.orders.clients):
            await loop.create_connection(lambda: Client(self), self.orders.host, self.orders.port)
        await asyncio.sleep(self.orders.warm_up)
        before, started = [part.seconds() for part in self._watched], time.perf_counter()
        self._counting = True
        await asyncio.sleep(self.orders.seconds)
        self._counting = False
        seconds, after = time.perf_counter() - started, [part.seconds() for part in self._watched]
        self.over = True
        if self.failure is not None:
            raise SystemExit(self.failure)
        used = [used_since(a, b) for a, b in zip(before, after, strict=True)]
        return self._measured(seconds, used)

    def _measured(self, seconds: float, used: list[float]) -> Measured:
        number = len(self._latencies)
        if not number:
            raise SystemExit("the server answered nothing")
        ordered = sorted(self._latencies)
        server, load, *database = (round(part / number * 1e6, 1) for part in used)
        return Measured(
            answers={str(status): times for status, times in self._answers.items()},
            seconds=seconds,
            latencies_ms={
                f"p{percent}": round(ordered[min(number - 1, number * percent // 100)] * 1e3, 3)
                for percent in (50, 99)
            },
            server_us=server,
            database_us=database[0] if database else None,
            load_us=load,
        )


class Client(asyncio.Protocol):
    """One connection: sends a request as soon as the last one is answered."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._received = b""
        self._sent_at = 0.0
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        """Take a part of an answer; when it is whole, go on."""
        received = self._received = self._received + data
        head = received.find(END_OF_HEAD)
        if head < 0:
            return
        start = received.lower().find(LENGTH, 0, head) + len(LENGTH)
        length = int(received[start : received.find(b"\r", start)])
        if len(received) < head + len(END_OF_HEAD) + length:
            return
        self._received = b""
        self._load.answered(int(received[9:12]), time.perf_counter() - self._sent_at)
        if self._load.over:
            self._transport.close()
        else:
            self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        """Note a server that hung up."""
        if not self._load.over:
            self._load.failure = f"the server closed a connection ({exc})"

    def _send(self) -> None:
        self._sent_at = time.perf_counter()
        self._transport.write(self._load.next_request())


def _request(orders: Orders, body: str) -> bytes:
    # The number that is filled in later is as long as the word that stands for it.
    content = body.encode()
    head = [f"POST {orders.path} HTTP/1.1", f"Host: {orders.host}:{orders.port}"]
    head += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
    head += [f"{name}: {value}" for name, value in orders.headers.items()]
    return "\r\n".join([*head, "", ""]).encode() + content


async def measure(orders: Orders) -> Measured:
    """Run a load in a process of its own and return what it measured.

    Raises:
        RuntimeError: the load broke off; the message says why.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.load"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate(json.dumps(asdict(orders)).encode())
    if process.returncode:
        raise RuntimeError(f"the load broke off: {err.decode().strip()}")
    return Measured(**json.loads(out))


def main() -> None:
    """Take orders, run, report."""
    load = Load(Orders(**json.load(sys.stdin)))
    print(json.dumps(asdict(uvloop.run(load.run()))))


if __name__ == "__main__":
    main()
