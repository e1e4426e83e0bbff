"""A batch of requests for codes gets, result for result, what they would get one by one."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from largesse.core import clock
from largesse.core.access.model import Caller, system
from largesse.core.codes.issue import issue
from largesse.core.codes.model import CampaignRef, CodeRef, Given, IssueCode
from largesse.core.customers.model import AccountKind, ByAccount, ByCustomer
from largesse.core.events.model import EventKind, author_of, events
from largesse.demo import data, people
from largesse.services import Services
from largesse.storage.database import Transaction

NAMES = (
    *("plenty", "few", "limited", "capped", "daily", "capped and few", "all limits"),
    *("overflowing", "on request", "draft", "reward", "instant", "nothing of the kind"),
)
KEPT = "KEPT-0001", "KEPT-0002"
RECEIVERS = (
    ByAccount(AccountKind.REWARDS, "number", "RP0000000618"),
    ByAccount(AccountKind.RECEIVABLE, "name", "Cyrillus Mayer"),
    ByAccount(AccountKind.SUBSCRIPTION, "number", "nobody's"),
    ByCustomer(None, people.CUSTOMER),
    ByCustomer(None, "nobody"),
    None,
)

wanted = st.one_of(
    st.sampled_from(NAMES).map(lambda name: CampaignRef("name", name)),
    st.sampled_from((*KEPT, "kept-0001", "NO-SUCH-CODE")).map(CodeRef),
)
commands = st.lists(st.tuples(wanted, st.sampled_from(RECEIVERS)), min_size=1, max_size=24)


class Undone(Exception):
    """Ends a transaction without a trace."""


async def campaigns(services: Services) -> Caller:
    """Make a campaign for each way in which a request can end."""
    caller = system(await services.access.organization_named(data.ORGANIZATION))
    for name, codes, changes in (
        ("plenty", 40, {}),
        ("few", 5, {}),
        ("limited", 40, {"codes_per_receiver": 2}),
        ("capped", 40, {"codes_in_all": 3}),
        ("daily", 40, {"codes_per_day": 4}),
        ("capped and few", 2, {"codes_in_all": 3, "codes_per_receiver": 2}),
        ("all limits", 40, {"codes_in_all": 4, "codes_per_day": 3, "codes_per_receiver": 2}),
        ("overflowing", 2, {"when_empty": "on_request", "codes_in_all": 5}),
        ("draft", 5, {"state": "draft"}),
        ("reward", 5, {"type": "reward"}),
        ("instant", 5, {"distribution": "instant"}),
    ):
        await services.campaigns.create(caller, {"name": name, "state": "posted"} | changes)
        await services.codes.generate(caller, CampaignRef("name", name), codes)
    made = {"name": "on request", "state": "posted", "code_source": "on_request", "codes_in_all": 2}
    await services.campaigns.create(caller, made)
    await services.codes.add(caller, CampaignRef("name", "limited"), list(KEPT))
    return caller


async def run(services: Services, batches: Sequence[Sequence[IssueCode]]) -> list[Any]:
    """Carry out batches one after the other, note what each command got, and undo it all."""
    got: list[Any] = []
    # What was undone was taken before: the hints are as they were.
    services.database.places.clear()
    try:
        async with services.database.write() as tx:
            before = await logged(tx)
            for batch in batches:
                got += await issue(tx, batch)
            await tx.end()
            # Every code that is given out has its line in the log, and no other code has.
            given = {str(one.code.id): 1 for one in got if isinstance(one, Given)}
            assert await logged(tx) - before == Counter(given)
            raise Undone
    except Undone:
        services.database.places.clear()
    return [seen(one) for one in got]


async def logged(tx: Transaction) -> Counter[str]:
    """Count the log's lines of codes that were given out, by code."""
    chosen = select(events.c.subject_id).where(events.c.kind == EventKind.CODE_ISSUED)
    return Counter(row.subject_id for row in await tx.rows(chosen))


def seen(outcome: Given | Exception) -> Any:
    """Return what a caller sees of an outcome."""
    if isinstance(outcome, Exception):
        return type(outcome), str(outcome)
    code = outcome.code
    # A code made for the request is random.
    text = "made" if code.created_at == code.issued_at else code.code
    return text, code.state, code.customer_id, code.account_id, outcome.campaign.name


async def test_a_batch_gets_what_its_commands_would_get_one_by_one(
    demo_services: Services,
) -> None:
    caller = await campaigns(demo_services)
    examples: list[list[tuple[Any, Any]]] = []

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(commands)
    def collect(drawn: list[tuple[Any, Any]]) -> None:
        examples.append(drawn)

    collect()
    now = clock.now()
    for drawn in examples:
        batch = [
            IssueCode(author_of(caller), wanted=one, now=now, format_key=b"key", receiver=receiver)
            for one, receiver in drawn
        ]
        together = await run(demo_services, [batch])
        alone = await run(demo_services, [[command] for command in batch])
        assert together == alone, drawn
