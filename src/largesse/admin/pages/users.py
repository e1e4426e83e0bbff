"""Users, the units they belong to, and the keys of programs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from largesse.admin import forms, lists, nouns, render
from largesse.admin.forms import Choice, Field
from largesse.admin.language import N_
from largesse.admin.lists import Action, Column, Filter, Listing
from largesse.admin.nouns import Noun, id_text, page
from largesse.admin.pages.settings import LIST, PATH
from largesse.admin.render import Page
from largesse.core.access.model import ApplicationKey, Right, Role, User
from largesse.core.errors import UnknownUser
from largesse.core.ids import parsed_id
from largesse.core.search.browse import Browse
from largesse.wire.call import Call

MANAGE = Right.MANAGE_ACCESS

YES_OR_NO = (("yes", N_("yes")), ("no", N_("no")))

ROLES = (
    (Role.OWNER.value, N_("owner")),
    (Role.MARKETER.value, N_("marketer")),
    (Role.SUPPORT.value, N_("support")),
    (Role.VIEWER.value, N_("viewer")),
    (Role.SHOPPER.value, N_("shopper")),
)


async def units(call: Call) -> Sequence[Choice]:
    """Return the units, to choose one from."""
    found = await call.services.units.browse(call.caller, Browse(limit=500, descending=False))
    return [(str(one.id), one.name) for one in found.items]


async def users(call: Call) -> Sequence[Choice]:
    """Return the users, to choose one from."""
    query = Browse(limit=500, order="username", descending=False)
    found = await call.services.users.browse(call.caller, query)
    return [(str(one.id), one.username) for one in found.items]


# --- users -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class UserRow:
    """A user as the list shows one."""

    id: UUID
    user: User
    unit: str | None
    has_factor: bool


async def _user_rows(call: Call, found: Sequence[User]) -> Sequence[UserRow]:
    names = dict(await units(call))
    with_factor = await call.services.second_factors.users(call.caller, [one.id for one in found])
    return [UserRow(u.id, u, names.get(str(u.unit_id)), u.id in with_factor) for u in found]


USERS = Listing(
    path=f"{PATH}/users",
    title=N_("Users"),
    source=lambda services: services.users,
    columns=(
        Column("username", N_("User name"), lambda row: row.user.username, order="username"),
        Column("role", N_("Role"), lambda row: row.user.role, kind="state"),
        Column("unit", N_("Unit")),
        Column("email", N_("E-mail address"), lambda row: row.user.email, kind="email"),
        Column("active", N_("Active"), lambda row: row.user.active, kind="flag"),
        Column("has_factor", N_("Second factor"), kind="flag"),
        Column("created_at", N_("Made"), lambda row: row.user.created_at, kind="moment"),
    ),
    search=N_("User name or e-mail address"),
    filters=(
        Filter("role", N_("Role"), ROLES),
        Filter("active", N_("Active"), YES_OR_NO, parse=lambda text: text == "yes"),
    ),
    rows=_user_rows,
    open=lambda row: f"{PATH}/users/{id_text(row.id)}",
    new=(f"{PATH}/users/new", N_("New user"), MANAGE),
    order="username",
    descending=False,
)

NEW_PASSWORD = Field("password", N_("Password"), "password", required=True, longest=1000)

USER = Noun(
    path=f"{PATH}/users",
    source=lambda services: services.users,
    fields=(
        Field("username", N_("User name"), required=True, longest=200),
        Field(
            "password",
            N_("Password"),
            "password",
            required=True,
            longest=1000,
            only_new=True,
            help=N_("At least 8 characters. The user can change it later."),
        ),
        Field(
            "role",
            N_("Role"),
            "choice",
            required=True,
            choices=ROLES,
            help=N_(
                "Owners may do everything, marketers everything but these settings, support gives "
                "and redeems codes and looks after customers, viewers look. Shoppers have no pages."
            ),
        ),
        Field("unit_id", N_("Unit"), "choice", required=True, choices=units, parse=UUID),
        Field("email", N_("E-mail address"), "email", longest=254),
        Field("first_name", N_("First name"), longest=200),
        Field("last_name", N_("Last name"), longest=200),
        Field("active", N_("Active: may sign in"), "flag"),
    ),
    right=MANAGE,
    new=N_("New user"),
    name=lambda user: user.username,
    delete=N_("Delete the user %(name)s, and the application keys that act as this user?"),
    fresh={"active": True, "role": Role.VIEWER.value},
    open=lambda user: f"{PATH}/users/{id_text(user.id)}",
)


async def show(call: Call) -> Page:
    """Show one user."""
    user = await _user(call)
    (row,) = await _user_rows(call, [user])
    return Page("settings_user.html", {"user": user, "unit": row.unit, "factor": row.has_factor})


async def ask_password(call: Call) -> Page:
    """Ask for a user's new password."""
    user = await _user(call)
    form = await forms.blank(call, render.viewer(call), (NEW_PASSWORD,))
    return _password_page(call, user, form)


async def set_password(call: Call) -> Any:
    """Give a user another password."""
    user = await _user(call)
    form = await forms.read(call, render.viewer(call), (NEW_PASSWORD,))
    if form.is_good:
        with form.refusing():
            await call.services.users.change(call.caller, user.id, form.values)
            said = form.viewer.say(N_("%(name)s has a new password."), name=user.username)
            return render.go(call, USER.path_of(user), said)
    return _password_page(call, user, form)


async def ask_to_remove_factor(call: Call) -> Page:
    """Ask whether a user is to sign in without a second factor."""
    user = await _user(call)
    look = render.viewer(call)
    return render.asking(
        call,
        look.say(N_("Remove the second factor of %(name)s?"), name=user.username),
        N_("Remove"),
        back=USER.path_of(user),
        explanation=look.say(N_("The password alone is enough to sign in then.")),
    )


async def remove_factor(call: Call) -> Any:
    """Let a user sign in without a second factor."""
    user = await _user(call)
    form = await forms.blank(call, render.viewer(call), ())
    with form.refusing():
        await call.services.second_factors.remove(call.caller, user.id)
        said = form.viewer.say(N_("%(name)s has no second factor any longer."), name=user.username)
        return render.go(call, USER.path_of(user), said)
    return render.go(call, USER.path_of(user), form.errors[""], is_bad=True)


async def _user(call: Call) -> User:
    call.caller.require(MANAGE)
    user_id = parsed_id(call.path("id"))
    if user_id is None:
        raise UnknownUser(call.path("id"))
    return await call.services.users.get(call.caller, user_id)


def _password_page(call: Call, user: User, form: forms.Form) -> Page:
    data = {
        "form": form,
        "title": form.viewer.say(N_("A new password for %(name)s"), name=user.username),
        "is_new": False,
        "action": call.scope["path"],
        "back": USER.path_of(user),
        "delete": None,
    }
    return Page("form.html", data, status=None if form.is_good else 422)


# --- units -------------------------------------------------------------------------------------

UNITS = Listing(
    path=f"{PATH}/units",
    title=N_("Units"),
    source=lambda services: services.units,
    columns=(
        Column("name", N_("Name")),
        Column("alternative_code", N_("Code"), kind="code"),
        Column("description", N_("Description")),
        Column("created_at", N_("Made"), kind="moment"),
    ),
    search=N_("Name or code"),
    open=lambda unit: f"{PATH}/units/{id_text(unit.id)}/edit",
    new=(f"{PATH}/units/new", N_("New unit"), MANAGE),
    descending=False,
)

UNIT = Noun(
    path=f"{PATH}/units",
    source=lambda services: services.units,
    fields=(
        Field("name", N_("Name"), required=True, longest=200),
        Field(
            "alternative_code",
            N_("Code"),
            required=True,
            longest=100,
            help=N_("By this clients of the APIs name it."),
        ),
        Field("description", N_("Description"), "long"),
        Field("group_name", N_("Group"), longest=200),
        Field("community_name", N_("Community"), longest=200),
        Field("parent_name", N_("Belongs to"), longest=200),
    ),
    right=MANAGE,
    new=N_("New unit"),
    name=lambda unit: unit.name,
    delete=N_("Delete the unit %(name)s?"),
)


# --- application keys --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class KeyRow:
    """An application key as the list shows one."""

    id: UUID
    key: ApplicationKey
    username: str | None

    @property
    def state(self) -> str:
        """Whether it still opens anything."""
        return "active" if self.key.revoked_at is None else "revoked"


async def _key_rows(call: Call, found: Sequence[ApplicationKey]) -> Sequence[KeyRow]:
    names = dict(await users(call))
    return [KeyRow(one.id, one, names.get(str(one.user_id))) for one in found]


async def _revoke(call: Call, key_id: Any) -> None:
    await call.services.keys.delete(call.caller, key_id)


KEYS = Listing(
    path=f"{PATH}/keys",
    title=N_("Application keys"),
    source=lambda services: services.keys,
    columns=(
        Column("name", N_("Name"), lambda row: row.key.name),
        Column("username", N_("Acts as")),
        Column("state", N_("State"), kind="state"),
        Column("created_at", N_("Made"), lambda row: row.key.created_at, kind="moment"),
        Column("revoked_at", N_("Revoked"), lambda row: row.key.revoked_at, kind="moment"),
    ),
    search=N_("Name"),
    rows=_key_rows,
    actions=(
        Action(
            name="revoke",
            label=N_("Revoke"),
            one=N_("Revoke one application key? Programs that use it are refused from then on."),
            many=N_(
                "Revoke %(count)s application keys? Programs that use them are refused from then on."
            ),
            done=N_("Revoked: %(count)s."),
            right=MANAGE,
            do=_revoke,
        ),
    ),
    new=(f"{PATH}/keys/new", N_("New application key"), MANAGE),
    empty=N_("There is no application key yet. A program needs one to use the APIs by itself."),
)

KEY_FIELDS = (
    Field(
        "name",
        N_("Name"),
        required=True,
        longest=200,
        help=N_("By this you recognise it, e.g. the program that uses it."),
    ),
    Field(
        "user_id",
        N_("Acts as"),
        "choice",
        required=True,
        choices=users,
        parse=UUID,
        help=N_("The key may do what this user may do."),
    ),
)


async def ask_for_key(call: Call) -> Page:
    """Ask what a new key is called, and as whom it acts."""
    call.caller.require(MANAGE)
    asked = {"user_id": call.caller.user_id}
    return _key_page(call, await forms.blank(call, render.viewer(call), KEY_FIELDS, **asked))


async def make_key(call: Call) -> Page:
    """Make a key, and show it this once."""
    call.caller.require(MANAGE)
    form = await forms.read(call, render.viewer(call), KEY_FIELDS)
    if form.is_good:
        with form.refusing():
            made = await call.services.keys.create_key(call.caller, form.values)
            return Page("settings_key.html", {"name": made.key.name, "secret": made.secret})
    return _key_page(call, form)


def _key_page(call: Call, form: forms.Form) -> Page:
    data = {
        "form": form,
        "title": N_("New application key"),
        "is_new": True,
        "action": call.scope["path"],
        "back": KEYS.path,
        "delete": None,
    }
    return Page("form.html", data, status=None if form.is_good else 422)


ROUTES = (
    page("GET", USERS.path, lists.listing(USERS, LIST)),
    *nouns.routes(USER),
    page("GET", f"{USERS.path}/{{id}}", show),
    page("GET", f"{USERS.path}/{{id}}/password", ask_password),
    page("POST", f"{USERS.path}/{{id}}/password", set_password),
    page("GET", f"{USERS.path}/{{id}}/second-factor", ask_to_remove_factor),
    page("POST", f"{USERS.path}/{{id}}/second-factor", remove_factor),
    page("GET", UNITS.path, lists.listing(UNITS, LIST)),
    *nouns.routes(UNIT),
    page("GET", KEYS.path, lists.listing(KEYS, LIST)),
    page("POST", f"{KEYS.path}/actions", lists.acting(KEYS)),
    page("GET", f"{KEYS.path}/new", ask_for_key),
    page("POST", f"{KEYS.path}/new", make_key),
)
