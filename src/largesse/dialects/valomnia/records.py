"""Valomnia's answers."""

from msgspec import Struct


class SessionUser(Struct, kw_only=True):
    """Who is logged in (DOC auth, in its order); what we do not keep of a user is null."""

    firstName: str | None
    lastName: str | None
    email: str | None
    address: str | None = None
    city: str | None = None
    country: str | None = None
    postalCode: str | None = None
    gender: str | None = None
    phone: str | None = None
    job: str | None = None
    avatar: str | None = None
    birthday: str | None = None
    companyName: str
    role: list[str]
    enabled: bool = True


class Session(Struct, kw_only=True):
    """The answer to a login (DOC auth)."""

    success: bool = True
    token: str
    user: SessionUser


class Named(Struct):
    """A group or a customer inside another record (SEED 003, DOC p50)."""

    id: int
    reference: str
    name: str
    href: str


class PromotionListLink(Struct):
    """A list inside another record: without its name (SEED 003)."""

    id: int
    reference: str
    href: str


class GroupListRecord(Struct):
    """One of customerGroupPromotionLists (SEED 003)."""

    id: int
    promotionListReference: str
    customerGroupReference: str
    customerGroup: Named
    promotionList: PromotionListLink
    organization: str
    dateCreated: str
    lastUpdated: str


class CustomerListRecord(Struct):
    """One of customerPromotionLists (DOC p50)."""

    id: int
    customerReference: str
    promotionListReference: str
    customer: Named
    promotionList: PromotionListLink
    organization: str
    dateCreated: str
    lastUpdated: str


class MemberRecord(Struct):
    """One of customerGroupAssign (DOC cga)."""

    id: int
    customerReference: str
    customerGroupReference: str
    customer: Named
    customerGroup: Named
    organization: str
    dateCreated: str
    lastUpdated: str


class GroupRecord(Struct):
    """One of customerGroups (DOC cg-show)."""

    id: int
    name: str
    reference: str
    organization: str
    description: str | None
    dateCreated: str
    lastUpdated: str


class Rule(Struct):
    """What a promotion asks for or gives (DOC p47-show)."""

    id: int
    href: str


class PromotionListRecord(Struct):
    """One of promotionLists (DOC p47-show). The rules inside it are no subject of ours: none."""

    id: int
    reference: str
    description: str | None
    startDate: str | None
    endDate: str | None
    isActive: bool
    applyToAllCustomers: bool
    promotionInputs: list[Rule]
    promotionOutputs: list[Rule]
    organization: str
    dateCreated: str
    lastUpdated: str


class Link(Struct):
    """Another record, e.g. a category (DOC cust-show)."""

    id: int
    reference: str
    name: str
    href: str


class CustomerRecord(Struct, kw_only=True):
    """One of customers (DOC cust-show, in its order)."""

    id: int
    reference: str
    reference2: str | None = None
    name: str
    categoryReference: str | None
    customerCategory: Link | None = None
    isSubCustomer: bool = False
    parentCustomer: Link | None = None
    billWithParent: bool = False
    customerSegmentationReference: str | None = None
    customerSegmentation: Link | None = None
    pocTenus: str | None = None
    email: str | None
    logo: str | None = None
    phone: str | None
    mobile: str | None = None
    fax: str | None = None
    comment: str | None = None
    barcode: str | None = None
    isSameAddress: bool = True
    billingCountry: str | None = None
    billingCity: str | None = None
    billingPostalCode: str | None = None
    billingAddress: str | None = None
    billingLat: float | None = None
    billingLng: float | None = None
    country: str | None = None
    city: str | None = None
    postalCode: str | None = None
    address: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    isCredit: bool | None = None
    creditLimit: float | None = None
    balance: float | None = None
    maxChequePeriod: int | None = None
    maxChequeValue: float | None = None
    appliedCashBackOutput: float | None = None
    returnDiscount: float | None = None
    invoicesPerRoute: int | None = None
    isActive: bool
    onHold: bool = False
    onHoldReason: str | None = None
    paymentTerm: str | None = None
    createdBy: Link | None = None
    dueDateConfigNumber: int | None = None
    dueDateConfigType: str | None = None
    paymentTypes: list[Link] = []
    website: str | None = None
    taxNumber: str | None = None
    companyRegistrationNumber: str | None = None
    contacts: list[Link] = []
    currency: str | None = None
    customerRisk: str | None = None
    customerRiskColor: str | None = None
    organization: str
    dateCreated: str
    lastUpdated: str


class Paging(Struct):
    """Where a page lies (SEED 003)."""

    total: int
    max: int
    offset: int
    previous: str | None
    next: str | None


class Deleted(Struct):
    """The answer of a deletion; `success` is a text (SEED 003)."""

    success: str = "true"
    success_description: str = "Instance deleted successfully"


class Failure(Struct):
    """Every failure (SEED 003)."""

    error: str
    error_description: str
