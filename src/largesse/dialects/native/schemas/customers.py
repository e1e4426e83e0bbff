"""Bodies about who can receive something."""

from datetime import date
from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from largesse.core.customers.model import AccountKind, CustomerKind, TokenState
from largesse.dialects.native.schemas.base import (
    Body,
    Email,
    Label,
    Long,
    Moment,
    Name,
    Object,
    Secret,
)


class Identifiers(Body, kw_only=True):
    """What a customer is known by. Null takes an identifier away, except `customer_id`."""

    customer_id: Name | UnsetType = UNSET
    customer_number: Name | UnsetType | None = UNSET
    profile_id: Name | UnsetType | None = UNSET
    id_number: Name | UnsetType | None = UNSET
    passport_number: Name | UnsetType | None = UNSET
    social_security_number: Name | UnsetType | None = UNSET
    vat_registration_number: Name | UnsetType | None = UNSET
    registration_number: Name | UnsetType | None = UNSET


class CustomerFields(Body, kw_only=True):
    """A customer, or what is changed of one; nothing is needed."""

    kind: CustomerKind | UnsetType = UNSET
    title: Annotated[str, Meta(max_length=50)] | UnsetType | None = UNSET
    first_name: Name | UnsetType | None = UNSET
    middle_name: Name | UnsetType | None = UNSET
    last_name: Name | UnsetType | None = UNSET
    company_name: Long | UnsetType | None = UNSET
    email: Email | UnsetType | None = UNSET
    phone: Annotated[str, Meta(max_length=50)] | UnsetType | None = UNSET
    birthday: date | UnsetType | None = UNSET
    locale: Annotated[str, Meta(max_length=20)] | UnsetType | None = UNSET
    category: Name | UnsetType | None = UNSET
    active: bool | UnsetType = UNSET
    attributes: Object | UnsetType = UNSET
    identifiers: Identifiers | UnsetType = UNSET


class AccountChanges(Body, kw_only=True):
    """What may be changed of an account."""

    kind: AccountKind | UnsetType = UNSET
    number: Label | UnsetType = UNSET
    name: Name | UnsetType | None = UNSET


class NewAccount(AccountChanges, kw_only=True):
    """A customer's accounts receivable, subscription or rewards participation."""

    customer_id: UUID
    kind: AccountKind
    number: Label


class CustomerTokenChanges(Body, kw_only=True):
    """What may be changed of a customer token."""

    identifier: Email | UnsetType | None = UNSET
    pass_code: Secret | UnsetType | None = UNSET
    authentication_code: Secret | UnsetType | None = UNSET
    one_time_password: Secret | UnsetType | None = UNSET
    state: TokenState | UnsetType = UNSET
    effective_from: Moment | UnsetType | None = UNSET
    effective_to: Moment | UnsetType | None = UNSET


class NewCustomerToken(CustomerTokenChanges, kw_only=True):
    """What identifies a customer: identifier and pass code, or one of two secrets."""

    customer_id: UUID
