"""What was measured, as a table for people and as JSON for programs."""

import os
import platform
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.load import Measured


def machine() -> dict[str, Any]:
    """Return what the figures depend on."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load_average": os.getloadavg()[0],
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(": ", 1)[1] for line in lines if "model name" in line), "unknown")


def summary(rounds: Sequence[Measured], ceilings: Sequence[float]) -> dict[str, Any]:
    """Return the medians of one load's rounds; ratios are made inside each round first."""
    databases = [one.database_us for one in rounds if one.database_us is not None]
    return {
        "requests_per_second": round(median(one.rate for one in rounds), 1),
        "slowest": round(min(one.rate for one in rounds), 1),
        "fastest": round(max(one.rate for one in rounds), 1),
        "ratio": _ratio(one.rate / top for one, top in zip(rounds, ceilings, strict=True)),
        "p50_ms": median(one.latencies_ms["p50"] for one in rounds),
        "p99_ms": median(one.latencies_ms["p99"] for one in rounds),
        "server_us": median(one.server_us for one in rounds),
        "database_us": median(databases) if databases else None,
        "load_us": median(one.load_us for one in rounds),
    }


def _ratio(values: Iterable[float]) -> float:
    return round(median(values), 3)


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
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"
    return str(value)


LOAD_HEADER = (
    *("scenario", "clients", "requests/s", "from", "to", "x ceiling", "p50 ms", "p99 ms"),
    *("server us", "database us", "load us"),
)


def load_row(scenario: str, clients: int, found: dict[str, Any]) -> list[Any]:
    """Return a line of the table of loads."""
    names = ("requests_per_second", "slowest", "fastest", "ratio", "p50_ms", "p99_ms")
    used = ("server_us", "database_us", "load_us")
    return [scenario, clients, *(found[name] for name in (*names, *used))]
