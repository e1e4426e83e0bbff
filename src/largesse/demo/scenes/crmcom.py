"""CRM.COM: a rewards participant requests a code."""

import json

from largesse.demo.exchanges import member
from largesse.demo.scenes.play import Play

PROMO_CODE = """\
{
    "token":"{{token}}",
    "promotion_campaign_identifier": { "alternative_code" : "BG4"},
    "rewards_participant_identifier": { "number" : "RP0000000618"}
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
        "/crmapi/rest/v2/authentication/token",
        status=200,
        body=json.dumps(login, indent=4),
    )
    answer = await stage.send(
        "The participant gets a code of the campaign with the alternative code BG4.",
        "POST",
        "/crmapi/rest/v2/promotion_campaigns/request_promo_code",
        status=200,
        body=PROMO_CODE.replace("{{token}}", str(member(answer, "data", "token"))),
    )
    stage.check("the status code is OK", "OK", member(answer, "status", "code"))
    stage.check("the code is the printed one", "SC4dcj1p4sathzZ", member(answer, "data", "code"))
    campaign = member(answer, "data", "promotion_campaign", "name")
    stage.check("the campaign is the printed one", "Bulk Generation 4", campaign)
