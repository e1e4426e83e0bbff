"""`largesse campaigns`: how codes are given out."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import rich_click as click

from largesse.cli.output import json_option, show_record, show_rows
from largesse.cli.session import (
    after_option,
    chosen,
    limit_option,
    organization_option,
    pages,
    run,
)

if TYPE_CHECKING:
    from largesse.core.access.model import Caller
    from largesse.core.campaigns.model import Campaign
    from largesse.services import Services

STATES = ("draft", "posted", "ended")

WHEN_EMPTY = ("refuse", "on_request", "generate")

FIELDS = (
    click.option("--alternative-code", metavar="TEXT", help="Another name of the campaign."),
    click.option("--promotion", metavar="KEY", help="The promotion that its codes are for."),
    click.option("--state", type=click.Choice(STATES), help="Posted ones give out codes."),
    click.option("--source", type=click.Choice(("pool", "on_request")), help="Of the codes."),
    click.option("--prefix", help="What every code begins with."),
    click.option("--length", type=int, help="Random characters of a code; 10 unless given."),
    click.option(
        "--alphabet",
        metavar="NAME|CHARACTERS",
        help="Of the random characters: unambiguous (usual), digits, hex, letters, or your own.",
    ),
    click.option("--suffix", help="What every code ends with."),
    click.option(
        "--pattern",
        help="The whole form instead, e.g. AB-####-????: # a digit, ? a letter, * either.",
    ),
    click.option(
        "--check",
        type=click.Choice(("none", "character", "keyed")),
        help="What refuses typing errors (character) or guesses (keyed) without a query.",
    ),
    click.option("--check-length", type=int, help="Keyed check characters; 4 unless given."),
    click.option(
        "--alarm-level",
        type=click.IntRange(0),
        help="Codes left at which an event is recorded, and at each half of it; 0: never.",
    ),
    click.option(
        "--when-empty",
        type=click.Choice(WHEN_EMPTY),
        help="What becomes of requests when the pool is used up: generate makes more ahead.",
    ),
)

OF_CODES = ("prefix", "length", "alphabet", "suffix", "pattern", "check", "check_length", "source")
"""Options whose field has `code_` before the name."""


@click.group()
def campaigns() -> None:
    """Make, change and list campaigns."""


def _with_fields(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(FIELDS):
        command = option(command)
    return command


@campaigns.command()
@click.argument("name")
@_with_fields
@organization_option
@json_option
def create(name: str, organization: str | None, as_json: bool, **options: Any) -> None:
    """Make a campaign, and show what its codes look like."""

    async def work(services: "Services") -> "Campaign":
        caller = await chosen(services, organization)
        fields = await _fields(services, caller, options)
        return await services.campaigns.create(caller, {"name": name} | fields)

    show_record(_record(run(work)), as_json=as_json)


@campaigns.command()
@click.argument("campaign")
@_with_fields
@organization_option
@json_option
def change(campaign: str, organization: str | None, as_json: bool, **options: Any) -> None:
    """Change what is given of a CAMPAIGN, by its name, alternative code or id.

    An empty --pattern takes the pattern away, and an --alarm-level of 0 the alarms.
    """

    async def work(services: "Services") -> "Campaign":
        caller = await chosen(services, organization)
        found = await campaign_named(services, caller, campaign)
        fields = await _fields(services, caller, options)
        return await services.campaigns.change(caller, found.id, fields)

    show_record(_record(run(work)), as_json=as_json)


@campaigns.command("list")
@click.option("--state", type=click.Choice(STATES))
@organization_option
@limit_option
@after_option
@json_option
def list_(
    state: str | None, organization: str | None, limit: int, after: Any, as_json: bool
) -> None:
    """List campaigns with the number of their codes in each state."""
    from largesse.core.codes.model import CampaignRef

    async def work(services: "Services") -> list[dict[str, Any]]:
        caller = await chosen(services, organization)
        found = await pages(services.campaigns.page, caller, limit=limit, after=after, state=state)
        return [
            {
                "id": campaign.id,
                "name": campaign.name,
                "alternative_code": campaign.alternative_code,
                "state": campaign.state,
                "type": campaign.type,
                "distribution": campaign.distribution,
                "code_source": campaign.code_source,
                "codes": await services.codes.levels(caller, CampaignRef("id", campaign.id.hex)),
            }
            for campaign in found
        ]

    show_rows(run(work), as_json=as_json)


async def campaign_named(services: "Services", caller: "Caller", name: str) -> "Campaign":
    """Return a campaign by its name, alternative code or id. Raises UnknownCampaign."""
    from largesse.core.errors import UnknownCampaign

    for field in ("name", "alternative_code", "id"):
        try:
            return await services.campaigns.named(caller, field, name)
        except UnknownCampaign:
            continue
    raise UnknownCampaign(name, "name, alternative code or id")


async def _fields(
    services: "Services", caller: "Caller", options: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the campaign's fields that the options give. Raises UnknownPromotion."""
    given = {name: value for name, value in options.items() if value is not None}
    fields = {f"code_{name}" if name in OF_CODES else name: given[name] for name in given}
    if "promotion" in fields:
        promotion = await services.promotions.by_key(caller, fields.pop("promotion"))
        fields["promotion_id"] = promotion.id
    if fields.get("code_pattern") == "":
        fields["code_pattern"] = None
    if fields.get("alarm_level") == 0:
        fields["alarm_level"] = None
    return fields


def _record(campaign: "Campaign") -> dict[str, Any]:
    from largesse.core.codes.format import CodeFormat

    made = CodeFormat.of(campaign)
    shown = ("id", "name", "alternative_code", "promotion_id", "state", "code_source")
    return {name: getattr(campaign, name) for name in shown} | {
        "prefix": campaign.code_prefix,
        "length": campaign.code_length if campaign.code_pattern is None else None,
        "alphabet": campaign.code_alphabet,
        "suffix": campaign.code_suffix,
        "pattern": campaign.code_pattern,
        "check": campaign.code_check,
        "check_length": campaign.code_check_length,
        "alarm_level": campaign.alarm_level,
        "when_empty": campaign.when_empty,
        "whole_length": made.whole_length,
        # As a text: there may be more than JSON's readers can count.
        "possible_codes": str(made.space),
        "false_accepts": made.false_accepts,
    }
