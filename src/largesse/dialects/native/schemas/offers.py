"""Bodies about what is offered: channels, promotions, campaigns, lists and groups."""

from datetime import date
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from largesse.core.campaigns.model import (
    CampaignState,
    CampaignType,
    CodeCheck,
    Distribution,
    WhenEmpty,
)
from largesse.core.codes.format import LONGEST
from largesse.core.codes.generation import MOST
from largesse.core.pools.model import PoolForecast
from largesse.core.promotions.model import AppliesTo
from largesse.dialects.native.schemas.base import (
    Body,
    ChannelId,
    CodeText,
    FilledLong,
    FilledName,
    Label,
    Moment,
    Name,
    Number,
    Object,
    Text,
)
from largesse.wire.schemas import one_of

LOCALE = r"^[A-Za-z]{2,3}([_-][A-Za-z0-9]{2,8}){0,2}(?![\s\S])"


class ChannelChanges(Body, kw_only=True):
    """What may be changed of a channel."""

    name: FilledName | UnsetType = UNSET
    description: Text | UnsetType | None = UNSET


class NewChannel(ChannelChanges, kw_only=True):
    """A channel, under an id of the client's choice."""

    id: ChannelId
    name: FilledName


class Translation(Body, kw_only=True):
    """The texts of a promotion in another language."""

    title: Annotated[str, Meta(max_length=400)] | UnsetType | None = UNSET
    description: Text | UnsetType | None = UNSET


class PromotionChanges(Body, kw_only=True):
    """What may be changed of a promotion."""

    key: FilledName | UnsetType = UNSET
    channel_id: Name | UnsetType | None = UNSET
    title: FilledLong | UnsetType = UNSET
    description: Text | UnsetType | None = UNSET
    discount: Object | UnsetType | None = UNSET
    enabled: bool | UnsetType = UNSET
    repeatable: bool | UnsetType = UNSET
    starts_at: Moment | UnsetType | None = UNSET
    ends_at: Moment | UnsetType | None = UNSET
    attributes: Object | UnsetType = UNSET
    applies_to: AppliesTo | UnsetType | None = UNSET
    folder_id: Number | UnsetType | None = UNSET
    locale: Annotated[str, Meta(pattern=LOCALE)] | UnsetType | None = UNSET
    """The language of the title and the description."""
    translations: dict[Annotated[str, Meta(pattern=LOCALE)], Translation] | UnsetType = UNSET
    """The two in other languages."""


class NewPromotion(PromotionChanges, kw_only=True):
    """An offer. Without a key it gets one."""

    title: FilledLong


class CampaignChanges(Body, kw_only=True):
    """What may be changed of a campaign."""

    promotion_id: UUID | UnsetType | None = UNSET
    name: FilledName | UnsetType = UNSET
    alternative_code: Label | UnsetType | None = UNSET
    state: CampaignState | UnsetType = UNSET
    type: CampaignType | UnsetType = UNSET
    distribution: Distribution | UnsetType = UNSET
    code_source: Literal["pool", "on_request"] | UnsetType = UNSET
    code_prefix: Annotated[str, Meta(max_length=40)] | UnsetType = UNSET
    code_length: Annotated[int, Meta(ge=1, le=LONGEST)] | UnsetType = UNSET
    code_alphabet: Annotated[str, Meta(min_length=2, max_length=100)] | UnsetType = UNSET
    code_suffix: Annotated[str, Meta(max_length=40)] | UnsetType = UNSET
    code_pattern: Annotated[str, Meta(min_length=1, max_length=LONGEST)] | UnsetType | None = UNSET
    code_check: CodeCheck | UnsetType = UNSET
    code_check_length: Annotated[int, Meta(ge=0, le=LONGEST)] | UnsetType = UNSET
    codes_in_all: Number | UnsetType | None = UNSET
    codes_per_receiver: Annotated[int, Meta(ge=1, le=2**31 - 1)] | UnsetType | None = UNSET
    codes_per_day: Number | UnsetType | None = UNSET
    when_empty: WhenEmpty | UnsetType = UNSET
    alarm_level: Number | UnsetType | None = UNSET
    codes_start_at: Moment | UnsetType | None = UNSET
    codes_expire_at: Moment | UnsetType | None = UNSET
    uses_per_code: Annotated[int, Meta(ge=1, le=2**31 - 1)] | UnsetType | None = UNSET
    description: Text | UnsetType | None = UNSET
    short_description: Text | UnsetType | None = UNSET
    long_description: Text | UnsetType | None = UNSET


class NewCampaign(CampaignChanges, kw_only=True):
    """How codes for a promotion are given out."""

    name: FilledName


class FolderChanges(Body, kw_only=True):
    """What may be changed of a folder of promotions."""

    name: FilledName | UnsetType = UNSET
    parent_id: Number | UnsetType | None = UNSET


class NewFolder(FolderChanges, kw_only=True):
    """A folder of promotions."""

    name: FilledName


class CouponChanges(Body, kw_only=True):
    """What may be changed of a coupon."""

    promotions: Annotated[list[Name], Meta(min_length=1, max_length=1000)] | UnsetType = UNSET
    """The keys of all the promotions that it is to bring."""
    uses: Annotated[int, Meta(ge=1, le=2**31 - 1)] | UnsetType | None = UNSET
    """How often it can be used in all; null: no limit."""
    starts_at: Moment | UnsetType | None = UNSET


class NewCoupon(CouponChanges, kw_only=True):
    """A code that everybody may use."""

    code: CodeText
    promotions: Annotated[list[Name], Meta(min_length=1, max_length=1000)]


class NewCodes(Body, kw_only=True):
    """Codes for a campaign's pool: `count` to make at once, or the `codes` themselves."""

    SCHEMA: ClassVar = one_of("count", "codes")
    count: Annotated[int, Meta(ge=1, le=10_000)] | UnsetType = UNSET
    codes: Annotated[list[CodeText], Meta(min_length=1, max_length=100_000)] | UnsetType = UNSET


class NewCodeBatch(Body, kw_only=True):
    """How many codes a job is to make."""

    count: Annotated[int, Meta(ge=1, le=MOST)]


class Added(Struct):
    """How many codes a pool got."""

    added: int


class Pool(Struct):
    """How many codes of a campaign are in which state, and how long those that are left last."""

    available: int
    issued: int
    redeemed: int
    expired: int
    cancelled: int
    forecast: PoolForecast


class GroupChanges(Body, kw_only=True):
    """What may be changed of a customer group."""

    reference: FilledName | UnsetType = UNSET
    name: FilledName | UnsetType = UNSET
    description: Text | UnsetType | None = UNSET


class NewGroup(GroupChanges, kw_only=True):
    """A group of customers."""

    reference: FilledName
    name: FilledName


class PromotionListChanges(Body, kw_only=True):
    """What may be changed of a promotion list."""

    reference: FilledName | UnsetType = UNSET
    name: Name | UnsetType | None = UNSET
    description: Text | UnsetType | None = UNSET
    starts_on: date | UnsetType | None = UNSET
    ends_on: date | UnsetType | None = UNSET
    enabled: bool | UnsetType = UNSET
    applies_to_all: bool | UnsetType = UNSET


class NewPromotionList(PromotionListChanges, kw_only=True):
    """A list of promotions."""

    reference: FilledName


class AssignmentChanges(Body, kw_only=True):
    """The other group, list, or both."""

    group_id: Number | UnsetType = UNSET
    list_id: Number | UnsetType = UNSET


class NewAssignment(AssignmentChanges, kw_only=True):
    """Which group gets which list."""

    group_id: Number
    list_id: Number


class CustomerAssignmentChanges(Body, kw_only=True):
    """The other customer, list, or both."""

    customer_id: UUID | UnsetType = UNSET
    list_id: Number | UnsetType = UNSET


class NewCustomerAssignment(CustomerAssignmentChanges, kw_only=True):
    """Which single customer gets which list."""

    customer_id: UUID
    list_id: Number
