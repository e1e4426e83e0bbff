"""Bounces and complaints: messages that came back, and the requests of mail services."""

from largesse.core.reports.model import Taken
from largesse.dialects.native.schemas.base import check_media
from largesse.dialects.native.schemas.reports import Hooks
from largesse.wire.call import Call
from largesse.wire.errors import BodyTooLarge

MESSAGE = "message/rfc822"


def _check_size(call: Call) -> None:
    limit = call.services.settings.reports.max_bytes
    if len(call.raw) > limit:
        raise BodyTooLarge(limit)


async def take_message(call: Call) -> Taken:
    """POST /mail-reports: take a message that came to where bounces go."""
    check_media(call, MESSAGE)
    _check_size(call)
    return await call.services.mail_reports.take_message(call.caller, call.raw)


async def take_posted(call: Call) -> Taken:
    """POST /mail-reports/{provider}/{hook}: take what a mail service tells."""
    _check_size(call)
    headers = {str(name, "latin-1"): str(value, "latin-1") for name, value in call.scope["headers"]}
    return await call.services.mail_reports.take_posted(
        call.path("provider"), call.path("hook"), headers, call.raw
    )


async def list_hooks(call: Call) -> Hooks:
    """GET /mail-reports/hooks: where the mail services that are set up are to post."""
    # `root_path` is where the dialect is mounted.
    prefix = f"{call.scope.get('root_path', '')}/mail-reports"
    hooks = await call.services.mail_reports.hooks(call.caller)
    return Hooks({name: f"{prefix}/{path}" for name, path in hooks.items()})
