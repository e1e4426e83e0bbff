"""Valomnia's words into ours and back, without a service."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from largesse.core import errors as core
from largesse.core.lists.model import ByReference
from largesse.core.search.model import MomentFilter, Search
from largesse.dialects.valomnia import answers, mapping, resources
from largesse.dialects.valomnia.errors import (
    ERRORS,
    LONGEST_SHOWN,
    InvalidMoments,
    InvalidParameters,
    MissingParameter,
    shown,
)
from largesse.dialects.valomnia.resources import GROUP_LISTS, RESOURCES
from largesse.dialects.valomnia.schemas import GroupList, GroupListChange, ListQuery
from largesse.services import Services
from largesse.wire.errors import WIRE_ERRORS, WrongType

REFERENCES = {"customerGroupId": "CG-001", "promotionListId": "RP-001"}
THERE = ByReference("CG-001", "RP-001")


def test_every_refusal_has_a_row() -> None:
    leaves = {kind for kind in core.leaves() if kind.__module__ == core.__name__}
    assert not leaves.union(WIRE_ERRORS).difference(ERRORS)


def read(path: dict[str, str], body: GroupList) -> Any:
    """Read a change or, without an id of its own, what is new."""
    if isinstance(body, GroupListChange):
        return mapping.to_change(GROUP_LISTS, path, body)
    return mapping.to_ends(GROUP_LISTS, body)


def new(plist: Any = None, group: Any = None, flag: Any = None) -> GroupList:
    return GroupList(promotionListId=plist, customerGroupId=group, useExternalId=flag)


def change(
    number: Any = None, plist: Any = None, group: Any = None, flag: Any = None
) -> GroupListChange:
    return GroupListChange(
        id=number, promotionListId=plist, customerGroupId=group, useExternalId=flag
    )


def to_search(given: mapping.Parameters) -> Search:
    return mapping.to_search(GROUP_LISTS, given)


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda one: one.path)
def test_every_filter_and_every_sort_is_one_of_the_core(resource: resources.Resource) -> None:
    paging = {"offset", "max", "sort", "order"}
    filters = {*paging, *mapping.BOUNDS, *resource.patterns, *resource.flags}
    assert filters == set(resource.query.__struct_fields__)
    (service,) = (
        one for name, one in Services.__annotations__.items() if resource.service(Names()) == name
    )
    core_fields = {*resource.sorts.values(), *resource.patterns.values(), *resource.flags.values()}
    assert core_fields <= set(service.listing.fields)


class Names:
    """Services, of which each is its own name."""

    def __getattr__(self, name: str) -> str:
        return name


def test_without_parameters_the_defaults_count() -> None:
    assert to_search([]) == Search(limit=100, offset=0, sort="created_at", descending=False)
    empty = [(name, "") for name in ListQuery.__struct_fields__]
    assert to_search(empty) == to_search([])


def test_a_query_is_read_whole() -> None:
    query = to_search(
        [
            ("max", "7"),
            ("offset", "14"),
            ("sort", "lastUpdated"),
            ("order", "DeSc"),
            ("customerGroupReference", "CG*"),
            ("promotionListReference", "*-1"),
            ("lastUpdated_lt", "2016-08-24T11:32:37Z"),
        ]
    )
    assert query == Search(
        limit=7,
        offset=14,
        sort="updated_at",
        descending=True,
        moments=(MomentFilter("updated_at", "lt", datetime(2016, 8, 24, 11, 32, 37, tzinfo=UTC)),),
        like={"group_reference": "CG*", "list_reference": "*-1"},
    )


@pytest.mark.parametrize(
    ("text", "wanted"), [("true", True), ("TRUE", True), ("false", False), ("False", False)]
)
def test_a_flag_is_read_in_any_case(text: str, wanted: bool) -> None:
    query = mapping.to_search(resources.CUSTOMERS, [("isActive", text)])
    assert query.equal == {"active": wanted}
    for odd in ("yes", "1", "truee", " true"):
        with pytest.raises(WrongType) as caught:
            mapping.to_search(resources.CUSTOMERS, [("isActive", odd)])
        assert caught.value.field == "isActive"


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ([("dateCreated_gta", "x")], ("dateCreated_gta",)),
        ([("a", "1"), ("max", "1"), ("b", "")], ("a", "b")),
        ([("MAX", "1")], ("MAX",)),
        ([("", "1")], ("",)),
        ([("max", "1"), ("max", "1")], ("max",)),
        ([("sort", "name"), ("order", "up")], ("sort", "order")),
        ([("sort", "group_id")], ("sort",)),
        # What is not known is told before what is wrong in what is known.
        ([("a", "1"), ("dateCreated_gt", "yesterday"), ("max", "x")], ("a",)),
    ],
)
def test_parameters_that_can_not_be_are_named(
    query: list[tuple[str, str]], names: tuple[str, ...]
) -> None:
    with pytest.raises(InvalidParameters) as caught:
        to_search(query)
    assert caught.value.names == names


def test_several_names_stand_in_one_pair_of_brackets() -> None:
    error = InvalidParameters(("a", "b", "c" * 1000))
    text = ERRORS[InvalidParameters].text(error)
    cut = "c" * LONGEST_SHOWN + "..."
    assert text == f"The parameters [a, b, {cut}] you provided are not valid for this request."


GOOD = {
    "2016-08-24T11:32:37Z": datetime(2016, 8, 24, 11, 32, 37, tzinfo=UTC),
    "2016-08-24T11:32:37.000Z": datetime(2016, 8, 24, 11, 32, 37, tzinfo=UTC),
    "2016-08-24T13:32:37+02:00": datetime(2016, 8, 24, 11, 32, 37, tzinfo=UTC),
    "2016-08-24T06:02:37-0530": datetime(2016, 8, 24, 11, 32, 37, tzinfo=UTC),
    "0001-01-01T00:00:00Z": datetime(1, 1, 1, tzinfo=UTC),
    "2016-02-29T00:00:00Z": datetime(2016, 2, 29, tzinfo=UTC),
}
BAD = (
    "2016-08-1Z",
    "2016-08-24",
    "2016-08-24Z",
    "2016-08-24T11:32:37",
    "2016-08-24T11:32Z",
    "2016-08-24 11:32:37Z",
    "2016-08-24T11:32:37z",
    "2016-08-24T11:32:37 02:00",
    "2016-02-30T00:00:00Z",
    "2015-02-29T00:00:00Z",
    "2016-13-01T00:00:00Z",
    "2016-08-24T24:00:00Z",
    "2016-08-24T11:60:00Z",
    "2016-08-24T11:32:60Z",
    "0000-01-01T00:00:00Z",
    "0001-01-01T00:00:00+01:00",
    "9999-12-31T23:59:59-01:00",
    "10000-01-01T00:00:00Z",
    "2016-08-24T11:32:37+99:00",
    "\u0662\u0660\u0661\u0666-08-24T11:32:37Z",
    "2016-08-24T11:32:37Z\n",
    " 2016-08-24T11:32:37Z",
    "1471867200000",
    "null",
)


@pytest.mark.parametrize("text", GOOD)
def test_a_moment_is_read(text: str) -> None:
    (bound,) = mapping.to_moments({"dateCreated_gte": text})
    assert bound == MomentFilter("created_at", "gte", GOOD[text])


@pytest.mark.parametrize("text", BAD)
def test_what_is_no_moment_is_shown(text: str) -> None:
    with pytest.raises(InvalidMoments) as caught:
        mapping.to_moments({"dateCreated_gte": text, "dateCreated_lt": "2016-08-24T11:32:37Z"})
    assert caught.value.values == (text,)


def test_all_that_are_no_moments_are_shown() -> None:
    with pytest.raises(InvalidMoments) as caught:
        to_search([("dateCreated_gt", "a"), ("lastUpdated_lt", "b"), ("max", "c")])
    text = ERRORS[InvalidMoments].text(caught.value)
    assert text == "Invalid datetime filter (not ISO-8601 formatted): [a, b]"


MICROSECONDS = st.integers(-3_000_000, 3_000_000)
MIDDLE = datetime(2016, 8, 24, 11, 32, 37, tzinfo=UTC)


@given(MICROSECONDS, MICROSECONDS)
def test_bounds_compare_what_is_printed(stored: int, asked: int) -> None:
    record, bound = (MIDDLE + timedelta(microseconds=one) for one in (stored, asked))
    seen = record.replace(microsecond=0)
    text = bound.isoformat().replace("+00:00", "Z")
    for operator, wanted in (
        ("gt", seen > bound),
        ("gte", seen >= bound),
        ("lt", seen < bound),
        ("lte", seen <= bound),
    ):
        (made,) = mapping.to_moments({f"lastUpdated_{operator}": text})
        fits = record >= made.moment if made.operator == "gte" else record < made.moment
        assert fits == wanted, (operator, made)


def test_the_last_second_of_the_calendar_is_a_bound() -> None:
    (bound,) = mapping.to_moments({"dateCreated_gt": "9999-12-31T23:59:59Z"})
    assert bound.moment == datetime.max.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (4, 4),
        ("4", 4),
        ("0004", 4),
        ("-1", -1),
        (2**63 - 1, 2**63 - 1),
        (str(-(2**63)), -(2**63)),
    ],
)
def test_a_long_is_a_number_or_its_digits(value: int | str, number: int) -> None:
    assert mapping.to_long("id", value) == number


@pytest.mark.parametrize(
    "value",
    [
        *("four", "", "-", "+4", " 4", "4 ", "4\n", "4.0", "4e2", "0x4", "1_000", "\u0664", "--4"),
        *(2**63, -(2**63) - 1, str(2**63), "9" * 19, "9" * 10_000, 10**4000),
    ],
)
def test_all_else_is_no_long(value: int | str) -> None:
    with pytest.raises(WrongType) as caught:
        mapping.to_long("max", value)
    text = "The type of parameter max you provided is not valid for this request."
    assert ERRORS[WrongType].text(caught.value) == text


@pytest.mark.parametrize(
    ("body", "ends"),
    [
        (new(9, 5), (9, 5)),
        (new("9", "5"), (9, 5)),
        (new(9, 5, False), (9, 5)),
        (new("9", 5, "false"), (9, 5)),
        (new("RP-001", "CG-001", True), ("RP-001", "CG-001")),
        (new(777, "111", True), ("777", "111")),
        (new("RP-001", 111, "true"), ("RP-001", "111")),
    ],
)
def test_both_ends_of_a_new_record(body: GroupList, ends: tuple[int | str, int | str]) -> None:
    made = mapping.to_ends(GROUP_LISTS, body)
    assert (made["promotion_list"], made["group"]) == ends


@pytest.mark.parametrize(
    ("path", "body", "wanted"),
    [
        ({}, change(4, 9, 5), (4, 9, 5)),
        ({}, change("4", "9", "5"), (4, 9, 5)),
        ({}, change(4, "RP", "CG", True), (4, "RP", "CG")),
        ({"id": "4"}, change(None, 9, 5), (4, 9, 5)),
        ({"id": "4"}, change("04", 9, 5), (4, 9, 5)),
        (REFERENCES, change(), (THERE, None, None)),
        (REFERENCES, change(None, "RP-002"), (THERE, "RP-002", None)),
        (REFERENCES, change(None, None, "7"), (THERE, None, "7")),
        (REFERENCES, change(None, 10, 7), (THERE, 10, 7)),
        (REFERENCES, change(None, "10", 7, False), (THERE, 10, 7)),
        (REFERENCES, change(None, 10, 7, True), (THERE, "10", "7")),
    ],
)
def test_an_update_names_its_record_and_its_new_ends(
    path: dict[str, str], body: GroupListChange, wanted: tuple[Any, Any, Any]
) -> None:
    named, ends = mapping.to_change(GROUP_LISTS, path, body)
    assert (named, ends["promotion_list"], ends["group"]) == wanted


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (new(), "promotionListId"),
        (new("", 5), "promotionListId"),
        (new(9), "customerGroupId"),
        (new("RP", "", True), "customerGroupId"),
        (change(), "id"),
        (change(None, 9, 5), "id"),
        (change("", 9, 5), "id"),
        (change(4, None, 5), "promotionListId"),
        (change(4, 9), "customerGroupId"),
    ],
)
def test_what_is_missing_is_named(body: GroupList, name: str) -> None:
    with pytest.raises(MissingParameter) as caught:
        read({}, body)
    assert ERRORS[MissingParameter].text(caught.value) == f"{name} parameter is missing"


@pytest.mark.parametrize(
    ("path", "body", "name"),
    [
        ({}, new("RP-001", 5), "promotionListId"),
        ({}, new(9, "CG-001", False), "customerGroupId"),
        ({}, change("four", 9, 5), "id"),
        ({}, change(4, 2**63, 5), "promotionListId"),
        ({"id": "reference"}, change(4, 9, 5), "id"),
        ({"id": "4"}, change("four", 9, 5), "id"),
        (REFERENCES, change(None, "RP-002", None, False), "promotionListId"),
        (REFERENCES, change(None, None, 2**63), "customerGroupId"),
    ],
)
def test_a_name_of_the_wrong_type_is_named(
    path: dict[str, str], body: GroupList, name: str
) -> None:
    with pytest.raises(WrongType) as caught:
        read(path, body)
    assert caught.value.field == name


def test_a_path_and_a_body_do_not_name_two_records() -> None:
    with pytest.raises(InvalidParameters) as caught:
        mapping.to_change(GROUP_LISTS, {"id": "4"}, change(5, 9, 5))
    assert caught.value.names == ("id",)


@pytest.mark.parametrize(
    ("total", "limit", "offset", "previous", "following"),
    [
        (0, 100, 0, None, None),
        (2, 100, 0, None, None),
        (2, 2, 0, None, None),
        (3, 2, 0, None, 2),
        (3, 2, 2, 0, None),
        (3, 2, 1, 0, None),
        (9, 2, 4, 2, 6),
        (9, 2, 7, 5, None),
        (9, 2, 8, 6, None),
        (9, 2, 1000, 7, None),
        (0, 2, 1000, 0, None),
        (9, 1000, 2**63 - 1, 0, None),
    ],
)
def test_pages_have_neighbours(
    total: int, limit: int, offset: int, previous: int | None, following: int | None
) -> None:
    given = [("max", str(limit)), ("offset", str(offset))]
    paging = mapping.paging(Search(limit=limit, offset=offset), total, "/lists", given)
    assert (paging.total, paging.max, paging.offset) == (total, limit, offset)
    for link, at in ((paging.previous, previous), (paging.next, following)):
        more = f"max={limit}&offset={at}&sort=dateCreated&order=asc"
        assert link == (None if at is None else f"/lists?{more}")


def test_a_neighbour_has_the_same_query() -> None:
    query = [
        ("max", "1"),
        ("offset", "3"),
        ("customerGroupReference", "*C & \u00e9*"),
        ("order", ""),
    ]
    link = mapping.link("/api/v1/lists", query, 4)
    wanted = "max=1&offset=4&sort=dateCreated&order=asc&customerGroupReference=*C+%26+%C3%A9*"
    assert link == f"/api/v1/lists?{wanted}"


def test_a_moment_is_printed_in_utc_to_the_second() -> None:
    assert answers.moment(datetime(2016, 8, 24, 11, 32, 37, 999_999, UTC)) == "2016-08-24T11:32:37Z"
    assert answers.moment(datetime(1, 1, 1, tzinfo=UTC)) == "0001-01-01T00:00:00Z"


def test_a_long_text_of_a_client_is_not_sent_back_whole() -> None:
    assert shown("x" * LONGEST_SHOWN) == "x" * LONGEST_SHOWN
    assert len(shown("x" * 1_000_000)) < LONGEST_SHOWN + 10
