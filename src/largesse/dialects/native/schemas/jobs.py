"""Bodies about schedules of jobs."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from largesse.dialects.native.schemas.base import Body, FilledName, Object

Cron = Annotated[str, Meta(min_length=9, max_length=100)]
Zone = Annotated[str, Meta(min_length=1, max_length=64)]
Kind = Annotated[str, Meta(min_length=1, max_length=40)]


class ScheduleChanges(Body, kw_only=True):
    """What may be changed of a schedule."""

    name: FilledName | UnsetType = UNSET
    cron: Cron | UnsetType = UNSET
    zone: Zone | UnsetType = UNSET
    kind: Kind | UnsetType = UNSET
    parameters: Object | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET


class NewSchedule(ScheduleChanges, kw_only=True):
    """A kind of job that starts by a cron expression of five fields, meant in a time zone."""

    name: FilledName
    cron: Cron
    kind: Kind
