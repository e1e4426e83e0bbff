"""`largesse campaigns`: made and changed with formats of every kind."""

import re

import pytest

from tests.cli.command import Largesse, columns, one_line


@pytest.fixture
async def shop(largesse: Largesse) -> Largesse:
    """A database with an organization, which no server has opened yet."""
    await largesse.json("organizations", "create", "My Shop")
    return largesse


@pytest.mark.parametrize("engine_name", ["sqlite", "postgres"])
async def test_a_campaign_is_made_and_says_what_its_codes_are(shop: Largesse) -> None:
    made = await shop.json(
        *("campaigns", "create", "Cards", "--pattern", "AB-####-????", "--check", "keyed"),
        *("--alternative-code", "C1", "--state", "posted", "--source", "pool"),
    )
    assert made == made | {
        "name": "Cards",
        "alternative_code": "C1",
        "promotion_id": None,
        "state": "posted",
        "code_source": "pool",
        "prefix": "",
        "length": None,
        "suffix": "",
        "pattern": "AB-####-????",
        "check": "keyed",
        "check_length": 4,
        "whole_length": 16,
        "possible_codes": str(8**4 * 23**4),
        "false_accepts": 1 / 31**4,
    }
    # The key is made before the first codes are, also where nothing was ever served.
    ran = await shop("codes", "generate", "--campaign", "C1", "--count", "3", "--json")
    assert ran.code == 0, ran.err
    lines = columns(await shop("codes", "export", "--campaign", "C1"))
    codes = re.findall(r"AB-[2-9]{4}-[A-HJKMNP-Z]{4}[A-HJKMNP-Z2-9]{4}", "\n".join(lines))
    assert len(codes) == 3
    shown = await shop.json("codes", "show", codes[0].lower())
    assert shown["code"] == codes[0]
    one_line(await shop("codes", "show", codes[0][:-1] + "0"), "no code", codes[0][:-1])


async def test_it_is_changed_by_any_of_its_names(shop: Largesse) -> None:
    longest = ("--prefix", "S-", "--suffix", "-X", "--length", "60", "--alphabet", "hex")
    made = await shop.json("campaigns", "create", "Spring", *longest)
    # More than the readers of JSON count exactly, so it is a text.
    assert made["possible_codes"] == str(16**60)
    changed = await shop.json("campaigns", "change", "Spring", "--pattern", "S-#####")
    assert (changed["pattern"], changed["possible_codes"]) == ("S-#####", "100000")
    changed = await shop.json("campaigns", "change", made["id"], "--pattern", "", "--length", "5")
    assert (changed["pattern"], changed["whole_length"]) == (None, 5)
    assert changed["alphabet"] == "0123456789ABCDEF"
    lines = columns(await shop("campaigns", "change", "Spring", "--check", "character"))
    assert "check             character" in lines
    assert "possible codes    1048576" in lines


async def test_what_is_no_format_is_one_plain_line(shop: Largesse) -> None:
    create = ("campaigns", "create", "Spring")
    one_line(await shop(*create, "--alphabet", "ABß"), "can not stand in a code")
    one_line(await shop(*create, "--pattern", "AB"), "only 1 code")
    one_line(await shop(*create, "--pattern", "##", "--prefix", "A"), "not used with a pattern")
    one_line(await shop(*create, "--check-length", "2"), "0 check characters, not 2")
    one_line(await shop(*create, "--length", str(2**31)), "code_length: is too large")
    one_line(await shop(*create, "--promotion", "nothing"), "no promotion", "nothing")
    one_line(await shop("campaigns", "change", "Spring"), "no campaign", "Spring")
    assert await shop.json("campaigns", "list") == []


async def test_a_campaign_is_for_a_promotion(demo: Largesse) -> None:
    ten = ("--promotion", "CC_10EUR_OrderDiscount")
    made = await demo.json("campaigns", "create", "Ten more", *ten)
    other = await demo.json("campaigns", "create", "None")
    assert made["promotion_id"] is not None
    changed = await demo.json("campaigns", "change", "None", *ten)
    assert changed == other | {"promotion_id": made["promotion_id"]}
