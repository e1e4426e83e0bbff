"""Which group gets which list: a table of both whose boxes are saved together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from largesse.admin import forms, render
from largesse.admin.language import N_
from largesse.admin.nouns import page
from largesse.admin.pages.promotion_lists import name_of
from largesse.admin.picking import number
from largesse.admin.render import Page
from largesse.core.access.model import Right
from largesse.core.errors import Conflict, Unknown
from largesse.core.lists.model import CustomerGroup, PromotionList
from largesse.core.lists.pairs import Cell
from largesse.core.search.browse import MOST_IN_A_PAGE, Browse, Browsed
from largesse.wire.call import Call

PATH = "/assignments"

ROWS, COLUMNS = 40, 12
"""Groups and lists that are shown at a time."""
assert ROWS * COLUMNS <= MOST_IN_A_PAGE


@dataclass(frozen=True, slots=True)
class Matrix:
    """The groups and lists of a page of the table, and which of them go together."""

    groups: Browsed[CustomerGroup]
    lists: Browsed[PromotionList]
    assigned: frozenset[Cell]
    ticked: frozenset[Cell]
    """What the boxes say: another thing than is kept, where somebody is about to change it."""


async def show(call: Call) -> Page:
    """Show the table, or the part of it that is asked for."""
    return await _page(call)


async def save(call: Call) -> Any:
    """Change what was ticked and unticked, unless somebody else changed it meanwhile."""
    call.caller.require(Right.MANAGE_LISTS)
    look = render.viewer(call)
    ticked, shown = _cells(call, "cell"), _cells(call, "was")
    add, remove = ticked - shown, shown - ticked
    if not add and not remove:
        return render.go(call, _back(call), look.say(N_("Nothing was changed.")))
    try:
        await call.services.assignments.rearrange(call.caller, add=add, remove=remove)
    except (Conflict, Unknown) as refusal:
        return await _page(call, refusal=look.refusal(refusal), add=add, remove=remove)
    counts = {"added": look.number(len(add)), "removed": look.number(len(remove))}
    return render.go(
        call, _back(call), look.say(N_("Added: %(added)s. Removed: %(removed)s."), **counts)
    )


def _cells(call: Call, name: str) -> frozenset[Cell]:
    """Return the cells that fields name as `group-list`; what is none of those is left out."""
    parts = (value.partition("-") for value in forms.many(call, name))
    pairs = ((number(first), number(second)) for first, _, second in parts)
    return frozenset((first, second) for first, second in pairs if first and second)


def _back(call: Call) -> str:
    query = call.scope["query_string"].decode("latin-1")
    return f"{PATH}?{query}" if query else PATH


async def _page(
    call: Call,
    refusal: str = "",
    add: frozenset[Cell] = frozenset(),
    remove: frozenset[Cell] = frozenset(),
) -> Page:
    given = call.request.query_params
    names = ("groups", "lists", "groups_after", "lists_after")
    asked = {name: given.get(name, "").strip()[:200] for name in names}
    groups, lists = await _groups(call, asked), await _lists(call, asked)
    assigned = await _assigned(call, groups.items, lists.items)
    data = {
        "asked": asked,
        "matrix": Matrix(groups, lists, assigned, (assigned | add) - remove),
        "refusal": refusal,
        "name_of": name_of,
        "back": _back(call),
    }
    return Page("assignments.html", data, status=409 if refusal else None)


async def _groups(call: Call, asked: Mapping[str, str]) -> Browsed[CustomerGroup]:
    after = number(asked["groups_after"])
    text = asked["groups"] or None
    query = Browse(text, order="name", descending=False, after=after, limit=ROWS)
    return await call.services.groups.browse(call.caller, query)


async def _lists(call: Call, asked: Mapping[str, str]) -> Browsed[PromotionList]:
    after = number(asked["lists_after"])
    text = asked["lists"] or None
    query = Browse(text, order="reference", descending=False, after=after, limit=COLUMNS)
    return await call.services.promotion_lists.browse(call.caller, query)


async def _assigned(
    call: Call, groups: Sequence[CustomerGroup], lists: Sequence[PromotionList]
) -> frozenset[Cell]:
    ends = {"group_id": [one.id for one in groups], "list_id": [one.id for one in lists]}
    if not all(ends.values()):
        return frozenset()
    query = Browse(filters=ends, limit=MOST_IN_A_PAGE)
    found = await call.services.assignments.browse(call.caller, query)
    return frozenset((one.group.id, one.list.id) for one in found.items)


ROUTES = (page("GET", PATH, show), page("POST", PATH, save))
