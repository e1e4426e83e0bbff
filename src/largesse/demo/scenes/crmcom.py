"""CRM.COM: a program logs in by its key; a rewards participant requests a code, and one is used."""

import base64
import json

from largesse.demo.exchanges import member
from largesse.demo.scenes.play import Play

BASE = "/crmapi/rest/v2"

PROMO_CODE = """\
{
    "token":"{{token}}",
    "promotion_campaign_identifier": { "alternative_code" : "BG4"},
    "rewards_participant_identifier": { "number" : "RP0000000618"}
}"""

APPLY = """\
{
    "token":"{{token}}",
    "accounts_receivable_identifier":{"number":"ACR0000002278"},
    "promo_code":"SC4I0EnXfSky6Qt"
}"""


async def promo_code(play: Play) -> None:
    """Request a code for a rewards participant."""
    stage = play.stage
    stage.scene("CRM.COM: request a promo code", "POST promotion_campaigns/request_promo_code")
    login = {
        "username": play.demo.username,
        "password": play.demo.password,
        "organisation": play.demo.crmcom_organisation,
    }
    answer = await stage.send(
        "The login method returns a token.",
        "POST",
        f"{BASE}/authentication/token",
        status=200,
        body=json.dumps(login, indent=4),
    )
    answer = await stage.send(
        "The participant gets a code of the campaign with the alternative code BG4.",
        "POST",
        f"{BASE}/promotion_campaigns/request_promo_code",
        status=200,
        body=PROMO_CODE.replace("{{token}}", str(member(answer, "data", "token"))),
    )
    stage.check("the status code is OK", "OK", member(answer, "status", "code"))
    stage.check("the code is the printed one", "SC4dcj1p4sathzZ", member(answer, "data", "code"))
    campaign = member(answer, "data", "promotion_campaign", "name")
    stage.check("the campaign is the printed one", "Bulk Generation 4", campaign)


async def applied(play: Play) -> None:
    """Log in by a key, look the receiver up, and use a code on its subscription."""
    stage = play.stage
    stage.scene("CRM.COM: apply a promo code", "POST subscriptions/apply_promo_code")
    key = base64.b64encode(f"{play.demo.application_key}:".encode()).decode()
    answer = await stage.send(
        "A program logs in by its key alone.",
        "POST",
        f"{BASE}/authentication/web_api_key/token",
        status=200,
        headers={"Authorization": f"Basic {key}"},
        body='{"unit": "EE63A82C4FEBE02FF34E90DD1EBA5ABE"}',
    )
    token = str(member(answer, "data", "token"))
    answer = await stage.send(
        "The accounts receivable is Cyrillus Mayer's.",
        "GET",
        f"{BASE}/accounts_receivable/show?token={token}"
        "&accounts_receivable_identifier=number=ACR0000002278",
        status=200,
    )
    owner = member(answer, "data", "account_owner", "name")
    stage.check("its owner is he", "Cyrillus Mayer", owner)
    body = APPLY.replace("{{token}}", token)
    path = f"{BASE}/subscriptions/apply_promo_code"
    answer = await stage.send(
        "The code is used on his only subscription.", "POST", path, status=200, body=body
    )
    stage.check("it is the printed one", "S0000001547", member(answer, "data", "number"))
    answer = await stage.send("It can be used once.", "POST", path, status=400, body=body)
    found = member(answer, "status", "code")
    stage.check("it is no longer effective", "PROMO_CODE_NOT_EFFECTIVE", found)
    release = json.dumps({"token": token})
    path = f"{BASE}/authentication/token/release"
    await stage.send("The program logs out.", "POST", path, status=200, body=release)
