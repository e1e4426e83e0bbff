"""What the pages' menu lists."""

from collections.abc import Sequence
from dataclasses import dataclass

from largesse.admin.language import N_
from largesse.core.access.model import Right


@dataclass(frozen=True, slots=True)
class Entry:
    """A page that the menu leads to."""

    path: str
    title: str
    right: Right = Right.READ

    def covers(self, here: str) -> bool:
        """Say whether a page is this one or below it."""
        return here == self.path or (self.path != "/" and here.startswith(f"{self.path}/"))


@dataclass(frozen=True, slots=True)
class Group:
    """Entries under one heading."""

    title: str
    entries: Sequence[Entry]


NAVIGATION: Sequence[Group] = (
    Group(
        N_("Promotions"),
        (
            Entry("/", N_("Dashboard")),
            Entry("/campaigns", N_("Campaigns")),
            Entry("/codes", N_("Codes")),
            Entry("/promotions", N_("Promotions")),
            Entry("/grants", N_("Grants")),
        ),
    ),
    Group(
        N_("Customers"),
        (
            Entry("/customers", N_("Customers")),
            Entry("/groups", N_("Customer groups")),
            Entry("/lists", N_("Promotion lists")),
            Entry("/assignments", N_("Assignments")),
            Entry("/newsletter", N_("Newsletter")),
            Entry("/suppressions", N_("Suppressed addresses")),
        ),
    ),
    Group(
        N_("Operation"),
        (
            Entry("/mails", N_("Mail")),
            Entry("/jobs", N_("Jobs")),
            Entry("/schedules", N_("Schedules")),
            Entry("/log", N_("Audit log")),
            Entry("/settings", N_("Settings"), Right.MANAGE_ACCESS),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Part:
    """One of the settings' pages."""

    path: str
    title: str
    about: str


SETTINGS: Sequence[Part] = (
    Part("/settings/users", N_("Users"), N_("Who may sign in, and what each may do.")),
    Part("/settings/units", N_("Units"), N_("The business units that users belong to.")),
    Part(
        "/settings/keys",
        N_("Application keys"),
        N_("What programs present instead of a name and a password."),
    ),
    Part("/settings/mail", N_("Mail service"), N_("How mails leave, and a test mail.")),
    Part(
        "/settings/apis",
        N_("Interfaces"),
        N_("Where clients of each API connect, with a command to try it."),
    ),
    Part(
        "/settings/health",
        N_("Health"),
        N_("The database, the worker, what waits, and the versions."),
    ),
)
"""The pages below the settings."""
