"""`python -m benchmarks`: measure, print tables, write JSON."""

import argparse
import asyncio
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import pages
from benchmarks.report import (
    alone_table,
    bulk_table,
    grants_table,
    layers_table,
    loads_table,
    machine,
    mail_table,
    pages_table,
    table,
    weights_table,
)
from benchmarks.runs import ALONE, BIG, LAYER_CLIENTS, OTHERS, PAGES, SCENARIOS, Plan, run

DATABASES = ("sqlite", "postgres")
QUICK = ("pool", "processes", "subscribe", ALONE, BIG)


def arguments() -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help=f"two minutes: short rounds of {', '.join(QUICK)}"
    )
    parser.add_argument("--database", choices=DATABASES, help="only this one")
    parser.add_argument(
        "--scenario",
        action="append",
        choices=[*SCENARIOS, *OTHERS],
        help="what to measure; may be given several times (default: everything)",
    )
    parser.add_argument("--rounds", type=int, default=3, help="the medians of so many are shown")
    parser.add_argument("--seconds", type=float, help="length of one measurement")
    parser.add_argument("--clients", type=int, nargs="+", help="of pool and of processes")
    parser.add_argument("--big", type=int, help="codes of the big pool, and of the scenario pages")
    parser.add_argument("--customers", type=int, help="customers of the scenario pages")
    parser.add_argument("--bulk", type=int, help="codes that are generated and imported")
    parser.add_argument("--mails", type=int, help="mails that a worker hands over")
    parser.add_argument("--grants", type=int, help="grants of the scenario grants")
    parser.add_argument("--processes", type=int, help="of the scenario processes")
    parser.add_argument("--directory", type=Path, help="where the databases are made")
    parser.add_argument("--json", type=Path, help="a file for all the figures")
    return parser.parse_args()


def plan_of(asked: argparse.Namespace) -> Plan:
    """Return what is to be measured."""
    seconds = asked.seconds or (1.0 if asked.quick else 3.0)
    return Plan(
        databases=[asked.database] if asked.database else DATABASES,
        scenarios=asked.scenario or (QUICK if asked.quick else [*SCENARIOS, *OTHERS]),
        rounds=asked.rounds,
        seconds=seconds,
        warm_up=min(1.0, seconds / 3),
        directory=asked.directory,
        clients=asked.clients or ((1, 64) if asked.quick else (1, 16, 64, 256)),
        big=asked.big or (1_000_000 if asked.quick else 10_000_000),
        customers=asked.customers or 1_000_000,
        bulk=asked.bulk or 1_000_000,
        grants=asked.grants or 1_000_000,
        mails=asked.mails or (8_000 if asked.quick else 20_000),
        processes=asked.processes or os.cpu_count() or 1,
    )


def main() -> None:
    """Measure what was asked for."""
    asked = arguments()
    plan = plan_of(asked)
    started = time.monotonic()
    found: dict[str, Any] = {"machine": machine(), "rounds": plan.rounds, "seconds": plan.seconds}
    found["load_average"] = {"before": os.getloadavg()}
    for kind in plan.databases:
        found[kind] = asyncio.run(run(plan, kind))
        print("\n\n".join(shown(found[kind])), end="\n\n", flush=True)
    if PAGES in plan.scenarios:
        found["weights"] = asyncio.run(pages.weights(plan.directory))
        print(weights_table(found["weights"]), end="\n\n", flush=True)
    found["load_average"]["after"] = os.getloadavg()
    print(", ".join(f"{name} {value}" for name, value in found["machine"].items()))
    averages = (f"{average[0]:.2f} {when}" for when, average in found["load_average"].items())
    print(f"load average of a minute: {', '.join(averages)} (that of the benchmark included)")
    print(f"{plan.rounds} rounds of {plan.seconds:g} s, {time.monotonic() - started:.0f} s in all")
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=2) + "\n")


def shown(found: dict[str, Any]) -> Iterator[str]:
    """Yield one database's tables."""
    yield f"== {found['database']} =="
    if found["ceilings"]:
        rows = [
            [f"{kind}: {name}", rate]
            for kind, rates in found["ceilings"].items()
            for name, rate in rates.items()
        ]
        rows.append(["4 KiB synced to disk", found["syncs_per_second"]])
        yield table(("ceiling", "a second"), rows)
    for kind in found["ceilings"]:
        loads = [load for load in found["loads"] if load["ceiling"] == kind]
        yield loads_table(loads, ("scenario", "clients"))
    if found["alone"]:
        yield alone_table(found["alone"])
    if found["layers"]:
        yield layers_table(found["layers"], LAYER_CLIENTS)
    if found["bulk"]:
        yield bulk_table(found["bulk"])
    if found["mail"]:
        yield mail_table(found["mail"])
    if found["grants"]:
        yield grants_table(found["grants"])
    if found["pages"]:
        yield pages_table(found["pages"])
    if found["big"]:
        yield loads_table(found["big"], ("state", "first_ms"))


if __name__ == "__main__":
    main()
