"""The scenarios, and the rounds in which they are measured beside their ceilings."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.ceilings import BATCH, pgbench, sqlite_claims, syncs
from benchmarks.databases import Place, open_place
from benchmarks.layers import LAYERS
from benchmarks.load import Measured, measure
from benchmarks.pool import Pool, open_pool, orders
from benchmarks.report import summary
from benchmarks.server import Server, serve

CLIENTS = (1, 16, 64)
LAYER_CLIENTS = 16
CEILING = "CEILING"
FIRST_GUESS = 5000
"""Claims a second to have codes for, before anything is known."""

CEILING_CODES = {"sqlite": 30_000, "postgres": 15_000}
"""Codes for a second of a ceiling."""


@dataclass(frozen=True)
class Plan:
    """What to measure, and for how long."""

    databases: Sequence[str]
    scenarios: Sequence[str]
    rounds: int
    seconds: float
    warm_up: float
    directory: Path | None


@dataclass(frozen=True)
class Scenario:
    """The campaigns that a load asks in turn."""

    campaigns: dict[str, dict[str, Any]]
    pooled: bool = True


SCENARIOS = {
    "pool": Scenario({"POOL": {}}),
    "campaigns": Scenario({f"POOL{number}": {} for number in range(16)}),
    "limited": Scenario({"LIMITED": {"codes_per_receiver": 1_000_000}}),
    "on-request": Scenario({"ONREQUEST": {"code_source": "on_request"}}, pooled=False),
}
"""One campaign with a pool; 16 of them in turn; one with a limit per receiver; one that makes
its codes when asked."""

LAYERED = "layers"


@dataclass
class Run:
    """One database on its way through the rounds."""

    plan: Plan
    place: Place
    pool: Pool
    fastest: float = FIRST_GUESS
    ceilings: dict[str, list[float]] = field(default_factory=dict)
    loads: dict[tuple[str, int], list[Measured]] = field(default_factory=dict)
    layers: dict[str, list[Measured]] = field(default_factory=dict)

    async def ceiling(self) -> None:
        """Measure what the database alone can do."""
        caller, seconds = self.pool.caller, self.plan.seconds
        assert caller.user_id is not None
        assert caller.unit_id is not None
        who = (caller.organization_id, self.pool.campaigns[CEILING], caller.user_id, caller.unit_id)
        await self.pool.ensure(CEILING, int(CEILING_CODES[self.place.kind] * seconds))
        if self.place.kind == "postgres":
            self._top("pgbench, 16 clients", await pgbench(self.place.url, *who, seconds))
        else:
            path = self.place.url.removeprefix("sqlite:///")
            for batch in (1, BATCH):
                rate = await asyncio.to_thread(sqlite_claims, path, *who, seconds, batch=batch)
                self._top(f"one thread, {batch} per commit", rate)
        self._top("fdatasync", await asyncio.to_thread(syncs, self.plan.directory, 0.2))

    async def load(self, server: Server, name: str, clients: int) -> None:
        """Measure one load."""
        scenario = SCENARIOS[name]
        campaigns = list(scenario.campaigns)
        need = self._codes(self.plan.seconds + self.plan.warm_up)
        if scenario.pooled:
            for campaign in campaigns:
                await self.pool.ensure(campaign, need // len(campaigns) + 1)
        found = await self._measure(server, clients, campaigns=campaigns)
        self.loads.setdefault((name, clients), []).append(found)

    async def layer(self, server: Server, name: str) -> None:
        """Measure the requests that stop behind one layer."""
        await self.pool.ensure("POOL", self._codes(self.plan.seconds + self.plan.warm_up))
        found = await self._measure(server, LAYER_CLIENTS, campaigns=["POOL"], path=LAYERS[name])
        self.layers.setdefault(name, []).append(found)

    async def _measure(self, server: Server, clients: int, **what: Any) -> Measured:
        plan = self.plan
        times = {"clients": clients, "warm_up": plan.warm_up, "seconds": plan.seconds}
        found = await measure(orders(self.pool, server, database=self.place.pid, **times, **what))
        if set(found.answers) != {"200"}:
            raise RuntimeError(f"not every request was served: {found.answers}")
        self.fastest = max(self.fastest, found.rate)
        return found

    def _top(self, name: str, rate: float) -> None:
        self.ceilings.setdefault(name, []).append(rate)

    def _codes(self, seconds: float) -> int:
        """Return how many codes a measurement may need."""
        return int(self.fastest * 1.5 * seconds)

    def results(self) -> dict[str, Any]:
        """Return the medians."""
        tops = next(iter(self.ceilings.values()), [])
        full = self.layers.get(list(LAYERS)[-1], [])
        return {
            "database": self.place.version,
            "ceilings": {name: round(median(found), 1) for name, found in self.ceilings.items()},
            "loads": [
                {"scenario": name, "clients": clients} | summary(found, tops)
                for (name, clients), found in self.loads.items()
            ],
            "layers": [
                {"layer": name} | summary(found, [one.rate for one in full])
                for name, found in self.layers.items()
            ],
        }


async def run(plan: Plan, kind: str) -> dict[str, Any]:
    """Measure one database and return the results."""
    with open_place(kind, plan.directory) as place:
        chosen = [SCENARIOS[name] for name in plan.scenarios if name != LAYERED]
        campaigns = {CEILING: {}, "POOL": {}}
        for scenario in chosen:
            campaigns |= scenario.campaigns
        pool = await open_pool(place.url, campaigns)
        try:
            one = Run(plan, place, pool)
            await _rounds(one)
            return one.results()
        finally:
            await pool.services.close()


async def _rounds(one: Run) -> None:
    loads = [name for name in one.plan.scenarios if name != LAYERED]
    if loads:
        async with serve(one.place.url) as server:
            for _ in range(one.plan.rounds):
                await one.ceiling()
                for name in loads:
                    for clients in CLIENTS:
                        await one.load(server, name, clients)
    if LAYERED in one.plan.scenarios:
        async with serve(one.place.url, factory="layers") as server:
            for _ in range(one.plan.rounds):
                for name in LAYERS:
                    await one.layer(server, name)
