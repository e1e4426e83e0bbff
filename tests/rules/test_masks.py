"""No secret gets into the log: what looks like one is masked, or is known to be none."""

import dataclasses
import inspect
import re
from typing import Any

import pytest
from sqlalchemy import Column, String

from largesse import services
from largesse.core.events.changes import HIDDEN, difference, is_hidden
from largesse.core.records import Records
from largesse.core.schema import metadata

LOOKS_SECRET = re.compile(
    "secret|hash|digest|pass|token|key|credential|private|code|body|html|text|salt|signature|otp"
)

HARMLESS = re.compile(
    # What is compared in place of a text that is shown, or the name that a client chose.
    "(alias|recipient|email|address|value|identifier|username|login|last_name|phone|mobile_phone|business_phone|once|template|request|name|search)_key|key"
    # Ids, and the numbers and rules of a campaign.
    "|(key|code|token)_id|(alternative|postal|country)_code|codes?_(?!key$).*|uses_per_code|totp_step"
)

NEVER_TOLD = {
    ("idempotency_keys", "fingerprint"),
    ("job_items", "texts"),
    ("mail_lanes", "tokens"),
}
"""Columns of tables that no line tells of."""

COLUMNS = [column for table in metadata.sorted_tables for column in table.c]

RECORDS = [
    kind
    for name, kind in inspect.get_annotations(services.Services, eval_str=True).items()
    if inspect.isclass(kind) and issubclass(kind, Records)
]


def test_there_is_something_to_look_at() -> None:
    assert len(RECORDS) > 15
    secrets = {c.name for c in COLUMNS if LOOKS_SECRET.search(c.name) and is_hidden(c.name)}
    assert secrets >= {"password_hash", "secret_hash", "pass_code_hash", "code", "html", "body"}


@pytest.mark.parametrize("column", COLUMNS, ids=str)
def test_a_column_that_looks_secret_is_masked(column: Column[Any]) -> None:
    if LOOKS_SECRET.search(column.name) and (column.table.name, column.name) not in NEVER_TOLD:
        assert is_hidden(column.name) or HARMLESS.fullmatch(column.name), "mask it"


@pytest.mark.parametrize("kind", RECORDS, ids=lambda kind: kind.__name__)
def test_fields_of_a_record_that_look_secret_are_masked(kind: type[Records[Any]]) -> None:
    told = {field.name for field in dataclasses.fields(kind.value)} | kind.changeable
    wrong = {
        name
        for name in told
        if LOOKS_SECRET.search(name)
        and not is_hidden(name, kind.masked)
        and not HARMLESS.fullmatch(name)
    }
    assert wrong == set()


@pytest.mark.parametrize("kind", RECORDS, ids=lambda kind: kind.__name__)
def test_a_line_has_room_for_the_name_of_a_record(kind: type[Records[Any]]) -> None:
    noun = kind.unknown.noun.replace(" ", "_")
    events = metadata.tables["events"].c
    for text, column in ((noun, events.subject_kind), (f"{noun}.created", events.kind)):
        assert isinstance(column.type, String)
        assert len(text) <= (column.type.length or 0)


def test_a_masked_field_tells_that_it_changed_and_no_more() -> None:
    before, after = {"password_hash": "a", "name": "n"}, {"password_hash": "b", "name": "n"}
    assert difference(before, after) == ({"password_hash": HIDDEN}, {"password_hash": HIDDEN})
    assert difference(before, before) == ({}, {})
    assert difference(None, before, given={"password": "p"}) == (
        None,
        {"password_hash": HIDDEN, "name": "n", "password": HIDDEN},
    )
    taken_away = difference(before, {"name": "n"}, given={"pass_code": None, "name": "n"})
    assert taken_away == ({"password_hash": HIDDEN}, {"password_hash": None, "pass_code": None})
    assert difference(before, None) == ({"password_hash": HIDDEN, "name": "n"}, None)
    shop = {"number": "1"}
    assert difference(None, shop, masked={"number"}) == (None, {"number": HIDDEN})
