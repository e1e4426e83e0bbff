"""The dashboard: how it goes, and what needs somebody."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from largesse.admin import render
from largesse.admin.formats import Viewer
from largesse.admin.language import N_
from largesse.admin.nouns import id_text, page
from largesse.admin.pages.jobs import KINDS
from largesse.admin.render import Page
from largesse.core import clock
from largesse.core.access.model import Right
from largesse.core.events.model import EventKind
from largesse.core.figures.model import Span, What
from largesse.core.jobs.model import JobState
from largesse.core.mail.model import MailState
from largesse.core.mail.queue import Overview
from largesse.core.pools.model import LowPool
from largesse.core.search.browse import Browse, Browsed
from largesse.wire.call import Call

DAYS = 30
"""How far the charts look back, and again as far for what it was before."""

SOON = timedelta(days=7)
"""What ends or runs out in this time is told of."""

MOST_TOLD = 5
"""Pools and campaigns that are named one by one."""

MOST_LIVE = 3
"""Jobs whose progress is shown live: each takes one of the six connections that a browser opens."""

FAILED_LOGINS = (EventKind.LOGIN_FAILED.value, EventKind.KEY_FAILED.value)


@dataclass(frozen=True, slots=True)
class Need:
    """Something that needs somebody, and where it is mended."""

    text: str
    path: str
    is_bad: bool = True
    """False: it only should be known."""


@dataclass(frozen=True, slots=True)
class Step:
    """Something to do in a new installation."""

    text: str
    path: str
    is_done: bool
    right: Right


@dataclass(frozen=True, slots=True)
class DayOfChart:
    """A day of the chart, and how it was as many days before."""

    start: datetime
    count: int
    before: int


@dataclass(frozen=True, slots=True)
class Issued:
    """How many codes were issued."""

    today: int
    is_more: bool
    """Whether today's are more than were counted."""
    yesterday: int
    """Until the same time."""
    days: Sequence[DayOfChart]

    @property
    def change(self) -> float | None:
        """By how much today is above yesterday, as a share of it; None: there was nothing."""
        return (self.today - self.yesterday) / self.yesterday if self.yesterday else None

    @property
    def is_any(self) -> bool:
        """Whether there is anything to show."""
        return any(one.count or one.before for one in self.days)


@dataclass(frozen=True, slots=True)
class Growth:
    """How many recipients a newsletter has won and lost."""

    won: int
    lost: int
    before: int
    """By how many it grew in the time before."""

    @property
    def net(self) -> int:
        """By how many it grew."""
        return self.won - self.lost


async def show(call: Call) -> Page:
    """Show the dashboard."""
    caller, services, look = call.caller, call.services, render.viewer(call)
    now = clock.now()
    issued = await _issued(call, look, now)
    mails = await services.mail_queue.overview(caller)
    pools = await services.pools.low(caller, within=SOON)
    running = await services.jobs.browse(
        caller, Browse(filters={"state": [JobState.RUNNING, JobState.WAITING]}, limit=MOST_LIVE)
    )
    data = {
        "issued": issued,
        "growth": await _growth(call, look, now),
        "days": DAYS,
        "mails": {state.value: mails.counts[state] for state in mails.counts},
        "pools": pools[:MOST_TOLD],
        "more_pools": len(pools[MOST_TOLD:]),
        "running": running,
        "kinds": KINDS,
        "needs": await _needs(call, look, mails, pools),
        "steps": [] if issued.is_any else await _steps(call),
    }
    return Page("dashboard.html", data)


async def _issued(call: Call, look: Viewer, now: datetime) -> Issued:
    figures = call.services.figures
    today = look.day_of(now)
    spans = figures.days(today, 2 * DAYS, look.zone)
    # By the clock on the wall: a night in which clocks change has 23 hours, or 25.
    then = now.astimezone(look.zone) - timedelta(days=1)
    counts = await figures.counts(
        call.caller, What.ISSUED, [*spans, Span(look.start_of(_before(today, 1)), then)]
    )
    *of_days, until_then = counts
    days = [
        DayOfChart(span.since, of_days[DAYS + n].count, of_days[n].count)
        for n, span in enumerate(spans[DAYS:])
    ]
    return Issued(of_days[-1].count, of_days[-1].is_more, until_then.count, days)


async def _growth(call: Call, look: Viewer, now: datetime) -> Growth:
    today = look.day_of(now)
    middle = look.start_of(_before(today, DAYS - 1))
    spans = [Span(look.start_of(_before(today, 2 * DAYS - 1)), middle), Span(middle, now)]
    won, lost = [
        [one.count for one in await call.services.figures.counts(call.caller, what, spans)]
        for what in (What.SUBSCRIBED, What.UNSUBSCRIBED)
    ]
    return Growth(won[1], lost[1], won[0] - lost[0])


def _before(day: date, days: int) -> date:
    return day - timedelta(days=days)


# --- what needs somebody -----------------------------------------------------------------------


async def _needs(call: Call, look: Viewer, mails: Overview, pools: Sequence[LowPool]) -> list[Need]:
    stopped = await call.services.jobs.browse(
        call.caller, Browse(filters={"state": [JobState.FAILED, JobState.DEAD]}, limit=1)
    )
    needs = _needs_of_pools(look, pools)
    needs += _counted(
        look,
        stopped,
        "/jobs?state=failed&state=dead",
        one=N_("One job could not be done"),
        many=N_("%(count)s jobs could not be done"),
    )
    needs += _needs_of_mail(look, mails)
    needs += await _needs_of_campaigns(call, look)
    if Right.MANAGE_ACCESS in call.caller.rights:
        needs += await _failed_logins(call, look)
    return needs


def _counted(look: Viewer, found: Any, path: str, *, one: str, many: str) -> list[Need]:
    """Return a need of so many things, or none."""
    if not found.count:
        return []
    number = look.number(found.count)
    if found.is_more:
        number = look.say(N_("more than %(count)s"), count=number)
    return [Need(look.say_many(one, many, found.count, count=number), path)]


def _needs_of_pools(look: Viewer, pools: Sequence[LowPool]) -> list[Need]:
    needs = []
    for one in pools[:MOST_TOLD]:
        path = f"/campaigns/{id_text(one.campaign_id)}"
        left, ends_at = one.forecast.available, one.forecast.runs_out_at
        if not left:
            text = look.say(N_("%(name)s has no codes left"), name=one.name)
        elif ends_at is not None:
            span = look.span(ends_at - clock.now())
            text = look.say(N_("%(name)s runs out of codes in %(span)s"), name=one.name, span=span)
        else:
            text = look.say(
                N_("%(name)s has few codes left: about %(count)s"),
                name=one.name,
                count=look.number(left),
            )
        needs.append(Need(text, path, is_bad=not left))
    return needs


def _needs_of_mail(look: Viewer, mails: Overview) -> list[Need]:
    needs = _counted(
        look,
        mails.counts[MailState.FAILED],
        "/mails?state=failed",
        one=N_("One mail could not be sent"),
        many=N_("%(count)s mails could not be sent"),
    )
    needs += _counted(
        look,
        mails.counts[MailState.UNCERTAIN],
        "/mails?state=uncertain",
        one=N_("Of one mail nobody knows whether it was sent"),
        many=N_("Of %(count)s mails nobody knows whether they were sent"),
    )
    for pause in mails.pauses:
        if pause.name is None:
            text = look.say(N_("No mail is sent: it is paused"))
        else:
            text = look.say(N_("No mail is sent by or to %(name)s: it is paused"), name=pause.name)
        needs.append(Need(text, "/mails", is_bad=False))
    return needs


async def _needs_of_campaigns(call: Call, look: Viewer) -> list[Need]:
    ending = await call.services.campaigns.ending(call.caller, within=SOON, limit=MOST_TOLD)
    return [
        Need(
            look.say(
                N_("%(name)s ends on %(moment)s"), name=one.name, moment=look.moment(one.ends_at)
            ),
            f"/campaigns/{id_text(one.campaign_id)}",
            is_bad=False,
        )
        for one in ending
    ]


async def _failed_logins(call: Call, look: Viewer) -> list[Need]:
    since = clock.now() - timedelta(days=1)
    found: Browsed[Any] = await call.services.events.browse(
        call.caller, Browse(filters={"kind": FAILED_LOGINS}, since=since, limit=1)
    )
    kinds = "&".join(f"kind={kind}" for kind in FAILED_LOGINS)
    return _counted(
        look,
        found,
        f"/log?{kinds}&since={look.day_of(since)}",
        one=N_("One login failed in the last day"),
        many=N_("%(count)s logins failed in the last day"),
    )


# --- a new installation ------------------------------------------------------------------------


async def _steps(call: Call) -> list[Step]:
    """Return what is to be done before the first code is given out."""
    services, caller = call.services, call.caller
    first = Browse(limit=1)
    promotions = await services.promotions.browse(caller, first)
    campaigns = await services.campaigns.browse(caller, first)
    codes = await services.codes.browse(caller, first)
    return [
        Step(
            N_("Make a promotion: what there is to win"),
            "/promotions/new",
            promotions.count > 0,
            Right.MANAGE_PROMOTIONS,
        ),
        Step(
            N_("Make a campaign: who gets its codes, and how many"),
            "/campaigns/new",
            campaigns.count > 0,
            Right.MANAGE_CAMPAIGNS,
        ),
        Step(
            N_("Fill its pool with codes, made or imported"),
            "/campaigns",
            codes.count > 0,
            Right.MANAGE_CAMPAIGNS,
        ),
        Step(
            N_("Make an application key for the shop that asks for codes"),
            "/settings",
            False,
            Right.MANAGE_ACCESS,
        ),
    ]


ROUTES = (page("GET", "/", show),)
