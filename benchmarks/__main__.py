"""`python -m benchmarks`: measure, print tables, write JSON."""

import argparse
import asyncio
import json
import time
from pathlib import Path
from typing import Any

from benchmarks.report import layers_table, loads_table, machine, table
from benchmarks.runs import LAYER_CLIENTS, LAYERED, SCENARIOS, Plan, run

DATABASES = ("sqlite", "postgres")


def arguments() -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="about a minute: short rounds, no layers"
    )
    parser.add_argument("--database", choices=DATABASES, help="only this one")
    parser.add_argument(
        "--scenario",
        action="append",
        choices=[*SCENARIOS, LAYERED],
        help="what to measure; may be given several times (default: pool, and layers unless --quick)",
    )
    parser.add_argument("--rounds", type=int, help="rounds, of which the medians are shown")
    parser.add_argument("--seconds", type=float, help="length of one measurement")
    parser.add_argument("--directory", type=Path, help="where the databases are made")
    parser.add_argument("--json", type=Path, help="a file for all the figures")
    return parser.parse_args()


def main() -> None:
    """Measure what was asked for."""
    asked = arguments()
    seconds = asked.seconds or (1.0 if asked.quick else 6.0)
    plan = Plan(
        databases=[asked.database] if asked.database else DATABASES,
        scenarios=asked.scenario or (["pool"] if asked.quick else ["pool", LAYERED]),
        rounds=asked.rounds or (3 if asked.quick else 5),
        seconds=seconds,
        warm_up=min(1.0, seconds / 3),
        directory=asked.directory,
    )
    started = time.monotonic()
    found: dict[str, Any] = {"machine": machine(), "rounds": plan.rounds, "seconds": plan.seconds}
    for kind in plan.databases:
        found[kind] = asyncio.run(run(plan, kind))
        print(shown(found[kind]), end="\n\n", flush=True)
    print(", ".join(f"{name} {value}" for name, value in found["machine"].items()))
    print(f"{plan.rounds} rounds of {seconds:g} s, {time.monotonic() - started:.0f} s in all")
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=2) + "\n")


def shown(found: dict[str, Any]) -> str:
    """Return one database's tables."""
    parts = [f"== {found['database']} =="]
    if found["ceilings"]:
        rows = [[name, rate] for name, rate in found["ceilings"].items()]
        rows.append(["4 KiB synced to disk", found["syncs_per_second"]])
        parts.append(table(("ceiling", "a second"), rows))
    if found["loads"]:
        parts.append(loads_table(found["loads"]))
    if found["layers"]:
        parts.append(layers_table(found["layers"], LAYER_CLIENTS))
    return "\n\n".join(parts)


if __name__ == "__main__":
    main()
