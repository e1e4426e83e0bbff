"""Campaigns: their list, one with its pool and codes, changing it, and its life cycle."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from starlette.responses import Response

from largesse.admin import forms, lists, nouns, render
from largesse.admin.forms import Form
from largesse.admin.language import N_
from largesse.admin.lists import Action, Column, Filter, Listing
from largesse.admin.nouns import Noun, id_text, page, record_in
from largesse.admin.pages import campaign_form, codes
from largesse.admin.pages.campaign_form import CODES, PATH, STEPS, TYPES
from largesse.admin.render import Page
from largesse.core.access.model import Right
from largesse.core.campaigns.model import Campaign, CampaignState, CodeSource
from largesse.core.codes.model import CampaignRef
from largesse.core.errors import Unknown
from largesse.core.figures.model import Day, What
from largesse.core.pools.model import PoolForecast
from largesse.core.promotions.model import Promotion
from largesse.core.records import fingerprint
from largesse.wire.call import Call

if TYPE_CHECKING:
    from largesse.services import Services

DAYS = 30
"""Days of which it is shown how many codes were given out."""

STATES = tuple((state.value, N_(state.value)) for state in CampaignState)
SOURCES = (
    (CodeSource.POOL.value, N_("pool")),
    (CodeSource.ON_REQUEST.value, N_("on request")),
    (CodeSource.SHARED.value, N_("shared")),
)


def source(services: "Services") -> Any:
    """Return the service that keeps campaigns."""
    return services.campaigns


def path_of(campaign: Campaign) -> str:
    """Return where a campaign's page is."""
    return f"{PATH}/{id_text(campaign.id)}"


def ref(campaign: Campaign) -> CampaignRef:
    """Return how use cases name a campaign."""
    return CampaignRef("id", campaign.id.hex)


async def pool_of(call: Call, campaign: Campaign) -> PoolForecast | None:
    """Return how much is left in a campaign's pool; None: it has none."""
    if campaign.code_source != CodeSource.POOL:
        return None
    return await call.services.pools.forecast(call.caller, ref(campaign))


@dataclass(frozen=True, slots=True)
class _Row:
    id: UUID
    campaign: Campaign
    pool: PoolForecast | None

    @property
    def left(self) -> int | None:
        return None if self.pool is None else self.pool.available


async def _rows(call: Call, found: Sequence[Campaign]) -> Sequence[_Row]:
    return [_Row(one.id, one, await pool_of(call, one)) for one in found]


# --- what can be done with them ------------------------------------------------------------------


async def _move(call: Call, campaign_id: UUID, state: CampaignState) -> None:
    await call.services.campaigns.change(call.caller, campaign_id, {"state": state})


async def _post(call: Call, campaign_id: UUID) -> None:
    await _move(call, campaign_id, CampaignState.POSTED)


async def _pause(call: Call, campaign_id: UUID) -> None:
    await _move(call, campaign_id, CampaignState.DRAFT)


async def _end(call: Call, campaign_id: UUID) -> None:
    await _move(call, campaign_id, CampaignState.ENDED)


async def _delete(call: Call, campaign_id: UUID) -> None:
    await call.services.campaigns.delete(call.caller, campaign_id)


POST = Action(
    name="post",
    label=N_("Post"),
    one=N_("Post one campaign? It gives out codes from then on."),
    many=N_("Post %(count)s campaigns? They give out codes from then on."),
    done=N_("Posted: %(count)s."),
    right=Right.MANAGE_CAMPAIGNS,
    do=_post,
    is_bad=False,
)
PAUSE = Action(
    name="pause",
    label=N_("Pause"),
    one=N_("Pause one campaign? It is a draft again, and gives out no codes."),
    many=N_("Pause %(count)s campaigns? They are drafts again, and give out no codes."),
    done=N_("Paused: %(count)s."),
    right=Right.MANAGE_CAMPAIGNS,
    do=_pause,
)
END = Action(
    name="end",
    label=N_("End"),
    one=N_("End one campaign? It gives out no more codes, and its pool is not filled any more."),
    many=N_("End %(count)s campaigns? They give out no more codes."),
    done=N_("Ended: %(count)s."),
    right=Right.MANAGE_CAMPAIGNS,
    do=_end,
)
DELETE = Action(
    name="delete",
    label=N_("Delete"),
    one=N_("Delete one campaign?"),
    many=N_("Delete %(count)s campaigns?"),
    done=N_("Deleted: %(count)s."),
    right=Right.MANAGE_CAMPAIGNS,
    do=_delete,
)
STEPS_OF_LIFE = {
    CampaignState.DRAFT: (POST, END),
    CampaignState.POSTED: (PAUSE, END),
    CampaignState.ENDED: (POST,),
}
"""What can be done with a campaign in each state."""

CAMPAIGNS = Listing(
    path=PATH,
    title=N_("Campaigns"),
    source=source,
    columns=(
        Column("name", N_("Name"), lambda row: row.campaign.name, order="name"),
        Column(
            "alternative_code",
            N_("Alternative code"),
            lambda row: row.campaign.alternative_code,
            kind="code",
        ),
        Column("state", N_("State"), lambda row: row.campaign.state, kind="state"),
        Column("code_source", N_("Codes"), lambda row: row.campaign.code_source, kind="state"),
        Column("left", N_("Left in the pool"), kind="number"),
        Column(
            "created_at",
            N_("Made"),
            lambda row: row.campaign.created_at,
            kind="moment",
            order="made",
        ),
    ),
    search=N_("Name or alternative code"),
    filters=(
        Filter("state", N_("State"), STATES),
        Filter("type", N_("Type"), TYPES),
        Filter("code_source", N_("Codes"), SOURCES),
    ),
    open=path_of,
    rows=_rows,
    actions=(POST, PAUSE, END, DELETE),
    new=(f"{PATH}/new", N_("New campaign"), Right.MANAGE_CAMPAIGNS),
    empty=N_(
        "There is no campaign yet. Make one, fill its pool, post it: then it gives out codes."
    ),
)

CAMPAIGN = Noun(
    path=PATH,
    source=source,
    fields=campaign_form.FIELDS,
    right=Right.MANAGE_CAMPAIGNS,
    new=N_("New campaign"),
    name=lambda campaign: campaign.name,
    delete=N_("Delete the campaign %(name)s?"),
    open=path_of,
)
"""Of which the deleting is as of every other kind."""


# --- one campaign --------------------------------------------------------------------------------


async def show(call: Call) -> Any:
    """Show one campaign: its facts, its pool and its codes."""
    campaign: Campaign = await record_in(call, source)
    of = _codes_of(campaign)
    of = codes.in_order(of, lists.asked_of(call, of))
    fixed = {"campaign_id": [campaign.id]}
    if call.request.query_params.get("format") == "csv":
        return await lists.sheet(call, of, **fixed)
    pool = await pool_of(call, campaign)
    shown = await lists.found(call, of, **fixed)
    data = {
        "campaign": campaign,
        "path": path_of(campaign),
        "promotion": await _promotion_of(call, campaign),
        "pool": pool,
        "days": await _issued(call, campaign),
        "size": pool and await call.services.pools.size(call.caller, ref(campaign)),
        "actions": STEPS_OF_LIFE[CampaignState(campaign.state)],
        "has_ended": campaign.state == CampaignState.ENDED,
        "shown": shown,
        "looked_through": codes.looked_through(shown),
        "labels": {
            one.name: dict(one.choices)
            for step in STEPS
            for one in step.fields
            if one.kind == "choice" and not callable(one.choices)
        },
    }
    return Page("campaigns/detail.html", data)


def _codes_of(campaign: Campaign) -> Listing:
    """Return the list of a campaign's codes: as that of all codes, but for its campaign."""
    return replace(
        codes.CODES,
        columns=[one for one in codes.CODES.columns if one.name != "campaign"],
        filters=[one for one in codes.CODES.filters if one.name != "campaign_id"],
        empty=N_("The campaign has no code yet."),
    )


async def _issued(call: Call, campaign: Campaign) -> Sequence[tuple[datetime, Day]]:
    """Return how many codes were given out on each of the last days, and when each began."""
    look = render.viewer(call)
    days = await call.services.figures.per_day(
        call.caller,
        What.ISSUED,
        until=look.day_of(datetime.now(UTC)),
        days=DAYS,
        zone=look.zone,
        campaign_id=campaign.id,
    )
    return [(look.start_of(one.day), one) for one in days]


async def _promotion_of(call: Call, campaign: Campaign) -> Promotion | None:
    if campaign.promotion_id is None:
        return None
    try:
        return await call.services.promotions.get(call.caller, campaign.promotion_id)
    except Unknown:
        return None


async def ask_to_change(call: Call) -> Page:
    """Show the fields of a campaign."""
    call.caller.require(Right.MANAGE_CAMPAIGNS)
    campaign: Campaign = await record_in(call, source)
    steps = _steps_of(campaign)
    asked = [one for step in steps for one in step.fields]
    values = campaign_form.shown(campaign)
    form = await forms.blank(call, render.viewer(call), asked, **values)
    # What is there is as good as typed: the examples are made of it.
    form.values |= values
    form.seen = fingerprint(campaign)
    return await _change_page(call, campaign, form)


async def change(call: Call) -> Any:
    """Change a campaign's fields."""
    call.caller.require(Right.MANAGE_CAMPAIGNS)
    campaign: Campaign = await record_in(call, source)
    asked = [one for step in _steps_of(campaign) for one in step.fields]
    form = await forms.read(call, render.viewer(call), asked)
    if form.is_good:
        values = _changed(campaign, form)
        with form.refusing():
            changed = await call.services.campaigns.change(
                call.caller, campaign.id, values, seen=form.seen or ""
            )
            said = form.viewer.say(N_("%(name)s was changed."), name=changed.name)
            return render.go(call, path_of(changed), said)
    form.seen = fingerprint(await call.services.campaigns.get(call.caller, campaign.id))
    return await _change_page(call, campaign, form)


def _changed(campaign: Campaign, form: Form) -> dict[str, Any]:
    """Return the values that are others than before: to set a limit counts all codes anew."""
    before = campaign_form.shown(campaign)
    changed = {
        one.name
        for one in form.fields
        if form.typed[one.name] != forms.shown(form.viewer, one, before.get(one.name))
    }
    if "own_alphabet" in changed:
        changed.add("code_alphabet")
    return {k: v for k, v in campaign_form.given(form.values).items() if k in changed}


def _steps_of(campaign: Campaign) -> Sequence[campaign_form.Step]:
    """Return what is asked of a campaign; a coupon has one code, and no format."""
    shared = campaign.code_source == CodeSource.SHARED
    return [step for step in STEPS if not (shared and step is CODES)]


async def _change_page(call: Call, campaign: Campaign, form: Form) -> Page:
    status = None if form.is_good else 422
    steps = _steps_of(campaign)
    sketch = await campaign_form.sketched(call, form) if CODES in steps else {}
    data = {"form": form, "steps": steps, "campaign": campaign, "path": path_of(campaign)}
    return Page("campaigns/edit.html", data | sketch, status)


def _asking(action: Action) -> Any:
    async def ask(call: Call) -> Page:
        call.caller.require(action.right)
        campaign: Campaign = await record_in(call, source)
        look = render.viewer(call)
        return render.asking(
            call,
            f"{look.say(action.label)}: {campaign.name}",
            action.label,
            back=path_of(campaign),
            explanation=look.say(action.one),
            is_bad=action.is_bad,
        )

    return ask


def _doing(action: Action) -> Any:
    async def do(call: Call) -> Response:
        call.caller.require(action.right)
        campaign: Campaign = await record_in(call, source)
        form = await forms.blank(call, render.viewer(call), ())
        with form.refusing():
            await action.do(call, campaign.id)
            said = form.viewer.say(action.done, count=campaign.name)
            return render.go(call, path_of(campaign), said)
        return render.go(call, path_of(campaign), form.errors[""], is_bad=True)

    return do


ROUTES = (
    page("GET", PATH, lists.listing(CAMPAIGNS)),
    page("POST", f"{PATH}/actions", lists.acting(CAMPAIGNS)),
    *campaign_form.ROUTES,
    page("GET", f"{PATH}/{{id}}", show),
    page("GET", f"{PATH}/{{id}}/edit", ask_to_change),
    page("POST", f"{PATH}/{{id}}/edit", change),
    *(page("GET", f"{PATH}/{{id}}/{one.name}", _asking(one)) for one in (POST, PAUSE, END)),
    *(page("POST", f"{PATH}/{{id}}/{one.name}", _doing(one)) for one in (POST, PAUSE, END)),
    *(one for one in nouns.routes(CAMPAIGN) if one.path.endswith("/delete")),
)
