"""The interfaces: which APIs are on, where their clients connect, and a command to try each."""

from dataclasses import dataclass
from typing import Any

from largesse.admin.language import N_
from largesse.admin.nouns import page
from largesse.admin.pages.settings import PATH
from largesse.admin.render import Page
from largesse.core.access.model import Right
from largesse.wire.call import Call

JSON = "-H 'Content-Type: application/json'"
LOGIN = "MPAdministrator:largesse-demo"

INTERSHOP = """\
curl -i -u {login} -H 'UserOrganization: PrimeTech' -X POST \\
  {base}/channels/PrimeTech-PrimeTechSpecials/promotions/CC_10EUR_OrderDiscount/codes"""

ORACLE = """\
TOKEN=$(curl -s -d 'grant_type=password&username=MPAdministrator&password=largesse-demo' \\
  {base}/login | sed -E 's/.*"access_token": ?"([^"]*)".*/\\1/')
curl -i -H "Authorization: Bearer $TOKEN" {json} \\
  -d '{{"sourceId": "src10001", "promotionIds": ["promo1001", "promo1002"],
       "profileIds": ["profile1", "profile2"], "emailAddresses": ["shopper1@example.com"]}}' \\
  {base}/profiles/batchGrantPromotions"""

CRMCOM = """\
TOKEN=$(curl -s {json} \\
  -d '{{"username": "MPAdministrator", "password": "largesse-demo", "organisation": "CRMDEMO"}}' \\
  {base}/authentication/token | sed -E 's/.*"token": ?"([^"]*)".*/\\1/')
curl -i {json} \\
  -d "{{\\"token\\": \\"$TOKEN\\", \\"promotion_campaign_identifier\\": {{\\"alternative_code\\": \\"BG4\\"}},
       \\"rewards_participant_identifier\\": {{\\"number\\": \\"RP0000000618\\"}}}}" \\
  {base}/promotion_campaigns/request_promo_code"""

VALOMNIA = """\
TOKEN=$(curl -s -L -b '' '{origin}/j_spring_security_check?j_username=MPAdministrator&j_password=largesse-demo&ajax=true' |
  sed -E 's/.*"token": ?"([^"]*)".*/\\1/')
curl -i -H "Authorization: Bearer $TOKEN" {json} \\
  -d '{{"promotionListId": "RP-001", "customerGroupId": "CG-003", "useExternalId": true}}' \\
  {base}/customerGroupPromotionLists"""

NATIVE = """\
TOKEN=$(curl -s {json} -d '{{"username": "MPAdministrator", "password": "largesse-demo"}}' \\
  {base}/tokens | sed -E 's/.*"access_token": ?"([^"]*)".*/\\1/')
curl -i -H "Authorization: Bearer $TOKEN" {base}/promotions"""


@dataclass(frozen=True, slots=True)
class Api:
    """An API as the page tells of it."""

    name: str
    """That of its table in the settings."""
    title: str
    prefixes: tuple[str, ...]
    """Where it is mounted unless the settings say otherwise; the last one is the newest clients'."""
    about: str
    """What the command does."""
    command: str
    """With places for the JSON header, the login, the origin and the base."""


APIS = (
    Api("intershop", "Intershop", ("/INTERSHOP/rest/*/*/*",), N_("Create a code"), INTERSHOP),
    Api(
        "oracle",
        "Oracle Commerce",
        ("/ccadmin/v1",),
        N_("Grant two promotions to two profiles and an e-mail address"),
        ORACLE,
    ),
    Api(
        "crmcom",
        "CRM.COM",
        ("/crmapi/rest/v2",),
        N_("Request a code for a rewards participant"),
        CRMCOM,
    ),
    Api(
        "valomnia",
        "Valomnia",
        ("/api/v1", "/api/v1.0", "/api/v2", "/api/v2.1"),
        N_("Assign a promotion list to a customer group"),
        VALOMNIA,
    ),
    Api("native", "Largesse", ("/v1",), N_("List promotions"), NATIVE),
)


@dataclass(frozen=True, slots=True)
class Shown:
    """An API at the address by which the page was asked for."""

    name: str
    title: str
    is_on: bool
    setting: str
    places: tuple[str, ...]
    about: str
    command: str

    @property
    def has_star(self) -> bool:
        """Whether a part of a path may be anything."""
        return any("*" in place for place in self.places)


async def show(call: Call) -> Page:
    """Show every API."""
    call.caller.require(Right.MANAGE_ACCESS)
    return Page("apis.html", {"shown": [_shown(call, api) for api in APIS]})


def _shown(call: Call, api: Api) -> Shown:
    chosen: Any = getattr(call.services.settings, api.name)
    origin = f"{call.scope['scheme']}://{call.request.url.netloc}"
    prefixes = api.prefixes if chosen.prefixes is None else tuple(chosen.prefixes)
    base = origin + (prefixes[-1].replace("*", "-") if prefixes else "")
    command = api.command.format(json=JSON, login=LOGIN, origin=origin, base=base)
    places = tuple(origin + prefix for prefix in prefixes)
    setting = f"{api.name}.enabled"
    return Shown(api.name, api.title, chosen.enabled, setting, places, api.about, command)


ROUTES = (page("GET", f"{PATH}/apis", show),)
