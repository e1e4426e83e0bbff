"""The native API's operations on one page, below `/v1`. All of it is ours: DECIDED."""

from typing import Any

from largesse.core.access.model import ApplicationKey, Unit, User
from largesse.core.campaigns.model import Campaign
from largesse.core.codes.model import Code
from largesse.core.customers.model import Account, Customer, CustomerToken
from largesse.core.events.model import Event
from largesse.core.grants.model import Grant
from largesse.core.jobs.model import Job, JobRow
from largesse.core.lists.model import (
    Assignment,
    CustomerGroup,
    ListedPromotion,
    Member,
    PromotionList,
)
from largesse.core.mail.model import Attempt, Mail
from largesse.core.newsletter.model import Consent, Subscription
from largesse.core.promotions.model import Channel, Promotion
from largesse.dialects.native import auth, queries, schemas
from largesse.dialects.native.errors import ERRORS, render
from largesse.dialects.native.handlers import (
    access,
    campaigns,
    codes,
    grants,
    lists,
    messages,
    records,
)
from largesse.dialects.native.mapping import to_number, to_text, to_uuid
from largesse.wire.call import Call
from largesse.wire.dialect import Dialect
from largesse.wire.idempotency import once, submit_once
from largesse.wire.routes import Handler, Route
from largesse.wire.routes import never as wire_never
from largesse.wire.routes import route as wire_route

SOURCE = "DECIDED"


def route(method: str, path: str, handler: Handler, **more: Any) -> Route:
    """Return a route; where it takes no query it refuses one."""

    async def without_query(call: Call) -> Any:
        queries.of(call, queries.NoQuery)
        return await handler(call)

    chosen = handler if "query" in more else without_query
    return wire_route(method, path, chosen, source=SOURCE, **more)


def post(path: str, handler: Handler, *, status: int = 201, kept: Any = None, **more: Any) -> Route:
    """Return the route of a POST; with an `Idempotency-Key` it is carried out once."""
    taken = {} if kept is None else {"kept": kept}
    handler = once(handler, encode=schemas.encode, status=status, **taken)
    return route("POST", path, handler, status=status, **more)


def post_submitting(path: str, handler: Handler, *, of_outcome: Any, **more: Any) -> Route:
    """Return the route of a POST that submits one command, for which the same is true."""
    handler = submit_once(handler, encode=schemas.encode, status=200, of_outcome=of_outcome)
    return route("POST", path, handler, status=200, **more)


def never(method: str, path: str, reason: str) -> Route:
    """Return a route that is known and will not be answered."""
    return wire_never(method, path, source=SOURCE, reason=reason)


def reads(
    path: str, source: records.Source, value: Any, *, query: Any, parse: Any = to_uuid
) -> tuple[Route, ...]:
    """Return the routes by which records are read: the list and one of it."""
    one = f"{path}/{{id}}"
    page = records.listing(source, query)
    return (
        route("GET", path, page, query=query, response=schemas.Listing[value]),
        route("GET", one, records.reading(source, parse), response=value),
    )


def changes(
    path: str, source: records.Source, value: Any, *, body: Any, parse: Any = to_uuid
) -> tuple[Route, ...]:
    """Return the routes by which a record is changed and deleted."""
    one = f"{path}/{{id}}"
    return (
        route("PATCH", one, records.changing(source, parse), request=body, response=value),
        route("DELETE", one, records.deleting(source, parse), status=204),
    )


def noun(
    path: str,
    source: records.Source,
    value: Any,
    *,
    new: Any,
    change: Any,
    query: Any = queries.Paging,
    parse: Any = to_uuid,
) -> tuple[Route, ...]:
    """Return the five routes of a record that is made, read, listed, changed and deleted."""
    return (
        post(path, records.creating(source), request=new, response=value),
        *reads(path, source, value, query=query, parse=parse),
        *changes(path, source, value, body=change, parse=parse),
    )


ROUTES = (
    # --- access --------------------------------------------------------------------------------
    route(
        "POST",
        "/tokens",
        access.create_token,
        request=schemas.NewToken,
        response=schemas.Token,
        status=201,
        public="it is the login",
    ),
    route("GET", "/tokens/current", access.read_token, response=schemas.Me),
    route("DELETE", "/tokens/current", access.release_token, status=204),
    *noun(
        "/units",
        lambda s: s.units,
        Unit,
        new=schemas.NewUnit,
        change=schemas.UnitChanges,
        query=queries.Units,
    ),
    *noun(
        "/users",
        lambda s: s.users,
        User,
        new=schemas.NewUser,
        change=schemas.UserChanges,
        query=queries.Users,
    ),
    post(
        "/keys",
        access.create_key,
        kept=access.without_secret,
        request=schemas.NewKey,
        response=schemas.KeyWithSecret,
    ),
    *reads("/keys", lambda s: s.keys, ApplicationKey, query=queries.Keys),
    *changes("/keys", lambda s: s.keys, ApplicationKey, body=schemas.KeyChanges),
    # --- customers -----------------------------------------------------------------------------
    *noun(
        "/customers",
        lambda s: s.customers,
        Customer,
        new=schemas.CustomerFields,
        change=schemas.CustomerFields,
        query=queries.Customers,
    ),
    *noun(
        "/accounts",
        lambda s: s.accounts,
        Account,
        new=schemas.NewAccount,
        change=schemas.AccountChanges,
        query=queries.Accounts,
    ),
    *noun(
        "/customer-tokens",
        lambda s: s.customer_tokens,
        CustomerToken,
        new=schemas.NewCustomerToken,
        change=schemas.CustomerTokenChanges,
        query=queries.CustomerTokens,
    ),
    # --- promotions and campaigns --------------------------------------------------------------
    *noun(
        "/channels",
        lambda s: s.channels,
        Channel,
        new=schemas.NewChannel,
        change=schemas.ChannelChanges,
        parse=to_text,
    ),
    *noun(
        "/promotions",
        lambda s: s.promotions,
        Promotion,
        new=schemas.NewPromotion,
        change=schemas.PromotionChanges,
        query=queries.Promotions,
    ),
    *noun(
        "/campaigns",
        lambda s: s.campaigns,
        Campaign,
        new=schemas.NewCampaign,
        change=schemas.CampaignChanges,
        query=queries.Campaigns,
    ),
    post(
        "/campaigns/{id}/codes",
        campaigns.add_codes,
        request=schemas.NewCodes,
        response=schemas.Added,
    ),
    post(
        "/campaigns/{id}/codes/batches",
        campaigns.generate_codes,
        status=202,
        request=schemas.NewCodeBatch,
        response=Job,
    ),
    # The body is a sheet, of text/csv.
    post("/campaigns/{id}/codes/imports", campaigns.import_codes, status=202, response=Job),
    route(
        "GET",
        "/campaigns/{id}/codes.csv",
        campaigns.export_codes,
        query=queries.CodeExport,
        response=str,
    ),
    route("GET", "/campaigns/{id}/pool", campaigns.read_pool, response=schemas.Pool),
    # --- codes ---------------------------------------------------------------------------------
    post_submitting(
        "/codes/request",
        codes.request_code,
        of_outcome=codes.from_given,
        request=schemas.CodeRequest,
        response=Code,
    ),
    route(
        "GET",
        "/codes",
        records.listing(lambda s: s.codes, queries.Codes),
        query=queries.Codes,
        response=schemas.Listing[Code],
    ),
    never("POST", "/codes", "Codes are made for a campaign: POST /campaigns/{id}/codes."),
    route("GET", "/codes/{id}", codes.read_code, response=Code),
    never("PATCH", "/codes/{id}", "A code changes by being given out, redeemed or cancelled only."),
    never("DELETE", "/codes/{id}", "A code is cancelled, so that what became of it stays known."),
    post("/codes/{id}/cancel", codes.cancel_code, status=200, response=Code),
    # --- lists ---------------------------------------------------------------------------------
    *noun(
        "/groups",
        lambda s: s.groups,
        CustomerGroup,
        new=schemas.NewGroup,
        change=schemas.GroupChanges,
        query=queries.Groups,
        parse=to_number,
    ),
    route(
        "GET",
        "/groups/{id}/members",
        lists.list_members,
        query=queries.Paging,
        response=schemas.Listing[Member],
    ),
    route("PUT", "/groups/{id}/members/{customer_id}", lists.add_member, status=204),
    route("DELETE", "/groups/{id}/members/{customer_id}", lists.remove_member, status=204),
    *noun(
        "/promotion-lists",
        lambda s: s.promotion_lists,
        PromotionList,
        new=schemas.NewPromotionList,
        change=schemas.PromotionListChanges,
        query=queries.PromotionLists,
        parse=to_number,
    ),
    route(
        "GET",
        "/promotion-lists/{id}/promotions",
        lists.list_promotions,
        query=queries.Paging,
        response=schemas.Listing[ListedPromotion],
    ),
    route(
        "PUT", "/promotion-lists/{id}/promotions/{promotion_id}", lists.add_promotion, status=204
    ),
    route(
        "DELETE",
        "/promotion-lists/{id}/promotions/{promotion_id}",
        lists.remove_promotion,
        status=204,
    ),
    *noun(
        "/assignments",
        lambda s: s.assignments,
        Assignment,
        new=schemas.NewAssignment,
        change=schemas.AssignmentChanges,
        query=queries.Assignments,
        parse=to_number,
    ),
    # --- grants, jobs and events ---------------------------------------------------------------
    post("/grants", grants.create_grant, request=schemas.NewGrant, response=Grant),
    post(
        "/grants/batches", grants.create_batch, status=202, request=schemas.NewBatch, response=Job
    ),
    *reads("/grants", lambda s: s.grants, Grant, query=queries.Grants),
    never("PATCH", "/grants/{id}", "A grant is made or revoked, never changed otherwise."),
    route("DELETE", "/grants/{id}", records.deleting(lambda s: s.grants, to_uuid), status=204),
    *reads("/jobs", lambda s: s.jobs, Job, query=queries.Jobs),
    never("POST", "/jobs", "A job is started by what needs it, such as POST /grants/batches."),
    never("PATCH", "/jobs/{id}", "A job is cancelled, resumed or deleted, never changed by hand."),
    route("DELETE", "/jobs/{id}", records.deleting(lambda s: s.jobs, to_uuid), status=204),
    route(
        "GET",
        "/jobs/{id}/rows",
        grants.list_rows,
        query=queries.Paging,
        response=schemas.Listing[JobRow],
    ),
    post("/jobs/{id}/cancel", grants.cancel_job, status=200, response=Job),
    post("/jobs/{id}/resume", grants.resume_job, status=200, response=Job),
    *reads("/events", lambda s: s.events, Event, query=queries.Events),
    never("POST", "/events", "An event is recorded by what happens, in the same transaction."),
    never("PATCH", "/events/{id}", "What has happened is not changed."),
    never("DELETE", "/events/{id}", "The log keeps every line."),
    # --- newsletter and mail -------------------------------------------------------------------
    *noun(
        "/subscriptions",
        lambda s: s.newsletter,
        Subscription,
        new=schemas.NewSubscription,
        change=schemas.SubscriptionChanges,
        query=queries.Subscriptions,
    ),
    route(
        "GET",
        "/consents",
        messages.list_consents,
        query=queries.Consents,
        response=schemas.Listing[Consent],
    ),
    post("/mails", records.creating(lambda s: s.mails), request=schemas.NewMail, response=Mail),
    *reads("/mails", lambda s: s.mails, Mail, query=queries.Mails),
    never("PATCH", "/mails/{id}", "What a mail says is fixed when it is queued."),
    never("DELETE", "/mails/{id}", "The queue keeps what was sent to whom."),
    route("GET", "/mails/{id}/attempts", messages.list_attempts, response=schemas.Listing[Attempt]),
    post("/mails/{id}/retry", messages.retry_mail, status=200, response=Mail),
)

NATIVE = Dialect(
    name="native",
    title="Largesse",
    documents="ours: see README.md",
    routes=ROUTES,
    prefixes=("/v1",),
    roots=frozenset(),
    authenticate=auth.authenticate,
    errors=ERRORS,
    render=render,
    decode=schemas.decode,
    encode=schemas.encode,
)
