"""Intershop: a code is mailed to a customer, and a newsletter subscribed."""

import base64
import json
from email.message import EmailMessage
from urllib.parse import quote

from largesse.demo.data import CHANNEL
from largesse.demo.exchanges import member
from largesse.demo.people import CUSTOMER, PASSWORD, SHOPPER
from largesse.demo.scenes.play import Play

PROMOTION = "CC_10EUR_OrderDiscount"

MAIL_JSON = """\
{
    "type": "PromotionCode",
    "code": "CC2M8Y5VY4MW",
    "promotion":
    {
        "type": "Link",
        "description": "Contact Center 10 EUR order discount coupon.",
        "title": "10 EUR Order discount ",
        "uri": "ContactCenter/-/channels/PrimeTech-PrimeTechSpecials/promotions/CC_10EUR_OrderDiscount",
        "relation": "about"
    },
    "promotionID": "CC_10EUR_OrderDiscount",
    "channelID": "PrimeTech-PrimeTechSpecials"
}"""

MAIL_XML = """\
<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<PromotionCode type="PromotionCode">
  <channelID>PrimeTech-PrimeTechSpecials</channelID>
  <code>CCZN413KW8RK</code>
  <promotion type="Link">
    <description>Contact Center 10 EUR order discount coupon.</description>
    <relation>about</relation>
    <title>10 EUR Order discount </title>
    <uri>ContactCenter/-/channels/PrimeTech-PrimeTechSpecials/promotions/CC_10EUR_OrderDiscount</uri>
  </promotion>
  <promotionID>CC_10EUR_OrderDiscount</promotionID>
</PromotionCode>"""


async def contact_centre(play: Play) -> None:
    """Create two codes and mail them, one in JSON and one in XML."""
    stage = play.stage
    stage.scene(
        "Intershop contact centre: send a promotion code to a customer",
        "REST API OCST - Send a Promotion Code to a Customer",
    )
    headers = await _intershop_login(play)
    promotions = f"/channels/{CHANNEL}/promotions"
    answer = await stage.send(
        "The agent sees the promotions of a channel.",
        "GET",
        promotions,
        status=200,
        headers=headers,
    )
    titles = [link.get("title") for link in member(answer, "elements") or []]
    stage.check("the 10 EUR promotion is among them", True, "10 EUR Order discount " in titles)
    for kind, body, code in (
        ("application/json", MAIL_JSON, "CC2M8Y5VY4MW"),
        ("text/xml", MAIL_XML, "CCZN413KW8RK"),
    ):
        answer = await stage.send(
            "A code of the promotion is created; it is the next one of the campaign's pool.",
            "POST",
            f"{promotions}/{PROMOTION}/codes",
            status=200,
            headers=headers | {"Accept": kind},
        )
        stage.check(f"the code is the printed one, {code}", True, code in answer.text)
        await stage.send(
            f"What came back is sent to the customer, as {kind}.",
            "POST",
            f"/customers/{CUSTOMER}/mails",
            status=204,
            headers=headers,
            body=body,
            kind=kind,
        )
        _read_back(play, code)


async def _intershop_login(play: Play) -> dict[str, str]:
    """Log in as the contact centre does and return the headers of every later call."""
    password = base64.b64encode(f"{play.demo.username}:{play.demo.password}".encode()).decode()
    organization = {"UserOrganization": play.demo.intershop_organization}
    answer = await play.stage.send(
        "The agent logs in; the token is in the answer's header.",
        "GET",
        "/users/-",
        status=200,
        headers=organization | {"Authorization": f"Basic {password}"},
    )
    token = answer.headers.get("authentication-token", "")
    play.stage.check("there is a token", True, token != "")
    return organization | {"authentication-token": token}


def _read_back(play: Play, code: str) -> None:
    messages = [message for message in play.sink.messages if code in _text(message)]
    if messages:
        message = messages[0]
        head = f"To: {message['To']}\nSubject: {message['Subject']}\n\n"
        play.stage.note("The mail service has the mail:", head + _text(message).strip())
    play.stage.check(f"one mail with the code {code} arrived", 1, len(messages))
    to = str(messages[0]["To"]) if messages else None
    play.stage.check("it is addressed to the customer", "patricia@test.intershop.de", to)


def _text(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    return "" if part is None else str(part.get_content())


RECIPIENT = "d.weiers@test.intershop.de"


async def newsletter(play: Play) -> None:
    """Subscribe a recipient, look at the subscription and end it."""
    stage = play.stage
    stage.scene(
        "Intershop newsletter: subscribe, look, unsubscribe",
        "Reference - Newsletter (Subscription) REST API 1.0.0",
    )
    body = {"name": "Newsletter", "type": "Subscription", "active": True, "recipient": RECIPIENT}
    answer = await stage.send(
        "Anybody may subscribe an address.",
        "POST",
        "/subscriptions",
        status=201,
        headers={"UserOrganization": play.demo.intershop_organization},
        body=json.dumps(body, indent=4),
    )
    stage.check("the recipient is subscribed", True, member(answer, "active"))
    headers = await _intershop_login(play)
    path = f"/subscriptions/{RECIPIENT}"
    answer = await stage.send(
        "A user with the right to it sees the subscription.",
        "GET",
        path,
        status=200,
        headers=headers,
    )
    stage.check("it is active", True, member(answer, "active"))
    stage.check("it is the recipient's", RECIPIENT, member(answer, "recipient"))
    await stage.send("The subscription ends.", "DELETE", path, status=204, headers=headers)
    answer = await stage.send(
        "Nobody is subscribed any more.", "GET", path, status=404, headers=headers
    )
    key = "subscriptions.subscription_not_found.error"
    stage.check("the error key is the printed one", key, answer.headers.get("error-key"))


FORM = "application/x-www-form-urlencoded"
STOREFRONT = "/INTERSHOP/rest/WFS/inSPIRED-inTRONICS-Site/rest;loc=en_US;cur=USD"


async def storefront(play: Play) -> None:
    """Log a customer in as the storefront does, look at the newsletter and log out."""
    stage = play.stage
    stage.scene(
        "Intershop storefront: a customer logs in and looks at the newsletter",
        "intershop-pwa: token, customers/-, subscriptions",
    )
    answer = await stage.send(
        "A customer logs in with the form that the storefront's OAuth library sends.",
        "POST",
        f"{STOREFRONT}/token",
        status=200,
        headers={},
        body=f"grant_type=password&username={quote(SHOPPER)}&password={PASSWORD}",
        kind=FORM,
    )
    headers = {"authentication-token": str(member(answer, "access_token"))}
    answer = await stage.send(
        "The storefront asks who it is.",
        "GET",
        f"{STOREFRONT}/customers/-",
        status=200,
        headers=headers,
    )
    stage.check("it is a person", "PRIVATE", member(answer, "customerType"))
    answer = await stage.send(
        "It asks for the customer's own subscription, by the encoded address.",
        "GET",
        f"{STOREFRONT}/subscriptions/{quote(SHOPPER, safe='')}",
        status=200,
        headers=headers,
    )
    stage.check("the customer is subscribed", True, member(answer, "active"))
    await stage.send(
        "The customer logs out.", "PUT", f"{STOREFRONT}/token/logout", status=204, headers=headers
    )
    await stage.send(
        "The token opens nothing any more.",
        "GET",
        f"{STOREFRONT}/customers/-",
        status=401,
        headers=headers,
    )
