"""The score of a run: by operation, and every difference."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from largesse.conform.compare import Difference
from largesse.conform.secrets import HIDDEN, Names, Secrets, named


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one case, or of one recorded exchange."""

    operation: str
    what: str
    source: str
    writes: bool = False
    not_run: str | None = None
    """Why it was not run; None: it was."""
    differences: Sequence[Difference] = ()

    @property
    def passed(self) -> bool:
        """Whether the answer is as expected."""
        return self.not_run is None and not self.differences


@dataclass(slots=True)
class Report:
    """Everything that was run, and not run."""

    subject: str
    """What was asked of whom, in a line."""
    outcomes: list[Outcome] = field(default_factory=list)
    names: Names = field(default_factory=Names)

    def add(self, outcome: Outcome, secrets: Secrets) -> None:
        """Add what became of a case, without secrets."""
        hidden = [self._without(one, secrets) for one in outcome.differences]
        self.outcomes.append(
            Outcome(
                outcome.operation,
                secrets.hide(outcome.what),
                outcome.source,
                outcome.writes,
                outcome.not_run,
                hidden,
            )
        )

    def _without(self, one: Difference, secrets: Secrets) -> Difference:
        last = re.split(r"[. ]", one.path)[-1].partition("[")[0]
        if last in self.names:
            return Difference(one.path, _kind(one.expected), _kind(one.got))
        expected, got = (
            secrets.hide(named(text, self.names, lambda _value, _name: HIDDEN))
            for text in (one.expected, one.got)
        )
        return Difference(one.path, expected, got)

    @property
    def ran(self) -> int:
        """How many cases ran."""
        return sum(outcome.not_run is None for outcome in self.outcomes)

    @property
    def passed(self) -> int:
        """How many of them passed."""
        return sum(outcome.passed for outcome in self.outcomes)

    @property
    def perfect(self) -> bool:
        """Whether something ran, and all of it passed."""
        return 0 < self.ran == self.passed

    def as_json(self) -> dict[str, Any]:
        """Return all of it for programs."""
        return {
            "subject": self.subject,
            "ran": self.ran,
            "passed": self.passed,
            "not_run": len(self.outcomes) - self.ran,
            "score": round(self.passed / self.ran, 4) if self.ran else 0,
            "operations": [
                {"operation": name, "ran": ran, "passed": passed, "not_run": left}
                for name, ran, passed, left in self._operations()
            ],
            "cases": [asdict(outcome) | {"passed": outcome.passed} for outcome in self.outcomes],
        }

    def lines(self) -> Iterator[str]:
        """Yield all of it for people."""
        yield self.subject
        for name, ran, passed, left in self._operations():
            more = f", {left} not run" if left else ""
            yield f"  {f'{passed}/{ran}' if ran else '-':>7}  {name}{more}"
        for outcome in self.outcomes:
            if outcome.differences:
                yield f"\n{outcome.operation}: {outcome.what} ({outcome.source})"
            for one in outcome.differences:
                yield f"  {one.path}: expected {one.expected}, got {one.got}"
        yield ""
        reasons: dict[str, int] = {}
        for outcome in self.outcomes:
            if outcome.not_run is not None:
                reasons[outcome.not_run] = reasons.get(outcome.not_run, 0) + 1
        yield from (f"Not run: {count} ({reason})" for reason, count in reasons.items())
        share = self.passed / self.ran if self.ran else 0
        # Rounded down: only all of them are 100 %.
        yield f"Score: {int(share * 1000) / 10:g} % ({self.passed} of {self.ran})"

    def _operations(self) -> list[tuple[str, int, int, int]]:
        """Return each operation with how many cases ran, passed and did not run."""
        found: dict[str, list[Outcome]] = {}
        for outcome in self.outcomes:
            found.setdefault(outcome.operation, []).append(outcome)
        return [
            (
                name,
                sum(one.not_run is None for one in own),
                sum(one.passed for one in own),
                sum(one.not_run is not None for one in own),
            )
            for name, own in found.items()
        ]


def _kind(shown: str) -> str:
    """Return what may be told of a secret: that it is a text, or what it should be."""
    return HIDDEN if shown[:1] in '"0123456789-' else shown
