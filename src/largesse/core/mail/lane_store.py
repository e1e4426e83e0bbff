"""The queries of lanes, limits and pauses: what mails may have to wait for."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, or_, select, type_coerce, update

from largesse.core.mail.limits import Rate, transport_name
from largesse.core.mail.model import mail_lanes, mail_pauses
from largesse.storage.bulk import Parameter
from largesse.storage.database import Transaction
from largesse.storage.types import Utc

GATE = "gate"
"""The row that workers hold one after the other while they count tokens or move mails aside."""


@dataclass(frozen=True, slots=True)
class Lane:
    """What some mails wait for, as it is now."""

    name: str
    tokens: float
    refilled_at: datetime
    waiting: bool
    """Whether mails may stand aside in it."""
    failures: int
    """Of a transport: how often in a row it took no mail."""
    blocked_until: datetime | None
    reason: str | None
    """Why it is blocked: what it said."""
    now: datetime
    """The database's clock."""

    @property
    def blocked_for(self) -> float:
        """Seconds for which it takes no mail; 0 if it is open."""
        if self.blocked_until is None:
            return 0.0
        return max(0.0, (self.blocked_until - self.now).total_seconds())

    def tokens_now(self, rate: Rate) -> float:
        """Return how many mails may go at once."""
        return rate.refilled(self.tokens, (self.now - self.refilled_at).total_seconds())


@dataclass(frozen=True, slots=True)
class View:
    """The lanes where mails wait, those of the transports, and every pause."""

    lanes: Mapping[str, Lane]
    pauses: frozenset[tuple[int, str]]

    @property
    def waiting(self) -> list[Lane]:
        """Return the lanes in which mails may stand aside."""
        return [lane for lane in self.lanes.values() if lane.waiting]

    def is_blocked(self, transport: str) -> bool:
        """Say whether a transport is left alone for a while."""
        lane = self.lanes.get(transport_name(transport))
        return lane is not None and lane.blocked_for > 0

    def failures(self, transport: str) -> int:
        """Return how often in a row a transport took no mail."""
        lane = self.lanes.get(transport_name(transport))
        return 0 if lane is None else lane.failures


async def view(tx: Transaction, transports: Sequence[str]) -> View:
    """Return what mails wait for at present."""
    lanes = await _lanes(tx, [transport_name(one) for one in transports], or_waiting=True)

    def build() -> Any:
        return select(mail_pauses.c.organization_id, mail_pauses.c.name)

    pauses = await tx.rows(tx.prepared("mail pauses", build), {})
    return View(lanes, frozenset((row.organization_id, row.name) for row in pauses))


async def lanes_named(tx: Transaction, names: Sequence[str]) -> dict[str, Lane]:
    """Return lanes by their names, those that there are."""
    return await _lanes(tx, names, or_waiting=False)


async def _lanes(tx: Transaction, names: Sequence[str], *, or_waiting: bool) -> dict[str, Lane]:
    def build() -> Any:
        chosen = tx.engine.any_of(mail_lanes.c.name, Parameter("wanted"))
        if or_waiting:
            chosen = or_(chosen, mail_lanes.c.waiting)
        now = type_coerce(tx.engine.now(), Utc()).label("now")
        return select(mail_lanes, now).where(chosen)

    statement = tx.prepared(("mail lanes", or_waiting), build)
    rows = await tx.rows(statement, {"wanted": list(names)})
    return {row.name: Lane(**row._asdict()) for row in rows}


async def hold_gate(tx: Transaction) -> None:
    """Wait until no other worker counts tokens or moves mails aside, and keep others from it.

    One row for all of it: taken first, always, so that no two workers wait for each other.
    """
    await _add(tx, [GATE], {})

    def build() -> Any:
        return tx.engine.hold(select(mail_lanes.c.name).where(mail_lanes.c.name == GATE))

    await tx.rows(tx.prepared("mail lanes: gate", build), {})


async def keep_tokens(tx: Transaction, name: str, tokens: float, *, at: datetime | None) -> None:
    """Write down how many tokens were left at a moment of the database's clock, or are now."""
    moment = tx.engine.now() if at is None else at
    await _put(tx, name, {"tokens": tokens, "refilled_at": moment})


async def keep_waiting(tx: Transaction, names: Iterable[str], *, waiting: bool) -> None:
    """Write down that mails stand aside in some lanes, or do not any more."""
    for name in sorted(names):
        await _put(tx, name, {"waiting": waiting})


async def block(tx: Transaction, transport: str, *, seconds: float, reason: str) -> None:
    """Leave a transport alone for a while; one more failure in a row, unless one was just noted."""
    name, now = transport_name(transport), tx.engine.now()
    await _add(tx, [name], {})
    await tx.execute(
        update(mail_lanes)
        .where(
            mail_lanes.c.name == name,
            or_(mail_lanes.c.blocked_until.is_(None), mail_lanes.c.blocked_until < now),
        )
        .values(
            failures=mail_lanes.c.failures + 1,
            blocked_until=tx.engine.now(plus_seconds=seconds),
            reason=reason,
        )
    )


async def unblock(tx: Transaction, transport: str) -> None:
    """Forget the failures of a transport: it takes mail."""
    await tx.execute(
        update(mail_lanes)
        .where(mail_lanes.c.name == transport_name(transport))
        .values(failures=0, blocked_until=None, reason=None)
    )


async def forget_full(tx: Transaction, *, before: datetime) -> None:
    """Forget the buckets of domains that nobody has drawn from for long: they are full again."""
    await tx.execute(
        delete(mail_lanes).where(
            tx.engine.matches(mail_lanes.c.name, "domain *"),
            mail_lanes.c.waiting.is_(False),
            mail_lanes.c.refilled_at < before,
        )
    )


async def pause(tx: Transaction, organization_id: int, name: str, *, now: datetime) -> bool:
    """Pause something of an organization; False if it is paused already."""
    values = {"organization_id": organization_id, "name": name, "created_at": now}
    insert = tx.engine.insert(mail_pauses).values(**values).on_conflict_do_nothing()
    return bool(await tx.execute(insert))


async def resume(tx: Transaction, organization_id: int, name: str) -> bool:
    """End a pause; False if there is none."""
    return bool(
        await tx.execute(
            delete(mail_pauses).where(
                mail_pauses.c.organization_id == organization_id, mail_pauses.c.name == name
            )
        )
    )


async def pauses_of(tx: Transaction, organization_id: int) -> list[tuple[str, datetime]]:
    """Return what an organization has paused, and since when."""
    rows = await tx.rows(
        select(mail_pauses.c.name, mail_pauses.c.created_at)
        .where(mail_pauses.c.organization_id == organization_id)
        .order_by(mail_pauses.c.name)
    )
    return [(row.name, row.created_at) for row in rows]


async def _put(tx: Transaction, name: str, values: Mapping[str, Any]) -> None:
    await _add(tx, [name], values)
    await tx.execute(update(mail_lanes).where(mail_lanes.c.name == name).values(**values))


async def _add(tx: Transaction, names: Sequence[str], values: Mapping[str, Any]) -> None:
    """Make the lanes that there are not."""
    start: dict[str, Any] = {
        "tokens": 0.0,
        "refilled_at": tx.engine.now(),
        "waiting": False,
        "failures": 0,
    }
    for name in names:
        insert = tx.engine.insert(mail_lanes).values(name=name, **(start | dict(values)))
        await tx.execute(insert.on_conflict_do_nothing())
