"""Bodies about what is given: codes, grants, mails, subscriptions."""

from typing import Annotated, Any, ClassVar
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from largesse.core.customers.model import AccountKind, Identifier
from largesse.dialects.native.schemas.base import (
    Body,
    CodeText,
    Email,
    Label,
    Locale,
    Login,
    Moment,
    Name,
    Object,
    Secret,
)
from largesse.wire.schemas import one_of


class CampaignName(Body, kw_only=True):
    """A campaign by one of these."""

    SCHEMA: ClassVar = one_of("id", "name", "alternative_code")
    id: Label | UnsetType = UNSET
    name: Name | UnsetType = UNSET
    alternative_code: Label | UnsetType = UNSET


class CustomerName(Body, kw_only=True):
    """A customer by one of these; `id` is ours, or else the `customer_id`."""

    SCHEMA: ClassVar = one_of("id", *Identifier)
    id: Name | UnsetType = UNSET
    customer_id: Name | UnsetType = UNSET
    customer_number: Name | UnsetType = UNSET
    profile_id: Name | UnsetType = UNSET
    id_number: Name | UnsetType = UNSET
    passport_number: Name | UnsetType = UNSET
    social_security_number: Name | UnsetType = UNSET
    vat_registration_number: Name | UnsetType = UNSET
    registration_number: Name | UnsetType = UNSET


class AccountName(Body, kw_only=True):
    """An account of a kind by one of id, number and name."""

    SCHEMA: ClassVar = one_of("id", "number", "name")
    kind: AccountKind
    id: Label | UnsetType = UNSET
    number: Label | UnsetType = UNSET
    name: Name | UnsetType = UNSET


class CustomerTokenName(Body, kw_only=True):
    """A customer token: identifier and pass code, or one of two secrets; `kind` of account."""

    SCHEMA: ClassVar = one_of("identifier", "authentication_code", "one_time_password") | {
        "dependentRequired": {"pass_code": ["identifier"], "identifier": ["pass_code"]}
    }
    kind: AccountKind
    identifier: Login | UnsetType = UNSET
    pass_code: Secret | UnsetType = UNSET
    authentication_code: Secret | UnsetType = UNSET
    one_time_password: Secret | UnsetType = UNSET


class ReceiverName(Body, kw_only=True):
    """A receiver by one of these."""

    SCHEMA: ClassVar = one_of("customer", "account", "customer_token")
    customer: CustomerName | UnsetType = UNSET
    account: AccountName | UnsetType = UNSET
    customer_token: CustomerTokenName | UnsetType = UNSET


class CodeRequest(Body, kw_only=True):
    """The next code of a `campaign`, or the very `code`, for a receiver."""

    SCHEMA: ClassVar = one_of("campaign", "code")
    receiver: ReceiverName
    campaign: CampaignName | UnsetType = UNSET
    code: CodeText | UnsetType = UNSET


class CodeRedemption(Body, kw_only=True):
    """A code that a customer uses, and on which kind of account, if on one."""

    code: CodeText
    receiver: ReceiverName
    on: AccountKind | UnsetType = UNSET


class NewGrant(Body, kw_only=True):
    """A promotion, by its key, for a customer (id or `customer_id`) or for an e-mail address."""

    SCHEMA: ClassVar = one_of("customer", "email")
    promotion: Name
    customer: Name | UnsetType = UNSET
    email: Email | UnsetType = UNSET
    source_id: Name | UnsetType = UNSET
    expires_at: Moment | UnsetType = UNSET


class NewBatch(Body, kw_only=True):
    """Promotions, by their keys, for many; profiles and addresses are separate grants."""

    promotions: Annotated[list[Name], Meta(min_length=1, max_length=1000)]
    profile_ids: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    source_id: Name | UnsetType = UNSET
    expires_at: Moment | UnsetType = UNSET
    template: Label | UnsetType = UNSET
    dry_run: bool = False


class NewRevocation(Body, kw_only=True):
    """Whose grants are revoked: those of a batch, or those from a source."""

    SCHEMA: ClassVar = one_of("job_id", "source_id")
    job_id: UUID | UnsetType = UNSET
    source_id: Name | UnsetType = UNSET


class NewMail(Body, kw_only=True):
    """The mail that takes a `code` to a customer, or that of a `template` to one or an address.

    `customer` is an id or `customer_id`. `promotion` and `channel` go with a code; `email`, `locale`
    and `values` with the key of a template.
    """

    SCHEMA: ClassVar[dict[str, Any]] = {
        "oneOf": [
            {"required": ["code", "customer"]},
            {"required": ["template"]} | one_of("customer", "email"),
        ],
        "not": {"required": ["code", "template"]},
        "dependentRequired": {key: ["template"] for key in ("email", "locale", "values")}
        | {key: ["code"] for key in ("promotion", "channel")},
    }
    customer: Name | UnsetType = UNSET
    code: CodeText | UnsetType = UNSET
    promotion: Name | UnsetType = UNSET
    channel: Name | UnsetType = UNSET
    template: Label | UnsetType = UNSET
    email: Email | UnsetType = UNSET
    locale: Locale | UnsetType = UNSET
    values: Object | UnsetType = UNSET


class SubscriptionChanges(Body, kw_only=True):
    """What may be changed of a subscription."""

    name: Name | UnsetType | None = UNSET
    active: bool | UnsetType = UNSET


class NewSubscription(Body, kw_only=True):
    """A newsletter subscription."""

    recipient: Email
    name: Name | UnsetType = UNSET
