"""Settings: what an owner looks after, on one page with the ways to each."""

from largesse.admin.nouns import page
from largesse.admin.render import Page
from largesse.core.access.model import Right
from largesse.wire.call import Call

PATH = "/settings"

LIST = "settings_list.html"
"""The template of a list that is one of the settings."""


async def overview(call: Call) -> Page:
    """Show the ways to all settings."""
    call.caller.require(Right.MANAGE_ACCESS)
    return Page("settings.html")


ROUTES = (page("GET", PATH, overview),)
