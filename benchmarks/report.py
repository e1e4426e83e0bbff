"""What was measured, as a table for people and as JSON for programs."""

import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.load import Measured

TIMES = ("p50_ms", "p99_ms", "p99_to_p50", "server_us", "database_us", "load_us")
TIMES_HEADER = ("p50 ms", "p99 ms", "p99 / p50", "server us", "database us", "load us")


def machine() -> dict[str, Any]:
    """Return what the figures depend on."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(": ", 1)[1] for line in lines if "model name" in line), "unknown")


def summary(rounds: Sequence[Measured], ceilings: Mapping[str, Sequence[float]]) -> dict[str, Any]:
    """Return the medians of one load's rounds; ratios are made inside each round first."""
    databases = [one.database_us for one in rounds if one.database_us is not None]
    return {
        "requests_per_second": round(median(one.rate for one in rounds), 1),
        "slowest": round(min(one.rate for one in rounds), 1),
        "fastest": round(max(one.rate for one in rounds), 1),
        "ratios": {
            name: round(median(one.rate / top for one, top in zip(rounds, tops, strict=True)), 3)
            for name, tops in ceilings.items()
        },
        "p50_ms": median(one.latencies_ms["p50"] for one in rounds),
        "p99_ms": median(one.latencies_ms["p99"] for one in rounds),
        "p99_to_p50": round(
            median(one.latencies_ms["p99"] / one.latencies_ms["p50"] for one in rounds), 2
        ),
        "server_us": median(one.server_us for one in rounds),
        "database_us": median(databases) if databases else None,
        "load_us": median(one.load_us for one in rounds),
    }


def bulk_summary(rounds: Sequence[Any]) -> dict[str, Any]:
    """Return the medians of one bulk job's rounds (`benchmarks.bulk.Bulk`)."""
    names = rounds[0].ceilings
    return {
        "count": rounds[0].count,
        "codes_per_second": round(median(one.rate for one in rounds)),
        "longest_chunk_ms": round(median(one.longest_chunk_ms for one in rounds), 1),
        "ceilings": {name: round(median(one.ceilings[name] for one in rounds)) for name in names},
        "ratios": {name: round(median(one.ratios[name] for one in rounds), 3) for name in names},
    }


def grants_summary(rounds: Sequence[Any]) -> dict[str, Any]:
    """Return the medians of the rounds of grants (`benchmarks.grants.Grants`)."""
    found = [one.summary() for one in rounds]

    def middle(*path: str) -> float:
        values = []
        for one in found:
            value: Any = one
            for name in path:
                value = value[name]
            values.append(value)
        return float(median(values))

    parts = ("ceilings", "ratios", "ceiling_us")
    plain = ("grants_per_second", "worker_us", "database_us", "longest_chunk_ms")
    return (
        {"count": found[0]["count"]}
        | {name: round(middle(name), 1) for name in plain}
        | {part: {name: round(middle(part, name), 3) for name in found[0][part]} for part in parts}
    )


def mail_summary(rounds: Sequence[Any]) -> dict[str, Any]:
    """Return the medians of a worker's rounds (`benchmarks.mail.Measured`)."""
    return {
        "count": rounds[0].count,
        "mails_per_second": round(median(one.rate for one in rounds)),
        "bare_loop": round(median(one.ceiling for one in rounds)),
        "ratio": round(median(one.ratio for one in rounds), 3),
        "worker_us": round(median(one.worker_us for one in rounds), 1),
        "bare_loop_us": round(median(one.ceiling_us for one in rounds), 1),
    }


def mail_table(mail: Mapping[str, Any]) -> str:
    """Return the table of mails that are handed over."""
    header = ("mails", "mails/s", "bare loop", "/", "worker us", "bare loop us")
    return table(header, [list(mail.values())])


def pages_table(found: Sequence[Mapping[str, Any]]) -> str:
    """Return the table of pages: how long each takes, and how often the page to sign in that is."""
    header = ("page", "what", "ms", "slowest round", "/ sign-in")
    return table(header, [list(one.values()) for one in found])


def weights_table(found: Sequence[Mapping[str, Any]]) -> str:
    """Return the table of what pages weigh."""
    header = ("page", "bytes with assets", "/ 150 kB", "first paint ms")
    return table(header, [list(one.values()) for one in found])


def table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Return rows below a header; numbers are lined up on the right."""
    cells = [list(header), *[[_cell(value) for value in row] for row in rows]]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
    lines = []
    for row in cells:
        parts = [
            text.ljust(width) if column == 0 else text.rjust(width)
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(parts).rstrip())
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"
    return str(value)


def loads_table(loads: Sequence[Mapping[str, Any]], first: Sequence[str]) -> str:
    """Return a table of loads: what they are called by, rates, ratios to each ceiling, times."""
    tops = list(loads[0]["ratios"])
    names = (*first, "requests_per_second", "slowest", "fastest")
    header = (*first, "requests/s", "from", "to", *(f"/ {name}" for name in tops), *TIMES_HEADER)
    rows = [
        [*(one[name] for name in names), *one["ratios"].values(), *(one[name] for name in TIMES)]
        for one in loads
    ]
    return table(header, rows)


def alone_table(alone: Mapping[str, float]) -> str:
    """Return the table of a client who is alone."""
    header = ("one client, no HTTP", "group commit ms", "one by one ms", "ratio")
    return table(header, [["p50 of a request", *alone.values()]])


def bulk_table(jobs: Sequence[Mapping[str, Any]]) -> str:
    """Return the table of bulk jobs, each ceiling with the part of it that was reached."""
    tops = list(jobs[0]["ratios"])
    header = ("job", "codes", "codes/s", *(word for name in tops for word in (name, "/")))
    rows = []
    for one in jobs:
        tail = [value for name in tops for value in (one["ceilings"][name], one["ratios"][name])]
        row = [one["scenario"], one["count"], one["codes_per_second"], *tail]
        rows.append([*row, one["longest_chunk_ms"]])
    return table((*header, "longest chunk ms"), rows)


def grants_table(found: Mapping[str, Any]) -> str:
    """Return the table of grants: the job, and each ceiling with the part of it that was reached."""
    header = ("grants", "grants/s", "/", "processor us", "database us", "longest chunk ms")
    rate, own = found["grants_per_second"], found["worker_us"]
    job = (f"job of {found['count']:,}", rate, None, own, found["database_us"])
    rows: list[Sequence[Any]] = [(*job, found["longest_chunk_ms"])]
    for name, top in found["ceilings"].items():
        used = found["ceiling_us"][name]
        rows.append((f"bare insert, {name}", top, found["ratios"][name], used, None, None))
    return table(header, rows)


def layers_table(layers: Sequence[Mapping[str, Any]], clients: int) -> str:
    """Return the table of layers, each with what it adds to the one before."""
    rows, before = [], 0.0
    for one in layers:
        cost = one["server_us"]
        rows.append([one["layer"], one["requests_per_second"], cost, cost - before])
        before = cost
    return table((f"layer, {clients} clients", "requests/s", "server us", "its part"), rows)
