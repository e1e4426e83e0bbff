"""Oracle Commerce Cloud's promotions, folders and coupons, as they are sent and answered.

Members that the core has no word for are kept as they came and answered again, so the types of
promotions name what the documents do, and let everything else pass.
"""

from typing import Annotated, Any, ClassVar, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from largesse.wire.schemas import NEEDED, one_of

LOCALE = r"^[A-Za-z]{2,3}([_-][A-Za-z0-9]{2,8}){0,2}(?![\s\S])"
TYPES = r"^((item|order|shipping)(,(item|order|shipping)){0,2})?(?![\s\S])"
FILTER = r'^(name (eq|co|sw|ew) "[^"\\]*")?(?![\s\S])'
SORT = r"^((path|name|repositoryId)(:(asc|desc))?)?(?![\s\S])"

# What only a description says: the handlers refuse the rest in the documents' own words.
Date = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
Digits = Annotated[str, Meta(extra_json_schema={"pattern": r"^[1-9][0-9]{0,5}(?![\s\S])"})]
Times = Annotated[int, Meta(extra_json_schema={"minimum": 1, "maximum": 1_006_632})]
Prefix = Annotated[str, Meta(extra_json_schema={"pattern": r"^[A-Za-z0-9]{1,40}(?![\s\S])"})]
Code = Annotated[str, Meta(extra_json_schema={"pattern": r"^[A-Za-z0-9_.-]{1,64}(?![\s\S])"})]
Key = Annotated[str, Meta(extra_json_schema={"pattern": r"\S"})]

# --- queries -----------------------------------------------------------------------------------


class FieldsQuery(Struct, kw_only=True):
    """What every answer can be cut to (INFERRED): names parted by commas."""

    fields: str | UnsetType = UNSET


class ListQuery(FieldsQuery, kw_only=True):
    """Which part of a list (DOC 22A, promotionTemplates); `sort` is `property:order`."""

    limit: Annotated[int, Meta(ge=1, le=1000)] = 250
    offset: Annotated[int, Meta(ge=0, le=2**63 - 1)] = 0


class PromotionsQuery(ListQuery, kw_only=True):
    """Filters of promotions (DOC 12-17, 22A)."""

    enabledState: Literal["enabled", "disabled", "both"] | UnsetType = UNSET
    folder: str | UnsetType = UNSET
    id: str | UnsetType = UNSET
    itemType: Literal["promotion", "stackingRule", ""] | UnsetType = UNSET
    name: str | UnsetType = UNSET
    promotionId: str | UnsetType = UNSET
    promotionType: Annotated[str, Meta(pattern=TYPES)] | UnsetType = UNSET
    propertyName: Literal["excludedPromotions", "includedPromotions"] | UnsetType = UNSET


class FoldersQuery(ListQuery, kw_only=True):
    """Filters of promotionFolders (DOC 12-17, 21C)."""

    q: Annotated[str, Meta(pattern=FILTER)] | UnsetType = UNSET
    sort: Annotated[str, Meta(pattern=SORT)] | UnsetType = UNSET


class CouponsQuery(ListQuery, kw_only=True):
    """Filters of claimables (DOC 12-17, latest)."""

    promotionId: str | UnsetType = UNSET
    useMaxUses: bool = False


class CouponQuery(FieldsQuery, kw_only=True):
    """What is said of one claimable (DOC 21D)."""

    promotionId: str | UnsetType = UNSET
    useMaxUses: bool = False


class BatchesQuery(ListQuery, kw_only=True):
    """Filters of couponBatches (DOC 12-17)."""

    promotionId: str | UnsetType = UNSET


class BatchQuery(FieldsQuery, kw_only=True):
    """Whose batch it must be (DOC 12-17)."""

    promotionId: str | UnsetType = UNSET


class OwnerQuery(Struct, kw_only=True):
    """Whose coupon is deleted (DOC 21C, latest)."""

    promotionId: Annotated[str, Meta(min_length=1)]


class Language(Struct, rename={"language": "X-CCAsset-Language"}):
    """The language of what is translated (SEED 001: optional)."""

    language: Annotated[str, Meta(pattern=f"^$|{LOCALE}")] | UnsetType = UNSET


class NeededLanguage(Struct, rename={"language": "X-CCAsset-Language"}):
    """The language of what is translated (DOC 12-17 promotions-post: required)."""

    language: Annotated[str, Meta(pattern=LOCALE)]


class LoginQuery(Struct):
    """The parameters of a login; the form may have them, too (DOC 12-17)."""

    grant_type: Literal["password", "client_credentials"]
    username: str | UnsetType = UNSET
    password: str | UnsetType = UNSET


class MfaLoginQuery(Struct):
    """The parameters of a login with a one-time passcode (DOC 12-17)."""

    grant_type: Literal["password"]
    username: str | UnsetType = UNSET
    password: str | UnsetType = UNSET
    totp_code: str | UnsetType = UNSET


# --- bodies ------------------------------------------------------------------------------------


class Reference(Struct):
    """Another record, by its id."""

    repositoryId: str


References = Annotated[list[Reference], Meta(extra_json_schema={"minItems": 1})]


class PromotionChanges(Struct, kw_only=True):
    """What is changed of a promotion (DOC 21A); other members are kept as they are."""

    displayName: Key | UnsetType | None = UNSET
    description: str | UnsetType | None = UNSET
    enabled: bool | UnsetType | None = UNSET
    priority: int | UnsetType | None = UNSET
    startDate: Date | UnsetType | None = UNSET
    endDate: Date | UnsetType | None = UNSET
    templatePath: str | UnsetType | None = UNSET
    templateName: str | UnsetType | None = UNSET
    templateValues: dict[str, Any] | UnsetType | None = UNSET
    parentFolder: Reference | UnsetType | None = UNSET
    sites: list[Reference] | UnsetType | None = UNSET
    audiences: list[Reference] | UnsetType | None = UNSET
    excludedPromotions: list[Reference] | UnsetType | None = UNSET
    priceListGroups: list[Any] | UnsetType | None = UNSET
    shippingMethods: list[str] | UnsetType | None = UNSET
    cardIINRanges: list[str] | UnsetType | None = UNSET


class NewPromotion(PromotionChanges, kw_only=True):
    """A promotion (DOC 12-17). DECIDED: it may bring an id of its own."""

    id: Key | UnsetType | None = UNSET
    displayName: Annotated[Key | UnsetType | None, NEEDED] = UNSET


class NewFolder(Struct, kw_only=True):
    """A folder (DOC 12-17, 21D)."""

    name: Annotated[Key | None, NEEDED] = None
    parentFolder: Any = UNSET


Count = Times | Digits | None
"""A number; examples print `"1"` where the schema says integer (DOC 22A), so both are taken."""


class NewCoupon(Struct, kw_only=True):
    """A claimable (DOC 12-17, 21B)."""

    SCHEMA: ClassVar = one_of("promotionId", "promotions")
    id: Annotated[Code | None, NEEDED] = None
    maxUses: Count = None
    useMaxUses: bool | None = None
    promotionId: Key | None = None
    promotions: References | None = None
    startDate: Date | None = None


class CouponChanges(Struct, kw_only=True):
    """What is changed of a claimable (DOC 10-17, latest)."""

    maxUses: Count = None
    useMaxUses: bool | None = None
    promotionId: Key | None = None
    promotions: References | None = None
    startDate: Date | UnsetType | None = UNSET


class NewBatch(Struct, kw_only=True):
    """A batch of coupons (DOC 10-17, 22A)."""

    SCHEMA: ClassVar = one_of("promotionId", "promotions") | {"additionalProperties": False}
    id: Code | None = None
    prefix: Annotated[Prefix | None, NEEDED] = None
    numberOfCoupons: Annotated[Count, NEEDED] = None
    maxUses: Annotated[Count, NEEDED] = None
    promotionId: Key | None = None
    promotions: References | None = None
    startDate: Date | None = None


class BatchChanges(Struct, kw_only=True):
    """What is changed of a batch (DOC 12-17, 21C)."""

    SCHEMA: ClassVar = {"additionalProperties": False, "minProperties": 1}
    prefix: Prefix | None = None
    numberOfCoupons: Count = None
    maxUses: Count = None
    promotionId: Key | None = None
    promotions: References | None = None
    startDate: Date | UnsetType | None = UNSET


# --- answers, of which `fields` may cut away whatever is not wanted ------------------------------


class Promotion(Struct, kw_only=True):
    """A promotion; what else was given of it stands beside these."""

    id: str | UnsetType = UNSET
    repositoryId: str | UnsetType = UNSET
    displayName: str | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    enabled: bool | UnsetType = UNSET
    startDate: str | UnsetType | None = UNSET
    endDate: str | UnsetType | None = UNSET
    parentFolder: Reference | UnsetType | None = UNSET


class Folder(Struct, kw_only=True, omit_defaults=True):
    """A folder, in the order of the printed example (DOC 12-17)."""

    path: str | UnsetType = UNSET
    parentFolder: Reference | UnsetType | None = UNSET
    name: str | UnsetType = UNSET
    repositoryId: str | UnsetType = UNSET


class Coupon(Struct, kw_only=True, omit_defaults=True):
    """A claimable, in the order of the printed example (DOC 21D).

    Numbers are texts, as the examples print them (DECIDED: the schemas beside say integer).
    """

    maxUses: str | UnsetType = UNSET
    promotions: list[Reference] | UnsetType = UNSET
    prefix: str | UnsetType = UNSET
    repositoryId: str | UnsetType = UNSET
    uses: str | UnsetType = UNSET
    id: str | UnsetType = UNSET
    startDate: str | UnsetType = UNSET


class Batch(Struct, kw_only=True, omit_defaults=True):
    """A batch, in the order of the printed example (DOC 12-17)."""

    maxUses: str | UnsetType = UNSET
    promotions: list[Reference] | UnsetType = UNSET
    prefix: str | UnsetType = UNSET
    numberClaimed: str | UnsetType = UNSET
    numberOfCoupons: str | UnsetType = UNSET
    repositoryId: str | UnsetType = UNSET
    id: str | UnsetType = UNSET
    startDate: str | UnsetType = UNSET


class MadeCoupon(Struct):
    """The answer of a claimable that was made (DOC 21B)."""

    repositoryId: str


class MadeLink(Struct):
    """A link with a method."""

    method: str
    rel: str
    href: str


class MadeBatch(Struct):
    """The answer of a batch that was made (DOC 22A), `href` verbatim."""

    repositoryId: str
    links: list[MadeLink]


class Sort(Struct):
    """What a list is sorted by (DOC 12-17, promotionFolders)."""

    property: str = ""
    order: str = "asc"


class PageLink(Struct, omit_defaults=True):
    """A link to a page."""

    rel: str | UnsetType = UNSET
    href: str | UnsetType = UNSET


class Page(Struct, kw_only=True, omit_defaults=True):
    """A list (DOC 12-17 promotionTemplates and promotionFolders). `total` is the older name."""

    total: int | UnsetType = UNSET
    totalResults: int | UnsetType = UNSET
    offset: int | UnsetType = UNSET
    limit: int | UnsetType = UNSET
    sort: list[Sort] | UnsetType = UNSET
    links: list[PageLink] | UnsetType = UNSET
    items: list[Any] | UnsetType = UNSET


class Nothing(Struct):
    """An answer without members."""
