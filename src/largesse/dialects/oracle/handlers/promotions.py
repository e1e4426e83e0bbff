"""Promotions (DOC 12-17, 21A, 22A): what the core has no word for is kept as it came."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from largesse.core import errors as core
from largesse.core.promotions.model import Promotion
from largesse.core.promotions.service import LOCALE
from largesse.core.search.model import MOST_IN_A_PAGE, Search
from largesse.dialects.oracle import answers, listing, mapping
from largesse.dialects.oracle.errors import (
    INVALID_PROMOTION,
    CodedUnknown,
    InvalidParameter,
    MissingHeader,
    UnknownParent,
)
from largesse.dialects.oracle.records import Nothing
from largesse.wire import bodies
from largesse.wire.call import Call

LANGUAGE = "x-ccasset-language"

MOST_FOUND = 10_000
"""Promotions that a search without pages answers at most (DECIDED; the document says all)."""

REFERRED = ("excludedPromotions", "includedPromotions")
"""Members of a promotion that list others."""


async def list_promotions(call: Call) -> Any:
    """GET promotions: a page of the promotions that fit, or all that fit `promotionId`."""
    limit, offset = listing.paging(call)
    language = _language(call)
    asked = {name: text for name, text in call.request.query_params.items() if text}
    if (kind := asked.get("itemType", "promotion")) not in ("promotion", "stackingRule"):
        raise InvalidParameter(kind, "itemType")
    if "id" in asked or "propertyName" in asked:
        found = await _referred(call, asked)
        total = len(found)
        shown = found[offset : offset + limit]
    elif "promotionId" in asked:
        query = mapping.to_search(asked, limit=MOST_IN_A_PAGE, offset=0)
        shown, total = await _all(call, query)
        limit, offset = max(limit, len(shown)), 0
    else:
        query = mapping.to_search(asked, limit=limit, offset=offset)
        shown, total = await call.services.promotions.search(call.caller, query)
    items = [answers.promotion(one, language) for one in shown]
    return listing.page(call, items, total, limit=limit, offset=offset)


async def _all(call: Call, query: Search) -> tuple[list[Promotion], int]:
    found: list[Promotion] = []
    total = 1
    while len(found) < min(total, MOST_FOUND):
        step = Search(
            query.limit, len(found), like=query.like, equal=query.equal, among=query.among
        )
        part, total = await call.services.promotions.search(call.caller, step)
        if not part:
            break
        found += part
    return found, total


async def _referred(call: Call, asked: Mapping[str, str]) -> list[Promotion]:
    """Return the promotions that a promotion names in one of its members."""
    name = asked.get("propertyName")
    if name is None or "id" not in asked:
        raise InvalidParameter(name or asked.get("id", ""), "propertyName" if name else "id")
    if asked.get("itemType") == "stackingRule":
        return []  # there are none here
    if name not in REFERRED:
        raise InvalidParameter(name, "propertyName")
    with _unknown():
        there = await call.services.promotions.by_key(call.caller, asked["id"])
    keys = _ids(answers.kept_of(there).get(name))
    found = await call.services.promotions.by_keys(call.caller, keys)
    return [found[key] for key in dict.fromkeys(keys) if key in found]


def _ids(named: Any) -> list[str]:
    """Return the ids in a list of references, which was kept as it came."""
    members = named if isinstance(named, list) else []
    ids = (one.get("repositoryId") if isinstance(one, Mapping) else one for one in members)
    return [one for one in ids if isinstance(one, str)]


async def get_promotion(call: Call) -> Any:
    """GET promotions/{id}: one promotion, in the language of the header if it has that."""
    with _unknown():
        found = await call.services.promotions.by_key(call.caller, call.path("promotion_id"))
    return listing.cut(call, answers.promotion(found, _language(call)))


async def create_promotion(call: Call) -> Any:
    """POST promotions: make a promotion; its texts are in the language of the header."""
    language = _needed_language(call)
    values = mapping.to_promotion(call.body, _members(call), language)
    with _folder():
        made = await call.services.promotions.create(call.caller, values)
    return answers.promotion(made, language)


async def update_promotion(call: Call) -> Any:
    """PUT promotions/{id}: change what is given; everything else stays."""
    language = _needed_language(call)
    body, members = call.body, _members(call)

    def change(there: Promotion) -> Mapping[str, Any]:
        return mapping.to_changes(body, members, language, there)

    with _unknown(), _folder():
        changed = await call.services.promotions.revise(
            call.caller, call.path("promotion_id"), change
        )
    return answers.promotion(changed, language)


async def delete_promotion(call: Call) -> Nothing:
    """DELETE promotions/{id}: delete a promotion that nothing refers to (DECIDED: else 409)."""
    with _unknown():
        found = await call.services.promotions.by_key(call.caller, call.path("promotion_id"))
        await call.services.promotions.delete(call.caller, found.id)
    return Nothing()


def _members(call: Call) -> dict[str, Any]:
    """Return all members of the body, those that no document names as well."""
    members: dict[str, Any] = bodies.json(call.raw, dict[str, Any])
    return members


def _language(call: Call) -> str | None:
    language = call.header(LANGUAGE)
    if language is not None and not LOCALE.fullmatch(language):
        raise InvalidParameter(language, LANGUAGE)
    return language


def _needed_language(call: Call) -> str:
    language = _language(call)
    if language is None:
        raise MissingHeader(LANGUAGE)
    return language


@contextmanager
def _unknown() -> Iterator[None]:
    try:
        yield
    except core.UnknownPromotion as error:
        # SEED 001's code and sentence (INFERRED: no page of these operations lists one).
        text = f"{error.value} is not a valid promotion id"
        raise CodedUnknown(INVALID_PROMOTION, text) from None


@contextmanager
def _folder() -> Iterator[None]:
    try:
        yield
    except core.UnknownReference as error:
        if error.field != "folder_id":
            raise
        raise UnknownParent(mapping.folder_id(int(error.value))) from None
