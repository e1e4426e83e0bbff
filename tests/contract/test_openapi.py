"""Each dialect does what its OpenAPI description says, by the checks of schemathesis."""

import pytest

from largesse.app import DIALECTS
from largesse.wire.dialect import Dialect
from tests.contract.described import Run
from tests.contract.excuses import excuses_of
from tests.serving import Served

ANY_DIALECT = pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)


@ANY_DIALECT
@pytest.mark.parametrize("engine_name", ["sqlite"])
async def test_a_dialect_does_what_its_description_says(served: Served, dialect: Dialect) -> None:
    phases = ("fuzzing", "stateful")
    report = await Run(
        served, dialect, excuses=excuses_of(dialect), phases=phases, examples=3
    ).report()
    assert not report.failures, "\n".join(report.failures)
    for phase in phases:
        assert report.statuses.get(f"{phase} 2xx"), report.statuses


@pytest.mark.soak
@pytest.mark.timeout(600)
@ANY_DIALECT
async def test_it_does_so_for_long(served: Served, dialect: Dialect) -> None:
    report = await Run(served, dialect, excuses=excuses_of(dialect), examples=30).report()
    assert not report.failures, "\n".join(report.failures)
