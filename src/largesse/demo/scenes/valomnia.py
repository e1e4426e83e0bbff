"""Valomnia: a promotion list is assigned to a group of customers."""

from urllib.parse import quote

import httpx

from largesse.demo.exchanges import member
from largesse.demo.scenes.play import Play


async def assignments(play: Play) -> None:
    """Assign a promotion list to a customer group; list, show, change and delete."""
    stage = play.stage
    stage.scene("Valomnia: assign groups of customers to promotion lists", "API 2.1, chapter 51")
    headers = await _valomnia_login(play)
    path = "/api/v1/customerGroupPromotionLists"
    answer = await stage.send("List the assignments.", "GET", path, status=200, headers=headers)
    stage.check("there are the two printed ones", [4, 5], _ids(answer))
    answer = await stage.send(
        "Assign the list 9 to the group 7.",
        "POST",
        path,
        status=201,
        headers=headers,
        body='{"promotionListId": 9, "customerGroupId": 7}',
    )
    stage.check("the assignment has the printed id", 6, member(answer, "id"))
    stage.check("it is the group CG-003", "CG-003", member(answer, "customerGroupReference"))
    answer = await stage.send("Show it.", "GET", f"{path}/6", status=200, headers=headers)
    stage.check("it is the list RP-001", "RP-001", member(answer, "promotionListReference"))
    answer = await stage.send(
        "Give the group another list instead.",
        "PUT",
        path,
        status=200,
        headers=headers,
        body='{"id": 6, "promotionListId": 10, "customerGroupId": 7}',
    )
    stage.check("it is the list RP-002", "RP-002", member(answer, "promotionListReference"))
    answer = await stage.send(
        "Delete the assignment, by the references of group and list.",
        "DELETE",
        f"{path}/reference/CG-003/RP-002",
        status=200,
        headers=headers,
    )
    stage.check("success is the text true", "true", member(answer, "success"))
    answer = await stage.send("It is gone.", "GET", f"{path}/6", status=404, headers=headers)
    stage.check("the error is not_found", "not_found", member(answer, "error"))


async def targeting(play: Play) -> None:
    """Put a new customer into a group, give it a list of its own, and find both again."""
    stage = play.stage
    stage.scene("Valomnia: target customers", "API 2.1, chapters 14 to 16, 47 and 50")
    headers = await _valomnia_login(play)
    answer = await stage.send(
        "A customer is made, or changed if there is one: the vendor sends a form.",
        "POST",
        "/api/v2.1/customers/reference/C-004",
        status=201,
        headers=headers,
        body="name=cus4&isActive=true&billingCity=Nice",
        kind="application/x-www-form-urlencoded",
    )
    stage.check("it has its reference", "C-004", member(answer, "reference"))
    for noun, body, text in (
        ("customerGroupAssign", '"groupId": "CG-003"', "It joins a group."),
        ("customerPromotionLists", '"promotionListId": "PL-001"', "It gets a list of its own."),
    ):
        answer = await stage.send(
            text,
            "POST",
            f"/api/v2.1/{noun}",
            status=201,
            headers=headers,
            body=f'{{{body}, "customerId": "C-004", "useExternalId": true}}',
        )
        stage.check("it is the customer's", "C-004", member(answer, "customerReference"))
    path = "/api/v2.1/customerGroupAssign?customerReference=C-0*&max=1"
    answer = await stage.send("Members, page by page.", "GET", path, status=200, headers=headers)
    link = "customerGroupAssign?max=1&offset=1&sort=dateCreated&order=asc&customerReference=C-0*"
    stage.check("the next page", f"/api/v2.1/{link}", member(answer, "paging", "next"))


async def _valomnia_login(play: Play) -> dict[str, str]:
    query = (
        f"j_username={quote(play.demo.username)}&j_password={quote(play.demo.password)}&ajax=true"
    )
    answer = await play.stage.send(
        "The login answers with a session cookie and the address of the token.",
        "POST",
        f"/j_spring_security_check?{query}",
        status=302,
    )
    session = answer.cookies.get("JSESSIONID", "")
    answer = await play.stage.send(
        "Behind that address is the token.",
        "GET",
        "/login/ajaxSuccess",
        status=200,
        headers={"Cookie": f"JSESSIONID={session}"},
    )
    token = member(answer, "token")
    play.stage.check("there is a token", True, bool(token))
    return {"Authorization": f"Bearer {token}"}


def _ids(answer: httpx.Response) -> list[int]:
    return [record.get("id") for record in member(answer, "data") or []]
