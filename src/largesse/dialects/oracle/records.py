"""Oracle Commerce Cloud's promotions, folders and coupons, as they are sent and answered.

Members that the core has no word for are kept as they came and answered again, so the types of
promotions name what the documents do, and let everything else pass.
"""

from typing import Annotated, Any

from msgspec import UNSET, Struct, UnsetType

from largesse.wire.schemas import NEEDED

# --- queries -----------------------------------------------------------------------------------


class FieldsQuery(Struct, kw_only=True):
    """What every answer can be cut to (INFERRED): names parted by commas."""

    fields: str | None = None


class ListQuery(FieldsQuery, kw_only=True):
    """Which part of a list (DOC 22A, promotionTemplates); `sort` is `property:order`."""

    limit: int = 250
    offset: int = 0


class PromotionsQuery(ListQuery, kw_only=True):
    """Filters of promotions (DOC 12-17, 22A)."""

    enabledState: str | None = None
    folder: str | None = None
    id: str | None = None
    itemType: str | None = None
    name: str | None = None
    promotionId: str | None = None
    promotionType: str | None = None
    propertyName: str | None = None


class FoldersQuery(ListQuery, kw_only=True):
    """Filters of promotionFolders (DOC 12-17, 21C)."""

    q: str | None = None
    sort: str | None = None


class CouponsQuery(ListQuery, kw_only=True):
    """Filters of claimables (DOC 12-17, latest)."""

    promotionId: str | None = None
    useMaxUses: bool = False


class CouponQuery(FieldsQuery, kw_only=True):
    """What is said of one claimable (DOC 21D)."""

    promotionId: str | None = None
    useMaxUses: bool = False


class BatchesQuery(ListQuery, kw_only=True):
    """Filters of couponBatches (DOC 12-17)."""

    promotionId: str | None = None


class OwnerQuery(Struct, kw_only=True):
    """Whose coupon is deleted (DOC 21C, latest)."""

    promotionId: str


class Language(Struct, rename={"language": "X-CCAsset-Language"}):
    """The language of what is translated (SEED 001: optional)."""

    language: str | None = None


class NeededLanguage(Struct, rename={"language": "X-CCAsset-Language"}):
    """The language of what is translated (DOC 12-17 promotions-post: required)."""

    language: str


# --- bodies ------------------------------------------------------------------------------------


class Reference(Struct):
    """Another record, by its id."""

    repositoryId: str


class PromotionChanges(Struct, kw_only=True):
    """What is changed of a promotion (DOC 21A); other members are kept as they are."""

    displayName: str | UnsetType | None = UNSET
    description: str | UnsetType | None = UNSET
    enabled: bool | UnsetType | None = UNSET
    priority: int | UnsetType | None = UNSET
    startDate: str | UnsetType | None = UNSET
    endDate: str | UnsetType | None = UNSET
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

    id: str | UnsetType | None = UNSET
    displayName: Annotated[str | UnsetType | None, NEEDED] = UNSET


class NewFolder(Struct, kw_only=True):
    """A folder (DOC 12-17, 21D)."""

    name: Annotated[str | None, NEEDED] = None
    parentFolder: Any = UNSET


Count = int | str | None
"""A number; examples print `"1"` where the schema says integer (DOC 22A), so both are taken."""


class NewCoupon(Struct, kw_only=True):
    """A claimable (DOC 12-17, 21B)."""

    id: Annotated[str | None, NEEDED] = None
    maxUses: Count = None
    useMaxUses: bool | None = None
    promotionId: str | None = None
    promotions: list[Reference] | None = None
    startDate: str | None = None


class CouponChanges(Struct, kw_only=True):
    """What is changed of a claimable (DOC 10-17, latest)."""

    maxUses: Count = None
    useMaxUses: bool | None = None
    promotionId: str | None = None
    promotions: list[Reference] | None = None
    startDate: str | UnsetType | None = UNSET


class NewBatch(Struct, kw_only=True):
    """A batch of coupons (DOC 10-17, 22A)."""

    id: str | None = None
    prefix: Annotated[str | None, NEEDED] = None
    numberOfCoupons: Annotated[Count, NEEDED] = None
    maxUses: Annotated[Count, NEEDED] = None
    promotionId: str | None = None
    promotions: list[Reference] | None = None
    startDate: str | None = None


class BatchChanges(Struct, kw_only=True):
    """What is changed of a batch (DOC 12-17, 21C)."""

    prefix: str | None = None
    numberOfCoupons: Count = None
    maxUses: Count = None
    promotionId: str | None = None
    promotions: list[Reference] | None = None
    startDate: str | UnsetType | None = UNSET


# --- answers -----------------------------------------------------------------------------------


class Promotion(Struct, kw_only=True):
    """A promotion; what else was given of it stands beside these."""

    id: str
    repositoryId: str
    displayName: str
    description: str | None
    enabled: bool
    startDate: str | None
    endDate: str | None
    parentFolder: Reference | None


class Folder(Struct, kw_only=True):
    """A folder, in the order of the printed example (DOC 12-17)."""

    path: str
    parentFolder: Reference | None
    name: str
    repositoryId: str


class Coupon(Struct, kw_only=True, omit_defaults=True):
    """A claimable, in the order of the printed example (DOC 21D).

    Numbers are texts, as the examples print them (DECIDED: the schemas beside say integer).
    """

    maxUses: str | UnsetType = UNSET
    promotions: list[Reference] | UnsetType = UNSET
    prefix: str | UnsetType = UNSET
    repositoryId: str
    uses: str | UnsetType = UNSET
    id: str | UnsetType = UNSET
    startDate: str | UnsetType = UNSET


class Batch(Struct, kw_only=True, omit_defaults=True):
    """A batch, in the order of the printed example (DOC 12-17)."""

    maxUses: str | UnsetType = UNSET
    promotions: list[Reference]
    prefix: str | UnsetType = UNSET
    numberClaimed: str
    numberOfCoupons: str
    repositoryId: str
    id: str
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

    property: str
    order: str


class PageLink(Struct):
    """A link to a page."""

    rel: str
    href: str


class Page(Struct, kw_only=True, omit_defaults=True):
    """A list (DOC 12-17 promotionTemplates and promotionFolders). `total` is the older name."""

    total: int
    totalResults: int
    offset: int
    limit: int
    sort: list[Sort] | UnsetType = UNSET
    links: list[PageLink]
    items: list[Any]


class Nothing(Struct):
    """An answer without members."""
