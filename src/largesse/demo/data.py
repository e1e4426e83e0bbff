"""Loads the demo organization, in which every request that the documents print works verbatim."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from largesse.core import clock
from largesse.core.access import passwords
from largesse.core.access.model import (
    Caller,
    Organization,
    Role,
    application_keys,
    system,
    units,
    users,
)
from largesse.core.access.service import KEY_PREFIX
from largesse.core.codes.model import CampaignRef
from largesse.core.errors import UnknownOrganization
from largesse.core.ids import new_id
from largesse.core.lists.model import (
    assignments,
    customer_assignments,
    customer_group_members,
    customer_groups,
    promotion_lists,
)
from largesse.core.promotions.model import promotion_folders
from largesse.core.text import folded
from largesse.demo.people import PASSWORD, load_customers, set_count
from largesse.services import Services
from largesse.storage import records
from largesse.storage.sequences import sequences

ORGANIZATION = "Largesse Demo"
ALIASES: tuple[tuple[str, str | None], ...] = (
    ("demo", None),
    ("PrimeTech", "intershop"),
    ("OilCorp", None),
    ("PrimeTech-PrimeTechSpecials-Site", None),
    ("inSPIRED-inTRONICS-Site", None),
    ("inSPIRED-inTRONICS_Business-Site", None),
    ("ContactCenter", None),
    ("CRMDEMO", "crmcom"),
    ("Lyon", "valomnia"),
)
USERNAME = "MPAdministrator"
KEY_SECRET = "demo-key-for-the-demo-organization-only"
"""Known to everybody, so it opens the demo organization and nothing else."""

CHANNEL = "PrimeTech-PrimeTechSpecials"
CHANNELS = (
    # DOC 25K759 prints both.
    {
        "id": "PrimeTech-PrimeTechBusiness",
        "name": "PrimeTech Business",
        "description": "PrimeTech's channel to sell directly to business customers.",
    },
    {
        "id": CHANNEL,
        "name": "PrimeTech Specials",
        "description": "PrimeTech's channel to sell directly to customers.",
    },
)
EXPIRES = datetime(2099, 2, 28, tzinfo=UTC)
"""The document prints 2019-02-28; a code that has expired would not be given out."""

UNIT = UUID("EE63A82C4FEBE02FF34E90DD1EBA5ABE")
"""As CRM.COM's pages of logins print it (DOC 532580, 491003)."""

POOL = 1000
"""Codes in each demo campaign beside those that the documents print."""


@dataclass(frozen=True, slots=True)
class DemoCredentials:
    """What a client needs to try everything out."""

    organization: str
    crmcom_organisation: str
    intershop_organization: str
    username: str
    password: str
    application_key: str
    admin_url: str


async def load(services: Services, *, pool: int = POOL) -> DemoCredentials:
    """Load the demo organization unless it is there, and return how to get in."""
    try:
        organization = await services.access.organization_named(ORGANIZATION)
    except UnknownOrganization:
        organization = await services.access.create_organization(ORGANIZATION, list(ALIASES))
        await _fill(services, organization, pool)
    key = await _key_text(services, organization)
    return DemoCredentials(
        organization=ORGANIZATION,
        crmcom_organisation="CRMDEMO",
        intershop_organization="PrimeTech",
        username=USERNAME,
        password=PASSWORD,
        application_key=key,
        admin_url=f"http://{services.settings.host}:{services.settings.port}/admin",
    )


async def _fill(services: Services, organization: Organization, pool: int) -> None:
    caller = await _people(services, organization)
    await _promotions(services, caller, pool)
    await _folders(services, caller)
    await load_customers(services, caller)
    await _lists(services, caller)
    for recipient in ("patricia@test.intershop.de", "test@crm.com"):
        await services.newsletter.subscribe(caller, recipient, source="demo", name="Newsletter")


async def _people(services: Services, organization: Organization) -> Caller:
    now = clock.now()
    user_id = new_id()
    unit = {
        "name": "Admin Unit",
        "alternative_code": "adminunit",
        "description": "admin unit",
        "group_name": "Main Group",
        "community_name": "Community",
    }
    user = {
        "unit_id": UNIT,
        "username": USERNAME,
        "username_key": folded(USERNAME),
        "password_hash": await passwords.hashed(PASSWORD),
        "role": Role.OWNER,
        # DOC M25763 prints this user.
        "first_name": "Alvaro",
        "last_name": "Acevedo",
        "person_name": "CRM COM",
        "email": "test@crm.com",
        "active": True,
    }
    key = {
        "user_id": user_id,
        "name": "demo",
        "secret_hash": passwords.digest(KEY_SECRET),
    }
    own = {"organization_id": organization.id, "created_at": now}
    async with services.database.write() as tx:
        await records.add(tx, units, own | {"id": UNIT} | unit)
        await records.add(tx, users, own | {"id": user_id} | user)
        await records.add(tx, application_keys, own | {"id": new_id()} | key)
    return await services.access.log_in(
        USERNAME, PASSWORD, organization=organization.name, address="demo"
    )


async def _key_text(services: Services, organization: Organization) -> str:
    page = await services.keys.page(system(organization))
    key = next(key for key in page.items if key.name == "demo")
    return f"{KEY_PREFIX}_{organization.id}_{key.id.hex}_{KEY_SECRET}"


async def _promotions(services: Services, caller: Caller, pool: int) -> None:
    for channel in CHANNELS:
        await services.channels.create(caller, channel)
    # SEED 000 prints the blank at the end of the title.
    for amount, codes in ((10, ["CC2M8Y5VY4MW", "CCZN413KW8RK"]), (20, [])):
        key = f"CC_{amount}EUR_OrderDiscount"
        promotion = await services.promotions.create(
            caller,
            {
                "key": key,
                "channel_id": CHANNEL,
                "title": f"{amount} EUR Order discount ",
                "description": f"Contact Center {amount} EUR order discount coupon.",
                "discount": {"kind": "amount", "amount": f"{amount}.00", "currency": "EUR"},
            },
        )
        campaign = {"name": f"Contact Center {amount} EUR", "code_prefix": "CC", "code_length": 10}
        await _campaign(services, caller, promotion.id, campaign, codes, pool)
    for number in ("1001", "1002"):
        await services.promotions.create(
            caller,
            {
                "key": f"promo{number}",
                "title": f"Promotion {number}",
                "discount": {"kind": "percent", "percent": "10"},
            },
        )
    bulk = await services.promotions.create(
        caller, {"key": "bulk-generation-4", "title": "Bulk Generation 4"}
    )
    campaign = {
        "name": "Bulk Generation 4",
        "alternative_code": "BG4",
        "code_prefix": "SC",
        "code_length": 13,
        "code_alphabet": "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz0123456789",
        "codes_expire_at": EXPIRES,
    }
    await _campaign(services, caller, bulk.id, campaign, ["SC4dcj1p4sathzZ"], pool)
    # DOC 490062 applies this code; its campaign gives no codes upon request.
    instant = {"name": "Bulk Generation 3", "alternative_code": "BG3", "distribution": "instant"}
    await _campaign(services, caller, bulk.id, campaign | instant, ["SC4I0EnXfSky6Qt"], 1)


async def _folders(services: Services, caller: Caller) -> None:
    """Make the promotions and the folder that DOC 12-17 to 22A print, under the ids printed."""
    for key in ("SamplePromotion", "PromoFor10PercentOff", "promo20009", "promo20011"):
        await services.promotions.create(caller, {"key": key, "title": key})
    await set_count(services, caller, promotion_folders.name, 100_000)
    await services.promotion_folders.create(caller, {"name": "Holiday Discount"})
    await set_count(services, caller, promotion_folders.name, 10_000)


async def _campaign(
    services: Services,
    caller: Caller,
    promotion_id: UUID,
    campaign: dict[str, Any],
    codes: list[str],
    pool: int,
) -> None:
    made = await services.campaigns.create(
        caller, {"promotion_id": promotion_id, "state": "posted"} | campaign
    )
    ref = CampaignRef("id", made.id.hex)
    if codes:
        await services.codes.add(caller, ref, codes)
    await services.codes.generate(caller, ref, pool)


def _at(text: str, day: str = "2016-08-24") -> datetime:
    return datetime.fromisoformat(f"{day}T{text}").replace(tzinfo=UTC)


async def _lists(services: Services, caller: Caller) -> None:
    """Make groups, lists and who gets which, with the very ids and times that are printed.

    SEED 003; of single customers, the first group and the first list: DOC cg-show, cga-show,
    p47-show and p50-show.
    """
    made = _at("11:00:00")

    def row(number: int, at: datetime, values: dict[str, Any]) -> dict[str, Any]:
        own = {"organization_id": caller.organization_id, "id": number}
        return own | {"created_at": at, "updated_at": at} | values

    first = {"reference": "Ref-01", "name": "Magasins traditionnels"}
    groups = [
        row(1, _at("09:45:58", "2015-10-14"), first | {"description": "Magasin traditionnel"}),
        *(
            row(4 + n, made, {"reference": f"CG-00{n}", "name": f"CusG{n}", "description": None})
            for n in (1, 2, 3)
        ),
    ]
    groups[0]["updated_at"] = _at("09:49:43", "2015-10-14")
    assigned = [
        row(4, _at("11:32:37"), {"group_id": 5, "list_id": 9}),
        row(5, _at("11:32:40"), {"group_id": 6, "list_id": 9}),
    ]
    c_002 = (await services.customers.find(caller, "C-002")).id
    members = [row(101, _at("11:13:12", "2016-08-22"), {"customer_id": c_002, "group_id": 5})]
    of_one = [row(305, _at("14:43:17", "2016-08-22"), {"customer_id": c_002, "list_id": 9})]
    async with services.database.write() as tx:
        for table, rows in (
            (customer_groups, groups),
            (promotion_lists, [row(*one) for one in _promotion_lists(made)]),
            (assignments, assigned),
            (customer_group_members, members),
            (customer_assignments, of_one),
        ):
            await tx.execute(table.insert(), rows)
            counter = {
                "organization_id": caller.organization_id,
                "name": table.name,
                "value": rows[-1]["id"],
            }
            await tx.execute(sequences.insert(), [counter])


def _promotion_lists(made: datetime) -> Iterator[tuple[int, datetime, dict[str, Any]]]:
    """Yield the number of each list, when it was made, and its fields."""
    plain = {
        **dict.fromkeys(("description", "starts_on", "ends_on")),
        "enabled": True,
        "applies_to_all": False,
    }
    december = {
        "reference": "save_more",
        "description": "Buy More, Save More",
        "starts_on": date(2015, 12, 1),
        "ends_on": date(2015, 12, 31),
        "enabled": False,
        "applies_to_all": True,
    }
    yield 1, _at("14:36:26", "2015-12-17"), december
    for number, reference in ((9, "RP-001"), (10, "RP-002"), (11, "PL-001")):
        yield number, made, plain | {"reference": reference}
    yield 12, made, plain | {"reference": "RP-ALL", "applies_to_all": True}
