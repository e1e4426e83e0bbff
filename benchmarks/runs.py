"""The scenarios, and the rounds in which they are measured beside their ceilings."""

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import bulk, ceilings
from benchmarks import grants as granting
from benchmarks import mail as mailing
from benchmarks import pages as looking
from benchmarks.alone import Alone
from benchmarks.big import BASE, Big
from benchmarks.databases import Place, open_place
from benchmarks.layers import LAYERS
from benchmarks.load import NUMBER, Measured, Orders, measure
from benchmarks.pool import Pool, open_pool
from benchmarks.report import bulk_summary, grants_summary, mail_summary, summary
from largesse.demo import data
from tests.faults.client import connect
from tests.faults.server import SERVE, Server, server

PRODUCT = ("-m", "largesse", *SERVE)
LAYER_CLIENTS = 16
CEILING = "CEILING"
FIRST_GUESS = 5000
"""Claims a second to have codes for, before anything is known."""

CEILING_CODES = {"sqlite": 50_000, "postgres": 25_000}
"""Codes for a second of a ceiling."""

REQUEST = "/crmapi/rest/v2/promotion_campaigns/request_promo_code"


@dataclass(frozen=True)
class Plan:
    """What to measure, and for how long."""

    databases: Sequence[str]
    scenarios: Sequence[str]
    rounds: int
    seconds: float
    warm_up: float
    directory: Path | None
    clients: Sequence[int]
    """How many clients `MANY_CLIENTS` are measured with, one after the other."""
    big: int
    """Codes of the campaign of `big-pool`, and of the one of `pages`."""
    customers: int
    """Customers of the scenario `pages`."""
    bulk: int
    """Codes that `generate` makes and `import` reads."""
    grants: int
    """Grants of the scenario `grants`."""
    mails: int
    """Mails that a worker hands over in a round."""
    processes: int
    """Processes that serve in the scenario `processes`."""


@dataclass(frozen=True)
class Scenario:
    """What a load asks for."""

    campaigns: dict[str, dict[str, Any]]
    """Campaigns to ask in turn, with what is special about them."""
    pooled: bool = True
    ceiling: str = "claim"
    several: bool = False
    """Whether several processes serve; not where the database has but one that writes."""


SCENARIOS = {
    "pool": Scenario({"POOL": {}}),
    "processes": Scenario({"POOL": {}}, several=True),
    "campaigns": Scenario({f"POOL{number}": {} for number in range(16)}),
    "limited": Scenario({"LIMITED": {"codes_per_receiver": 1_000_000}}),
    "on-request": Scenario({"ONREQUEST": {"code_source": "on_request"}}, pooled=False),
    "subscribe": Scenario({}, pooled=False, ceiling="subscribe"),
}
"""One campaign with a pool; the same from several processes; 16 campaigns in turn; one with a limit
per receiver; one that makes its codes when asked; newsletter subscriptions."""

MANY_CLIENTS = ("pool", "processes")
"""Scenarios that are measured with several numbers of clients."""

CLIENTS = 64
"""Clients of every other scenario."""

BIG_PART = 0.5
"""How long a measurement of the big pool is, beside others: there are many."""

ALONE, LAYERED, BIG, PAGES = "alone", "layers", "big-pool", "pages"
BULK = {"generate": bulk.generate, "import": bulk.import_}
GRANTS, MAIL = "grants", "mail"
OTHERS = (ALONE, LAYERED, *BULK, GRANTS, MAIL, PAGES, BIG)


def say(step: str) -> None:
    """Tell whoever waits what is measured now."""
    print(f"{time.strftime('%H:%M:%S')} {step}", file=sys.stderr, flush=True)


@dataclass
class Run:
    """One database on its way through the rounds."""

    plan: Plan
    place: Place
    pool: Pool
    fastest: float = FIRST_GUESS
    sent: int = 0
    """Numbers that were given to requests."""
    ceilings: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    """By what is done, then by how."""
    syncs: list[float] = field(default_factory=list)
    loads: dict[tuple[str, int], list[Measured]] = field(default_factory=dict)
    layers: dict[str, list[Measured]] = field(default_factory=dict)
    alone: list[Alone] = field(default_factory=list)
    big: dict[str, list[Measured]] = field(default_factory=dict)
    first: dict[str, float] = field(default_factory=dict)
    """Milliseconds of the first claim in each state of the big pool."""
    small: dict[str, list[float]] = field(default_factory=dict)
    """The rates of a small pool beside it."""
    bulk: dict[str, list[Any]] = field(default_factory=dict)
    grants: list[granting.Grants] = field(default_factory=list)
    mail: list[mailing.Measured] = field(default_factory=list)
    pages: list[looking.Timed] = field(default_factory=list)

    async def ceiling(self, kind: str) -> None:
        """Measure what the database alone can do."""
        seconds = self.plan.seconds
        claim = ceilings.Claim(self.pool.caller, self.pool.campaigns[CEILING])
        if kind == "claim":
            await self.pool.ensure(CEILING, int(CEILING_CODES[self.place.kind] * seconds))
        for name, rate in (await ceilings.measure(kind, self.place, claim, seconds)).items():
            self.ceilings.setdefault(kind, {}).setdefault(name, []).append(rate)
        self.syncs.append(await asyncio.to_thread(ceilings.syncs, self.plan.directory, 0.2))

    async def load(self, process: Server, name: str, clients: int) -> None:
        """Measure one load."""
        scenario = SCENARIOS[name]
        campaigns = list(scenario.campaigns)
        if scenario.pooled:
            for campaign in campaigns:
                await self.pool.ensure(campaign, self.codes // len(campaigns) + 1)
        found = await self.measure(process, clients, self.what(name))
        self.loads.setdefault((name, clients), []).append(found)

    def what(self, name: str) -> dict[str, Any]:
        """Return what the clients of a scenario send."""
        if name == "subscribe":
            body = {"name": "Newsletter", "recipient": f"{NUMBER}@example.com"}
            headers = {"UserOrganization": data.ORGANIZATION}
            return {"path": "/subscriptions", "bodies": [json.dumps(body)], "headers": headers}
        return {"path": REQUEST, "bodies": self.pool.requests(list(SCENARIOS[name].campaigns))}

    async def layer(self, process: Server, name: str) -> None:
        """Measure the requests that stop behind one layer."""
        await self.pool.ensure("POOL", self.codes)
        found = await self.measure(
            process, LAYER_CLIENTS, self.what("pool") | {"path": LAYERS[name]}
        )
        self.layers.setdefault(name, []).append(found)

    async def measure(
        self, process: Server, clients: int, what: Mapping[str, Any], *, part: float = 1
    ) -> Measured:
        """Let so many clients send requests, all of which must be served."""
        plan = replace(
            self.plan, seconds=self.plan.seconds * part, warm_up=self.plan.warm_up * part
        )
        orders = Orders(
            host="127.0.0.1",
            port=process.port,
            clients=clients,
            warm_up=plan.warm_up,
            seconds=plan.seconds,
            server=process.process.pid,
            database=self.place.pid,
            first=self.sent,
            **{"headers": {}, **what},
        )
        found = await measure(orders)
        if not found.answers.keys() <= {"200", "201"}:
            raise RuntimeError(f"not every request was served: {found.answers}")
        self.fastest = max(self.fastest, found.rate)
        # Those of the warm-up were not counted.
        self.sent += 2 * int(found.rate * (plan.seconds + plan.warm_up)) + clients
        return found

    @property
    def codes(self) -> int:
        """How many codes a measurement may need."""
        return int(self.fastest * 1.5 * (self.plan.seconds + self.plan.warm_up))

    def results(self) -> dict[str, Any]:
        """Return the medians."""
        return {
            "database": self.place.version,
            "syncs_per_second": round(median(self.syncs), 1) if self.syncs else None,
            "ceilings": {
                kind: {name: round(median(rates), 1) for name, rates in found.items()}
                for kind, found in self.ceilings.items()
            },
            "loads": [
                {"scenario": name, "clients": clients, "ceiling": SCENARIOS[name].ceiling}
                | summary(found, self.ceilings[SCENARIOS[name].ceiling])
                for (name, clients), found in self.loads.items()
            ],
            "alone": Alone.summary(self.alone) if self.alone else None,
            "layers": [{"layer": name} | summary(found, {}) for name, found in self.layers.items()],
            "big": [
                {"state": name, "first_ms": round(self.first[name], 1)}
                | summary(
                    found,
                    {"small pool": self.small[name], BASE: [one.rate for one in self.big[BASE]]},
                )
                for name, found in self.big.items()
            ],
            "bulk": [{"scenario": name} | bulk_summary(b) for name, b in self.bulk.items()],
            "grants": grants_summary(self.grants) if self.grants else None,
            "mail": mail_summary(self.mail) if self.mail else None,
            "pages": looking.summary(self.pages),
        }


async def run(plan: Plan, kind: str) -> dict[str, Any]:
    """Measure one database and return the results."""
    filled: dict[str, list[Any]] = {}
    granted: list[granting.Grants] = []
    for number in range(plan.rounds):
        for name in plan.scenarios:
            if name in BULK:
                say(f"{kind}: {name}, round {number + 1}")
                # A database of its own: what is in it already would have to be copied.
                with open_place(kind, plan.directory) as place:
                    filled.setdefault(name, []).append(await BULK[name](place.url, plan.bulk))
            if name == GRANTS:
                say(f"{kind}: {name}, round {number + 1}")
                with open_place(kind, plan.directory) as place:
                    granted.append(await granting.measure(place, plan.grants))
    looked: list[looking.Timed] = []
    if PAGES in plan.scenarios:
        say(f"{kind}: {PAGES} are being filled and looked at")
        with open_place(kind, plan.directory) as place:
            looked = await looking.measure(place, plan.big, plan.customers, plan.rounds)
    with open_place(kind, plan.directory) as place:
        campaigns: dict[str, dict[str, Any]] = {CEILING: {}, "POOL": {}, BIG: {}}
        for name in plan.scenarios:
            campaigns |= SCENARIOS[name].campaigns if name in SCENARIOS else {}
        pool = await open_pool(place.url, campaigns)
        try:
            one = Run(plan, place, pool, bulk=filled, grants=granted, pages=looked)
            await _rounds(one)
            return one.results()
        finally:
            await pool.services.close()


async def _rounds(one: Run) -> None:
    plan, url = one.plan, one.place.url
    many_serve = one.pool.services.database.engine.many_serve
    loads = {
        name: SCENARIOS[name]
        for name in plan.scenarios
        if name in SCENARIOS and (many_serve or not SCENARIOS[name].several)
    }
    if loads:
        await _loads(one, loads)
    if MAIL in plan.scenarios:
        for number in range(plan.rounds):
            say(f"{one.place.kind}: {MAIL}, round {number + 1}")
            one.mail.append(await mailing.measure(url, plan.mails))
    if ALONE in plan.scenarios:
        say(f"{one.place.kind}: {ALONE}")
        for _ in range(plan.rounds):
            await one.pool.ensure("POOL", one.codes)
            one.alone.append(await Alone.measure(one.pool, "POOL", plan.seconds))
    if LAYERED in plan.scenarios:
        async with server(url, command=("-m", "benchmarks.layers")) as layered:
            for number in range(plan.rounds):
                say(f"{one.place.kind}: {LAYERED}, round {number + 1}")
                for name in LAYERS:
                    await one.layer(layered, name)
    if BIG in plan.scenarios:
        await _big(one)


async def _loads(one: Run, loads: Mapping[str, Scenario]) -> None:
    """Measure the ceilings and then every load, round after round."""
    plan, url = one.plan, one.place.url
    several = (*PRODUCT, "--processes", str(plan.processes))
    async with contextlib.AsyncExitStack() as stack:
        product: dict[bool, Server] = {}
        for is_several in {scenario.several for scenario in loads.values()}:
            command = several if is_several else PRODUCT
            product[is_several] = await stack.enter_async_context(server(url, command=command))
        for number in range(plan.rounds):
            say(f"{one.place.kind}: {', '.join(loads)}, round {number + 1}")
            for kind in dict.fromkeys(scenario.ceiling for scenario in loads.values()):
                await one.ceiling(kind)
            for name, scenario in loads.items():
                for clients in plan.clients if name in MANY_CLIENTS else (CLIENTS,):
                    await one.load(product[scenario.several], name, clients)


async def _big(one: Run) -> None:
    """Measure a big pool when little of it is sold, and when little of it is left."""
    say(f"{one.place.kind}: {BIG} is being filled")
    big = Big(one.place, one.pool, BIG, one.plan.big)
    what = one.what("pool") | {"bodies": one.pool.requests([BIG])}
    async for state in big.states():
        say(f"{one.place.kind}: {BIG}, {state}")
        async with server(one.place.url, command=PRODUCT) as product:
            one.first[state] = await _first(product, what)
            # Not tidied up: that would be a VACUUM, which the state may be without.
            await one.pool.ensure("POOL", one.codes * one.plan.rounds, tidy=False)
            for _ in range(one.plan.rounds):
                found = await one.measure(product, CLIENTS, what, part=BIG_PART)
                one.big.setdefault(state, []).append(found)
                small = await one.measure(product, CLIENTS, one.what("pool"), part=BIG_PART)
                one.small.setdefault(state, []).append(small.rate)


async def _first(product: Server, what: Mapping[str, Any]) -> float:
    """Return the milliseconds of the first claim of a process, which does not know the pool yet."""
    async with connect(product.port) as client:
        started = time.perf_counter()
        answer = await client.post(what["path"], json.loads(what["bodies"][0]))
        if answer.status != 200:
            raise RuntimeError(f"the first request was not served: {answer}")
        return (time.perf_counter() - started) * 1e3
