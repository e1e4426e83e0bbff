"""Valomnia's words into ours and back, without a service."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from largesse.core import errors as core
from largesse.core.lists.model import AssignmentQuery, ByReference, MomentFilter
from largesse.core.lists.store import SORTS
from largesse.dialects.valomnia import mapping
from largesse.dialects.valomnia.errors import (
    ERRORS,
    LONGEST_SHOWN,
    InvalidMoments,
    InvalidParameters,
    MissingParameter,
    shown,
)
from largesse.dialects.valomnia.schemas import ListQuery, SaveBody, UpdateBody
from largesse.wire.errors import WIRE_ERRORS, WrongType

REFERENCES = {"customerGroupId": "CG-001", "promotionListId": "RP-001"}
THERE = ByReference("CG-001", "RP-001")


def test_every_refusal_has_a_row() -> None:
    leaves = {kind for kind in core.leaves() if kind.__module__ == core.__name__}
    assert not leaves.union(WIRE_ERRORS).difference(ERRORS)


def test_every_filter_of_the_document_is_read() -> None:
    plain = {"offset", "max", "sort", "order", "promotionListReference", "customerGroupReference"}
    assert {*plain, *mapping.BOUNDS} == set(ListQuery.__struct_fields__)
    assert set(mapping.SORTS.values()) == set(SORTS)


def test_without_parameters_the_defaults_count() -> None:
    assert mapping.to_query([]) == AssignmentQuery(limit=100, offset=0, sort="id", descending=False)
    empty = [(name, "") for name in ListQuery.__struct_fields__]
    assert mapping.to_query(empty) == mapping.to_query([])


def test_a_query_is_read_whole() -> None:
    query = mapping.to_query(
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
    assert query == AssignmentQuery(
        limit=7,
        offset=14,
        sort="updated_at",
        descending=True,
        moments=(MomentFilter("updated_at", "lt", datetime(2016, 8, 24, 11, 32, 37, tzinfo=UTC)),),
        group_reference="CG*",
        list_reference="*-1",
    )


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
        mapping.to_query(query)
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
        mapping.to_query([("dateCreated_gt", "a"), ("lastUpdated_lt", "b"), ("max", "c")])
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
        (SaveBody(9, 5), (9, 5)),
        (SaveBody("9", "5"), (9, 5)),
        (SaveBody(9, 5, False), (9, 5)),
        (SaveBody("9", 5, "false"), (9, 5)),
        (SaveBody("RP-001", "CG-001", True), ("RP-001", "CG-001")),
        (SaveBody(777, "111", True), ("777", "111")),
        (SaveBody("RP-001", 111, "true"), ("RP-001", "111")),
    ],
)
def test_both_ends_of_a_new_record(body: SaveBody, ends: tuple[int | str, int | str]) -> None:
    made = mapping.to_new(body)
    assert (made.promotion_list, made.group) == ends


@pytest.mark.parametrize(
    ("path", "body", "change"),
    [
        ({}, UpdateBody(4, 9, 5), (4, 9, 5)),
        ({}, UpdateBody("4", "9", "5"), (4, 9, 5)),
        ({}, UpdateBody(4, "RP", "CG", True), (4, "RP", "CG")),
        ({"id": "4"}, UpdateBody(None, 9, 5), (4, 9, 5)),
        ({"id": "4"}, UpdateBody("04", 9, 5), (4, 9, 5)),
        (REFERENCES, UpdateBody(), (THERE, None, None)),
        (REFERENCES, UpdateBody(None, "RP-002"), (THERE, "RP-002", None)),
        (REFERENCES, UpdateBody(None, None, "7"), (THERE, None, "7")),
        (REFERENCES, UpdateBody(None, 10, 7), (THERE, 10, 7)),
        (REFERENCES, UpdateBody(None, "10", 7, False), (THERE, 10, 7)),
        (REFERENCES, UpdateBody(None, 10, 7, True), (THERE, "10", "7")),
    ],
)
def test_an_update_names_its_record_and_its_new_ends(
    path: dict[str, str], body: UpdateBody, change: tuple[Any, Any, Any]
) -> None:
    made = mapping.to_change(path, body)
    assert (made.wanted, made.promotion_list, made.group) == change


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (SaveBody(), "promotionListId"),
        (SaveBody("", 5), "promotionListId"),
        (SaveBody(9), "customerGroupId"),
        (SaveBody("RP", "", True), "customerGroupId"),
        (UpdateBody(), "id"),
        (UpdateBody(None, 9, 5), "id"),
        (UpdateBody("", 9, 5), "id"),
        (UpdateBody(4, None, 5), "promotionListId"),
        (UpdateBody(4, 9), "customerGroupId"),
    ],
)
def test_what_is_missing_is_named(body: SaveBody | UpdateBody, name: str) -> None:
    with pytest.raises(MissingParameter) as caught:
        mapping.to_new(body) if isinstance(body, SaveBody) else mapping.to_change({}, body)
    assert ERRORS[MissingParameter].text(caught.value) == f"{name} parameter is missing"


@pytest.mark.parametrize(
    ("path", "body", "name"),
    [
        ({}, SaveBody("RP-001", 5), "promotionListId"),
        ({}, SaveBody(9, "CG-001", False), "customerGroupId"),
        ({}, UpdateBody("four", 9, 5), "id"),
        ({}, UpdateBody(4, 2**63, 5), "promotionListId"),
        ({"id": "reference"}, UpdateBody(4, 9, 5), "id"),
        ({"id": "4"}, UpdateBody("four", 9, 5), "id"),
        (REFERENCES, UpdateBody(None, "RP-002", None, False), "promotionListId"),
        (REFERENCES, UpdateBody(None, None, 2**63), "customerGroupId"),
    ],
)
def test_a_name_of_the_wrong_type_is_named(
    path: dict[str, str], body: SaveBody | UpdateBody, name: str
) -> None:
    with pytest.raises(WrongType) as caught:
        mapping.to_new(body) if isinstance(body, SaveBody) else mapping.to_change(path, body)
    assert caught.value.field == name


def test_a_path_and_a_body_do_not_name_two_records() -> None:
    with pytest.raises(InvalidParameters) as caught:
        mapping.to_change({"id": "4"}, UpdateBody(5, 9, 5))
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
    paging = mapping.paging(AssignmentQuery(limit=limit, offset=offset), total, "/lists", [])
    assert (paging.total, paging.max, paging.offset) == (total, limit, offset)
    for link, at in ((paging.previous, previous), (paging.next, following)):
        assert link == (None if at is None else f"/lists?offset={at}")


def test_a_neighbour_has_the_same_query() -> None:
    query = [
        ("max", "1"),
        ("offset", "3"),
        ("customerGroupReference", "*C & \u00e9*"),
        ("order", ""),
    ]
    link = mapping.link("/api/v1/lists", query, 4)
    assert link == ("/api/v1/lists?max=1&offset=4&customerGroupReference=*C+%26+%C3%A9*&order=")


def test_a_moment_is_printed_in_utc_to_the_second() -> None:
    assert mapping.moment(datetime(2016, 8, 24, 11, 32, 37, 999_999, UTC)) == "2016-08-24T11:32:37Z"
    assert mapping.moment(datetime(1, 1, 1, tzinfo=UTC)) == "0001-01-01T00:00:00Z"


def test_a_long_text_of_a_client_is_not_sent_back_whole() -> None:
    assert shown("x" * LONGEST_SHOWN) == "x" * LONGEST_SHOWN
    assert len(shown("x" * 1_000_000)) < LONGEST_SHOWN + 10
