"""Campaigns are made with formats of every kind, and with no others."""

import re
from typing import Any
from urllib.parse import quote

import pytest

from tests.dialects.native.client import Api, organization, problem
from tests.serving import Served

FORMATS: tuple[tuple[dict[str, Any], str], ...] = (
    ({}, "[A-HJKMNP-Z2-9]{10}"),
    ({"code_prefix": "SPRING-", "code_suffix": "-X", "code_length": 6}, "SPRING-.{6}-X"),
    ({"code_alphabet": "digits"}, "[0-9]{10}"),
    ({"code_alphabet": "hex", "code_length": 12}, "[0-9A-F]{12}"),
    ({"code_alphabet": "letters"}, "[A-Z]{10}"),
    ({"code_alphabet": "unambiguous"}, "[A-HJKMNP-Z2-9]{10}"),
    ({"code_alphabet": "xhe", "code_length": 16}, "[xhe]{16}"),
    ({"code_alphabet": "жΩ字é€", "code_length": 16}, "[жΩ字é€]{16}"),
    ({"code_pattern": "AB-####-????"}, "AB-[2-9]{4}-[A-HJKMNP-Z]{4}"),
    ({"code_pattern": r"\#-****-****"}, "#-[A-HJKMNP-Z2-9]{4}-[A-HJKMNP-Z2-9]{4}"),
    ({"code_check": "character"}, ".{11}"),
    ({"code_check": "character", "code_pattern": "AB-####-????"}, "AB-[2-9]{4}-.{5}"),
    ({"code_check": "keyed"}, ".{14}"),
    ({"code_check": "keyed", "code_check_length": 8, "code_suffix": "-X"}, ".{18}-X"),
)
"""What is given of a format, and the form of its codes."""

FORMAT, VALUE = "invalid_code_format", "invalid_value"

REFUSED: tuple[tuple[dict[str, Any], str, str], ...] = (
    ({"code_alphabet": "ABA"}, FORMAT, "2 different ones among 3"),
    ({"code_alphabet": "Aa"}, FORMAT, "differ by more than case"),
    ({"code_alphabet": "AB\U0001f600"}, FORMAT, "can not stand in a code"),
    ({"code_alphabet": "ABe\u0301"}, FORMAT, "can not stand in a code"),
    ({"code_alphabet": "ABß"}, FORMAT, "can not stand in a code"),
    ({"code_alphabet": "AB\u0131"}, FORMAT, "can not stand in a code"),
    ({"code_alphabet": "A B"}, FORMAT, "can not stand in a code"),
    ({"code_prefix": "\u200b"}, FORMAT, "can not stand in a code"),
    ({"code_suffix": "\n"}, FORMAT, "can not stand in a code"),
    ({"code_pattern": "AB-####-\U0001f44d"}, FORMAT, "can not stand in a code"),
    ({"code_pattern": "AB-1234"}, FORMAT, "only 1 code"),
    ({"code_pattern": r"\#\?"}, FORMAT, "only 1 code"),
    ({"code_pattern": "AB-##\\"}, FORMAT, "backslash"),
    ({"code_pattern": "AB-??", "code_alphabet": "digits"}, FORMAT, "no letter"),
    ({"code_pattern": "AB-##", "code_alphabet": "letters"}, FORMAT, "no digit"),
    ({"code_pattern": "AB-##", "code_prefix": "X"}, VALUE, "not used with a pattern"),
    ({"code_pattern": "AB-##", "code_suffix": "X"}, VALUE, "not used with a pattern"),
    ({"code_pattern": "AB-##", "code_length": 4}, VALUE, "not used with a pattern"),
    ({"code_length": 60, "code_prefix": "SPRING"}, FORMAT, "66: 6 fixed, 60 random, 0 to check"),
    ({"code_length": 60, "code_check": "keyed", "code_check_length": 5}, FORMAT, "have 65"),
    ({"code_check": "keyed", "code_check_length": 17}, FORMAT, "from 1 to 16"),
    ({"code_check": "keyed", "code_check_length": 0}, FORMAT, "not 0"),
    ({"code_check": "character", "code_check_length": 2}, FORMAT, "not 2"),
    ({"code_check_length": 3}, FORMAT, "'none' takes 0"),
    ({"codes_in_all": 10**12, "code_source": "on_request"}, FORMAT, "1,000,000,000,000 codes need"),
)
"""What is given of a format, the problem's code and what it says."""


@pytest.fixture
def served_with() -> dict[str, Any]:
    """Serve without a worker: nothing is done behind an answer."""
    return {"worker": False}


async def pooled(api: Api, campaign: str) -> list[str]:
    listed = await api.get("/codes", campaign_id=campaign)
    return [code["code"] for code in listed["items"]]


async def test_codes_have_the_form_that_was_asked_for(served: Served) -> None:
    api = await organization(served, "Formats")
    for number, (given, form) in enumerate(FORMATS):
        made = await api.post("/campaigns", {"name": f"C{number}", "state": "posted"} | given)
        await api.post(f"/campaigns/{made['id']}/codes", {"count": 3})
        codes = await pooled(api, made["id"])
        assert len(codes) == 3
        assert all(re.fullmatch(form, code) for code in codes), (given, codes)
        assert (await api.get(f"/codes/{quote(codes[0].swapcase())}"))["code"] == codes[0]


async def test_what_is_no_format_is_refused_when_made_and_when_changed(served: Served) -> None:
    api = await organization(served, "Formats")
    made = await api.post("/campaigns", {"name": "kept"})
    for given, code, reason in REFUSED:
        answer = await api.send("POST", "/campaigns", {"name": "new"} | given)
        assert reason in problem(answer, 400, code)["detail"], given
        answer = await api.send("PATCH", f"/campaigns/{made['id']}", given)
        assert reason in problem(answer, 400, code)["detail"], given
    assert (await api.get("/campaigns"))["items"] == [made]


@pytest.mark.parametrize(
    "given",
    [
        {"code_length": 0},
        {"code_length": 65},
        {"code_length": "9"},
        {"code_alphabet": "A"},
        {"code_alphabet": None},
        {"code_prefix": None},
        {"code_pattern": ""},
        {"code_pattern": "#" * 65},
        {"code_check": "luhn"},
        {"code_check": None},
        {"code_check_length": -1},
        {"code_check_length": None},
        {"code_check_length": 1.5},
    ],
    ids=str,
)
@pytest.mark.parametrize("engine_name", ["sqlite"])
async def test_nor_are_values_of_other_kinds_taken(served: Served, given: dict[str, Any]) -> None:
    api = await organization(served, "Formats")
    answer = await api.send("POST", "/campaigns", {"name": "new"} | given)
    problem(answer, 400, VALUE)
    assert (await api.get("/campaigns"))["items"] == []


async def test_typing_errors_and_guesses_are_refused(served: Served) -> None:
    api = await organization(served, "Formats")
    campaign = {"name": "C", "state": "posted", "code_check": "character"}
    made = await api.post("/campaigns", campaign)
    codes = f"/campaigns/{made['id']}/codes"
    await api.post(codes, {"count": 1})
    (code,) = await pooled(api, made["id"])
    wrong = ("A" if code[0] != "A" else "B") + code[1:]
    customer = {"first_name": "Bo", "email": "bo@example.com"}
    await api.post("/customers", customer | {"identifiers": {"customer_id": "C-1"}})
    request = {"receiver": {"customer": {"customer_id": "C-1"}}}
    answer = await api.send("POST", "/codes/request", request | {"code": wrong})
    problem(answer, 409, "code_not_effective")
    problem(await api.send("GET", f"/codes/{wrong}"), 404, "unknown_code")
    problem(await api.send("POST", codes, {"codes": [wrong]}), 400, VALUE)
    problem(await api.send("POST", codes, {"count": 0}), 400, VALUE)
    change = await api.send("PATCH", f"/campaigns/{made['id']}", {"code_check": "keyed"})
    problem(change, 409, "wrong_state")
    given = await api.post("/codes/request", request | {"code": code.lower()}, status=200)
    assert given["code"] == code
