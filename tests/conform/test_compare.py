"""What counts as a difference."""

from typing import Any

import pytest

from largesse.conform.compare import (
    ANYTHING,
    BOOLEAN,
    ID,
    TEXT,
    Each,
    Has,
    Like,
    Maybe,
    MissingData,
    Open,
    differences,
    filled,
    found,
)
from largesse.conform.xml import xml_of

SAME: list[tuple[Any, Any]] = [
    ({"a": 1, "b": [True, None]}, {"b": [True, None], "a": 1}),
    (ID, 7),
    (BOOLEAN, False),
    (Open({"a": 1}), {"a": 1, "b": 2}),
    ({"a": Maybe(ID)}, {}),
    ({"a": Maybe(ID)}, {"a": None}),
    (Each(ID, least=1, most=2), [1, 2]),
    (Each(Open({}), rising="-id"), [{"id": 2}, {"id": 1}]),
    (Has(Open({"id": 2})), [{"id": 1}, {"id": 2}]),
    (Like("Not Found (*)"), "not found (it is gone)"),
    (Like("[a]?*"), "[A]?b"),
    (ANYTHING, {"a": []}),
]


@pytest.mark.parametrize(("expected", "got"), SAME)
def test_what_is_the_same(expected: Any, got: Any) -> None:
    assert list(differences("body", expected, got)) == []


OTHER: list[tuple[Any, Any, str]] = [
    ({"a": 1}, {"a": 2}, "body.a"),
    ({"a": 1}, {"a": True}, "body.a"),
    ({"a": 1}, {"a": "1"}, "body.a"),
    ({"a": 1}, {}, "body.a"),
    ({}, {"a": 1}, "body.a"),
    ({}, [], "body"),
    ([1], [1, 2], "body"),
    ([1, 2], [1, 3], "body[1]"),
    (ID, 0, "body"),
    (ID, True, "body"),
    (ID, "7", "body"),
    (TEXT, None, "body"),
    ({"a": Maybe(ID)}, {"a": "x"}, "body.a"),
    (Open({"a": 1}), {"b": 1}, "body.a"),
    (Each(ID, least=1), [], "body"),
    (Each(ID, most=1), [1, 2], "body"),
    (Each(ID), [1, "x"], "body[1]"),
    (Each(ID), {}, "body"),
    (Each(Open({}), rising="id"), [{"id": 2}, {"id": 1}], "body"),
    (Has(Open({"id": 3})), [{"id": 1}], "body"),
    (Like("Not Found (*)"), "Not Found", "body"),
]


@pytest.mark.parametrize(("expected", "got", "path"), OTHER)
def test_what_is_not(expected: Any, got: Any, path: str) -> None:
    assert [one.path for one in differences("body", expected, got)] == [path]


def test_data_is_filled_in() -> None:
    values = {"id": 7, "name": "x", "none": "", "zero": 0}
    assert filled({"a": "${id}", "b": ["${name}-${id}"]}, values) == {"a": 7, "b": ["x-7"]}
    assert filled("${zero}", values) == 0
    pattern = filled(Open({"a": Like("${name}*")}), values)
    assert list(differences("body", pattern, {"a": "xy"})) == []
    for missing in ("${none}", "a${other}", Each("${other}")):
        with pytest.raises(MissingData):
            filled(missing, values)


def test_a_path_finds_a_value() -> None:
    document = {"data": [{"id": 7}]}
    assert found(document, "data[0].id") == 7
    assert found(document, "") == document
    for path in ("data[1].id", "data.id", "other", "data[0].id.x"):
        assert found(document, path) is None


def test_xml_is_compared_as_json() -> None:
    text = b'<Code type="a"><id>1</id><link type="b"/><x>1</x><x>2</x></Code>'
    assert xml_of(text) == {
        "Code": {"@type": "a", "id": "1", "link": {"@type": "b"}, "x": ["1", "2"]}
    }
    bomb = b'<!DOCTYPE a [<!ENTITY b "b">]><a>&b;</a>'
    for bad in (b"<a>", bomb):
        with pytest.raises(ValueError, match="XML"):
            xml_of(bad)
