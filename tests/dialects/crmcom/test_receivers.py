"""The four receivers of request_promo_code, and every way to name each (SEED 002)."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from largesse.core import clock
from largesse.core.customers.model import Identifier
from tests.dialects.crmcom.client import (
    assert_refused,
    issued,
    owner,
    request,
    request_for,
    token,
)
from tests.serving import Served

CONTACT = "contact_information_identifier"
RECEIVABLE = "accounts_receivable_identifier"
SUBSCRIPTION = "subscription_identifier"
PARTICIPANT = "rewards_participant_identifier"

IDENTIFIER = {"identifier": "cyrillus.mayer@example.com", "pass_code": "1234"}
AUTHENTICATION_CODE = {"authentication_code": "AUTH0000618"}
ONE_TIME_PASSWORD = {"one_time_password": 618618}


async def person(served: Served) -> UUID:
    """Return the id of the demo person who has all the accounts."""
    found = await served.services.customers.named(
        await owner(served), Identifier.ID_NUMBER, "ID0000618"
    )
    return found.id


async def account(served: Served, kind: str) -> str:
    """Return the id of the person's account of a kind, as CRM.COM prints ids."""
    page = await served.services.accounts.page(await owner(served), kind=kind)
    return page.items[0].id.hex.upper()


async def receiver_of(served: Served, answer: Any) -> UUID | None:
    assert answer.status_code == 200, answer.text
    code = answer.json()["data"]["code"]
    return (await served.services.codes.named(await owner(served), code)).customer_id


class TestContact:
    async def test_a_person_in_any_of_four_ways(self, served: Served) -> None:
        customer = await person(served)
        for identifier in (
            {"id": customer.hex.upper()},
            {"id": str(customer)},
            {"id_number": "ID0000618"},
            {"id_number": " id0000618 "},
            {"passport_number": "P0000618"},
            {"social_security_number": "SSN0000618"},
        ):
            answer = await request_for(served, CONTACT, identifier)
            assert await receiver_of(served, answer) == customer, identifier

    async def test_a_company_in_either_way(self, served: Served) -> None:
        company = await served.services.customers.named(
            await owner(served), Identifier.REGISTRATION_NUMBER, "HE618"
        )
        for identifier in (
            {"vat_registration_number": "CY10000618X"},
            {"registration_number": "HE618"},
        ):
            answer = await request_for(served, CONTACT, identifier)
            assert await receiver_of(served, answer) == company.id

    async def test_one_that_is_not_there_is_not_found(self, served: Served) -> None:
        for identifier in (
            {"id": "F" * 32},
            {"id": "1"},
            {"id_number": "P0000618"},  # there is one, but as a passport's number
            {"passport_number": "x" * 300},
            {"vat_registration_number": "HE618"},
            {"id": "profile1"},
        ):
            answer = await request_for(served, CONTACT, identifier)
            assert_refused(answer, 404, "RECEIVER_NOT_FOUND")
        assert await issued(served) == 0


@pytest.mark.parametrize(
    ("receiver", "kind", "identifiers"),
    [
        (RECEIVABLE, "receivable", [{"number": "ACR0000002278"}, {"name": "Cyrillus Mayer"}]),
        (SUBSCRIPTION, "subscription", [{"number": "S0000001547"}]),
        (PARTICIPANT, "rewards", [{"number": "RP0000000618"}]),
    ],
)
async def test_an_account_is_named_by_its_id_or_as_it_is_called(
    served: Served, receiver: str, kind: str, identifiers: list[dict[str, str]]
) -> None:
    customer = await person(served)
    for identifier in ({"id": await account(served, kind)}, *identifiers):
        answer = await request_for(served, receiver, identifier)
        assert await receiver_of(served, answer) == customer, identifier


async def test_an_account_that_is_not_there_is_not_found(served: Served) -> None:
    rewards = await account(served, "rewards")
    for receiver, identifier in (
        (RECEIVABLE, {"id": rewards}),
        (RECEIVABLE, {"number": "RP0000000618"}),
        (RECEIVABLE, {"name": "Nobody"}),
        (SUBSCRIPTION, {"id": "nonsense"}),
        (SUBSCRIPTION, {"number": "S" * 500}),
        (PARTICIPANT, {"id": "00000000000000000000000000000000"}),
        (PARTICIPANT, {"number": "RP0000000619"}),
    ):
        answer = await request_for(served, receiver, identifier)
        assert_refused(answer, 404, "RECEIVER_NOT_FOUND")
    assert await issued(served) == 0


async def test_a_name_that_two_accounts_have_names_neither(served: Served) -> None:
    twin = {"kind": "receivable", "number": "ACR2", "name": "Cyrillus Mayer"}
    customer = {"customer_id": await person(served)}
    await served.services.accounts.create(await owner(served), twin | customer)
    answer = await request_for(served, RECEIVABLE, {"name": "Cyrillus Mayer"})
    assert "More than one" in assert_refused(answer, 400, "INVALID_PARAMETER")


class TestAccessToken:
    @pytest.mark.parametrize("receiver", [RECEIVABLE, PARTICIPANT])
    async def test_it_identifies_in_any_of_three_ways(self, served: Served, receiver: str) -> None:
        customer = await person(served)
        for way in (IDENTIFIER, AUTHENTICATION_CODE, ONE_TIME_PASSWORD):
            answer = await request_for(served, receiver, {"access_token_identifier": way})
            assert await receiver_of(served, answer) == customer, way

    async def test_what_does_not_identify(self, served: Served) -> None:
        for way, status, code in (
            ({"identifier": IDENTIFIER["identifier"]}, 400, "PASS_CODE_REQUIRED"),
            (IDENTIFIER | {"pass_code": ""}, 400, "PASS_CODE_REQUIRED"),
            (IDENTIFIER | {"pass_code": "1235"}, 400, "PASS_CODE_WRONG"),
            # Who guesses identifiers learns nothing: an unknown one answers as a known one does.
            (IDENTIFIER | {"identifier": "nobody@example.com"}, 400, "PASS_CODE_WRONG"),
            ({"authentication_code": "AUTH0000619"}, 404, "RECEIVER_NOT_FOUND"),
            ({"one_time_password": 1}, 404, "RECEIVER_NOT_FOUND"),
            ({"one_time_password": 2**80}, 404, "RECEIVER_NOT_FOUND"),
            ({"one_time_password": "618618"}, 400, "INVALID_PARAMETER"),
            (AUTHENTICATION_CODE | {"pass_code": "1234"}, 400, "INVALID_PARAMETER"),
            ({"pass_code": "1234"}, 400, "MISSING_PARAMETER"),
            (AUTHENTICATION_CODE | ONE_TIME_PASSWORD, 400, "TOO_MANY_IDENTIFIERS"),
            (IDENTIFIER | AUTHENTICATION_CODE, 400, "TOO_MANY_IDENTIFIERS"),
        ):
            answer = await request_for(served, PARTICIPANT, {"access_token_identifier": way})
            assert_refused(answer, status, code)
        assert await issued(served) == 0

    async def test_a_secret_is_never_repeated_to_who_sent_it(self, served: Served) -> None:
        for way in ({"authentication_code": "SECRET1"}, IDENTIFIER | {"pass_code": "SECRET1"}):
            answer = await request_for(served, PARTICIPANT, {"access_token_identifier": way})
            assert "SECRET1" not in answer.text

    async def test_only_an_effective_one_identifies(self, served: Served) -> None:
        caller, customer, now = await owner(served), await person(served), clock.now()
        hour = timedelta(hours=1)
        for number, (changes, status) in enumerate(
            (
                ({"state": "pending"}, 400),
                ({"state": "terminated"}, 400),
                ({"effective_from": now + hour}, 400),
                ({"effective_to": now - hour}, 400),
                ({"effective_from": now - hour, "effective_to": now + hour}, 200),
            )
        ):
            way = {"identifier": f"token {number}", "pass_code": "4321"}
            new = {"customer_id": customer, "authentication_code": f"A{number}"} | way | changes
            await served.services.customer_tokens.create(caller, new)
            for identifier in (way, {"authentication_code": f"A{number}"}):
                named = {"access_token_identifier": identifier}
                answer = await request_for(served, PARTICIPANT, named)
                if status == 200:
                    assert await receiver_of(served, answer) == customer
                else:
                    assert_refused(answer, status, "ACCESS_TOKEN_NOT_EFFECTIVE")

    async def test_one_of_a_customer_without_such_an_account_is_not_found(
        self, served: Served
    ) -> None:
        caller = await owner(served)
        company = await served.services.customers.named(
            caller, Identifier.REGISTRATION_NUMBER, "HE618"
        )
        new = {"customer_id": company.id, "authentication_code": "COMPANY"}
        await served.services.customer_tokens.create(caller, new)
        named = {"access_token_identifier": {"authentication_code": "COMPANY"}}
        answer = await request_for(served, PARTICIPANT, named)
        assert_refused(answer, 404, "RECEIVER_NOT_FOUND")


class TestOneTimePassword:
    named = {"access_token_identifier": ONE_TIME_PASSWORD}  # noqa: RUF012

    async def test_it_works_once(self, served: Served) -> None:
        assert (await request_for(served, PARTICIPANT, self.named)).status_code == 200
        again = await request_for(served, PARTICIPANT, self.named)
        assert_refused(again, 404, "RECEIVER_NOT_FOUND")
        # The token it belongs to still identifies in its other ways.
        other = {"access_token_identifier": AUTHENTICATION_CODE}
        assert (await request_for(served, PARTICIPANT, other)).status_code == 200

    async def test_one_that_begins_with_zeros_is_the_integer_that_is_sent(
        self, served: Served
    ) -> None:
        new = {"customer_id": await person(served), "one_time_password": "004200"}
        await served.services.customer_tokens.create(await owner(served), new)
        named = {"access_token_identifier": {"one_time_password": 4200}}
        answer = await request_for(served, PARTICIPANT, named)
        assert await receiver_of(served, answer) == new["customer_id"]

    async def test_a_request_that_fails_does_not_use_it_up(self, served: Served) -> None:
        caller = await owner(served)
        empty = {"name": "Empty", "state": "posted"}
        await served.services.campaigns.create(caller, empty)
        await served.services.campaigns.create(caller, {"name": "Draft"})
        for campaign, status in (("nothing", 404), ("Empty", 409), ("Draft", 400)):
            wanted = {"promotion_campaign_identifier": {"name": campaign}}
            answer = await request_for(served, PARTICIPANT, self.named, **wanted)
            assert answer.status_code == status, answer.text
        answer = await request_for(served, PARTICIPANT, self.named, fields_set="nothing")
        assert answer.status_code == 400
        assert (await request_for(served, PARTICIPANT, self.named)).status_code == 200

    async def test_of_many_requests_at_once_one_gets_a_code(self, served: Served) -> None:
        held = await token(served)
        answers = await asyncio.gather(
            *(request_for(served, PARTICIPANT, self.named, token=held) for _ in range(8))
        )
        assert sorted(answer.status_code for answer in answers)[0] == 200
        refusals = [answer for answer in answers if answer.status_code != 200]
        assert len(refusals) == 7
        for answer in refusals:
            # Too late to find it, or just too late to use it.
            assert (answer.status_code, answer.json()["status"]["code"]) in {
                (404, "RECEIVER_NOT_FOUND"),
                (400, "ACCESS_TOKEN_NOT_EFFECTIVE"),
            }
        assert await issued(served) == 1


async def test_nobody_is_found_in_another_organization(served: Served) -> None:
    access, users = served.services.access, served.services.users
    await access.create_organization("Other", [])
    other = await owner(served, "Other")
    unit = await served.services.units.create(other, {"name": "Unit", "alternative_code": "u"})
    await users.create(
        other,
        {"username": "other", "password": "other-other", "unit_id": unit.id, "role": "owner"},
    )
    held = await token(served, username="other", password="other-other", organisation="Other")
    assert_refused(await request(served, token=held), 404, "CAMPAIGN_NOT_FOUND")
    campaign = {"name": "Ours", "state": "posted", "code_source": "on_request"}
    await served.services.campaigns.create(other, campaign)
    wanted = {"token": held, "promotion_campaign_identifier": {"name": "Ours"}}
    customer = await person(served)
    for receiver, identifier in (
        (CONTACT, {"id": customer.hex.upper()}),
        (CONTACT, {"id_number": "ID0000618"}),
        (PARTICIPANT, {"id": await account(served, "rewards")}),
        (PARTICIPANT, {"access_token_identifier": AUTHENTICATION_CODE}),
        (PARTICIPANT, {"access_token_identifier": ONE_TIME_PASSWORD}),
    ):
        answer = await request_for(served, receiver, identifier, **wanted)
        assert_refused(answer, 404, "RECEIVER_NOT_FOUND")
    code = {"promotion_campaign_identifier": None, "promo_code": "SC4dcj1p4sathzZ"}
    answer = await request(served, token=held, **code)
    assert_refused(answer, 400, "PROMO_CODE_NOT_EFFECTIVE")
