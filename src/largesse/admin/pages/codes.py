"""Codes: found by what a caller reads out, and what can be done with many of them at once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from largesse.admin import forms, lists, render
from largesse.admin.forms import Choice, Field, Form
from largesse.admin.language import N_
from largesse.admin.lists import Action, Column, Filter, Listing
from largesse.admin.nouns import id_text, page
from largesse.admin.render import Page
from largesse.core.access.model import Right
from largesse.core.codes.browsing import Sifted, squeezed
from largesse.core.codes.model import Code, CodeState
from largesse.core.errors import InvalidValue
from largesse.core.ids import parsed_id
from largesse.core.search.browse import Browse
from largesse.wire.call import Call

if TYPE_CHECKING:
    from largesse.services import Services

PATH = "/codes"

EXPIRED = "expired"
"""What a code is called that could be used if it were not too late."""

STATES = tuple((state.value, N_(state.value)) for state in CodeState if state != CodeState.EXPIRED)

UNTIL = (
    Field(
        "expires_at",
        N_("Can be used until"),
        "moment",
        help=N_("Left empty, the code does not expire."),
    ),
)


def source(services: "Services") -> Any:
    """Return the service that keeps codes."""
    return services.codes


def path_of(code: Code) -> str:
    """Return where a code's page is."""
    return f"{PATH}/{id_text(code.id)}"


def state_of(code: Code) -> str:
    """Return the state of a code as people see it: one whose time is over has expired."""
    open_ = code.state in (CodeState.AVAILABLE, CodeState.ISSUED)
    over = code.expires_at is not None and code.expires_at <= datetime.now(UTC)
    return EXPIRED if open_ and over else str(code.state)


async def campaigns(call: Call) -> Sequence[Choice]:
    """Return the campaigns, to choose one from."""
    query = Browse(limit=500, order="name", descending=False)
    found = await call.services.campaigns.browse(call.caller, query)
    return [(one.id.hex, one.name) for one in found.items]


@dataclass(frozen=True, slots=True)
class _Row:
    id: UUID
    code: Code
    campaign: str


async def _rows(call: Call, found: Sequence[Code]) -> Sequence[_Row]:
    names: dict[UUID, str] = {}
    for campaign_id in {code.campaign_id for code in found}:
        names[campaign_id] = (await call.services.campaigns.get(call.caller, campaign_id)).name
    return [_Row(code.id, code, names[code.campaign_id]) for code in found]


async def _cancel(call: Call, code_id: UUID) -> None:
    await call.services.codes.cancel(call.caller, code_id)


async def _extend(call: Call, code_id: UUID) -> None:
    raise AssertionError("it is asked until when")


EXTEND = Action(
    name="extend",
    label=N_("Extend"),
    one=N_("Until when can the code be used?"),
    many=N_("Until when can these %(count)s codes be used?"),
    done=N_("Extended: %(count)s."),
    right=Right.MANAGE_CAMPAIGNS,
    do=_extend,
    is_bad=False,
)

CODES = Listing(
    path=PATH,
    title=N_("Codes"),
    source=source,
    columns=(
        Column("code", N_("Code"), lambda row: row.code.code, kind="code"),
        Column("state", N_("State"), lambda row: state_of(row.code), kind="state"),
        Column(
            "campaign",
            N_("Campaign"),
            href=lambda row: f"/campaigns/{id_text(row.code.campaign_id)}",
        ),
        Column("issued_at", N_("Given out"), lambda row: row.code.issued_at, kind="moment"),
        Column("expires_at", N_("Until"), lambda row: row.code.expires_at, kind="moment"),
        Column(
            "created_at", N_("Made"), lambda row: row.code.created_at, kind="moment", order="made"
        ),
    ),
    search=N_("A code, or a part of it"),
    filters=(
        Filter("campaign_id", N_("Campaign"), campaigns, parse=parsed_id),
        Filter("state", N_("State"), STATES),
    ),
    open=path_of,
    rows=_rows,
    actions=(
        Action(
            name="cancel",
            label=N_("Cancel"),
            one=N_("Cancel one code? It can not be used any more, and this can not be undone."),
            many=N_(
                "Cancel %(count)s codes? They can not be used any more, and this can not be undone."
            ),
            done=N_("Cancelled: %(count)s."),
            right=Right.MANAGE_CAMPAIGNS,
            do=_cancel,
        ),
        EXTEND,
    ),
    empty=N_("There is no code yet. Make a campaign, and fill its pool."),
)


async def show_list(call: Call) -> Any:
    """Show codes; what is read out whole leads to the one code at once."""
    asked = lists.asked_of(call, CODES)
    of = in_order(CODES, asked)
    if call.request.query_params.get("format") == "csv":
        return await lists.sheet(call, of)
    shown = await lists.found(call, of)
    if len(shown.rows) == 1 and squeezed(shown.rows[0].code.code) == squeezed(asked.text):
        return render.go(call, path_of(shown.rows[0].code))
    return Page("codes/list.html", {"shown": shown, "looked_through": looked_through(shown)})


def in_order(of: Listing, asked: lists.Asked) -> Listing:
    """Return the list in the order in which what is asked for comes first.

    Codes leave a pool in the order in which they were made: those in another state than available
    are among the oldest.
    """
    states = asked.filters.get("state", ())
    oldest_first = bool(states) and CodeState.AVAILABLE.value not in states
    return replace(of, descending=False) if oldest_first else of


def looked_through(shown: lists.Shown) -> int | None:
    """Return how many codes a list was looked for among, if it was left off there."""
    return shown.page.looked_through if isinstance(shown.page, Sifted) else None


async def act(call: Call) -> Any:
    """Do something with the codes that are chosen; to extend them, ask until when."""
    typed, chosen = forms.fields(call), forms.many(call, "id")[: lists.MOST_CHOSEN]
    if typed.get("action") != EXTEND.name or not chosen:
        return await _acting(call)
    call.caller.require(EXTEND.right)
    form = await forms.read(call, render.viewer(call), UNTIL)
    back = lists.local(typed.get("back", ""), PATH)
    ids = [one for one in map(parsed_id, chosen) if one is not None]
    if UNTIL[0].name in typed and form.is_good and is_ahead(form):

        async def extend(call: Call, code_id: UUID) -> None:
            await call.services.codes.extend(call.caller, code_id, form.values["expires_at"])

        return await lists.done_with_each(call, replace(EXTEND, do=extend), ids, back)
    hidden = [*(("id", one.hex) for one in ids), ("action", EXTEND.name), ("back", back)]
    return until_page(call, form, len(ids), hidden, back)


_acting = lists.acting(CODES)


def is_ahead(form: Form) -> bool:
    """Say whether a moment lies ahead, or tell beside its field that it does not."""
    until = form.values["expires_at"]
    if until is not None and until <= datetime.now(UTC):
        form.refuse(InvalidValue("expires_at", N_("must lie ahead")))
    return form.is_good


def until_page(
    call: Call, form: Form, count: int, hidden: Sequence[tuple[str, str]], back: str
) -> Page:
    """Return the page that asks until when codes can be used."""
    data = {
        "form": form,
        "question": form.viewer.say_many(EXTEND.one, EXTEND.many, count),
        "action": call.scope["path"],
        "hidden": hidden,
        "back": back,
    }
    return Page("codes/until.html", data, None if form.is_good else 422)


ROUTES = (
    page("GET", PATH, show_list),
    page("POST", f"{PATH}/actions", act),
)
