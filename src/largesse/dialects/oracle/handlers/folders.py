"""Folders that promotions are kept in (DOC 12-17, 21B to 22A)."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from msgspec import UNSET

from largesse.core import errors as core
from largesse.core.promotions.model import PromotionFolder
from largesse.core.search.model import Search
from largesse.dialects.oracle import answers, listing
from largesse.dialects.oracle.errors import Coded, CodedUnknown, InvalidParameter, UnknownParent
from largesse.dialects.oracle.mapping import to_folder
from largesse.dialects.oracle.records import Folder, NewFolder, Nothing, Sort
from largesse.wire.call import Call

NAME = "21243"
UNKNOWN = "21241"
OWN_PARENT = "21245"
CIRCLE = "21246"
BAD_PARENT = "21247"

SORTS = {"path": "path", "name": "name", "repositoryId": "id"}

# DOC: a SCIM filter; the name is the only property that it can be about.
FILTER = re.compile(r'\s*name\s+(eq|co|sw|ew)\s+"((?:[^"\\]|\\.)*)"\s*', re.IGNORECASE | re.DOTALL)
PATTERNS = {"eq": "{}", "co": "*{}*", "sw": "{}*", "ew": "*{}"}


async def list_folders(call: Call) -> Any:
    """GET promotionFolders: a page of the folders, by path unless told otherwise."""
    limit, offset = listing.paging(call)
    sort = _sort(call)
    query = Search(
        limit,
        offset,
        sort=SORTS[sort.property],
        descending=sort.order == "desc",
        like=_filter(call),
    )
    found, total = await call.services.promotion_folders.search(call.caller, query)
    items = [answers.folder(one) for one in found]
    return listing.page(call, items, total, limit=limit, offset=offset, sort=sort)


async def get_folder(call: Call) -> Any:
    """GET promotionFolders/{id}: one folder."""
    return listing.cut(call, answers.folder(await _folder(call)))


async def create_folder(call: Call) -> Folder:
    """POST promotionFolders: make a folder."""
    with _words():
        made = await call.services.promotion_folders.create(call.caller, _values(call.body))
    return answers.folder(made)


async def update_folder(call: Call) -> Folder:
    """PUT promotionFolders/{id}: rename or move a folder; without a parent it stays in its own."""
    there = await _folder(call)
    values = _values(call.body)
    if values.get("parent_id") == there.id:
        raise Coded(OWN_PARENT, "Promotion folder cannot be added as a parent of itself")
    with _words():
        changed = await call.services.promotion_folders.change(call.caller, there.id, values)
    return answers.folder(changed)


async def delete_folder(call: Call) -> Nothing:
    """DELETE promotionFolders/{id}: delete an empty folder (DECIDED: 409 if it is not)."""
    await call.services.promotion_folders.delete(call.caller, (await _folder(call)).id)
    return Nothing()


async def _folder(call: Call) -> PromotionFolder:
    text = call.path("folder_id")
    number = to_folder(text)
    try:
        # No folder has the number 0.
        return await call.services.promotion_folders.get(call.caller, number or 0)
    except core.UnknownPromotionFolder:
        text = f"promotion folder not found for the given ID : {text}"
        raise CodedUnknown(UNKNOWN, text) from None


def _values(body: NewFolder) -> dict[str, Any]:
    if body.name is None or not body.name.strip():
        raise Coded(NAME, "Missing required property: name")
    values: dict[str, Any] = {"name": body.name}
    if body.parentFolder is not UNSET:
        values["parent_id"] = _parent(body.parentFolder)
    return values


def _parent(named: Any) -> int | None:
    if named is None:
        return None
    reference = named.get("repositoryId") if isinstance(named, dict) else None
    if not isinstance(reference, str):
        raise Coded(BAD_PARENT, "Invalid format for parentFolder property")
    number = to_folder(reference)
    if number is None:
        raise UnknownParent(reference)
    return number


@contextmanager
def _words() -> Iterator[None]:
    try:
        yield
    except core.UnknownReference as error:
        raise UnknownParent(f"promoFolder{error.value}") from None
    except core.InvalidValue as error:
        if error.field == "parent_id":
            text = "Promotion folder cannot have a circular reference through it's parent folder"
            raise Coded(CIRCLE, text) from None
        raise


def _sort(call: Call) -> Sort:
    text = listing.parameter(call, "sort") or "path"
    name, _, order = text.partition(":")
    if name not in SORTS or order not in ("", "asc", "desc"):
        raise InvalidParameter(text, "sort")
    return Sort(name, order or "asc")


def _filter(call: Call) -> dict[str, str]:
    text = listing.parameter(call, "q")
    if text is None:
        return {}
    match = FILTER.fullmatch(text)
    if match is None:
        raise InvalidParameter(text, "q")
    value = re.sub(r"\\(.)", r"\1", match[2], flags=re.DOTALL)
    # SCIM compares without regard to case (RFC 7643, 2.2). An asterisk stands for any characters.
    return {"name_key": PATTERNS[match[1].lower()].format(value)}
