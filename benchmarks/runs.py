"""The scenarios, and the rounds in which they are measured beside their ceilings."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.ceilings import BATCH, PGBENCH_CLIENTS, Claim, pgbench, sqlite_claims, syncs
from benchmarks.databases import Place, open_place
from benchmarks.layers import LAYERS
from benchmarks.load import Measured, measure
from benchmarks.pool import Pool, open_pool, orders
from benchmarks.report import summary
from tests.faults.server import Server, server

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
    syncs: list[float] = field(default_factory=list)
    loads: dict[tuple[str, int], list[Measured]] = field(default_factory=dict)
    layers: dict[str, list[Measured]] = field(default_factory=dict)

    async def ceiling(self) -> None:
        """Measure what the database alone can do."""
        seconds, url = self.plan.seconds, self.place.url
        claim = Claim(self.pool.caller, self.pool.campaigns[CEILING])
        await self.pool.ensure(CEILING, int(CEILING_CODES[self.place.kind] * seconds))
        if self.place.kind == "postgres":
            for clients in (1, PGBENCH_CLIENTS):
                rate = await pgbench(url, claim, clients=clients, seconds=seconds)
                self.ceilings.setdefault(f"pgbench {clients}", []).append(rate)
        else:
            path = url.removeprefix("sqlite:///")
            for batch in (1, BATCH):
                rate = await asyncio.to_thread(
                    sqlite_claims, path, claim, batch=batch, seconds=seconds
                )
                self.ceilings.setdefault(f"{batch} a commit", []).append(rate)
        self.syncs.append(await asyncio.to_thread(syncs, self.plan.directory, 0.2))

    async def load(self, process: Server, name: str, clients: int) -> None:
        """Measure one load."""
        scenario = SCENARIOS[name]
        campaigns = list(scenario.campaigns)
        need = self._codes(self.plan.seconds + self.plan.warm_up)
        if scenario.pooled:
            for campaign in campaigns:
                await self.pool.ensure(campaign, need // len(campaigns) + 1)
        found = await self._measure(process, clients, campaigns=campaigns)
        self.loads.setdefault((name, clients), []).append(found)

    async def layer(self, process: Server, name: str) -> None:
        """Measure the requests that stop behind one layer."""
        await self.pool.ensure("POOL", self._codes(self.plan.seconds + self.plan.warm_up))
        found = await self._measure(process, LAYER_CLIENTS, campaigns=["POOL"], path=LAYERS[name])
        self.layers.setdefault(name, []).append(found)

    async def _measure(self, process: Server, clients: int, **what: Any) -> Measured:
        plan = self.plan
        times = {"clients": clients, "warm_up": plan.warm_up, "seconds": plan.seconds}
        found = await measure(orders(self.pool, process, database=self.place.pid, **times, **what))
        if set(found.answers) != {"200"}:
            raise RuntimeError(f"not every request was served: {found.answers}")
        self.fastest = max(self.fastest, found.rate)
        return found

    def _codes(self, seconds: float) -> int:
        """Return how many codes a measurement may need."""
        return int(self.fastest * 1.5 * seconds)

    def results(self) -> dict[str, Any]:
        """Return the medians."""
        return {
            "database": self.place.version,
            "syncs_per_second": round(median(self.syncs), 1) if self.syncs else None,
            "ceilings": {name: round(median(found), 1) for name, found in self.ceilings.items()},
            "loads": [
                {"scenario": name, "clients": clients} | summary(found, self.ceilings)
                for (name, clients), found in self.loads.items()
            ],
            "layers": [{"layer": name} | summary(found, {}) for name, found in self.layers.items()],
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
        async with server(one.place.url) as product:
            for _ in range(one.plan.rounds):
                await one.ceiling()
                for name in loads:
                    for clients in CLIENTS:
                        await one.load(product, name, clients)
    if LAYERED in one.plan.scenarios:
        async with server(one.place.url, command=("-m", "benchmarks.layers")) as layered:
            for _ in range(one.plan.rounds):
                for name in LAYERS:
                    await one.layer(layered, name)
