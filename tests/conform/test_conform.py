"""Our own server answers as every document says; another one that does not is found out."""

import json
import re
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from largesse.app import DIALECTS
from largesse.conform.cases import MARKS
from largesse.conform.run import WRITES, run
from largesse.conform.suites import SUITES
from largesse.wire.routes import Offer
from tests.conform.serving import credentials, listening, printed
from tests.serving import Served

LOGIN = {"username": "ada", "password": "hunter-two-2", "application_key": "key-of-the-shop"}
LEFT_OUT = {
    "it needs totp_code",
    # The demo has one of each.
    "it needs customerGroupAssign_next",
    "it needs customerPromotionLists_next",
}


async def test_our_own_server_scores_100_percent(served: Served) -> None:
    for suite in SUITES.values():
        report = await run(suite, served.client, credentials(served), write=True)
        assert report.perfect, printed(report)
        assert {one.not_run for one in report.outcomes} - {None} <= LEFT_OUT


@pytest.mark.parametrize("name", sorted(SUITES))
def test_every_operation_has_cases(name: str) -> None:
    dialect = next(dialect for dialect in DIALECTS if dialect.name == name)
    answered = {
        f"{route.method} {re.sub(r':[a-z]+}', '}', route.path)}"
        for route in dialect.routes
        if route.offer is Offer.DONE
    }
    tried = {case.operation for case in SUITES[name].cases}
    assert answered <= tried, answered - tried
    assert tried <= answered, tried - answered


@pytest.mark.parametrize("name", sorted(SUITES))
def test_every_case_says_where_it_is_from_and_whether_it_writes(name: str) -> None:
    for case in SUITES[name].cases:
        assert case.mark in MARKS, case
        # Those that only look up, in a body.
        reads = re.search(r"login|token|j_spring|logout|refresh|/show$", case.operation)
        assert case.writes or case.method == "GET" or reads, case


class Broken:
    """A server that answers Valomnia's login and one list, wrongly; it remembers what it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.application = Starlette(
            routes=[
                Route("/j_spring_security_check", self.check, methods=["GET", "POST"]),
                Route("/login/ajaxSuccess", self.session, methods=["GET", "POST"]),
                Route("/{path:path}", self.other, methods=["GET", "POST", "PUT", "DELETE"]),
            ]
        )

    async def check(self, request: Request) -> Response:
        answer = RedirectResponse("/login/ajaxSuccess", 302)
        answer.set_cookie("JSESSIONID", "the-session-of-ada")
        return answer

    async def session(self, request: Request) -> Response:
        return JSONResponse({"token": "token-of-ada-618", "user": {"role": ["admin"]}})

    async def other(self, request: Request) -> Response:
        self.asked.append(request.method)
        if request.url.path.endswith("/customerGroups/7"):
            # It tells everything that it was told, and sends the id as a text.
            record = {"id": "7", "name": "hunter-two-2", "reference": "token-of-ada-618"}
            return JSONResponse(record | {"token": "another-one"})
        if request.url.path.endswith("/customers"):
            return Response('{"token": "another-one"}', media_type="text/plain")
        paging = {"total": 1, "max": 100, "offset": 0, "previous": None, "next": None}
        group = {"id": 7, "name": "G", "reference": "R", "organization": "Lyon"}
        moments = {"dateCreated": "2016-08-24T11:32:37Z", "lastUpdated": "yesterday"}
        return JSONResponse({"paging": paging, "data": [group | moments]})


async def broken_report(broken: Broken, **more: Any) -> Any:
    async with listening(broken.application) as url, httpx.AsyncClient(base_url=url) as client:
        return await run(SUITES["valomnia"], client, {"login": LOGIN}, write=False, **more)


async def test_a_server_that_answers_wrongly_is_found_out() -> None:
    broken = Broken()
    report = await broken_report(broken)
    assert not report.perfect
    found = {(outcome.operation, outcome.what): outcome.differences for outcome in report.outcomes}
    (wrong,) = found["GET /customerGroups", "a list has paging and data"]
    assert wrong.path == "body.data[0].lastUpdated"
    assert wrong.got == '"yesterday"'
    assert "yyyy-MM-ddTHH:mm:ssZ" in wrong.expected
    shown = {one.path: one for one in found["GET /customerGroups/{id}", "a record"]}
    assert (shown["body.id"].expected, shown["body.id"].got) == ("7", '"7"')
    assert shown["body.dateCreated"].got == "nothing"
    text = found["GET /customers", "a list has paging and data"]
    assert [one.got for one in text if one.path == "header content-type"] == ["text/plain"]
    text = printed(report)
    assert "body.data[0].lastUpdated: expected" in text
    assert f"({report.passed} of {report.ran})" in text
    assert set(broken.asked) == {"GET"}


async def test_nothing_that_is_printed_has_a_secret_in_it() -> None:
    report = await broken_report(Broken())
    for text in (printed(report), json.dumps(report.as_json())):
        for secret in (*LOGIN.values(), "token-of-ada-618", "the-session-of-ada", "another-one"):
            assert secret == LOGIN["username"] or secret not in text


async def test_only_what_is_known_in_a_way_is_run() -> None:
    report = await broken_report(Broken(), marks=("SEED",))
    marks = {one.source.split()[0] for one in report.outcomes if one.not_run is None}
    assert "INFERRED" not in marks
    assert "DECIDED" not in marks


async def test_a_server_that_does_not_answer_scores_nothing() -> None:
    async with httpx.AsyncClient(base_url="http://127.0.0.1:1") as client:
        report = await run(SUITES["oracle"], client, {"login": LOGIN}, write=False)
    assert (report.passed, report.perfect) == (0, False)
    assert "answer: expected an answer" in printed(report)


async def test_data_that_a_shop_does_not_have_leaves_cases_out(served: Served) -> None:
    given = credentials(served) | {"data": {"promotion": ""}}
    report = await run(SUITES["oracle"], served.client, given, write=False)
    assert report.perfect, printed(report)
    assert {one.not_run for one in report.outcomes if one.writes} == {WRITES}
    assert "it needs promotion" in {one.not_run for one in report.outcomes}


async def test_a_token_goes_to_no_other_server() -> None:
    asked: list[str] = []

    async def elsewhere(request: Request) -> Response:
        asked.append(str(request.url))
        return JSONResponse({})

    class Leading(Broken):
        foreign = ""

        async def other(self, request: Request) -> Response:
            answer = await super().other(request)
            return Response(
                bytes(answer.body).replace(b'"next":null', f'"next":"{self.foreign}/x"'.encode()),
                media_type="application/json",
            )

    broken = Leading()
    async with listening(Starlette(routes=[Route("/{path:path}", elsewhere)])) as broken.foreign:
        report = await broken_report(broken)
    assert asked == []
    followed = [one for one in report.outcomes if "paging.next" in one.what]
    # One list there is no JSON, so nothing is followed.
    assert [one.operation for one in followed if one.not_run] == ["GET /customers"]
