"""Schemathesis against a served instance: every phase of it, over the real socket."""

import asyncio
import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import schemathesis
from schemathesis.core.failures import Failure
from schemathesis.core.transport import Response
from schemathesis.engine import events, from_schema

from largesse.wire.dialect import Dialect
from tests.serving import Served

PHASES = ("examples", "coverage", "fuzzing", "stateful")
SEED = 1
SECONDS = 3600
"""How long a token lives: longer than any run."""


ENDS_TOKENS = re.compile(r"DELETE /tokens/current|/release|/logout")
"""Operations that end the life of the token that they are called with."""


@dataclass(frozen=True, kw_only=True)
class Excuse:
    """Why a check can not hold for an operation; it must fit all of these to count."""

    check: str
    """The class of schemathesis' failure."""
    operation: str = r".*"
    """A pattern of the operation, e.g. `POST /codes`."""
    asked: str = r""
    """A pattern of something in the address that was called."""
    answer: str = r""
    """A pattern of something in the answer: most often the code of a refusal."""
    reason: str

    def covers(self, failure: Failure, case: schemathesis.Case, response: Response) -> bool:
        """Say whether a failure is to be expected."""
        return (
            type(failure).__name__ == self.check
            and re.fullmatch(self.operation, case.operation.label) is not None
            and re.search(self.asked, response.request.url or "") is not None
            and re.search(self.answer, response.text, re.DOTALL) is not None
        )


@dataclass(frozen=True)
class Report:
    """What a run found."""

    statuses: dict[str, int]
    """How many requests of each phase were answered with success, or refused."""
    failures: list[str]


class Run:
    """One run over a dialect's description."""

    def __init__(
        self,
        served: Served,
        dialect: Dialect,
        *,
        excuses: Sequence[Excuse],
        phases: Sequence[str] = PHASES,
        examples: int,
    ) -> None:
        self._served = served
        self._dialect = dialect
        self._excuses = excuses
        self._config = {
            "seed": SEED,
            "generation": {
                "max-examples": examples,
                "deterministic": True,
                "no-shrink": True,
                "database": "none",
                # `_log_in` says who calls.
                "with-security-parameters": False,
            },
            "phases": {name: {"enabled": name in phases} for name in PHASES},
        }

    async def report(self) -> Report:
        """Return what was found. The run has a thread of its own: the server needs this one."""
        served = self._served
        path = f"/docs/{self._dialect.name}/openapi.json"
        description = (await served.client.get(path)).json()
        demo, access = served.demo, served.services.access
        caller = await access.log_in(
            demo.username, demo.password, organization=demo.organization, address="test"
        )
        loop = asyncio.get_running_loop()

        async def issued() -> str:
            return (await access.issue_token(caller, seconds=SECONDS)).token

        def token() -> str:
            return asyncio.run_coroutine_threadsafe(issued(), loop).result()

        return await asyncio.to_thread(self._run, description, token)

    def _run(self, description: dict[str, Any], token: Callable[[], str]) -> Report:
        config = schemathesis.Config.from_dict(self._config)
        schema = schemathesis.openapi.from_dict(description, config=config)
        prefix = self._dialect.prefixes[-1].replace("*", "-")
        schema.config.update(base_url=self._served.url + prefix)
        _log_in(schema, token, member=self._dialect.token_member)

        @schema.hook
        def filter_failure(
            context: Any, failure: Failure, case: schemathesis.Case, response: Response
        ) -> bool:
            return not any(one.covers(failure, case, response) for one in self._excuses)

        report = Report({}, [])
        with warnings.catch_warnings():
            # The tests' own rule, that warnings are errors, is not for schemathesis.
            warnings.simplefilter("ignore")
            for event in from_schema(schema).execute():
                _note(report, event)
        return report


def _log_in(schema: Any, token: Callable[[], str], *, member: str | None) -> None:
    """Let each request say who calls: by a header, or by a member of its body or query."""
    lasting = token()

    @schema.auth()
    class Login:
        def get(self, case: schemathesis.Case, context: Any) -> str:
            return lasting

        def set(self, case: schemathesis.Case, data: str, context: Any) -> None:
            given = token() if ENDS_TOKENS.search(case.operation.label) else data
            if member is None:
                case.headers["Authorization"] = f"Bearer {given}"
                return
            # One that was made to be no text, or is missing, stays so.
            for holder in (case.body, case.query):
                if isinstance(holder, dict) and isinstance(holder.get(member), str):
                    holder[member] = holder[member] and given


def _note(report: Report, event: Any) -> None:
    if isinstance(event, events.FatalError):
        raise event.exception
    if isinstance(event, events.NonFatalError):
        report.failures.append(f"{event.label}: {event.info.format()}")
    if not isinstance(event, events.ScenarioFinished):
        return
    recorder, phase = event.recorder, event.phase.value
    for interaction in recorder.interactions.values():
        response = interaction.response
        assert response is not None, interaction.request
        key = f"{phase} {response.status_code // 100}xx"
        report.statuses[key] = report.statuses.get(key, 0) + 1
    for case_id, checks in recorder.checks.items():
        for check in checks:
            if check.failure_info is not None:
                response = recorder.interactions[case_id].response
                assert response is not None
                label = recorder.cases[case_id].value.operation.label
                report.failures.append(_told(phase, label, check, response))


def _told(phase: str, label: str, check: Any, response: Response) -> str:
    failure = check.failure_info.failure
    return (
        f"{phase}: {label}: {type(failure).__name__}: {failure.title}: {failure.message[:500]}\n"
        f"  {check.failure_info.code_sample[:1000]}\n"
        f"  {response.status_code} {response.text[:300]}"
    )


@schemathesis.serializer("text/csv", "message/rfc822")
def as_it_is(context: Any, value: Any) -> dict[str, Any]:
    """Send a text as it is."""
    raw = value if isinstance(value, bytes) else str(value).encode(errors="surrogatepass")
    return {"data": raw}
