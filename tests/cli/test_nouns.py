"""The commands that make and show records."""

import re
from typing import Any
from uuid import uuid4

import pytest

from largesse.cli import codes, jobs, mails, users
from largesse.core.access.model import Role
from largesse.core.codes.model import CodeState
from largesse.core.jobs.model import JobState
from largesse.core.mail.model import MailState
from largesse.demo.data import USERNAME
from largesse.demo.people import CUSTOMER, PASSWORD
from tests.cli.command import Largesse, columns, one_line


@pytest.mark.parametrize("engine_name", ["sqlite", "postgres"])
async def test_an_organization_is_set_up_from_nothing(largesse: Largesse) -> None:
    made = await largesse.json(
        *("organizations", "create", "My Shop", "--alias", "MyShop", "--called", "crmcom", "MYSHOP")
    )
    assert made == {"id": made["id"], "name": "My Shop", "aliases": ["MyShop", "MYSHOP"]}
    (listed,) = await largesse.json("organizations", "list")
    assert sorted(listed["aliases"]) == ["MYSHOP", "My Shop"]

    ran = await largesse(
        "users", "create", "anna", "--email", "anna@example.com", "--json", stdin="correct horse\n"
    )
    assert ran.code == 0, ran.err
    assert (ran.json["username"], ran.json["role"]) == ("anna", "owner")
    (unit,) = await largesse.json("units", "list")
    assert unit["id"] == ran.json["unit_id"]

    key = await largesse.json("keys", "create", "shop", "--user", "ANNA")
    assert re.fullmatch(r"lk_\d+_[0-9a-f]{32}_[\w-]{40,}", key["application_key"])
    assert [row["name"] for row in await largesse.json("keys", "list")] == ["shop"]
    assert await largesse.json("keys", "revoke", key["id"]) == {"id": key["id"], "revoked": True}
    assert (await largesse.json("keys", "list"))[0]["revoked_at"] is not None
    one_line(await largesse("keys", "revoke", key["id"]), "no key", key["id"])


async def test_a_user_gets_the_unit_that_is_named(largesse: Largesse) -> None:
    await largesse.json("organizations", "create", "My Shop")
    await largesse.json("units", "create", "First", "--code", "first")
    second = await largesse.json(
        "units", "create", "Second", "--code", "second", "--description", "the other"
    )
    assert second["description"] == "the other"
    user = await largesse.json(
        *("users", "create", "bo", "--role", "support", "--unit", "second"),
        *("--password", "correct horse"),
    )
    assert (user["unit_id"], user["role"]) == (second["id"], "support")
    one_line(
        await largesse("users", "create", "cy", "--unit", "third", "--password", "correct horse"),
        "third",
    )
    assert [row["username"] for row in await largesse.json("users", "list")] == ["bo"]
    factor = await largesse.json("users", "second-factor", "BO")
    assert factor["secret"] in factor["uri"]
    one_line(await largesse("users", "second-factor", "bo"), "with a second factor")
    taken = await largesse.json("users", "second-factor", "bo", "--remove")
    assert taken == {"id": user["id"], "username": "bo", "second_factor": False}
    one_line(await largesse("users", "second-factor", "none"), "none")


async def test_the_passwords_text_is_kept_nowhere(largesse: Largesse) -> None:
    await largesse.json("organizations", "create", "My Shop")
    ran = await largesse("users", "create", "anna", "--password-stdin", stdin="correct horse\n")
    assert ran.code == 0
    assert "correct horse" not in ran.out + ran.err
    one_line(await largesse("users", "create", "bo", stdin="short\n"), "password", "8 characters")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("users", "list"), ("no organization", "organizations create")),
        (("users", "list", "-o", "Nobody"), ("Nobody",)),
    ],
)
async def test_a_missing_organization_is_told(
    largesse: Largesse, arguments: tuple[str, ...], words: tuple[str, ...]
) -> None:
    one_line(await largesse(*arguments), *words)


async def test_of_several_organizations_one_must_be_named(largesse: Largesse) -> None:
    for name in ("One", "Two"):
        await largesse.json("organizations", "create", name, "--alias", f"{name} more")
        given = ("--password", "correct horse", "-o", f"{name.upper()} MORE")
        await largesse.json("users", "create", f"user of {name}", *given)
    one_line(await largesse("users", "list"), "--organization", "One", "Two")
    # A name that is wrong is never taken for another.
    one_line(await largesse("users", "list", "-o", "On"), "'On'")
    (user,) = await largesse.json("users", "list", "-o", "Two")
    assert user["username"] == "user of Two"
    largesse.settings["default_organization"] = "One"
    (user,) = await largesse.json("users", "list")
    assert user["username"] == "user of One"
    one_line(await largesse("organizations", "create", "Three", "--alias", "one MORE"), "exists")
    assert len(await largesse.json("organizations", "list")) == 2


@pytest.mark.parametrize("engine_name", ["sqlite", "postgres"])
async def test_codes_are_generated_and_shown(demo: Largesse) -> None:
    (before,) = [
        row for row in await demo.json("campaigns", "list") if row["name"] == "Bulk Generation 4"
    ]
    ran = await demo("codes", "generate", "--campaign", "BG4", "--count", "6000", "--json")
    assert (ran.json["state"], ran.json["added"]) == ("done", 6000)
    (after,) = [
        row for row in await demo.json("campaigns", "list") if row["name"] == "Bulk Generation 4"
    ]
    assert after["codes"]["available"] == before["codes"]["available"] + 6000
    assert ran.err.splitlines()[-1] == "6,000 of 6,000 codes"
    code = await demo.json("codes", "show", "sc4DCJ1P4SATHZZ")
    assert (code["code"], code["state"]) == ("SC4dcj1p4sathzZ", "available")
    assert code["campaign"] == "Bulk Generation 4"


async def test_a_count_that_can_not_be_makes_no_code_at_all(demo: Largesse) -> None:
    before = await demo.json("campaigns", "list")
    ran = await demo("codes", "generate", "--campaign", "BG4", "--count", "1" + "0" * 12)
    one_line(ran, "count: must be from 1 to 1,000,000,000")
    assert await demo.json("campaigns", "list") == before
    one_line(await demo("codes", "generate", "--campaign", "No", "--count", "1"), "'No'")
    one_line(await demo("codes", "show", "nothing"), "'nothing'")


async def test_lists_say_that_there_is_more(demo: Largesse) -> None:
    ran = await demo("campaigns", "list", "--limit", "2", "--json")
    first = [row["name"] for row in ran.json]
    after = re.fullmatch(r"There are more: --after (\S+)\n", ran.err)
    assert after is not None
    rest = await demo.json("campaigns", "list", "--after", after[1])
    everything = await demo.json("campaigns", "list")
    assert [*first, *[row["name"] for row in rest]] == [row["name"] for row in everything]
    assert await demo.json("campaigns", "list", "--state", "draft") == []


async def test_lists_for_people_are_columns(demo: Largesse) -> None:
    head, *rows = columns(await demo("users", "list"))
    assert head.split() == [
        "ID",
        "USERNAME",
        "ROLE",
        "EMAIL",
        "FIRST",
        "NAME",
        "LAST",
        "NAME",
        "UNIT",
        "ID",
        "ACTIVE",
    ]
    assert [row.split()[1] for row in rows] == [USERNAME]
    assert columns(await demo("jobs", "list")) == []


async def test_unknown_ids_are_refused(demo: Largesse) -> None:
    unknown = str(uuid4())
    for command in (("jobs", "show"), ("jobs", "rows"), ("jobs", "cancel"), ("jobs", "resume")):
        one_line(await demo(*command, unknown), unknown)
    one_line(await demo("mails", "retry", unknown), unknown)
    one_line(await demo("grants", "list", "--promotion", "nothing"), "'nothing'")
    one_line(await demo("keys", "create", "x", "--user", "nobody"), "'nobody'")


async def test_names_can_not_reach_the_terminal(largesse: Largesse) -> None:
    await largesse.json("organizations", "create", "\x1b[31mred\nline")
    _, row = columns(await largesse("organizations", "list"))
    assert "\x1b" not in row


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        (users.ROLES, Role),
        (codes.STATES, CodeState),
        (jobs.STATES, JobState),
        (mails.STATES, MailState),
    ],
)
def test_the_choices_of_options_are_the_cores(written: tuple[str, ...], kind: Any) -> None:
    assert list(written) == [value.value for value in kind]


async def load(demo: Largesse) -> Any:
    return await demo.json("demo", "--load-only")


@pytest.mark.parametrize("engine_name", ["sqlite", "postgres"])
async def test_the_demo_is_loaded_once_and_told_again(largesse: Largesse) -> None:
    told = await load(largesse)
    assert list(told) == [
        *("organization", "crmcom_organisation", "intershop_organization"),
        *("username", "password", "application_key", "admin_url"),
    ]
    assert (told["username"], told["password"]) == (USERNAME, PASSWORD)
    assert await load(largesse) == told
    assert len(await largesse.json("organizations", "list")) == 1


async def test_the_demo_needs_no_database_before(bare: Largesse) -> None:
    assert (await load(bare))["crmcom_organisation"] == "CRMDEMO"


async def test_a_customer_gets_a_login(demo: Largesse) -> None:
    made = await demo.json(
        "customers", "set-password", CUSTOMER, "--password", "correct horse", "--login", "pat"
    )
    assert made["login"] == "pat"
    ran = await demo("customers", "set-password", CUSTOMER, "--password-stdin", stdin="short\n")
    one_line(ran, "password", "8 characters")
    assert "correct horse" not in ran.out
    one_line(await demo("customers", "set-password", "nobody", "--password", "x" * 8), "nobody")
    gone = await demo.json("customers", "remove-login", CUSTOMER)
    assert gone == {"customer_id": made["customer_id"], "removed": True}
    one_line(await demo("customers", "remove-login", CUSTOMER), "no login")
