"""Addresses that get no mail: for which reasons, and which mails that stops."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from largesse.core.access.model import Caller
from largesse.core.errors import (
    AlreadyExists,
    InvalidEmail,
    InvalidValue,
    MissingValue,
    NotPermitted,
    UnknownSuppression,
    WrongState,
)
from largesse.core.ids import new_id
from largesse.core.suppressions.model import Reason, address_key
from largesse.core.suppressions.store import suppressed_among
from largesse.services import Services
from tests.core.people import everything, make_owner, nobody

ADA = "Ada@Gone.example"


@pytest.fixture
async def owner(services: Services) -> Caller:
    return await make_owner(services)


async def test_an_address_is_added_found_and_taken_back(services: Services, owner: Caller) -> None:
    made = await services.suppressions.create(owner, {"address": f" {ADA} ", "note": "asked"})
    assert (made.address, made.reason, made.source, made.note) == (ADA, "manual", "native", "asked")
    assert (made.user_id, made.mail_id) == (owner.user_id, None)
    assert await services.suppressions.get(owner, made.id) == made
    page = services.suppressions.page
    assert list((await page(owner, address="ADA@gone.example")).items) == [made]
    assert list((await page(owner, reason="complaint")).items) == []
    with pytest.raises(WrongState):
        await services.suppressions.change(owner, made.id, {"note": "x"})
    await services.suppressions.delete(owner, made.id)
    assert not (await page(owner)).items
    kinds = [event.kind for event in (await services.events.page(owner, limit=1000)).items]
    assert kinds[-2:] == ["suppression.created", "suppression.deleted"]


async def test_each_reason_stands_by_itself(services: Services, owner: Caller) -> None:
    unsubscribed, complaint = [
        await services.suppressions.create(owner, {"address": ADA, "reason": reason})
        for reason in (Reason.UNSUBSCRIBED, Reason.COMPLAINT)
    ]
    with pytest.raises(AlreadyExists):
        await services.suppressions.create(
            owner, {"address": ADA.lower(), "reason": Reason.COMPLAINT}
        )
    await services.suppressions.delete(owner, complaint.id)
    assert list((await services.suppressions.page(owner)).items) == [unsubscribed]
    await services.suppressions.create(owner, {"address": ADA})
    gone = await services.suppressions.remove(owner, ADA.upper())
    assert {one.reason for one in gone} == {"unsubscribed", "manual"}
    with pytest.raises(UnknownSuppression):
        await services.suppressions.remove(owner, ADA)


async def test_what_is_refused_changes_nothing(services: Services, owner: Caller) -> None:
    other = await make_owner(services, "Other")
    theirs = await services.suppressions.create(other, {"address": ADA})
    before = await everything(services)
    for new, refusal in (
        ({}, MissingValue),
        ({"address": " "}, MissingValue),
        ({"address": "no address"}, InvalidEmail),
        ({"address": ADA, "reason": "dislike"}, InvalidValue),
        ({"address": ADA, "source": "x" * 41}, InvalidValue),
        ({"address": ADA, "id": new_id()}, InvalidValue),
    ):
        with pytest.raises(refusal):
            await services.suppressions.create(owner, new)
    for wrong in (theirs.id, new_id(), "none"):
        with pytest.raises(UnknownSuppression):
            await services.suppressions.delete(owner, wrong)
    stranger = await nobody(services)
    with pytest.raises(NotPermitted):
        await services.suppressions.create(stranger, {"address": ADA})
    with pytest.raises(NotPermitted):
        await services.suppressions.remove(stranger, ADA)
    with pytest.raises(NotPermitted):
        await services.suppressions.add_list(stranger, [ADA], reason=Reason.MANUAL)
    assert await everything(services) == before


async def test_a_list_is_taken_line_by_line(services: Services, owner: Caller) -> None:
    lines = [f"person{n}@gone.example\n" for n in range(2100)]
    lines[5:5] = ["\n", "no address\n", "PERSON1@gone.example", "  person2@gone.example  \n"]
    listed = await services.suppressions.add_list(owner, lines, reason=Reason.UNSUBSCRIBED)
    assert (listed.added, listed.present) == (2100, 2)
    ((number, text, why),) = listed.refused
    assert (number, text) == (7, "no address")
    assert why
    again = await services.suppressions.add_list(owner, lines, reason=Reason.UNSUBSCRIBED)
    assert (again.added, again.present) == (0, 2102)


async def test_who_has_unsubscribed_still_gets_what_is_owed(
    services: Services, owner: Caller
) -> None:
    other = await make_owner(services, "Other")
    for name, reason in (("news", Reason.UNSUBSCRIBED), ("spam", Reason.COMPLAINT), ("both", None)):
        reasons = [reason] if reason else [Reason.UNSUBSCRIBED, Reason.HARD_BOUNCE]
        for one in reasons:
            await services.suppressions.create(
                owner, {"address": f"{name}@gone.example", "reason": one}
            )
    asked = {
        (caller.organization_id, f"{name}@GONE.example", marketing)
        for caller in (owner, other)
        for name in ("news", "spam", "both", "nobody")
        for marketing in (True, False)
    }
    async with services.database.read() as tx:
        found = await suppressed_among(tx, asked)
        assert await suppressed_among(tx, []) == {}
    mine = owner.organization_id
    assert found.keys() == {
        (mine, "news@GONE.example", True),
        (mine, "spam@GONE.example", True),
        (mine, "spam@GONE.example", False),
        (mine, "both@GONE.example", True),
        (mine, "both@GONE.example", False),
    }
    assert found[mine, "spam@GONE.example", False] == Reason.COMPLAINT
    assert found[mine, "both@GONE.example", False] == Reason.HARD_BOUNCE


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ada@Example.com", "ada@example.COM "),
        ("a@müller.example", "a@xn--mller-kva.example"),
        ("a@MÜLLER.example", "A@XN--MLLER-KVA.example"),
    ],
)
def test_an_address_has_one_key_however_it_is_written(one: str, other: str) -> None:
    assert address_key(one) == address_key(other)


@given(st.text(max_size=40) | st.from_regex(r"\A[a-z]{1,4}@xn--[a-z0-9-]{0,20}\.example\Z"))
def test_any_text_has_a_key(text: str) -> None:
    assert address_key(address_key(text)) == address_key(text)
