"""Where each page with a parameter in its path is, for the tests that walk all of them.

A page that shows one record is tried with a record of the demo data; whoever adds such a page adds
a line here.
"""

import asyncio
from collections.abc import Awaitable, Callable

from largesse.core.access.model import Caller
from largesse.core.codes.model import CampaignRef
from largesse.core.grants.model import GrantBatch
from largesse.core.search.browse import Browse
from largesse.services import Services

Find = Callable[[Services, Caller], Awaitable[str]]


def first(source: Callable[[Services], object]) -> Find:
    """Return how the newest record of a kind is found."""

    async def find(services: Services, caller: Caller) -> str:
        page = await source(services).browse(caller, Browse(limit=1))  # type: ignore[attr-defined]
        (record,) = page.items
        return str(getattr(record.id, "hex", record.id))

    return find


async def finished_job(services: Services, caller: Caller) -> str:
    """Return a job that is over; one is run if there is none."""
    (campaign, *_) = (await services.campaigns.page(caller)).items
    done = {"kind": ["generate_codes"], "state": ["done"]}
    query = Browse(filters=done, limit=1)
    if not (await services.jobs.browse(caller, query)).items:
        await services.bulk_codes.generate(caller, CampaignRef("id", campaign.id.hex), 3)
        while not (await services.jobs.browse(caller, query)).items:
            await asyncio.sleep(0.02)
    (found,) = (await services.jobs.browse(caller, query)).items
    return found.id.hex


async def tried_batch(services: Services, caller: Caller) -> str:
    """Return the dry run of a batch of grants, with a row that fails; one is made if there is none."""
    query = Browse(filters={"kind": ["grant_batch"]}, limit=1)
    if not (found := (await services.jobs.browse(caller, query)).items):
        (promotion,) = (await services.promotions.page(caller, limit=1)).items
        emails = ("ada@example.com", "no address")
        batch = GrantBatch((promotion.key,), emails=emails, dry_run=True)
        found = [await services.grants.start_batch(caller, batch)]
    return found[0].id.hex


async def one_grant(services: Services, caller: Caller) -> str:
    """Return a grant; one is made if there is none."""
    if not (found := (await services.grants.browse(caller, Browse(limit=1))).items):
        (promotion,) = (await services.promotions.page(caller, limit=1)).items
        new = {"promotion": promotion.key, "email": "ada@example.com", "source_id": "places"}
        found = [await services.grants.create(caller, new)]
    return found[0].id.hex


async def schedule(services: Services, caller: Caller) -> str:
    """Return a schedule; one is made if there is none."""
    found = await services.schedules.page(caller, limit=1)
    if found.items:
        return found.items[0].id.hex
    (campaign, *_) = (await services.campaigns.page(caller)).items
    new = {"name": "Nightly", "cron": "0 3 * * *", "kind": "generate_codes"}
    asked = {"parameters": {"campaign": campaign.name, "count": 10}}
    return (await services.schedules.create(caller, new | asked)).id.hex


async def line(services: Services, caller: Caller) -> str:
    """Return a line of the log that everybody may read."""
    page = await services.events.browse(caller, Browse(filters={"about": ["campaign"]}, limit=1))
    return page.items[0].id.hex


async def one_mail(services: Services, caller: Caller) -> str:
    """Return a mail; one is made if there is none."""
    if not (found := (await services.mails.browse(caller, Browse(limit=1))).items):
        values = {"promotion_code": "A1", "title": "Ten off", "description": "", "expires": None}
        found = [
            await services.templates.send(caller, "code", email="a@example.com", values=values)
        ]
    return found[0].id.hex


async def one_template(services: Services, caller: Caller) -> str:
    """Return a template; one is made if there is none."""
    if not (found := (await services.templates.browse(caller, Browse(limit=1))).items):
        new = {"key": "spring", "subject": "Spring", "body": "<p>Spring</p>"}
        found = [await services.templates.create(caller, new)]
    return found[0].id.hex


async def customer_with_login(services: Services, caller: Caller) -> str:
    """Return a customer who has a login; the newest is given one."""
    (customer,) = (await services.customers.browse(caller, Browse(limit=1))).items
    await services.customer_logins.put(
        caller, customer.id, password="a long password", login="place"
    )
    return customer.id.hex


async def one_subscription(services: Services, caller: Caller) -> str:
    """Return a subscription; one is made if there is none."""
    if not (found := (await services.newsletter.browse(caller, Browse(limit=1))).items):
        found = [await services.newsletter.subscribe(caller, "place@example.com", source="test")]
    return found[0].id.hex


PLACES: dict[str, Find] = {
    "/templates/{id}": one_template,
    "/mails/{id}": one_mail,
    "/grants/batches/{id}": tried_batch,
    "/grants/{id}": one_grant,
    "/jobs/{id}": finished_job,
    "/log/{id}": line,
    "/schedules/{id}": schedule,
    "/campaigns/{id}": first(lambda s: s.campaigns),
    "/codes/{id}": first(lambda s: s.codes),
    "/promotions/{id}": first(lambda s: s.promotions),
    "/channels/{id}": first(lambda s: s.channels),
    "/newsletter/{id}": one_subscription,
    "/customers/{id}/login/remove": customer_with_login,
    "/customers/{id}": first(lambda s: s.customers),
    "/accounts/{id}": first(lambda s: s.accounts),
    "/tokens/{id}": first(lambda s: s.customer_tokens),
    "/groups/{id}": first(lambda s: s.groups),
    "/lists/{id}": first(lambda s: s.promotion_lists),
    "/settings/users/{id}": first(lambda s: s.users),
    "/settings/units/{id}": first(lambda s: s.units),
}
"""The record of the paths that begin so."""


async def place_of(path: str, services: Services, caller: Caller) -> str | None:
    """Return a path with its parameter filled in; None: nobody said with what."""
    if "{" not in path:
        return path
    for start, find in PLACES.items():
        if path == start or path.startswith(f"{start}/"):
            return path.replace("{id}", await find(services, caller))
    return None
