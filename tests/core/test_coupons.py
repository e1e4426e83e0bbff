"""Coupons are everybody's, and batches are pools that a job fills."""

from datetime import UTC, datetime
from typing import Any

import pytest

from largesse.core.access.model import Caller, Right
from largesse.core.campaigns.model import CodeSource
from largesse.core.codes.model import CampaignRef
from largesse.core.coupons.model import Changes, NewBatch, NewCoupon
from largesse.core.customers.model import ByCustomer, Identifier
from largesse.core.errors import (
    AlreadyExists,
    InvalidValue,
    MissingValue,
    NoCampaign,
    NotPermitted,
    StillInUse,
    UnknownCode,
    UnknownPromotion,
    WrongState,
)
from largesse.core.mail.model import SendCode
from largesse.core.search.model import Search
from largesse.services import Services
from tests.core.people import everything, make_owner

LATER = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture
async def owner(services: Services) -> Caller:
    """The owner of a shop with two promotions in a channel."""
    caller = await make_owner(services)
    await services.channels.create(caller, {"id": "web", "name": "Web"})
    for key in ("ten", "free"):
        offer = {"key": key, "title": key, "channel_id": "web"}
        await services.promotions.create(caller, offer)
    return caller


async def test_a_coupon_is_told_to_many_and_given_to_nobody(
    services: Services, owner: Caller
) -> None:
    made = await services.coupons.create(owner, NewCoupon("Hello", ("ten", "free"), 5, LATER))
    assert made == await services.coupons.get(owner, "hello")
    assert (made.campaign.code_source, made.campaign.uses_per_code) == (CodeSource.SHARED, 5)
    for name in ("ada", "bob"):
        person = {"email": f"{name}@example.com", "identifiers": {"customer_id": name}}
        await services.customers.create(owner, person)
        command = SendCode(name, "HELLO", promotion_key="ten", channel_id="web")
        assert (await services.mails.send_code(owner, command)).recipient == person["email"]
    # The pool of the promotion is still empty: a coupon is no code to give out.
    with pytest.raises(NoCampaign):
        await services.codes.create_for_promotion(owner, "web", "ten")
    with pytest.raises(WrongState):
        await services.codes.add(owner, CampaignRef("name", "Hello"), ["another"])
    for source in ("shared", "pool"):
        with pytest.raises((InvalidValue, WrongState)):
            await services.campaigns.change(owner, made.campaign.id, {"code_source": source})
    await services.coupons.change(owner, "Hello", Changes({"codes_start_at": None}))
    for name in ("ada", "bob"):
        receiver = ByCustomer(Identifier.CUSTOMER_ID, name)
        await services.redemptions.redeem(owner, "hello", receiver)
    (item,) = (await services.coupons.page(owner)).items
    assert item == await services.coupons.get(owner, "Hello")
    assert (item.code, item.used) == ("Hello", 2)


async def test_who_changes_one_of_two_promotions_changes_no_other(
    services: Services, owner: Caller
) -> None:
    coupons = services.coupons
    await coupons.create(owner, NewCoupon("a", ("ten",)))
    await coupons.create(owner, NewCoupon("b", ("ten", "free")))
    changed = await coupons.change(owner, "a", Changes(promotion_keys=("free",)))
    assert changed.promotion_keys == ("free",)
    for key, wanted in (("ten", ["b"]), ("free", ["a", "b"])):
        found, total = await coupons.search(owner, Search(), promotion_key=key)
        assert ([one.code for one in found], total) == (wanted, len(wanted))
    free = await services.promotions.by_key(owner, "free")
    with pytest.raises(StillInUse):
        await services.promotions.delete(owner, free.id)
    with pytest.raises(UnknownCode):
        await coupons.end(owner, "a", promotion_key="ten")
    await coupons.end(owner, "a", promotion_key="free")
    with pytest.raises(UnknownCode):
        await coupons.get(owner, "a")


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"code": "a b"}, InvalidValue),
        ({"code": ""}, InvalidValue),
        ({"uses": 0}, InvalidValue),
        ({"promotion_keys": ()}, MissingValue),
        ({"promotion_keys": ("ten", "none", "a\0")}, UnknownPromotion),
        ({"promotion_keys": ("ten",) * 1001}, InvalidValue),
        ({"code": "TAKEN"}, AlreadyExists),
    ],
    ids=str,
)
async def test_a_refusal_leaves_nothing_behind(
    services: Services, owner: Caller, changes: dict[str, Any], refusal: type[Exception]
) -> None:
    await services.coupons.create(owner, NewCoupon("taken", ("ten",)))
    before = await everything(services)
    new = {"code": "new", "promotion_keys": ("ten",)} | changes
    with pytest.raises(refusal):
        await services.coupons.create(owner, NewCoupon(**new))
    if "code" not in changes:
        given = {"promotion_keys": ("ten",), "count": 5} | changes
        batch = NewBatch(reference="new", prefix="N", **given)
        with pytest.raises(refusal):
            await services.coupons.create_batch(owner, batch)
    assert await everything(services) == before


async def test_coupons_are_for_who_manages_campaigns(services: Services, owner: Caller) -> None:
    await services.coupons.create(owner, NewCoupon("a", ("ten",)))
    unit = {"username": "bo", "role": "viewer", "unit_id": owner.unit_id, "password": "long enough"}
    await services.users.create(owner, unit)
    viewer = await services.access.log_in("bo", "long enough", address="x")
    assert viewer.rights == {Right.READ}
    coupons = services.coupons
    assert (await coupons.get(viewer, "a")).code == "a"
    batch = NewBatch("n", "N", 1, ("ten",))
    for use in (
        coupons.create(viewer, NewCoupon("b", ("ten",))),
        coupons.change(viewer, "a", Changes({"uses_per_code": 1})),
        coupons.end(viewer, "a"),
        coupons.create_batch(viewer, batch),
        coupons.change_batch(viewer, "n", Changes(count=2)),
        coupons.end_batch(viewer, "n", promotion_key="ten"),
    ):
        with pytest.raises(NotPermitted):
            await use
