"""Where the things are that the log tells of."""

from largesse.core.ids import parsed_id

PATHS = {
    "job": "/jobs/{id}",
    "schedule": "/schedules/{id}",
    "grant": "/grants/{id}",
    "campaign": "/campaigns/{id}",
    "code": "/codes/{id}",
    "promotion": "/promotions/{id}/edit",
    "channel": "/channels/{id}/edit",
    "customer": "/customers/{id}",
    "group": "/groups/{id}",
    "promotion_list": "/lists/{id}",
    "subscription": "/newsletter/{id}",
    "mail": "/mails/{id}",
    "template": "/templates/{id}",
    "user": "/settings/users/{id}",
    "unit": "/settings/units/{id}/edit",
}
"""The page of each kind of subject that has one."""

GONE = "deleted"
"""What happens to a subject last."""


def path_of(kind: str, subject_id: str) -> str | None:
    """Return where a subject is looked at, or None."""
    found = parsed_id(subject_id)
    pattern = PATHS.get(kind)
    return pattern and pattern.replace("{id}", subject_id if found is None else found.hex)


def short(subject_id: str) -> str:
    """Return an id as short as lists can show it: of those that are made, the last digits."""
    found = parsed_id(subject_id)
    return subject_id if found is None else f"\N{HORIZONTAL ELLIPSIS}{found.hex[-8:]}"
