"""Bodies about bounces, complaints and suppressed addresses."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from largesse.core.suppressions.model import Reason
from largesse.dialects.native.schemas.base import Body, Email

Note = Annotated[str, Meta(max_length=1000)]


class NewSuppression(Body, kw_only=True):
    """An address that is to get no mail."""

    address: Email
    reason: Reason | UnsetType = UNSET
    note: Note | UnsetType = UNSET


class Hooks(Struct):
    """The path at which each mail service that is set up is to post."""

    hooks: dict[str, str]
