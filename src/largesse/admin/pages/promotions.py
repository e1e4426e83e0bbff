"""Promotions, and the channels they are offered in."""

from collections.abc import Sequence
from typing import Any

from largesse.admin import lists, nouns
from largesse.admin.forms import Choice, Field
from largesse.admin.language import N_
from largesse.admin.lists import Action, Column, Filter, Listing
from largesse.admin.nouns import Noun, id_text, page
from largesse.core.access.model import Right
from largesse.core.promotions.model import AppliesTo
from largesse.core.search.browse import Browse
from largesse.wire.call import Call

YES_OR_NO = (("yes", N_("yes")), ("no", N_("no")))

APPLIES_TO = tuple((kind.value, N_(kind.value)) for kind in AppliesTo)


async def channels(call: Call) -> Sequence[Choice]:
    """Return the channels, to choose one from."""
    found = await call.services.channels.browse(call.caller, Browse(limit=500))
    return [(one.id, one.name) for one in found.items]


async def _delete(call: Call, promotion_id: Any) -> None:
    await call.services.promotions.delete(call.caller, promotion_id)


async def _enable(call: Call, promotion_id: Any) -> None:
    await call.services.promotions.change(call.caller, promotion_id, {"enabled": True})


async def _disable(call: Call, promotion_id: Any) -> None:
    await call.services.promotions.change(call.caller, promotion_id, {"enabled": False})


PROMOTIONS = Listing(
    path="/promotions",
    title=N_("Promotions"),
    source=lambda services: services.promotions,
    columns=(
        Column("title", N_("Title")),
        Column("key", N_("Key"), kind="code", order="key"),
        Column("channel_id", N_("Channel")),
        Column("applies_to", N_("Applies to"), kind="state"),
        Column("enabled", N_("Enabled"), kind="flag"),
        Column("starts_at", N_("Starts"), kind="moment"),
        Column("ends_at", N_("Ends"), kind="moment"),
        Column("created_at", N_("Made"), kind="moment", order="made"),
    ),
    search=N_("Key or title"),
    filters=(
        Filter("channel_id", N_("Channel"), channels),
        Filter("enabled", N_("Enabled"), YES_OR_NO, parse=lambda text: text == "yes"),
    ),
    open=lambda promotion: f"/promotions/{id_text(promotion.id)}/edit",
    actions=(
        Action(
            name="enable",
            label=N_("Enable"),
            one=N_("Enable one promotion?"),
            many=N_("Enable %(count)s promotions?"),
            done=N_("Enabled: %(count)s."),
            right=Right.MANAGE_PROMOTIONS,
            do=_enable,
            is_bad=False,
        ),
        Action(
            name="disable",
            label=N_("Disable"),
            one=N_("Disable one promotion?"),
            many=N_("Disable %(count)s promotions?"),
            done=N_("Disabled: %(count)s."),
            right=Right.MANAGE_PROMOTIONS,
            do=_disable,
            is_bad=False,
        ),
        Action(
            name="delete",
            label=N_("Delete"),
            one=N_("Delete one promotion?"),
            many=N_("Delete %(count)s promotions?"),
            done=N_("Deleted: %(count)s."),
            right=Right.MANAGE_PROMOTIONS,
            do=_delete,
        ),
    ),
    new=("/promotions/new", N_("New promotion"), Right.MANAGE_PROMOTIONS),
    empty=N_(
        "There is no promotion yet. Make the first one, and a campaign can give out its codes."
    ),
)

PROMOTION = Noun(
    path="/promotions",
    source=lambda services: services.promotions,
    fields=(
        Field("title", N_("Title"), required=True, longest=400),
        Field(
            "key",
            N_("Key"),
            longest=200,
            help=N_("By this clients of the APIs know it. Left empty, one is made."),
        ),
        Field("description", N_("Description"), "long"),
        Field("channel_id", N_("Channel"), "choice", choices=channels),
        Field("applies_to", N_("Applies to"), "choice", choices=APPLIES_TO),
        Field("starts_at", N_("Starts"), "moment"),
        Field("ends_at", N_("Ends"), "moment"),
        Field("enabled", N_("Enabled"), "flag"),
        Field(
            "repeatable",
            N_("One recipient may hold it more than once"),
            "flag",
        ),
    ),
    right=Right.MANAGE_PROMOTIONS,
    new=N_("New promotion"),
    name=lambda promotion: promotion.title,
    delete=N_("Delete the promotion %(name)s?"),
    fresh={"enabled": True},
)

CHANNELS = Listing(
    path="/channels",
    title=N_("Channels"),
    source=lambda services: services.channels,
    columns=(
        Column("id", N_("Id"), kind="code"),
        Column("name", N_("Name")),
        Column("description", N_("Description")),
        Column("created_at", N_("Made"), kind="moment"),
    ),
    search=N_("Id or name"),
    open=lambda channel: f"/channels/{channel.id}/edit",
    new=("/channels/new", N_("New channel"), Right.MANAGE_PROMOTIONS),
    parse_id=lambda text: text or None,
    descending=False,
)

CHANNEL = Noun(
    path="/channels",
    source=lambda services: services.channels,
    fields=(
        Field("id", N_("Id"), required=True, longest=200, only_new=True),
        Field("name", N_("Name"), required=True, longest=200),
        Field("description", N_("Description"), "long"),
    ),
    right=Right.MANAGE_PROMOTIONS,
    new=N_("New channel"),
    name=lambda channel: channel.name,
    delete=N_("Delete the channel %(name)s?"),
    parse_id=lambda text: text or None,
)

ROUTES = (
    page("GET", PROMOTIONS.path, lists.listing(PROMOTIONS)),
    page("POST", f"{PROMOTIONS.path}/actions", lists.acting(PROMOTIONS)),
    *nouns.routes(PROMOTION),
    page("GET", CHANNELS.path, lists.listing(CHANNELS)),
    *nouns.routes(CHANNEL),
)
