"""What the load needs in the database: receivers, campaigns and enough codes."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text

from largesse import migrations
from largesse.core.access.model import Caller
from largesse.core.campaigns.model import CampaignState
from largesse.core.codes.model import IS_AVAILABLE, CodeState, codes
from largesse.core.customers.model import AccountKind, CustomerKind, accounts, customers
from largesse.core.ids import new_id
from largesse.demo import data, people
from largesse.services import Services, open_services
from largesse.settings import Settings
from largesse.storage.sequences import next_numbers

RECEIVERS = 1000
CHUNK = 5000


@dataclass
class Pool:
    """A database filled for the load."""

    services: Services
    caller: Caller
    token: str
    campaigns: dict[str, UUID]
    """By alternative code."""

    async def ensure(self, campaign: str, count: int, *, tidy: bool = True) -> None:
        """Top the campaign's pool up, by plain inserts into the product's own table."""
        campaign_id = self.campaigns[campaign]
        async with self.services.database.read() as tx:
            have = await tx.value(
                select(func.count())
                .select_from(codes)
                .where(
                    codes.c.organization_id == self.caller.organization_id,
                    codes.c.campaign_id == campaign_id,
                    IS_AVAILABLE,
                )
            )
        if have >= count:
            return
        for start in range(0, count - have, CHUNK):
            await self._insert(campaign_id, min(CHUNK, count - have - start))
        if tidy:
            await self._settle()

    async def _insert(self, campaign_id: UUID, count: int) -> None:
        organization_id, now = self.caller.organization_id, datetime.now(UTC)
        async with self.services.database.write() as tx:
            places = await next_numbers(tx, organization_id, f"codes:{campaign_id.hex}", count)
            rows = []
            for pos in places:
                code_id = new_id()
                code = f"{campaign_id.hex[-4:]}{code_id.hex[12:]}"
                rows.append(
                    {
                        "organization_id": organization_id,
                        "id": code_id,
                        "campaign_id": campaign_id,
                        "pos": pos,
                        "code": code.upper(),
                        "code_key": code,
                        "state": CodeState.AVAILABLE,
                        "created_at": now,
                        "created_by_user": self.caller.user_id,
                        "created_by_unit": self.caller.unit_id,
                    }
                )
            await tx.execute(codes.insert(), rows)

    async def _settle(self) -> None:
        """Do now what PostgreSQL's autovacuum would do in the middle of a measurement."""
        if self.services.database.engine.name == "postgres":
            engine = self.services.database.engine.writer()
            async with engine.connect() as connection:
                connection = await connection.execution_options(isolation_level="AUTOCOMMIT")
                await connection.execute(text("VACUUM ANALYZE"))
                await connection.execute(text("CHECKPOINT"))

    def requests(self, campaigns: Sequence[str]) -> list[str]:
        """Return one request for a code of each receiver, going around the campaigns."""
        return [
            json.dumps(
                {
                    "token": self.token,
                    "promotion_campaign_identifier": {
                        "alternative_code": campaigns[number % len(campaigns)]
                    },
                    "rewards_participant_identifier": {"number": receiver(number)},
                }
            )
            for number in range(RECEIVERS)
        ]


def receiver(number: int) -> str:
    """Return a receiver's rewards number."""
    return f"BENCH{number:06}"


def receiver_id(number: int) -> UUID:
    """Return a receiver's id, of the customer and of the account: pgbench can make it too."""
    return UUID(f"00000000-0000-7000-8000-{number:012}")


async def open_pool(url: str, campaigns: dict[str, dict[str, Any]]) -> Pool:
    """Migrate an empty database and put an organization, receivers and campaigns into it."""
    services = open_services(Settings(database_url=url))
    await migrations.upgrade(services.database)
    await services.start()
    await data.load(services, pool=1)
    caller = await services.access.log_in(
        data.USERNAME, people.PASSWORD, organization=data.ORGANIZATION, address="benchmarks"
    )
    token = await services.access.issue_token(caller, seconds=86400)
    pool = Pool(services, caller, token.token, {})
    for code, settings in campaigns.items():
        new = {"name": f"Benchmark {code}", "alternative_code": code}
        made = await services.campaigns.create(
            caller, new | {"state": CampaignState.POSTED} | settings
        )
        pool.campaigns[code] = made.id
    await _receivers(services, caller)
    return pool


async def _receivers(services: Services, caller: Caller) -> None:
    now = datetime.now(UTC)
    own = {"organization_id": caller.organization_id, "created_at": now}
    people, participants = [], []
    for number in range(RECEIVERS):
        customer_id = receiver_id(number)
        name = {"name": f"Nr. {number}", "last_name": f"Nr. {number}", "number": 10**6 + number}
        person = name | {"id": customer_id, "kind": CustomerKind.PERSON, "active": True}
        person |= {"reference": customer_id.hex.upper(), "name_key": f"nr. {number}"}
        people.append(own | person | {"attributes": {}, "updated_at": now})
        account = {"customer_id": customer_id, "kind": AccountKind.REWARDS}
        participants.append(own | account | {"id": receiver_id(number), "number": receiver(number)})
    async with services.database.write() as tx:
        await tx.execute(customers.insert(), people)
        await tx.execute(accounts.insert(), participants)
