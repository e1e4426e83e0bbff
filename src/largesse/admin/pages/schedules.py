"""Schedules: jobs that start by the clock, what they started, and starting one by hand."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from starlette.responses import Response

from largesse.admin import lists, nouns, render
from largesse.admin.forms import Choice, Field
from largesse.admin.language import N_
from largesse.admin.lists import Action, Column, Filter, Listing
from largesse.admin.nouns import Noun, id_text, page
from largesse.admin.pages.jobs import path_of as path_of_job
from largesse.admin.render import Page
from largesse.core.access.model import Right
from largesse.core.campaigns.model import Campaign, CodeSource
from largesse.core.errors import Refused, UnknownCampaign
from largesse.core.ids import parsed_id
from largesse.core.schedules import cron
from largesse.core.schedules.model import Schedule
from largesse.core.search.browse import Browse
from largesse.wire.call import Call

GENERATE = "generate_codes"
"""The kind of job that these pages make schedules for, and the only one there is."""

MOST_CAMPAIGNS = 500
"""Campaigns that can be chosen from a list."""

FOLLOWING = 3
"""Moments ahead that a schedule's page names."""

SLOTS = 50
"""Moments behind on one page."""

CAMPAIGN, COUNT = "parameters.campaign", "parameters.count"
"""Fields, by the names under which the core refuses them."""

YES_OR_NO = (("yes", N_("yes")), ("no", N_("no")))


def source(services: Any) -> Any:
    """Return the service that keeps schedules."""
    return services.schedules


def path_of(schedule: Schedule) -> str:
    """Return where a schedule's page is."""
    return f"/schedules/{id_text(schedule.id)}"


async def campaigns(call: Call) -> Sequence[Choice]:
    """Return the campaigns with a pool, and what else the schedule at hand may name."""
    pools = Browse(
        filters={"code_source": [CodeSource.POOL]},
        order="name",
        descending=False,
        limit=MOST_CAMPAIGNS,
    )
    found = await call.services.campaigns.browse(call.caller, pools)
    choices = [(one.id.hex, one.name) for one in found.items]
    if "id" in call.request.path_params:
        named = _campaign_in(await nouns.record_in(call, source))
        if named and named not in dict(choices):
            # By its name, as clients of the API may; or it is gone.
            choices.append((named, named))
    return choices


async def zones(call: Call) -> Sequence[Choice]:
    """Return the time zones that are known here."""
    return [(name, name) for name in ("UTC", *sorted(available_timezones() - {"UTC"}))]


def _campaign_in(schedule: Schedule) -> str:
    named = str(schedule.parameters.get("campaign", ""))
    found = parsed_id(named)
    return named if found is None else found.hex


def _shown(schedule: Schedule) -> Mapping[str, Any]:
    own = {name: getattr(schedule, name) for name in ("name", "cron", "zone", "enabled")}
    named = {CAMPAIGN: _campaign_in(schedule), COUNT: schedule.parameters.get("count")}
    return own | named


def _given(values: Mapping[str, Any]) -> Mapping[str, Any]:
    own = {name: value for name, value in values.items() if name not in (CAMPAIGN, COUNT)}
    parameters = {"campaign": values[CAMPAIGN], "count": values[COUNT]}
    return own | {"kind": GENERATE, "parameters": parameters}


SCHEDULE = Noun(
    path="/schedules",
    source=source,
    fields=(
        Field("name", N_("Name"), required=True, longest=200),
        Field(CAMPAIGN, N_("Make codes for the campaign"), "choice", True, choices=campaigns),
        Field(COUNT, N_("Codes each time"), "integer", required=True),
        Field(
            "cron",
            N_("When"),
            required=True,
            longest=100,
            help=N_(
                "Minute, hour, day of month, month, day of week. 0 3 * * * is every night at "
                "three, 30 8 * * 1 every Monday at half past eight, 0 0 1 * * the first of a month."
            ),
        ),
        Field("zone", N_("By the clocks of"), "choice", required=True, choices=zones),
        Field("enabled", N_("Starts by itself"), "flag"),
    ),
    right=Right.MANAGE_JOBS,
    new=N_("New schedule"),
    name=lambda schedule: schedule.name,
    delete=N_("Delete the schedule %(name)s? What it started stays."),
    shown=_shown,
    given=_given,
    fresh=lambda call: {"enabled": True, "zone": render.viewer(call).zone.key, "cron": "0 3 * * *"},
    open=path_of,
)


async def _delete(call: Call, schedule_id: UUID) -> None:
    await call.services.schedules.delete(call.caller, schedule_id)


async def _enable(call: Call, schedule_id: UUID) -> None:
    await call.services.schedules.change(call.caller, schedule_id, {"enabled": True})


async def _disable(call: Call, schedule_id: UUID) -> None:
    await call.services.schedules.change(call.caller, schedule_id, {"enabled": False})


SCHEDULES = Listing(
    path="/schedules",
    title=N_("Schedules"),
    source=source,
    columns=(
        Column("name", N_("Name"), order="name"),
        Column("cron", N_("When"), kind="code"),
        Column("zone", N_("By the clocks of")),
        Column("enabled", N_("Starts by itself"), kind="flag"),
        Column("next_at", N_("Next"), lambda row: row.next_at if row.enabled else None, "moment"),
        Column("created_at", N_("Made"), kind="moment", order="made"),
    ),
    search=N_("Name"),
    filters=(
        Filter("enabled", N_("Starts by itself"), YES_OR_NO, parse=lambda text: text == "yes"),
    ),
    open=path_of,
    actions=(
        Action(
            name="enable",
            label=N_("Let go on"),
            one=N_("Let one schedule go on?"),
            many=N_("Let %(count)s schedules go on?"),
            done=N_("They go on: %(count)s."),
            right=Right.MANAGE_JOBS,
            do=_enable,
            is_bad=False,
        ),
        Action(
            name="disable",
            label=N_("Pause"),
            one=N_("Pause one schedule?"),
            many=N_("Pause %(count)s schedules?"),
            done=N_("Paused: %(count)s."),
            right=Right.MANAGE_JOBS,
            do=_disable,
            is_bad=False,
        ),
        Action(
            name="delete",
            label=N_("Delete"),
            one=N_("Delete one schedule? What it started stays."),
            many=N_("Delete %(count)s schedules? What they started stays."),
            done=N_("Deleted: %(count)s."),
            right=Right.MANAGE_JOBS,
            do=_delete,
        ),
    ),
    new=("/schedules/new", N_("New schedule"), Right.MANAGE_JOBS),
    empty=N_("There is no schedule yet. One can make new codes for a pool, say every night."),
)


async def show(call: Call) -> Page:
    """Show a schedule, its next moments, and those that came."""
    schedule: Schedule = await nouns.record_in(call, source)
    after = parsed_id(call.request.query_params.get("after", ""))
    slots = await call.services.schedules.slots(call.caller, schedule.id, after=after, limit=SLOTS)
    data = {
        "schedule": schedule,
        "campaign": await _campaign(call, schedule),
        "following": _following(schedule),
        "slots": slots,
        "is_first": after is None,
    }
    return Page("schedule.html", data)


def _following(schedule: Schedule) -> list[datetime]:
    if not schedule.enabled:
        return []
    moments = [schedule.next_at]
    while len(moments) < FOLLOWING:
        moments.append(cron.next_after(schedule.cron, schedule.zone, moments[-1]))
    return moments


async def _campaign(call: Call, schedule: Schedule) -> Campaign | None:
    """Return the campaign that a schedule names by its id or name; None if it is gone."""
    named = str(schedule.parameters.get("campaign"))
    for field in ("id", "name"):
        try:
            return await call.services.campaigns.named(call.caller, field, named)
        except UnknownCampaign:
            continue
    return None


async def ask_to_run(call: Call) -> Page:
    """Ask whether to start a schedule's job now."""
    call.caller.require(Right.MANAGE_JOBS)
    schedule: Schedule = await nouns.record_in(call, source)
    look = render.viewer(call)
    return render.asking(
        call,
        look.say(N_("Start %(name)s now?"), name=schedule.name),
        N_("Start now"),
        back=path_of(schedule),
        explanation=look.say(N_("Its next moments stay as they are.")),
        is_bad=False,
    )


async def run(call: Call) -> Response:
    """Start a schedule's job now, and lead to it."""
    call.caller.require(Right.MANAGE_JOBS)
    schedule: Schedule = await nouns.record_in(call, source)
    look = render.viewer(call)
    try:
        job = await call.services.schedules.run(call.caller, schedule.id)
    except Refused as refusal:
        return render.go(call, path_of(schedule), look.refusal(refusal), is_bad=True)
    return render.go(
        call, path_of_job(job), look.say(N_("%(name)s was started."), name=schedule.name)
    )


ROUTES = (
    page("GET", SCHEDULES.path, lists.listing(SCHEDULES)),
    page("POST", f"{SCHEDULES.path}/actions", lists.acting(SCHEDULES)),
    *nouns.routes(SCHEDULE),
    page("GET", f"{SCHEDULES.path}/{{id}}", show),
    page("GET", f"{SCHEDULES.path}/{{id}}/run", ask_to_run),
    page("POST", f"{SCHEDULES.path}/{{id}}/run", run),
)
