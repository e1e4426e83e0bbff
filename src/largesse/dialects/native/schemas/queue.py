"""Bodies about the queue of mails as a whole."""

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from largesse.dialects.native.schemas.base import Body, Label

Domain = Annotated[str, Meta(min_length=1, max_length=253)]


class QueueFilters(Body, kw_only=True):
    """Which mails; those that fit all that is given."""

    reason: Label | UnsetType = UNSET
    domain: Domain | UnsetType = UNSET
    job_id: UUID | UnsetType = UNSET
    template_key: Label | UnsetType = UNSET


class QueueRetry(QueueFilters, kw_only=True):
    """Which failed or uncertain mails are to be sent again."""

    state: Literal["failed", "uncertain"] | UnsetType = UNSET


class QueuePause(Body, kw_only=True):
    """What is not to be sent: everything, by a transport, or to a domain; they have a `name`."""

    SCHEMA: ClassVar = {
        "if": {"properties": {"kind": {"const": "queue"}}},
        "then": {"properties": {"name": False}},
        "else": {"required": ["name"]},
    }
    kind: Literal["queue", "transport", "domain"]
    name: Domain | UnsetType = UNSET
