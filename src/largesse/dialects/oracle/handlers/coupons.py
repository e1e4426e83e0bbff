"""Claimables and batches of them (DOC 10-17 to 22D).

A claimable is one code that everybody may use, a batch a pool of codes: `core.coupons`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from msgspec import UNSET

from largesse.core import errors as core
from largesse.core.coupons.model import Changes, NewBatch, NewCoupon
from largesse.core.ids import new_id
from largesse.core.search.model import Search
from largesse.dialects.oracle import answers, listing, records
from largesse.dialects.oracle.errors import NO_CODE, Coded, CodedUnknown, InvalidParameter
from largesse.dialects.oracle.mapping import to_moment
from largesse.dialects.oracle.records import Batch, Coupon, MadeBatch, MadeCoupon, MadeLink, Nothing
from largesse.wire import bodies
from largesse.wire.call import Call

# DOC: createPromotionCouponBatch and deletePromotionCouponBatch. For claimables three of them are
# listed (21130, 21131, 21139); the others are INFERRED there.
BAD_ID = "21121"
NO_PROMOTION_ID = "21122"
UNKNOWN_PROMOTION = "21130"
ID_EXISTS = "21131"
NOT_PERMITTED = "21132"
NO_MAX_USES = "21133"
LONG_ID = "21134"
NOT_OF_PROMOTION = "21140"
BLANK = "21150"
PREFIX_EXISTS = "21152"
BAD_PREFIX = "21153"
CLAIMED = "21157"
BAD_VALUE = "21160"
NO_PROPERTIES = "21161"
MISSING = "21162"
LONG_PREFIX = "21163"
BAD_NUMBER = "21164"

MOST_COUPONS = 1_006_632
"""Coupons of a batch at most (DOC 22A, 21164)."""

LONGEST_PREFIX = 40
LONGEST_ID = 100

PREFIX = re.compile(r"[A-Za-z0-9]+", re.ASCII)
NUMBER = re.compile(r"[0-9]{1,10}", re.ASCII)


# --- claimables --------------------------------------------------------------------------------


async def list_claimables(call: Call) -> Any:
    """GET claimables: a page of the coupons; those of batches are not among them (DECIDED)."""
    limit, offset = listing.paging(call)
    verbose = listing.flag(call, "useMaxUses")
    found, total = await call.services.coupons.search(
        call.caller, Search(limit, offset), promotion_key=listing.parameter(call, "promotionId")
    )
    # DOC latest: without the flag a list of objects with the ids alone.
    items = [answers.coupon(one) if verbose else Coupon(repositoryId=one.code) for one in found]
    return listing.page(call, items, total, limit=limit, offset=offset)


async def get_claimable(call: Call) -> Any:
    """GET claimables/{id}: a coupon, or a code of a batch."""
    verbose = listing.flag(call, "useMaxUses")
    code, promotion = call.path("claimable_id"), listing.parameter(call, "promotionId")
    with _unknown(code, promotion):
        found = await call.services.coupons.get(call.caller, code)
    if promotion is not None and promotion not in found.promotion_keys:
        raise _not_of(code, promotion)
    return listing.cut(call, answers.coupon(found, verbose=verbose))


async def create_claimable(call: Call) -> MadeCoupon:
    """POST claimables: make a coupon."""
    body: records.NewCoupon = call.body
    code = _id(body.id)
    uses = _uses(body.maxUses, needed=bool(body.useMaxUses))
    new = NewCoupon(code, _promotions(body, needed=True) or (), uses, _start(body.startDate))
    with _words(code):
        made = await call.services.coupons.create(call.caller, new)
    return MadeCoupon(made.code)


async def update_claimable(call: Call) -> Coupon:
    """PUT claimables/{id}: change what is given; a list of promotions replaces the one before."""
    body: records.CouponChanges = call.body
    code = call.path("claimable_id")
    changes = Changes(_changed(body), _promotions(body, needed=False))
    with _words(code), _unknown(code, None):
        changed = await call.services.coupons.change(call.caller, code, changes)
    return answers.coupon(changed)


async def delete_claimable(call: Call) -> Nothing:
    """DELETE claimables/{id}: end a coupon. Its id stays taken (DECIDED)."""
    code, promotion = call.path("claimable_id"), _owner(call)
    with _unknown(code, promotion):
        await call.services.coupons.end(call.caller, code, promotion_key=promotion)
    return Nothing()


# --- batches -----------------------------------------------------------------------------------


async def list_batches(call: Call) -> Any:
    """GET couponBatches: a page of the pools that codes are given out of."""
    limit, offset = listing.paging(call)
    found, total = await call.services.coupons.search_batches(
        call.caller, Search(limit, offset), promotion_key=listing.parameter(call, "promotionId")
    )
    items = [answers.batch(one) for one in found]
    return listing.page(call, items, total, limit=limit, offset=offset)


async def get_batch(call: Call) -> Any:
    """GET couponBatches/{id}: one of them."""
    name, promotion = call.path("batch_id"), listing.parameter(call, "promotionId")
    with _unknown(name, promotion):
        found = await call.services.coupons.batch(call.caller, name)
    if promotion is not None and promotion not in found.promotion_keys:
        raise _not_of(name, promotion)
    return listing.cut(call, answers.batch(found))


async def create_batch(call: Call) -> MadeBatch:
    """POST couponBatches: make a batch; a job makes its codes."""
    body: records.NewBatch = call.body
    _check_members(call, records.NewBatch)
    # DOC prints ids such as 44d23.
    name = new_id().hex[-12:] if body.id is None else _id(body.id)
    prefix = _prefix(body.prefix)
    new = NewBatch(
        name,
        prefix,
        _number(body.numberOfCoupons),
        _promotions(body, needed=True) or (),
        _uses(body.maxUses, needed=True),
        _start(body.startDate),
    )
    await _check_free(call, prefix)
    with _words(name):
        made = await call.services.coupons.create_batch(call.caller, new)
    return MadeBatch(made.reference, [MadeLink("POST", "self", "/couponBatches")])


async def update_batch(call: Call) -> Batch:
    """PUT couponBatches/{id}: change what is given; there can only be more codes, not fewer."""
    body: records.BatchChanges = call.body
    _check_members(call, records.BatchChanges)
    name = call.path("batch_id")
    values = _changed(body)
    if body.prefix is not None:
        values["code_prefix"] = _prefix(body.prefix)
    count = None if body.numberOfCoupons is None else _number(body.numberOfCoupons)
    changes = Changes(values, _promotions(body, needed=False), count)
    with _words(name), _unknown(name, None):
        there = await call.services.coupons.batch(call.caller, name)
        if values.get("code_prefix") == there.campaign.code_prefix:
            del values["code_prefix"]
        elif "code_prefix" in values:
            await _check_free(call, values["code_prefix"])
        changed = await call.services.coupons.change_batch(call.caller, name, changes)
    return answers.batch(changed, prefix=False)


async def delete_batch(call: Call) -> Nothing:
    """DELETE couponBatches/{id}: end a batch of which nothing was given out."""
    name, promotion = call.path("batch_id"), _owner(call)
    with _unknown(name, promotion):
        try:
            await call.services.coupons.end_batch(call.caller, name, promotion_key=promotion)
        except core.StillInUse:
            given = (await call.services.coupons.batch(call.caller, name)).given
            text = (
                "Cannot delete a CouponBatch that has coupons claimed against it. "
                f"CouponBatch {name} has {given} coupons claimed."
            )
            raise Coded(CLAIMED, text) from None
    return Nothing()


async def _check_free(call: Call, prefix: str) -> None:
    # Of two at the same moment both may pass. Their codes differ all the same.
    if await call.services.coupons.prefix_taken(call.caller, prefix):
        raise Coded(PREFIX_EXISTS, "Prefix already exists.")


# --- what is sent ------------------------------------------------------------------------------


def _id(text: str | None) -> str:
    if text is None:
        raise Coded(MISSING, "Missing expected property: id")
    if not text.strip():
        raise Coded(BLANK, "Required property cannot be blank: id")
    if "/" in text or "\\" in text:
        reason = "Claimable IDs may not contain forwardslash or backslash characters."
        raise Coded(BAD_ID, f"Claimable ID {text} is invalid. {reason}")
    if len(text) > LONGEST_ID:
        raise Coded(LONG_ID, f"ID value is too long: {text}")
    return text


def _prefix(text: str | None) -> str:
    if text is None:
        raise Coded(MISSING, "Missing expected property: prefix")
    if not text.strip():
        raise Coded(BLANK, "Required property cannot be blank: prefix")
    if not PREFIX.fullmatch(text):
        reason = "Can only be alphanumeric with no special characters"
        raise Coded(BAD_PREFIX, f"Prefix has an invalid format. {reason}: {text}")
    if len(text) > LONGEST_PREFIX:
        reason = f"Maximum: {LONGEST_PREFIX}. Actual: {len(text)}."
        raise Coded(LONG_PREFIX, f"Coupon batch prefix is too long. {reason}")
    return text


def _number(given: records.Count) -> int:
    if given is None:
        raise Coded(MISSING, "Missing expected property: numberOfCoupons")
    number = _integer(given, "numberOfCoupons")
    if not 1 <= number <= MOST_COUPONS:
        text = "Number of Coupons not in the valid range. It must be in the range: "
        raise Coded(BAD_NUMBER, f"{text}1, {MOST_COUPONS}")
    return number


def _uses(given: records.Count, *, needed: bool) -> int | None:
    if given is None:
        if needed:
            raise Coded(NO_MAX_USES, "Max uses is missing from the input data.")
        return None
    number = _integer(given, "maxUses")
    if not 1 <= number < 2**31:
        raise _bad("maxUses", given)
    return number


def _integer(given: int | str, name: str) -> int:
    if isinstance(given, str) and not NUMBER.fullmatch(given):
        raise _bad(name, given)
    return int(given)


def _bad(name: str, given: object) -> Coded:
    text = "Coupon batch property does not exist, or value is invalid"
    return Coded(BAD_VALUE, f"{text}: {name}, {given}")


def _start(given: Any) -> Any:
    try:
        return to_moment(given, "startDate")
    except InvalidParameter:
        raise _bad("startDate", given) from None


def _promotions(body: Any, *, needed: bool) -> tuple[str, ...] | None:
    """Return the promotions of a body, by `promotionId` or by `promotions`, not both."""
    if body.promotionId is not None and body.promotions is not None:
        raise _bad("promotions", "use either promotionId or promotions")
    keys: Sequence[str] | None = None
    if body.promotionId is not None:
        keys = [body.promotionId]
    elif body.promotions is not None:
        keys = [one.repositoryId for one in body.promotions]
    if keys is None and not needed:
        return None
    if not keys or not all(key.strip() for key in keys):
        raise Coded(NO_PROMOTION_ID, "Promotion ID cannot be blank.")
    return tuple(dict.fromkeys(keys))


def _changed(body: Any) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if body.maxUses is not None:
        values["uses_per_code"] = _uses(body.maxUses, needed=True)
    if body.startDate is not UNSET:
        values["codes_start_at"] = _start(body.startDate)
    return values


def _check_members(call: Call, kind: Any) -> None:
    members: Mapping[str, Any] = bodies.json(call.raw, dict[str, Any])
    if not members:
        raise Coded(NO_PROPERTIES, "Coupon batch properties cannot be empty or null.")
    for name in members:
        if name not in kind.__struct_fields__:
            text = "Specified property is not permitted for coupon batches"
            raise Coded(NOT_PERMITTED, f"{text}: {name}")


def _owner(call: Call) -> str:
    promotion = listing.parameter(call, "promotionId")
    if promotion is None:
        raise Coded(NO_PROMOTION_ID, "Promotion ID cannot be blank.")
    return promotion


# --- what is refused ---------------------------------------------------------------------------


@contextmanager
def _words(name: str) -> Iterator[None]:
    try:
        yield
    except core.UnknownPromotion as error:
        text = f"Promotion {error.value} could not be found."
        raise Coded(UNKNOWN_PROMOTION, text) from None
    except core.AlreadyExists as error:
        noun = "coupon batch" if error.noun == "coupon batch" else "coupon"
        raise Coded(ID_EXISTS, f"ID already exists for {noun} {name}.") from None
    except core.InvalidValue as error:
        names = {"count": "numberOfCoupons", "code": "id", "name": "id"}
        raise _bad(names.get(error.field, error.field), error.reason) from None


@contextmanager
def _unknown(name: str, promotion: str | None) -> Iterator[None]:
    try:
        yield
    except (core.UnknownCode, core.UnknownCampaign):
        if promotion is not None:
            raise _not_of(name, promotion) from None
        # INFERRED: the pages list no code for an id that nothing has.
        raise CodedUnknown(NO_CODE, f"Claimable {name} does not exist.") from None


def _not_of(name: str, promotion: str) -> CodedUnknown:
    text = f"Claimable {name} does not exist for promotion {promotion}."
    return CodedUnknown(NOT_OF_PROMOTION, text)
