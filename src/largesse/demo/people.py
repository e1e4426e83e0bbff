"""The demo organization's customers."""

from uuid import UUID

from largesse.core.access.model import Caller
from largesse.core.customers.model import AccountKind, customers
from largesse.services import Services
from largesse.storage.sequences import sequences

PASSWORD = "largesse-demo"
"""Of the demo user, and of the customer who can log in to the shop."""

CUSTOMER = "egkKDgANTq4AAAFF31gHyCE_"
SHOPPER = "patricia@test.intershop.de"
"""What a customer logs in with, with the password of the demo user."""


async def load_customers(services: Services, caller: Caller) -> None:
    """Make the customers that the documents print."""
    await services.customers.create(
        caller,
        {
            "first_name": "Patricia",
            "last_name": "Miller",
            "email": "patricia@test.intershop.de",
            "identifiers": {"customer_id": CUSTOMER, "customer_number": "PC1000"},
        },
    )
    await _shoppers(services, caller)
    for number in ("1", "2"):
        await services.customers.create(
            caller,
            {
                "first_name": "Shopper",
                "last_name": number,
                "email": f"profile{number}@example.com",
                "identifiers": {"profile_id": f"profile{number}"},
            },
        )
    participant = await services.customers.create(
        caller,
        {
            "first_name": "Cyrillus",
            "last_name": "Mayer",
            "email": "cyrillus.mayer@example.com",
            "identifiers": {
                # DOC 2A5883 and 2X5757 print these two.
                "customer_id": "0BkKDgAN9pYAAAFFK9Qj6MxN",
                "customer_number": "10005",
                "id_number": "ID0000618",
                "passport_number": "P0000618",
                "social_security_number": "SSN0000618",
            },
        },
    )
    await services.customers.create(
        caller,
        {
            "kind": "company",
            "company_name": "Oil Corp",
            "email": "office@oilcorp.example.com",
            "identifiers": {
                "customer_id": "F3MKDgAhh2MAAAFbMVlRYKTC",  # DOC A28246
                "vat_registration_number": "CY10000618X",
                "registration_number": "HE618",
            },
        },
    )
    await _accounts(services, caller, participant.id)
    await _numbered(services, caller)


async def _shoppers(services: Services, caller: Caller) -> None:
    """Make the customer that DOC A28246 prints, who can log in to the shop."""
    shopper = await services.customers.create(
        caller,
        {
            "title": "Ms.",
            "first_name": "Patricia",
            "last_name": "Miller",
            "email": SHOPPER,
            "street": "Am Bahndamm 10",
            "postal_code": "98693",
            "city": "Ilmenau",
            "country": "Germany",
            "country_code": "DE",
            "locale": "en_US",
            "identifiers": {
                "customer_id": "k0gKDgAhjjkAAAFb1lFRYKTC",
                "customer_number": "Patricia",
            },
        },
    )
    await services.customer_logins.put(caller, shopper.id, password=PASSWORD)


async def _numbered(services: Services, caller: Caller) -> None:
    """Make the customers that DOC p50-save and cga-save print, under the numbers printed."""
    await set_count(services, caller, customers.name, 1334)
    for number in (2, 3):
        await services.customers.create(
            caller,
            {
                "kind": "company",
                "company_name": f"cus{number}",
                "identifiers": {"customer_id": f"C-00{number}"},
            },
        )


async def _accounts(services: Services, caller: Caller, customer_id: UUID) -> None:
    for kind, number, name in (
        (AccountKind.RECEIVABLE, "ACR0000002278", "Cyrillus Mayer"),
        (AccountKind.SUBSCRIPTION, "S0000001547", None),
        (AccountKind.REWARDS, "RP0000000618", None),
    ):
        account = {"customer_id": customer_id, "kind": kind, "number": number, "name": name}
        await services.accounts.create(caller, account)
    await services.customer_tokens.create(
        caller,
        {
            "customer_id": customer_id,
            "identifier": "cyrillus.mayer@example.com",
            "pass_code": "1234",
            "authentication_code": "AUTH0000618",
            "one_time_password": "618618",
        },
    )


async def set_count(services: Services, caller: Caller, name: str, value: int) -> None:
    """Have the next number under a name follow this one."""
    row = {"organization_id": caller.organization_id, "name": name, "value": value}
    own = (sequences.c.organization_id == caller.organization_id) & (sequences.c.name == name)
    async with services.database.write() as tx:
        if not await tx.execute(sequences.update().where(own).values(value=value)):
            await tx.execute(sequences.insert(), [row])
