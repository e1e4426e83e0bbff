"""From Valomnia's queries, paths and bodies to our words. Pure: no input, no output."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from urllib.parse import urlencode

import msgspec
from msgspec import UNSET

from largesse.core.customers.model import Customer, CustomerKind
from largesse.core.lists.model import ByReference
from largesse.core.search.model import MomentFilter, Search
from largesse.dialects.valomnia import records, schemas
from largesse.dialects.valomnia.answers import WIRE, kept_of
from largesse.dialects.valomnia.errors import InvalidMoments, InvalidParameters, MissingParameter
from largesse.dialects.valomnia.resources import ANY, End, Resource
from largesse.wire.errors import WrongType

Parameters = Sequence[tuple[str, str]]
"""The names and values of a query, in its order."""

ORDERS = {"asc": False, "desc": True}
FLAGS = {"true": True, "false": False}

BOUNDS: Mapping[
    str, tuple[Literal["created_at", "updated_at"], Literal["gt", "gte", "lt", "lte"]]
] = {
    "dateCreated_gt": ("created_at", "gt"),
    "dateCreated_gte": ("created_at", "gte"),
    "dateCreated_lt": ("created_at", "lt"),
    "dateCreated_lte": ("created_at", "lte"),
    "lastUpdated_gt": ("updated_at", "gt"),
    "lastUpdated_gte": ("updated_at", "gte"),
    "lastUpdated_lt": ("updated_at", "lt"),
    "lastUpdated_lte": ("updated_at", "lte"),
}

PAGE_NAMES = ("max", "offset", "sort", "order")
"""What an address of another page begins with (DOC cust-list)."""

LONG = re.compile(r"-?[0-9]{1,19}")
MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?"
    r"(Z|[+-][0-9]{2}:?[0-9]{2})"
)
SECOND = timedelta(seconds=1)


# --- queries -----------------------------------------------------------------------------------


def to_parameters(given: Parameters, known: Sequence[str]) -> dict[str, str]:
    """Return what a query holds; a parameter without a value counts as not given (DECIDED).

    Raises:
        InvalidParameters: some are not known, or stand twice, so that it is not clear which counts.
    """
    times = Counter(name for name, _ in given)
    refused = tuple(name for name in times if name not in known or times[name] > 1)
    if refused:
        raise InvalidParameters(refused)
    return {name: value for name, value in given if value}


def to_search(resource: Resource, given: Parameters) -> Search:
    """Return what a list asks for.

    Raises:
        InvalidParameters, InvalidMoments, WrongType
    """
    values = to_parameters(given, resource.query.__struct_fields__)
    moments = to_moments({name: values[name] for name in BOUNDS if name in values})
    sorts = {**resource.sorts, **ANY}
    _, _, sort, order = page_of(values)
    refused = tuple(
        name for name, right in (("sort", sort in sorts), ("order", order in ORDERS)) if not right
    )
    if refused:
        raise InvalidParameters(refused)
    return Search(
        limit=to_long("max", values.get("max", "100")),
        offset=to_long("offset", values.get("offset", "0")),
        sort=sorts[sort],
        descending=ORDERS[order],
        moments=moments,
        like={field: values[name] for name, field in resource.patterns.items() if name in values},
        equal={
            field: to_flag(name, values[name])
            for name, field in resource.flags.items()
            if name in values
        },
    )


def page_of(values: Mapping[str, str]) -> tuple[str, str, str, str]:
    """Return max, offset, sort and order as they count; by default the oldest come first.

    DOC cust-list and p47 print sort=dateCreated&order=asc where no order is spoken of (INFERRED).
    """
    return (
        values.get("max", "100"),
        values.get("offset", "0"),
        values.get("sort", "dateCreated"),
        values.get("order", "asc").lower(),
    )


def to_flag(name: str, value: str) -> bool:
    """Return true or false. Raises WrongType."""
    if value.lower() not in FLAGS:
        raise WrongType(name, "is neither true nor false")
    return FLAGS[value.lower()]


def to_moments(values: Mapping[str, str]) -> tuple[MomentFilter, ...]:
    """Return the bounds that filters by time mean. Raises InvalidMoments, which names all bad ones."""
    moments = {name: _moment(value) for name, value in values.items()}
    refused = tuple(values[name] for name, moment in moments.items() if moment is None)
    if refused:
        raise InvalidMoments(refused)
    return tuple(_bound(name, moment) for name, moment in moments.items() if moment is not None)


def _moment(text: str) -> datetime | None:
    if not MOMENT.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):  # a day, a minute or a year that there is not
        return None


def _bound(name: str, moment: datetime) -> MomentFilter:
    """Compare whole seconds: a client goes on from the moment that it was shown (DECIDED).

    What happened at 37.5 s is printed as 37, so it is not after 37 and not before 38.
    """
    field, operator = BOUNDS[name]
    limit = moment.replace(microsecond=0)
    if operator in ("gt", "lte") or limit < moment:
        try:
            limit += SECOND
        except OverflowError:  # the last second of the calendar
            limit = datetime.max.replace(tzinfo=UTC)
    return MomentFilter(field, "gte" if operator in ("gt", "gte") else "lt", limit)


def paging(query: Search, total: int, path: str, given: Parameters) -> records.Paging:
    """Return where a page lies among all; an end has no neighbour (SEED)."""
    limit, offset = query.limit, query.offset
    # From behind the end the way back leads to the last page, not to another empty one.
    before = max(0, min(offset, total) - limit)
    return records.Paging(
        total=total,
        max=limit,
        offset=offset,
        previous=None if offset == 0 else link(path, given, before),
        next=None if offset + limit >= total else link(path, given, offset + limit),
    )


def link(path: str, given: Parameters, offset: int) -> str:
    """Return the address of another page: as DOC cust-list prints it, then the filters (DECIDED)."""
    values = {name: value for name, value in given if value}
    limit, _, sort, order = page_of(values)
    query = dict(zip(PAGE_NAMES, (limit, offset, sort, order), strict=True))
    query |= {name: value for name, value in values.items() if name not in PAGE_NAMES}
    return f"{path}?{urlencode(query, safe='*:')}"


# --- paths and bodies --------------------------------------------------------------------------


def to_wanted(resource: Resource, path: Mapping[str, str]) -> int | str | ByReference:
    """Return the record that a path names. Raises WrongType."""
    if "id" in path:
        return to_long("id", path["id"])
    if resource.ends is None:
        return path["reference"]
    first, second = resource.ends
    return ByReference(path[first.parameter], path[second.parameter])


def to_ends(resource: Resource, body: Any) -> dict[str, int | str]:
    """Return the ends of a new pair, each an id or, as a text, a reference.

    Raises:
        MissingParameter, WrongType
    """
    references = _flag(body.useExternalId) or False
    return {end.name: _needed(body, end.parameter, references) for end in _ends(resource)}


def to_change(
    resource: Resource, path: Mapping[str, str], body: Any
) -> tuple[int | ByReference, dict[str, int | str | None]]:
    """Return which pair changes and its new ends; the body's id or the path names it.

    Raises:
        MissingParameter, WrongType
        InvalidParameters: the path and the body name different records.
    """
    references, ends = _flag(body.useExternalId), _ends(resource)
    if ends[0].parameter in path:
        # SEED prints the address by references without a body: what it leaves out stays. There
        # the document types both names as Strings and references, so without the flag a String
        # is a reference and a Long an id (INFERRED).
        wanted: Any = to_wanted(resource, path)
        return wanted, {end.name: _name(body, end.parameter, references) for end in ends}
    wanted = to_long("id", path["id"]) if "id" in path else _needed(body, "id", False)
    if "id" in path and _name(body, "id", False) not in (None, wanted):
        raise InvalidParameters(("id",))
    return wanted, {end.name: _needed(body, end.parameter, references or False) for end in ends}


def _ends(resource: Resource) -> tuple[End, ...]:
    """Return a pair's ends in the order of its bodies (SEED: the list is missed before the group)."""
    assert resource.ends is not None
    return resource.ends[::-1]


def _needed(body: Any, name: str, references: bool) -> int | str:
    found = _name(body, name, references)
    if found is None:
        raise MissingParameter(name)
    return found


def _name(body: Any, name: str, references: bool | None) -> int | str | None:
    """Return an id or, as a text, a reference; None is a String's own business to tell."""
    value = getattr(body, name)
    if value is None or value == "":
        return None
    if references or (references is None and isinstance(value, str)):
        return str(value)
    return to_long(name, value)


def _flag(value: schemas.Flag) -> bool | None:
    return value == "true" if isinstance(value, str) else value


def to_long(name: str, value: int | str) -> int:
    """Return an integer of 64 bits, given as a number or as its digits. Raises WrongType."""
    if isinstance(value, str):
        if not LONG.fullmatch(value):
            raise WrongType(name, "is no number")
        value = int(value)
    if not -(2**63) <= value < 2**63:
        raise WrongType(name, "is no number of 64 bits")
    return value


def to_group(body: schemas.GroupBody, *needed: str) -> dict[str, Any]:
    """Return the fields of a group. Raises MissingParameter: one of those needed is blank."""
    for name in needed:
        if not (getattr(body, name) or "").strip():
            raise MissingParameter(name)
    fields = {name: getattr(body, name) for name in needed}
    return fields if body.description is UNSET else fields | {"description": body.description}


def to_customer(body: schemas.CustomerBody, there: Customer | None) -> dict[str, Any]:
    """Return the fields of a customer that an upsert makes or changes. Raises MissingParameter."""
    if not (body.name or "").strip():
        raise MissingParameter("name")
    given = {
        name: value
        for name, value in msgspec.structs.asdict(body).items()
        if value not in (None, "")
    }
    fields: dict[str, Any] = {
        ours: given[name]
        for name, ours in (("categoryId", "category"), ("email", "email"), ("phone", "phone"))
        if name in given
    }
    if "isActive" in given:
        fields["active"] = _flag(given["isActive"])
    # Valomnia's customers are shops and companies; a person of another dialect stays one.
    if there is None:
        fields |= {"kind": CustomerKind.COMPANY, "company_name": body.name}
    elif there.name != body.name:
        person = there.kind is CustomerKind.PERSON and not there.company_name
        names = {"first_name": None, "middle_name": None, "last_name": body.name}
        fields |= names if person else {"company_name": body.name}
    kept = {name: _kept(name, value) for name, value in given.items() if name not in OURS}
    if kept:
        attributes = {} if there is None else there.attributes
        before = {} if there is None else kept_of(there)
        fields["attributes"] = {**attributes, WIRE: {**before, **kept}}
    return fields


OURS = frozenset({"name", "isActive", "categoryId", "email", "phone"})
FLAGGED = frozenset({"isSubCustomer", "billWithParent", "isSameAddress"})


def _kept(name: str, value: Any) -> Any:
    if name in FLAGGED:
        return _flag(value)
    return str(value) if name in ("dueDateConfigType", "parentCustomer") else value
