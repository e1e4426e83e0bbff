"""Every table of the core, for migrations and tests: importing this fills `metadata`."""

from largesse.core.access import model as access
from largesse.core.campaigns import model as campaigns
from largesse.core.codes import model as codes
from largesse.core.customers import login_model as customer_logins
from largesse.core.customers import model as customers
from largesse.core.events import model as events
from largesse.core.figures import model as figures
from largesse.core.grants import model as grants
from largesse.core.idempotency import model as idempotency
from largesse.core.jobs import model as jobs
from largesse.core.lists import model as lists
from largesse.core.mail import model as mail
from largesse.core.newsletter import model as newsletter
from largesse.core.pools import model as pools
from largesse.core.promotions import model as promotions
from largesse.core.redemptions import model as redemptions
from largesse.core.reports import model as reports
from largesse.core.schedules import model as schedules
from largesse.core.suppressions import model as suppressions
from largesse.core.templates import model as templates
from largesse.storage import sequences
from largesse.storage.types import metadata

__all__ = [
    "access",
    "campaigns",
    "codes",
    "customer_logins",
    "customers",
    "events",
    "figures",
    "grants",
    "idempotency",
    "jobs",
    "lists",
    "mail",
    "metadata",
    "newsletter",
    "pools",
    "promotions",
    "redemptions",
    "reports",
    "schedules",
    "sequences",
    "suppressions",
    "templates",
]
