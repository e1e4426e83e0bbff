"""An answer leaves in one piece, and none of it is ever kept back."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest
import uvicorn
import uvloop
from starlette.types import ASGIApp, Receive, Scope, Send

from largesse.cli.one_write import Joined, OneWrite

END = b"\r\n\r\n"

LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}

Run = Callable[[Coroutine[Any, Any, None]], None]


def app(headers: dict[str, str], *parts: bytes | asyncio.Event) -> ASGIApp:
    """Return an application that sends the parts of a body, and waits for events between them."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive()).get("more_body"):
            pass
        pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": 200, "headers": pairs})
        for number, part in enumerate(parts, 1):
            if isinstance(part, asyncio.Event):
                await part.wait()
            else:
                more = number < len(parts)
                await send({"type": "http.response.body", "body": part, "more_body": more})

    return answer


@asynccontextmanager
async def connected(
    application: ASGIApp,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    config = uvicorn.Config(application, port=0, http=OneWrite, log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    running = asyncio.create_task(server._serve())
    while not server.started:
        await asyncio.sleep(0.005)
    address = server.servers[0].sockets[0].getsockname()
    reader, writer = await asyncio.open_connection(*address)
    try:
        yield reader, writer
    finally:
        writer.close()
        server.should_exit = True
        await running


@pytest.fixture(params=LOOPS)
def run(request: pytest.FixtureRequest) -> Run:
    def in_loop(trial: Coroutine[Any, Any, None]) -> None:
        with asyncio.Runner(loop_factory=LOOPS[request.param]) as runner:
            runner.run(trial)

    return in_loop


def ask(method: str = "GET", *lines: str) -> bytes:
    return "\r\n".join((f"{method} / HTTP/1.1", "Host: test", *lines, "", "")).encode()


class Recorder:
    """Stands in for a transport: what it is told to send, call by call."""

    def __init__(self) -> None:
        self.calls: list[bytes] = []
        self.closed = False

    def is_closing(self) -> bool:
        return self.closed

    def write(self, data: bytes) -> None:
        self.calls.append(data)

    def writelines(self, parts: Sequence[bytes]) -> None:
        self.calls.append(b"".join(parts))

    def close(self) -> None:
        self.closed = True


async def test_head_and_body_are_one_call() -> None:
    recorder = Recorder()
    joined = Joined(cast("asyncio.Transport", recorder), asyncio.get_running_loop())
    joined.write(b"head" + END)
    assert recorder.calls == []
    joined.write(b"body")
    joined.write(b"more")
    joined.write(b"second head" + END)
    joined.close()
    await asyncio.sleep(0)
    assert recorder.calls == [b"head" + END + b"body", b"more", b"second head" + END]
    assert recorder.closed


async def test_a_head_alone_waits_for_one_turn_of_the_loop() -> None:
    recorder = Recorder()
    joined = Joined(cast("asyncio.Transport", recorder), asyncio.get_running_loop())
    joined.write(b"head" + END)
    await asyncio.sleep(0)
    assert recorder.calls == [b"head" + END]
    joined.write(b"lost" + END)
    recorder.closed = True
    await asyncio.sleep(0)
    assert recorder.calls == [b"head" + END]


def test_a_head_does_not_wait_for_a_body_that_takes_its_time(run: Run) -> None:
    async def trial() -> None:
        read = asyncio.Event()
        async with connected(app({"content-length": "4"}, read, b"body")) as (reader, writer):
            writer.write(ask())
            head = await asyncio.wait_for(reader.readuntil(END), 5)
            assert b"content-length: 4" in head
            read.set()
            assert await asyncio.wait_for(reader.readexactly(4), 5) == b"body"

    run(trial())


def test_an_answer_without_a_body_is_sent(run: Run) -> None:
    async def trial() -> None:
        async with connected(app({"content-length": "4"}, b"body")) as (reader, writer):
            for _ in range(2):
                writer.write(ask("HEAD"))
                head = await asyncio.wait_for(reader.readuntil(END), 5)
                assert b"content-length: 4" in head
            writer.write(ask("HEAD", "Connection: close"))
            assert (await asyncio.wait_for(reader.read(), 5)).endswith(END)

    run(trial())


def test_a_stream_comes_in_its_order(run: Run) -> None:
    async def trial() -> None:
        read = asyncio.Event()
        parts = (b"one\r\n\r\n", read, b"two\r\n\r\n", b"three\r\n\r\n", b"")
        async with connected(app({}, *parts)) as (reader, writer):
            writer.write(ask("GET", "Connection: close"))
            await asyncio.wait_for(reader.readuntil(END), 5)
            assert await asyncio.wait_for(reader.readexactly(12), 5) == b"7\r\none\r\n\r\n\r\n"
            read.set()
            rest = await asyncio.wait_for(reader.read(), 5)
            assert rest == b"7\r\ntwo\r\n\r\n\r\n9\r\nthree\r\n\r\n\r\n0\r\n\r\n"

    run(trial())


def test_who_asks_first_is_told_to_continue(run: Run) -> None:
    async def trial() -> None:
        async with connected(app({"content-length": "4"}, b"body")) as (reader, writer):
            writer.write(ask("POST", "Content-Length: 3", "Expect: 100-continue"))
            told = await asyncio.wait_for(reader.readuntil(END), 5)
            assert told == b"HTTP/1.1 100 Continue\r\n\r\n"
            writer.write(b"abc")
            assert (await asyncio.wait_for(reader.read(10_000), 5)).endswith(b"\r\n\r\nbody")

    run(trial())


def test_requests_sent_together_are_answered_one_after_the_other(run: Run) -> None:
    async def trial() -> None:
        async with connected(app({"content-length": "4"}, b"body")) as (reader, writer):
            writer.write(ask() * 3)
            for _ in range(3):
                head = await asyncio.wait_for(reader.readuntil(END), 5)
                assert head.startswith(b"HTTP/1.1 200 OK\r\n")
                assert await reader.readexactly(4) == b"body"

    run(trial())
