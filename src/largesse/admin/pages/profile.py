"""What everybody who is signed in changes about the own login."""

from typing import Any

import segno

from largesse.admin import auth, forms, render
from largesse.admin.forms import Field, Form
from largesse.admin.language import N_
from largesse.admin.nouns import page
from largesse.admin.render import Page
from largesse.wire.call import Call

PATH = "/profile"

PIXELS = 4
"""Of each module of a QR code, at the least."""

OWN_PASSWORD = Field("password", N_("Your password"), "password", required=True, longest=1000)

PASSWORDS = (
    Field("old_password", N_("The password until now"), "password", required=True, longest=1000),
    Field(
        "password",
        N_("The new password"),
        "password",
        required=True,
        longest=1000,
        help=N_("At least 8 characters."),
    ),
    Field("again", N_("The new password once more"), "password", required=True, longest=1000),
)

SEALED = Field("sealed", "", "hidden", required=True, longest=200)

FACTOR = (
    SEALED,
    Field("passcode", N_("The passcode that the app shows"), required=True, longest=10),
    OWN_PASSWORD,
)


async def show(call: Call) -> Page:
    """Show who is signed in."""
    factor = await call.services.own_login.has_second_factor(call.caller)
    return Page("profile.html", {"factor": factor})


async def ask_password(call: Call) -> Page:
    """Ask for a new password."""
    return _password_page(call, await forms.blank(call, render.viewer(call), PASSWORDS))


async def change_password(call: Call) -> Any:
    """Change the own password."""
    form = await forms.read(call, render.viewer(call), PASSWORDS)
    old, new, again = (form.values.get(one.name) for one in PASSWORDS)
    if form.is_good and new != again:
        form.errors["again"] = form.viewer.say(N_("This is not the same."))
    if form.is_good:
        with form.refusing():
            caller = await call.services.own_login.change_password(call.caller, str(old), str(new))
            response = render.go(call, PATH, form.viewer.say(N_("Your password was changed.")))
            # Every other session of the user's ends by it.
            auth.keep_session(call, response, await auth.new_session(call, caller))
            return response
    return _password_page(call, form)


async def offer_factor(call: Call) -> Page:
    """Offer a second factor, and ask for a passcode of the app that was told it."""
    offered = await call.services.own_login.offer_second_factor(call.caller)
    form = await forms.blank(call, render.viewer(call), FACTOR, sealed=offered.sealed)
    return _factor_page(call, form, offered)


async def add_factor(call: Call) -> Any:
    """Add the second factor that was offered."""
    form = await forms.read(call, render.viewer(call), FACTOR)
    own = call.services.own_login
    sealed = str(form.typed["sealed"])
    if form.is_good:
        with form.refusing():
            await own.add_second_factor(
                call.caller, form.values["password"], sealed, form.values["passcode"]
            )
            said = form.viewer.say(N_("From now on you sign in with a passcode, too."))
            return render.go(call, PATH, said)
    return _factor_page(call, form, await own.opened(call.caller, sealed))


async def ask_to_remove_factor(call: Call) -> Page:
    """Ask for the password, for the second factor to be removed."""
    return _removal_page(call, await forms.blank(call, render.viewer(call), (OWN_PASSWORD,)))


async def remove_factor(call: Call) -> Any:
    """Remove the own second factor."""
    form = await forms.read(call, render.viewer(call), (OWN_PASSWORD,))
    if form.is_good:
        with form.refusing():
            await call.services.own_login.remove_second_factor(call.caller, form.values["password"])
            said = form.viewer.say(N_("Your second factor was removed."))
            return render.go(call, PATH, said)
    return _removal_page(call, form)


def _password_page(call: Call, form: Form) -> Page:
    return _form_page(call, form, N_("Change the password"))


def _removal_page(call: Call, form: Form) -> Page:
    return _form_page(call, form, N_("Remove the second factor"))


def _factor_page(call: Call, form: Form, offered: Any) -> Page:
    data = {
        "form": form,
        "offered": offered,
        "picture": segno.make_qr(offered.uri).svg_data_uri(scale=PIXELS, light="white"),
        "action": call.scope["path"],
    }
    return Page("profile_factor.html", data, status=None if form.is_good else 422)


def _form_page(call: Call, form: Form, title: str) -> Page:
    data = {
        "form": form,
        "title": form.viewer.say(title),
        "is_new": False,
        "action": call.scope["path"],
        "back": PATH,
        "delete": None,
    }
    return Page("form.html", data, status=None if form.is_good else 422)


ROUTES = (
    page("GET", PATH, show),
    page("GET", f"{PATH}/password", ask_password),
    page("POST", f"{PATH}/password", change_password),
    page("GET", f"{PATH}/second-factor", offer_factor),
    page("POST", f"{PATH}/second-factor", add_factor),
    page("GET", f"{PATH}/second-factor/remove", ask_to_remove_factor),
    page("POST", f"{PATH}/second-factor/remove", remove_factor),
)
