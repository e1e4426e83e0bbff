"""The native API's operations on one page, below `/v1`. All of it is ours: DECIDED."""

from largesse.core.access.model import ApplicationKey, Unit, User
from largesse.core.campaigns.model import Campaign
from largesse.core.codes.model import Code
from largesse.core.customers.login_model import CustomerLogin
from largesse.core.customers.model import Account, Customer, CustomerToken
from largesse.core.events.model import Event
from largesse.core.grants.model import Grant
from largesse.core.jobs.model import Job, JobRow
from largesse.core.mail.model import Attempt, Mail
from largesse.core.mail.queue import Changed, Pause, QueueStats
from largesse.core.newsletter.model import Consent, Subscription
from largesse.core.promotions.model import Channel, Promotion
from largesse.core.reports.model import MailReport, Taken
from largesse.core.schedules.model import Schedule, Slot
from largesse.core.suppressions.model import Suppression
from largesse.core.templates.model import MailTemplate, Rendered
from largesse.dialects.native import auth, queries, schemas
from largesse.dialects.native.errors import ERRORS, render
from largesse.dialects.native.handlers import (
    access,
    campaigns,
    codes,
    grants,
    jobs,
    links,
    logins,
    messages,
    queue,
    records,
    reports,
    templates,
)
from largesse.dialects.native.list_routes import LISTS
from largesse.dialects.native.mapping import to_text, to_uuid
from largesse.dialects.native.offer_routes import FACTORS, OFFERS
from largesse.dialects.native.redemption_routes import REDEMPTIONS
from largesse.dialects.native.table import (
    by_link,
    changes,
    never,
    noun,
    post,
    post_submitting,
    reads,
    route,
)
from largesse.wire.dialect import Dialect

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
    *FACTORS,
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
    route(
        "PUT",
        "/customers/{id}/login",
        logins.put_login,
        request=schemas.NewCustomerLogin,
        response=CustomerLogin,
    ),
    route("GET", "/customers/{id}/login", logins.read_login, response=CustomerLogin),
    route("DELETE", "/customers/{id}/login", logins.delete_login, status=204),
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
    post(
        "/campaigns/{id}/codes/imports",
        campaigns.import_codes,
        status=202,
        media=("text/csv",),
        response=Job,
    ),
    route(
        "GET",
        "/campaigns/{id}/codes.csv",
        campaigns.export_codes,
        query=queries.CodeExport,
        response=str,
        answer_media="text/csv",
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
    # Before `/codes/{id}`, which `/codes/redeem` looks like.
    *REDEMPTIONS,
    route("GET", "/codes/{id}", codes.read_code, response=Code),
    never("PATCH", "/codes/{id}", "A code changes by being given out, redeemed or cancelled only."),
    never("DELETE", "/codes/{id}", "A code is cancelled, so that what became of it stays known."),
    post("/codes/{id}/cancel", codes.cancel_code, status=200, response=Code),
    *OFFERS,
    *LISTS,
    # --- grants, jobs and events ---------------------------------------------------------------
    post("/grants", grants.create_grant, request=schemas.NewGrant, response=Grant),
    # The body may be a sheet: then the query says what its recipients get.
    route(
        "POST",
        "/grants/batches",
        grants.create_batch,
        status=202,
        request=schemas.NewBatch,
        media=("application/json", "text/csv"),
        headers=queries.Once,
        query=queries.SheetBatch,
        response=Job,
        streamed=True,
    ),
    post(
        "/grants/revocations",
        grants.revoke_many,
        status=202,
        request=schemas.NewRevocation,
        response=Job,
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
        jobs.list_rows,
        query=queries.JobRows,
        response=schemas.Listing[JobRow],
    ),
    route(
        "GET",
        "/jobs/{id}/rows.csv",
        jobs.export_rows,
        query=queries.JobRowExport,
        response=str,
        answer_media="text/csv",
    ),
    post("/jobs/{id}/cancel", jobs.cancel_job, status=200, response=Job),
    post("/jobs/{id}/resume", jobs.resume_job, status=200, response=Job),
    *noun(
        "/schedules",
        lambda s: s.schedules,
        Schedule,
        new=schemas.NewSchedule,
        change=schemas.ScheduleChanges,
        query=queries.Schedules,
    ),
    post("/schedules/{id}/run", jobs.run_schedule, status=202, response=Job),
    route(
        "GET",
        "/schedules/{id}/slots",
        jobs.list_slots,
        query=queries.Paging,
        response=schemas.Listing[Slot],
    ),
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
    post("/mails", templates.create_mail, request=schemas.NewMail, response=Mail),
    *reads("/mails", lambda s: s.mails, Mail, query=queries.Mails),
    never("PATCH", "/mails/{id}", "What a mail says is fixed when it is queued."),
    never("DELETE", "/mails/{id}", "The queue keeps what was sent to whom."),
    route("GET", "/mails/{id}/attempts", messages.list_attempts, response=schemas.Listing[Attempt]),
    post("/mails/{id}/retry", messages.retry_mail, status=200, response=Mail),
    post("/mails/{id}/cancel", messages.cancel_mail, status=200, response=Mail),
    route("GET", "/mail-queue", queue.read_stats, response=QueueStats),
    *(
        post(f"/mail-queue/{action}", handler, status=200, request=body, response=answer)
        for action, handler, body, answer in (
            ("retry", queue.retry, schemas.QueueRetry, Changed),
            ("cancel", queue.cancel, schemas.QueueFilters, Changed),
            ("pause", queue.pause, schemas.QueuePause, schemas.Listing[Pause]),
            ("resume", queue.resume, schemas.QueuePause, schemas.Listing[Pause]),
        )
    ),
    # --- templates, and what links in mails do --------------------------------------------------
    route(
        "GET",
        "/templates/built-in",
        templates.list_built_in,
        response=schemas.Listing[MailTemplate],
    ),
    *noun(
        "/templates",
        lambda s: s.templates,
        MailTemplate,
        new=schemas.NewTemplate,
        change=schemas.TemplateChanges,
        query=queries.Templates,
    ),
    route(
        "POST",
        "/templates/{id}/preview",
        templates.preview,
        request=schemas.Preview,
        response=Rendered,
    ),
    *by_link("/unsubscribe/{token}", ask=links.ask_unsubscribe, act=links.unsubscribe),
    *by_link("/confirm/{token}", ask=links.ask_confirm, act=links.confirm),
    # --- what comes back -----------------------------------------------------------------------
    post(
        "/mail-reports",
        reports.take_message,
        status=200,
        media=(reports.MESSAGE,),
        response=Taken,
    ),
    route("GET", "/mail-reports/hooks", reports.list_hooks, response=schemas.Hooks),
    *reads("/mail-reports", lambda s: s.mail_reports, MailReport, query=queries.MailReports),
    never("PATCH", "/mail-reports/{id}", "What came back is kept as it came."),
    never("DELETE", "/mail-reports/{id}", "A report is kept as long as its mail."),
    route(
        "POST",
        "/mail-reports/{provider}/{hook}",
        reports.take_posted,
        response=Taken,
        public="mail services sign what they post, and each way to sign is checked",
    ),
    post(
        "/suppressions",
        records.creating(lambda s: s.suppressions),
        request=schemas.NewSuppression,
        response=Suppression,
    ),
    *reads("/suppressions", lambda s: s.suppressions, Suppression, query=queries.Suppressions),
    never("PATCH", "/suppressions/{id}", "An address is suppressed for a reason, or not."),
    route(
        "DELETE",
        "/suppressions/{id}",
        records.deleting(lambda s: s.suppressions, to_uuid),
        status=204,
    ),
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
    failure=schemas.Problem,
    failure_media="application/problem+json",
    security={"bearer": {"type": "http", "scheme": "bearer"}},
)
