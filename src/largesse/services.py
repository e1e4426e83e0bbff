"""`Services`: the record that every outer part is handed; the one place that names classes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from largesse import mail_parts
from largesse.core.access.own import OwnLogin
from largesse.core.access.people import ApplicationKeys, Units, Users
from largesse.core.access.second_factor import SecondFactors
from largesse.core.access.service import Access
from largesse.core.campaigns.service import Campaigns
from largesse.core.codes.bulk import BulkCodes
from largesse.core.codes.generation import GENERATE, Generation
from largesse.core.codes.importing import IMPORT, Importing
from largesse.core.codes.known_formats import KnownFormats
from largesse.core.codes.service import Codes
from largesse.core.coupons.service import Coupons
from largesse.core.customers.consumers import Consumers
from largesse.core.customers.logins import CustomerLogins
from largesse.core.customers.lookup import Lookup
from largesse.core.customers.receivers import CustomerTokens, Receivers
from largesse.core.customers.service import Accounts, Customers
from largesse.core.customers.sessions import Sessions
from largesse.core.events.service import Events
from largesse.core.figures.service import Figures
from largesse.core.grants.giving import GrantGiving
from largesse.core.grants.intake import BATCH as GRANT_BATCH
from largesse.core.grants.intake import Intake
from largesse.core.grants.revoking import REVOCATION as GRANT_REVOCATION
from largesse.core.grants.revoking import GrantRevoking
from largesse.core.grants.service import Grants
from largesse.core.grants.telling import Telling
from largesse.core.health.service import HealthCheck
from largesse.core.idempotency.service import Idempotency
from largesse.core.jobs.kind import JobKind
from largesse.core.jobs.service import Jobs
from largesse.core.lists.pairs import Assignments, CustomerAssignments, Memberships
from largesse.core.lists.service import CustomerGroups, PromotionLists
from largesse.core.mail.queue import MailQueue
from largesse.core.mail.service import Mails
from largesse.core.mail.trying import MailTrial
from largesse.core.newsletter.by_link import ByLink
from largesse.core.newsletter.service import BuiltInProvider, Newsletter
from largesse.core.pools.service import Pools
from largesse.core.promotions.folders import PromotionFolders
from largesse.core.promotions.offers import Offers
from largesse.core.promotions.service import Channels, Promotions
from largesse.core.redemptions.service import Redemptions
from largesse.core.reports.service import MailReports
from largesse.core.schedules.service import Schedules
from largesse.core.schedules.starters import ScheduledCodes
from largesse.core.suppressions.service import Suppressions
from largesse.core.templates.links import Links
from largesse.core.templates.mailing import Mailing
from largesse.core.templates.service import Templates
from largesse.senders.message import Sender, Sign
from largesse.settings import Settings
from largesse.storage.database import Database
from largesse.wakeups import Wakeups


@dataclass(frozen=True, slots=True)
class Services:
    """Every use case of the product, over one database."""

    settings: Settings
    database: Database
    wakeups: Wakeups
    transports: Sequence[Sender]
    """How mails leave, the preferred way first."""
    sign: Sign | None
    """What signs each mail."""
    access: Access
    second_factors: SecondFactors
    own_login: OwnLogin
    units: Units
    users: Users
    keys: ApplicationKeys
    customers: Customers
    accounts: Accounts
    customer_tokens: CustomerTokens
    receivers: Receivers
    customer_logins: CustomerLogins
    sessions: Sessions
    consumers: Consumers
    lookup: Lookup
    channels: Channels
    promotions: Promotions
    promotion_folders: PromotionFolders
    offers: Offers
    campaigns: Campaigns
    codes: Codes
    redemptions: Redemptions
    coupons: Coupons
    generation: Generation
    importing: Importing
    bulk_codes: BulkCodes
    pools: Pools
    grants: Grants
    grant_giving: GrantGiving
    grant_revoking: GrantRevoking
    groups: CustomerGroups
    promotion_lists: PromotionLists
    assignments: Assignments
    customer_assignments: CustomerAssignments
    memberships: Memberships
    newsletter: Newsletter
    by_link: ByLink
    mails: Mails
    mail_queue: MailQueue
    mail_trial: MailTrial
    mailing: Mailing
    templates: Templates
    mail_reports: MailReports
    suppressions: Suppressions
    jobs: Jobs
    schedules: Schedules
    events: Events
    figures: Figures
    health: HealthCheck
    idempotency: Idempotency

    @property
    def job_kinds(self) -> Mapping[str, JobKind]:
        """What runs each kind of job."""
        return {
            GRANT_BATCH: self.grant_giving,
            GRANT_REVOCATION: self.grant_revoking,
            GENERATE: self.generation,
            IMPORT: self.importing,
        }

    async def start(self) -> None:
        """Make what must exist before the first request."""
        await self.access.signing_key()

    async def close(self) -> None:
        """Give up every connection."""
        for transport in self.transports:
            await transport.close()
        await self.access.settle()
        await self.sessions.settle()
        await self.database.close()


@dataclass(frozen=True, slots=True)
class _Shared:
    """What several services are made of."""

    database: Database
    access: Access
    customers: Customers
    receivers: Receivers
    formats: KnownFormats
    campaigns: Campaigns
    generation: Generation
    importing: Importing
    links: Links
    mailing: Mailing
    telling: Telling


def _shared(settings: Settings, database: Database) -> _Shared:
    access = _access(settings, database)
    formats = KnownFormats(database, access, space_per_code=settings.code_space_per_code)
    links = Links(access, public_url=settings.public_url)
    mailing = Mailing(formats, links, domain=mail_parts.domain(settings.mail_from))
    return _Shared(
        database=database,
        access=access,
        customers=Customers(database),
        receivers=Receivers(database, access),
        formats=formats,
        campaigns=Campaigns(database, formats),
        generation=Generation(formats),
        importing=Importing(database, formats),
        links=links,
        mailing=mailing,
        telling=Telling(mailing),
    )


def _builtin(settings: Settings, shared: _Shared) -> BuiltInProvider | None:
    if settings.newsletter_provider != "builtin":
        return None
    return BuiltInProvider(shared.database, shared.mailing, shared.links)


def _plain(database: Database) -> dict[str, Any]:
    """Return the services that need nothing but the database."""
    return {
        "units": Units(database),
        "users": Users(database),
        "keys": ApplicationKeys(database),
        "accounts": Accounts(database),
        "customer_logins": CustomerLogins(database),
        "channels": Channels(database),
        "promotions": Promotions(database),
        "promotion_folders": PromotionFolders(database),
        "offers": Offers(database),
        "groups": CustomerGroups(database),
        "promotion_lists": PromotionLists(database),
        "assignments": Assignments(database),
        "customer_assignments": CustomerAssignments(database),
        "memberships": Memberships(database),
        "suppressions": Suppressions(database),
        "figures": Figures(database),
    }


def open_services(settings: Settings) -> Services:
    """Build every service from the settings; connections are made when they are needed."""
    wakeups = Wakeups()
    database = Database(settings.database_url, hear=wakeups.wake)
    shared = _shared(settings, database)
    access, formats, mailing = shared.access, shared.formats, shared.mailing
    customers, receivers = shared.customers, shared.receivers
    generation, importing = shared.generation, shared.importing
    builtin = _builtin(settings, shared)
    transports, sign = mail_parts.transports(settings), mail_parts.sign(settings)
    return Services(
        settings=settings,
        database=database,
        wakeups=wakeups,
        **_plain(database),
        transports=transports,
        sign=sign,
        mail_trial=mail_parts.trial(settings, database, transports, sign),
        health=HealthCheck(database, is_migrated=_is_migrated, runs_worker=settings.worker),
        access=access,
        second_factors=SecondFactors(database, access),
        own_login=_own_login(settings, database, access),
        customers=customers,
        customer_tokens=CustomerTokens(database, access),
        receivers=receivers,
        sessions=_sessions(settings, database, access),
        consumers=_consumers(settings, access, receivers),
        lookup=Lookup(database, receivers, customers),
        campaigns=shared.campaigns,
        codes=Codes(database, access, receivers, formats),
        coupons=Coupons(database, shared.campaigns, generation, formats),
        redemptions=Redemptions(database, receivers, formats),
        generation=generation,
        importing=importing,
        bulk_codes=BulkCodes(database, generation, importing),
        pools=Pools(database, formats, generation, every=settings.pool_check_seconds),
        grants=_grants(settings, database, shared.telling),
        grant_giving=GrantGiving(shared.telling),
        grant_revoking=GrantRevoking(),
        by_link=ByLink(database, builtin, shared.links),
        newsletter=_newsletter(settings, database, builtin),
        mailing=mailing,
        templates=Templates(database, mailing),
        mails=Mails(database, mailing.compiler, domain=mail_parts.domain(settings.mail_from)),
        mail_queue=MailQueue(database, mail_parts.limits(settings)),
        mail_reports=mail_parts.reports(settings, database, access),
        jobs=_jobs(settings, database),
        schedules=_schedules(settings, database, generation),
        events=Events(database, keep=_days(settings.events_keep_days)),
        idempotency=Idempotency(database, keep=timedelta(hours=settings.native.idempotency_hours)),
    )


def _access(settings: Settings, database: Database) -> Access:
    return Access(
        database,
        secret=settings.secret,
        default_organization=settings.default_organization,
        failures=settings.login_failures,
        failure_seconds=settings.login_failure_seconds,
        recheck_seconds=settings.token_recheck_seconds,
    )


async def _is_migrated(database: Database) -> bool:
    # Alembic takes a tenth of a second to import, which commands need not wait for.
    from largesse import migrations

    return await migrations.current(database)


def _own_login(settings: Settings, database: Database, access: Access) -> OwnLogin:
    return OwnLogin(
        database,
        access,
        failures=settings.login_failures,
        failure_seconds=settings.login_failure_seconds,
    )


def _sessions(settings: Settings, database: Database, access: Access) -> Sessions:
    return Sessions(
        database,
        access,
        failures=settings.login_failures,
        failure_seconds=settings.login_failure_seconds,
        recheck_seconds=settings.token_recheck_seconds,
    )


def _consumers(settings: Settings, access: Access, receivers: Receivers) -> Consumers:
    return Consumers(
        access,
        receivers,
        failures=settings.login_failures,
        failure_seconds=settings.login_failure_seconds,
    )


def _grants(settings: Settings, database: Database, telling: Telling) -> Grants:
    intake = Intake(database, telling, most_recipients=settings.max_batch_recipients)
    return Grants(database, intake)


def _jobs(settings: Settings, database: Database) -> Jobs:
    failures = {
        GRANT_BATCH: GrantGiving.failures,
        GENERATE: Generation.failures,
        IMPORT: Importing.failures,
    }
    return Jobs(database, failures=failures, keep=_days(settings.jobs_keep_days))


def _schedules(settings: Settings, database: Database, generation: Generation) -> Schedules:
    starters = {GENERATE: ScheduledCodes(generation)}
    return Schedules(database, starters, keep=_days(settings.jobs_keep_days))


def _newsletter(
    settings: Settings, database: Database, builtin: BuiltInProvider | None
) -> Newsletter:
    return Newsletter(
        database,
        builtin,
        open_status=settings.newsletter_open_status,
        double_opt_in=settings.newsletter_double_opt_in,
    )


def _days(count: int | None) -> timedelta | None:
    return None if count is None else timedelta(days=count)
