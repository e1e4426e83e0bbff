"""`serve --processes N`: one port and several processes, so that all processors serve.

Each process has a listener of its own on the port (SO_REUSEPORT) and the kernel spreads the
connections. One more process starts them, starts a new one in the place of one that died, and
serves nothing itself.
"""

import multiprocessing
import signal
import time
from collections.abc import Callable
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from multiprocessing.synchronize import Semaphore

import structlog

from largesse.settings import Settings

log = structlog.get_logger(__name__)

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
"""Seconds between the death of a process and the start of the next one in its place: twice as
long each time, for what kills one at once would kill the next one as well."""

STOPPING = (signal.SIGINT, signal.SIGTERM)

LOOK_SECONDS = 0.05
"""How often it is looked whether the processes serve."""

Serve = Callable[[Settings, Semaphore], None]
"""Serves, and releases the semaphore once connections are taken."""


class Several:
    """Processes that serve, until this one is told to stop."""

    def __init__(self, serve: Serve, settings: Settings) -> None:
        # Spawned, not forked: a child would inherit locks and connections in any state.
        self._context = multiprocessing.get_context("spawn")
        self._serving = self._context.Semaphore(0)
        self._serve = serve
        self._settings = settings
        self._running: list[SpawnProcess] = []
        self._stopping = False

    def run(self, tell: Callable[[], None]) -> None:
        """Keep as many processes running as the settings say; `tell` once all of them serve.

        The kernel has dealt out the connections that came before by then: to the first process.
        """
        for number in STOPPING:
            signal.signal(number, self._stop)
        pause, due, serving = FIRST_PAUSE, time.monotonic(), 0
        everyone = self._settings.processes
        while not self._stopping:
            missing = everyone - len(self._running)
            if missing and time.monotonic() >= due:
                self._running += [self._one() for _ in range(missing)]
            # A signal's handler runs in the middle of the wait: the processes it ends wake this.
            told = serving >= everyone
            wait([one.sentinel for one in self._running], timeout=pause if told else LOOK_SECONDS)
            while not told and self._serving.acquire(block=False):
                serving += 1
                if serving == everyone:
                    tell()
            if self._bury():
                pause = min(pause * 2, LONGEST_PAUSE)
                due = time.monotonic() + pause
            elif time.monotonic() > due + LONGEST_PAUSE:
                pause = FIRST_PAUSE
        for process in self._running:
            process.join()

    def _one(self) -> SpawnProcess:
        process = self._context.Process(target=self._serve, args=(self._settings, self._serving))
        process.start()
        return process

    def _bury(self) -> bool:
        """Forget the processes that died; say whether there are any."""
        died = [process for process in self._running if process.exitcode is not None]
        for process in died:
            self._running.remove(process)
            if not self._stopping:
                log.error("a serving process died", exit_code=process.exitcode)
        return bool(died)

    def _stop(self, _number: int, _frame: object) -> None:
        self._stopping = True
        for process in self._running:
            process.terminate()
