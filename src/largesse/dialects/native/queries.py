"""What lists may be asked for: a page, and the filters of each noun."""

import re
from datetime import date
from functools import cache
from typing import Annotated, Any, TypeVar
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from largesse.core.access.model import Role
from largesse.core.campaigns.model import CampaignState
from largesse.core.codes.model import CodeState
from largesse.core.customers.model import AccountKind, TokenState
from largesse.core.errors import InvalidValue
from largesse.core.grants.model import GrantState
from largesse.core.idempotency.model import LONGEST_KEY
from largesse.core.jobs.model import JobState
from largesse.core.mail.model import MailState
from largesse.core.promotions.model import AppliesTo
from largesse.core.records import PAGE_LIMIT
from largesse.core.suppressions.model import Reason
from largesse.core.text import folded
from largesse.dialects.native.schemas.base import Label, Moment, Name, Number
from largesse.senders.reports.report import Kind
from largesse.wire.bodies import wrong_type
from largesse.wire.call import Call
from largesse.wire.idempotency import HEADER

Q = TypeVar("Q", bound=Struct)

Key = Annotated[
    str,
    Meta(min_length=1, max_length=LONGEST_KEY, pattern=r"^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$"),
]
"""An idempotency key: printable ASCII; HTTP takes spaces off both ends."""


class NoQuery(Struct, frozen=True):
    """A path that takes no parameters."""


class Once(Struct):
    """The header of a request that is to be carried out once, however often it is sent."""

    key: Key | UnsetType = msgspec.field(default=UNSET, name=HEADER)


class Paging(Struct, kw_only=True):
    """Which page: at most `limit` records behind `cursor`, the `next` of the page before."""

    limit: Annotated[int, Meta(ge=1, le=PAGE_LIMIT)] = 100
    cursor: str | UnsetType = UNSET


class Units(Paging, kw_only=True):
    """Filters of units."""

    name: str | UnsetType = UNSET
    alternative_code: str | UnsetType = UNSET


class Users(Paging, kw_only=True):
    """Filters of users."""

    username: str | UnsetType = UNSET
    unit_id: UUID | UnsetType = UNSET
    role: Role | UnsetType = UNSET
    active: bool | UnsetType = UNSET


class Keys(Paging, kw_only=True):
    """Filters of application keys."""

    user_id: UUID | UnsetType = UNSET


class Customers(Paging, kw_only=True):
    """Filters of customers: every identifier, the address, the last name, and what narrows those.

    `text` is a last name, an address or a number.
    """

    email: str | UnsetType = UNSET
    text: str | UnsetType = UNSET
    last_name: str | UnsetType = UNSET
    first_name: str | UnsetType = UNSET
    birthday: date | UnsetType = UNSET
    phone: str | UnsetType = UNSET
    postal_code: str | UnsetType = UNSET
    city: str | UnsetType = UNSET
    country: str | UnsetType = UNSET
    customer_id: str | UnsetType = UNSET
    customer_number: str | UnsetType = UNSET
    profile_id: str | UnsetType = UNSET
    id_number: str | UnsetType = UNSET
    passport_number: str | UnsetType = UNSET
    social_security_number: str | UnsetType = UNSET
    vat_registration_number: str | UnsetType = UNSET
    registration_number: str | UnsetType = UNSET


class Accounts(Paging, kw_only=True):
    """Filters of accounts."""

    customer_id: UUID | UnsetType = UNSET
    kind: AccountKind | UnsetType = UNSET
    number: str | UnsetType = UNSET


class Redemptions(Paging, kw_only=True):
    """Filters of redemptions."""

    code_id: UUID | UnsetType = UNSET
    customer_id: UUID | UnsetType = UNSET


class CustomerTokens(Paging, kw_only=True):
    """Filters of customer tokens."""

    customer_id: UUID | UnsetType = UNSET
    state: TokenState | UnsetType = UNSET


class Promotions(Paging, kw_only=True):
    """Filters of promotions."""

    key: str | UnsetType = UNSET
    channel_id: str | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    applies_to: AppliesTo | UnsetType = UNSET
    folder_id: Number | UnsetType = UNSET


class Folders(Paging, kw_only=True):
    """Filters of folders of promotions."""

    parent_id: Number | UnsetType = UNSET


class Campaigns(Paging, kw_only=True):
    """Filters of campaigns."""

    name: str | UnsetType = UNSET
    alternative_code: str | UnsetType = UNSET
    promotion_id: UUID | UnsetType = UNSET
    state: CampaignState | UnsetType = UNSET


class Codes(Paging, kw_only=True):
    """Filters of codes; `code` is compared without regard to case."""

    code: str | UnsetType = UNSET
    campaign_id: UUID | UnsetType = UNSET
    customer_id: UUID | UnsetType = UNSET
    state: CodeState | UnsetType = UNSET


class CodeExport(Struct, kw_only=True):
    """Which codes of a campaign: in a state, and behind the id of the last one that arrived."""

    state: CodeState | UnsetType = UNSET
    after: UUID | UnsetType = UNSET


class Groups(Paging, kw_only=True):
    """Filters of customer groups."""

    reference: str | UnsetType = UNSET


class PromotionLists(Paging, kw_only=True):
    """Filters of promotion lists."""

    reference: str | UnsetType = UNSET
    applies_to_all: bool | UnsetType = UNSET


class Assignments(Paging, kw_only=True):
    """Filters of assignments."""

    group_id: Number | UnsetType = UNSET
    list_id: Number | UnsetType = UNSET


class CustomerAssignments(Paging, kw_only=True):
    """Filters of customer assignments."""

    customer_id: UUID | UnsetType = UNSET
    list_id: Number | UnsetType = UNSET


class Grants(Paging, kw_only=True):
    """Filters of grants; `email` is compared without regard to case."""

    promotion_id: UUID | UnsetType = UNSET
    customer_id: UUID | UnsetType = UNSET
    email: str | UnsetType = UNSET
    job_id: UUID | UnsetType = UNSET
    source_id: str | UnsetType = UNSET
    state: GrantState | UnsetType = UNSET


class SheetBatch(Struct, kw_only=True):
    """What the recipients of a sheet are given; `promotion` is given once for each promotion."""

    promotion: Annotated[list[Name], Meta(min_length=1, max_length=1000)]
    source_id: Name | UnsetType = UNSET
    expires_at: Moment | UnsetType = UNSET
    template: Label | UnsetType = UNSET
    dry_run: bool = False


class Subscriptions(Paging, kw_only=True):
    """Filters of subscriptions; `recipient` is compared without regard to case."""

    recipient: str | UnsetType = UNSET
    active: bool | UnsetType = UNSET


class Consents(Struct, kw_only=True):
    """Whose evidence of consent; it outlives the subscription, so the address is asked for."""

    recipient: str


class Templates(Paging, kw_only=True):
    """Filters of templates."""

    key: str | UnsetType = UNSET
    locale: str | UnsetType = UNSET


class Mails(Paging, kw_only=True):
    """Filters of mails."""

    customer_id: UUID | UnsetType = UNSET
    code_id: UUID | UnsetType = UNSET
    state: MailState | UnsetType = UNSET
    reason: str | UnsetType = UNSET
    job_id: UUID | UnsetType = UNSET
    template_key: str | UnsetType = UNSET
    report: Kind | UnsetType = UNSET


class MailReports(Paging, kw_only=True):
    """Filters of reports on mails."""

    mail_id: UUID | UnsetType = UNSET
    kind: Kind | UnsetType = UNSET
    source: str | UnsetType = UNSET


class Suppressions(Paging, kw_only=True):
    """Filters of suppressions; `address` is compared without regard to case."""

    address: str | UnsetType = UNSET
    reason: Reason | UnsetType = UNSET
    source: str | UnsetType = UNSET


class Jobs(Paging, kw_only=True):
    """Filters of jobs."""

    kind: str | UnsetType = UNSET
    state: JobState | UnsetType = UNSET


class JobRows(Paging, kw_only=True):
    """Filters of a job's rows; the outcome `failed` stands for all that count as failures."""

    outcome: str | UnsetType = UNSET


class JobRowExport(Struct, kw_only=True):
    """Which of a job's rows, as `JobRows` does."""

    outcome: str | UnsetType = UNSET


class Schedules(Paging, kw_only=True):
    """Filters of schedules."""

    name: str | UnsetType = UNSET
    kind: str | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET


class Events(Paging, kw_only=True):
    """Filters of events; `subject_id` is spelled as the event has it.

    `actor` is a user's name or id, or `system`, `worker` or `anonymous`. `since` is the first
    moment, `until` the first one that is no longer meant.
    """

    kind: str | UnsetType = UNSET
    subject_kind: str | UnsetType = UNSET
    subject_id: str | UnsetType = UNSET
    actor: str | UnsetType = UNSET
    key_id: UUID | UnsetType = UNSET
    request_id: str | UnsetType = UNSET
    since: Moment | UnsetType = UNSET
    until: Moment | UnsetType = UNSET


FOLDED = {
    "username": "username_key",
    "code": "code_key",
    "recipient": "recipient_key",
}
"""Filters on what is compared by its folded key, and the column of the key."""


def of(call: Call, kind: type[Q]) -> Q:
    """Return a call's query. Raises InvalidValue, WrongType; an unknown parameter is refused."""
    given = call.request.query_params.multi_items()
    values: dict[str, Any] = dict(given)
    known = {field.encode_name for field in msgspec.structs.fields(kind)}
    unknown = sorted(values.keys() - known)
    if unknown:
        raise InvalidValue(", ".join(unknown), "is no parameter of this path")
    for name in _lists(kind) & values.keys():
        values[name] = [value for given_name, value in given if given_name == name]
    twice = {name for name, _ in given if sum(n == name for n, _ in given) > 1} - _lists(kind)
    if twice:
        raise InvalidValue(", ".join(sorted(twice)), "is given more than once")
    for name in _moments(kind) & values.keys():
        if not _DAY.match(values[name]):
            # A number would be taken for seconds since 1970.
            raise InvalidValue(name, "is no moment such as 2026-11-22T08:00:00Z")
    try:
        return msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as error:
        raise wrong_type(error) from None


@cache
def _lists(kind: type[Struct]) -> frozenset[str]:
    """Return the parameters that may be given more than once."""
    return _of_type(kind, msgspec.inspect.ListType)


@cache
def _moments(kind: type[Struct]) -> frozenset[str]:
    """Return the parameters that are moments."""
    return _of_type(kind, msgspec.inspect.DateTimeType)


def _of_type(kind: type[Struct], wanted: type) -> frozenset[str]:
    fields = msgspec.structs.fields(kind)
    info = {field.encode_name: msgspec.inspect.type_info(field.type) for field in fields}
    return frozenset(
        name
        for name, of in info.items()
        if any(isinstance(one, wanted) for one in getattr(of, "types", (of,)))
    )


_DAY = re.compile(r"[0-9]{4}-")
"""What a moment begins with."""


def filters(asked: Struct) -> dict[str, Any]:
    """Return the filters that a query gives, as the core knows them."""
    given = {
        name: value
        for name, value in msgspec.structs.asdict(asked).items()
        if value is not UNSET and name not in ("limit", "cursor")
    }
    return {
        FOLDED.get(name, name): folded(value) if name in FOLDED else value
        for name, value in given.items()
    }
