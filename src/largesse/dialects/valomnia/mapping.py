"""Between Valomnia's words and ours. Pure: no input, no output."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from urllib.parse import urlencode

from largesse.core.access.model import Caller
from largesse.core.lists.model import Assignment, AssignmentQuery, ByReference, MomentFilter
from largesse.dialects.valomnia import schemas
from largesse.dialects.valomnia.errors import InvalidMoments, InvalidParameters, MissingParameter
from largesse.wire.errors import WrongType

WIRE = "valomnia"

Parameters = Sequence[tuple[str, str]]
"""The names and values of a query, in its order."""

SORTS = {
    # DECIDED: any field of the record; of the two records inside it the fields too (Grails'
    # spelling). An organization has its records alone, so sorting by it is sorting by id.
    "id": "id",
    "dateCreated": "created_at",
    "lastUpdated": "updated_at",
    "organization": "id",
    "promotionListReference": "list_reference",
    "customerGroupReference": "group_reference",
    "promotionList": "list_id",
    "promotionList.id": "list_id",
    "promotionList.reference": "list_reference",
    "customerGroup": "group_id",
    "customerGroup.id": "group_id",
    "customerGroup.reference": "group_reference",
    "customerGroup.name": "group_name",
}
ORDERS = {"asc": False, "desc": True}

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

LONG = re.compile(r"-?[0-9]{1,19}")
MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?"
    r"(Z|[+-][0-9]{2}:?[0-9]{2})"
)
SECOND = timedelta(seconds=1)


# --- requests ----------------------------------------------------------------------------------


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


def to_query(given: Parameters) -> AssignmentQuery:
    """Return what a list asks for.

    Raises:
        InvalidParameters, InvalidMoments, WrongType
    """
    values = to_parameters(given, schemas.ListQuery.__struct_fields__)
    moments = to_moments({name: values[name] for name in BOUNDS if name in values})
    sort, order = values.get("sort", "id"), values.get("order", "asc").lower()
    refused = tuple(
        name for name, right in (("sort", sort in SORTS), ("order", order in ORDERS)) if not right
    )
    if refused:
        raise InvalidParameters(refused)
    return AssignmentQuery(
        limit=to_long("max", values.get("max", "100")),
        offset=to_long("offset", values.get("offset", "0")),
        sort=SORTS[sort],
        descending=ORDERS[order],
        moments=moments,
        group_reference=values.get("customerGroupReference"),
        list_reference=values.get("promotionListReference"),
    )


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


def to_long(name: str, value: int | str) -> int:
    """Return an integer of 64 bits, given as a number or as its digits. Raises WrongType."""
    if isinstance(value, str):
        if not LONG.fullmatch(value):
            raise WrongType(name, "is no number")
        value = int(value)
    if not -(2**63) <= value < 2**63:
        raise WrongType(name, "is no number of 64 bits")
    return value


def to_wanted(path: Mapping[str, str]) -> int | ByReference:
    """Return the record that a path names. Raises WrongType."""
    if "id" in path:
        return to_long("id", path["id"])
    return ByReference(group=path["customerGroupId"], list=path["promotionListId"])


@dataclass(frozen=True, slots=True)
class Ends:
    """The list and the group of a new record, each by its id or, as a text, its reference."""

    promotion_list: int | str
    group: int | str


def to_new(body: schemas.SaveBody) -> Ends:
    """Return what a new record is made of. Raises MissingParameter, WrongType."""
    references = _flag(body.useExternalId) or False
    return Ends(
        _needed("promotionListId", body.promotionListId, references),
        _needed("customerGroupId", body.customerGroupId, references),
    )


@dataclass(frozen=True, slots=True)
class Change:
    """Which record changes, and its new ends; None: as it is."""

    wanted: int | ByReference
    promotion_list: int | str | None
    group: int | str | None


def to_change(path: Mapping[str, str], body: schemas.UpdateBody) -> Change:
    """Return what an update asks for; its record is named by the body's id or by the path.

    Raises:
        MissingParameter, WrongType
        InvalidParameters: the path and the body name different records.
    """
    references = _flag(body.useExternalId)
    if "customerGroupId" in path:
        # SEED prints the address by references without a body: what it leaves out stays. There
        # the document types both names as Strings and references, so without the flag a String
        # is a reference and a Long an id (INFERRED).
        return Change(
            to_wanted(path),
            _name("promotionListId", body.promotionListId, references),
            _name("customerGroupId", body.customerGroupId, references),
        )
    wanted = _needed("id", path.get("id", body.id), False)
    assert isinstance(wanted, int)
    if "id" in path and _name("id", body.id, False) not in (None, wanted):
        raise InvalidParameters(("id",))
    return Change(
        wanted,
        _needed("promotionListId", body.promotionListId, references or False),
        _needed("customerGroupId", body.customerGroupId, references or False),
    )


def _needed(name: str, value: schemas.Name, references: bool) -> int | str:
    found = _name(name, value, references)
    if found is None:
        raise MissingParameter(name)
    return found


def _name(name: str, value: schemas.Name, references: bool | None) -> int | str | None:
    """Return an id or, as a text, a reference; None is a String's own business to tell."""
    if value is None or value == "":
        return None
    if references or (references is None and isinstance(value, str)):
        return str(value)
    return to_long(name, value)


def _flag(value: schemas.Flag) -> bool | None:
    return value == "true" if isinstance(value, str) else value


# --- answers -----------------------------------------------------------------------------------


def from_assignment(assignment: Assignment, caller: Caller, root: str) -> schemas.Record:
    """Return a record as it is printed; `root` is the prefix called, e.g. `/api/v1` (DECIDED)."""
    group, plist = assignment.group, assignment.list
    return schemas.Record(
        id=assignment.id,
        promotionListReference=plist.reference,
        customerGroupReference=group.reference,
        customerGroup=schemas.CustomerGroup(
            group.id, group.reference, group.name, f"{root}/customerGroups/{group.id}"
        ),
        promotionList=schemas.PromotionList(
            plist.id, plist.reference, f"{root}/promotionLists/{plist.id}"
        ),
        organization=caller.name_on(WIRE),
        dateCreated=moment(assignment.created_at),
        lastUpdated=moment(assignment.updated_at),
    )


def from_caller(caller: Caller, token: str) -> schemas.Session:
    """Return who is logged in, and the token for the calls that follow."""
    return schemas.Session(
        token,
        schemas.SessionUser(
            email=caller.email,
            firstName=caller.first_name,
            lastName=caller.last_name,
            # DOC prints an array and no value; these are our own words (DECIDED).
            role=[] if caller.role is None else [caller.role],
        ),
    )


def paging(query: AssignmentQuery, total: int, path: str, given: Parameters) -> schemas.Paging:
    """Return where a page lies among all; an end has no neighbour (SEED)."""
    limit, offset = query.limit, query.offset
    # From behind the end the way back leads to the last page, not to another empty one.
    before = max(0, min(offset, total) - limit)
    return schemas.Paging(
        total=total,
        max=limit,
        offset=offset,
        previous=None if offset == 0 else link(path, given, before),
        next=None if offset + limit >= total else link(path, given, offset + limit),
    )


def link(path: str, given: Parameters, offset: int) -> str:
    """Return the address called, with the same query and another offset (DECIDED)."""
    query = dict(given) | {"offset": str(offset)}
    return f"{path}?{urlencode(query, safe='*:')}"


def moment(value: datetime) -> str:
    """Return a moment as Valomnia prints it: UTC, to the second (SEED)."""
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
