"""Grants: look through them, look at one, and take back one or all from a source."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from largesse.admin import forms, lists, nouns, render
from largesse.admin.forms import Choice, Field
from largesse.admin.language import N_
from largesse.admin.lists import Action, Column, Filter, Listing
from largesse.admin.nouns import id_text, page
from largesse.admin.render import Page
from largesse.core.access.model import Right
from largesse.core.grants.intake import BATCH
from largesse.core.grants.model import Grant, GrantState
from largesse.core.ids import parsed_id
from largesse.core.search.browse import Browse
from largesse.wire.call import Call

MOST_PROMOTIONS = 500
"""Promotions that can be chosen from a list."""


NEWEST_BATCHES = 50
"""Batches whose sources can be chosen from a list; others are searched for."""


@dataclass(frozen=True, slots=True)
class Row:
    """A grant with the names of what it joins."""

    id: UUID
    recipient: str
    customer_id: UUID | None
    promotion: str
    promotion_id: UUID
    source_id: str | None
    job_id: UUID | None
    state: GrantState
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


async def promotions(call: Call) -> Sequence[Choice]:
    """Return the newest promotions, to choose from by their ids."""
    found = await call.services.promotions.browse(call.caller, Browse(limit=MOST_PROMOTIONS))
    return [(one.id.hex, one.title) for one in found.items]


async def rows_of(call: Call, grants: Sequence[Grant]) -> Sequence[Row]:
    """Return grants with the names of their promotions and customers."""
    services, caller = call.services, call.caller
    offers = await services.promotions.by_ids(caller, (one.promotion_id for one in grants))
    ids = [one.customer_id for one in grants if one.customer_id is not None]
    customers = await services.customers.by_ids(caller, ids)

    def recipient(grant: Grant) -> str:
        if grant.customer_id is None:
            return grant.email or ""
        customer = customers.get(grant.customer_id)
        return grant.customer_id.hex if customer is None else customer.name

    return [
        Row(
            id=one.id,
            recipient=recipient(one),
            customer_id=one.customer_id,
            promotion=offers[one.promotion_id].title,
            promotion_id=one.promotion_id,
            source_id=one.source_id,
            job_id=one.job_id,
            state=one.state,
            created_at=one.created_at,
            expires_at=one.expires_at,
            revoked_at=one.revoked_at,
        )
        for one in grants
        if one.promotion_id in offers
    ]


async def _sources(call: Call) -> Sequence[Choice]:
    """Return the source that is asked for, and those of the newest batches."""
    batches = Browse(filters={"kind": [BATCH]}, limit=NEWEST_BATCHES)
    jobs = await call.services.jobs.browse(call.caller, batches)
    named = [one.parameters.get("source_id") for one in jobs.items]
    asked = call.request.query_params.getlist("source_id")
    return [(one, one) for one in dict.fromkeys([*asked, *named]) if one]


async def _asked_batches(call: Call) -> Sequence[Choice]:
    asked = call.request.query_params.getlist("job_id")
    return [(one, N_("only one batch")) for one in asked if parsed_id(one)]


async def _revoke(call: Call, grant_id: Any) -> None:
    await call.services.grants.delete(call.caller, grant_id)


GRANTS = Listing(
    path="/grants",
    title=N_("Grants"),
    source=lambda services: services.grants,
    columns=(
        Column("recipient", N_("Recipient")),
        Column(
            "promotion",
            N_("Promotion"),
            href=lambda row: f"/promotions/{id_text(row.promotion_id)}/edit",
        ),
        Column("source_id", N_("Source")),
        Column("state", N_("State"), kind="state"),
        Column("created_at", N_("Granted"), kind="moment", order="made"),
        Column("expires_at", N_("Ends"), kind="moment"),
        Column("revoked_at", N_("Revoked"), kind="moment"),
    ),
    search=N_("Address, customer's identifier, or source"),
    filters=(
        Filter("promotion_id", N_("Promotion"), promotions, parse=parsed_id),
        Filter(
            "state",
            N_("State"),
            (("active", N_("not revoked")), ("revoked", N_("revoked"))),
        ),
        Filter("source_id", N_("Source"), _sources),
        Filter("job_id", N_("Batch"), _asked_batches, parse=parsed_id),
    ),
    is_dated=True,
    open=lambda row: f"/grants/{id_text(row.id)}",
    rows=rows_of,
    actions=(
        Action(
            name="revoke",
            label=N_("Revoke"),
            one=N_("Revoke one grant?"),
            many=N_("Revoke %(count)s grants?"),
            done=N_("Revoked: %(count)s."),
            right=Right.GRANT_PROMOTIONS,
            do=_revoke,
        ),
    ),
    new=("/grants/new", N_("Grant to many"), Right.GRANT_PROMOTIONS),
    empty=N_(
        "Nothing was granted yet. Give promotions to customers or to addresses, many at once."
    ),
)

REVOCATION = (
    Field(
        "source_id",
        N_("Source"),
        required=True,
        longest=200,
        help=N_("What was given when the promotions were granted, e.g. spring-2027."),
    ),
)


async def show(call: Call) -> Page:
    """GET /grants/{id}."""
    grant = await nouns.record_in(call, lambda services: services.grants)
    (row,) = await rows_of(call, [grant])
    return Page("grants_one.html", {"grant": row})


async def ask_to_revoke(call: Call) -> Page:
    """GET /grants/{id}/revoke."""
    call.caller.require(Right.GRANT_PROMOTIONS)
    grant = await nouns.record_in(call, lambda services: services.grants)
    (row,) = await rows_of(call, [grant])
    question = render.viewer(call).say(
        N_("Take %(promotion)s back from %(recipient)s?"),
        promotion=row.promotion,
        recipient=row.recipient,
    )
    return _question(call, question, [], back=f"/grants/{row.id.hex}")


async def revoke(call: Call) -> Any:
    """POST /grants/{id}/revoke."""
    grant = await nouns.record_in(call, lambda services: services.grants)
    form = await forms.blank(call, render.viewer(call), ())
    with form.refusing():
        await call.services.grants.delete(call.caller, grant.id)
        return render.go(call, f"/grants/{grant.id.hex}", form.viewer.say(N_("It is revoked.")))
    return render.go(call, f"/grants/{grant.id.hex}", form.errors[""], is_bad=True)


async def ask_to_revoke_all(call: Call) -> Page:
    """GET /grants/revocations: ask for a source; of a source or a batch, ask with the count."""
    call.caller.require(Right.GRANT_PROMOTIONS)
    given = call.request.query_params
    job_id, source = parsed_id(given.get("job_id", "")), given.get("source_id", "").strip()
    if job_id is None and not source:
        form = await forms.blank(call, render.viewer(call), REVOCATION)
        return Page("grants_revoke.html", {"form": form})
    look = render.viewer(call)
    filters: dict[str, Any] = {"job_id": [job_id]} if job_id else {"source_id": [source]}
    query = Browse(filters=filters | {"state": [GrantState.ACTIVE]}, limit=1)
    found = await call.services.grants.browse(call.caller, query)
    count = look.number(found.count)
    if found.is_more:
        count = look.say(N_("more than %(count)s"), count=count)
    question = look.say(N_("Revoke all grants of this batch: %(count)s?"), count=count)
    if not job_id:
        question = look.say(
            N_("Revoke all grants from the source %(source)s: %(count)s?"),
            source=source,
            count=count,
        )
    hidden = [("job_id", job_id.hex)] if job_id else [("source_id", source)]
    back = f"/grants/batches/{job_id.hex}" if job_id else "/grants"
    return _question(call, question, hidden, back=back)


async def revoke_all(call: Call) -> Any:
    """POST /grants/revocations: start the job that takes back what came from a source or batch."""
    call.caller.require(Right.GRANT_PROMOTIONS)
    typed = forms.fields(call)
    job_id, source = parsed_id(typed.get("job_id", "")), typed.get("source_id", "").strip()
    form = await forms.blank(call, render.viewer(call), REVOCATION, source_id=source)
    with form.refusing():
        job = await call.services.grants.revoke_all(
            call.caller, job_id=job_id, source_id=None if job_id else source or None
        )
        return render.go(call, f"/jobs/{job.id.hex}")
    return Page("grants_revoke.html", {"form": form}, status=422)


def _question(call: Call, question: str, hidden: list[tuple[str, str]], *, back: str) -> Page:
    return render.asking(
        call,
        question,
        N_("Revoke"),
        back=back,
        explanation=render.viewer(call).say(N_("This can not be undone.")),
        hidden=hidden,
    )


ROUTES = (
    page("GET", GRANTS.path, lists.listing(GRANTS, "grants.html")),
    page("POST", f"{GRANTS.path}/actions", lists.acting(GRANTS)),
    page("GET", "/grants/revocations", ask_to_revoke_all),
    page("POST", "/grants/revocations", revoke_all),
    page("GET", "/grants/{id}", show),
    page("GET", "/grants/{id}/revoke", ask_to_revoke),
    page("POST", "/grants/{id}/revoke", revoke),
)
