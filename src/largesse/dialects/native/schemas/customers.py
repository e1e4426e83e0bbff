"""Bodies about who can receive something."""

from datetime import date
from typing import Annotated, ClassVar
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from largesse.core.customers.model import AccountKind, CustomerKind, TokenState
from largesse.dialects.native.schemas.base import (
    Body,
    Email,
    FilledLabel,
    Login,
    Long,
    Moment,
    Name,
    Object,
    Password,
    Secret,
)

Phone = Annotated[str, Meta(max_length=50)]


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
    phone: Phone | UnsetType | None = UNSET
    mobile_phone: Phone | UnsetType | None = UNSET
    business_phone: Phone | UnsetType | None = UNSET
    street: Long | UnsetType | None = UNSET
    postal_code: Annotated[str, Meta(max_length=40)] | UnsetType | None = UNSET
    city: Name | UnsetType | None = UNSET
    country: Name | UnsetType | None = UNSET
    country_code: Annotated[str, Meta(pattern="^[A-Za-z]{2}$")] | UnsetType | None = UNSET
    birthday: date | UnsetType | None = UNSET
    locale: Annotated[str, Meta(max_length=20)] | UnsetType | None = UNSET
    category: Name | UnsetType | None = UNSET
    active: bool | UnsetType = UNSET
    attributes: Object | UnsetType = UNSET
    identifiers: Identifiers | UnsetType = UNSET


class NewCustomerLogin(Body, kw_only=True):
    """What a customer is to log in with; without `login` it stays, or is the e-mail address."""

    login: Annotated[str, Meta(min_length=1, max_length=254)] | UnsetType = UNSET
    password: Password


class AccountChanges(Body, kw_only=True):
    """What may be changed of an account."""

    kind: AccountKind | UnsetType = UNSET
    number: FilledLabel | UnsetType = UNSET
    name: Name | UnsetType | None = UNSET


class NewAccount(AccountChanges, kw_only=True):
    """A customer's accounts receivable, subscription or rewards participation."""

    customer_id: UUID
    kind: AccountKind
    number: FilledLabel


class CustomerTokenChanges(Body, kw_only=True):
    """What may be changed of a customer token."""

    identifier: Login | UnsetType | None = UNSET
    pass_code: Secret | UnsetType | None = UNSET
    authentication_code: Secret | UnsetType | None = UNSET
    one_time_password: Secret | UnsetType | None = UNSET
    state: TokenState | UnsetType = UNSET
    effective_from: Moment | UnsetType | None = UNSET
    effective_to: Moment | UnsetType | None = UNSET


class NewCustomerToken(CustomerTokenChanges, kw_only=True):
    """What identifies a customer: identifier and pass code, or one of two secrets."""

    SCHEMA: ClassVar = {
        "anyOf": [
            {"required": [name], "properties": {name: {"type": "string"}}}
            for name in ("identifier", "authentication_code", "one_time_password")
        ]
    }
    customer_id: UUID
