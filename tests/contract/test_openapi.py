"""Each dialect does what its OpenAPI description says, by the checks of schemathesis.

Where a check fails, the description is to be mended, or the product. `excuses.py` is for what
neither can: what a vendor's document asks for, and what JSON Schema has no words for.
"""

import logging
from collections.abc import Iterator

import pytest
import structlog

from largesse.app import DIALECTS
from largesse.wire.dialect import Dialect
from tests.contract.described import PHASES, Run
from tests.contract.excuses import excuses_of
from tests.serving import Served

ANY_DIALECT = pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)

SOME = ("fuzzing", "stateful")
"""Phases whose requests can be few. Those of `coverage` are thousands: `make soak` sends them."""


@pytest.fixture(autouse=True)
def few_lines() -> Iterator[None]:
    """Log no line for each of thousands of requests."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    yield
    structlog.configure(**before)


@ANY_DIALECT
@pytest.mark.parametrize("engine_name", ["sqlite"])
async def test_a_dialect_does_what_its_description_says(
    few_lines: None, served: Served, dialect: Dialect
) -> None:
    run = Run(served, dialect, excuses=excuses_of(dialect), phases=SOME, examples=2)
    report = await run.report()
    assert not report.failures, "\n".join(report.failures)
    assert {told.split()[0] for told in report.statuses} == set(SOME)
    assert report.statuses.get("fuzzing 2xx"), report.statuses


@pytest.mark.soak
@pytest.mark.timeout(600)
@ANY_DIALECT
async def test_it_does_so_for_long(few_lines: None, served: Served, dialect: Dialect) -> None:
    run = Run(served, dialect, excuses=excuses_of(dialect), phases=PHASES, examples=10)
    report = await run.report()
    assert not report.failures, "\n".join(report.failures)
