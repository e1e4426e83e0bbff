"""Templates, and the mails made of them."""

from collections.abc import Mapping
from typing import Any

from largesse.core.errors import InvalidValue, MissingValue, UnknownTemplate
from largesse.core.mail.model import Mail
from largesse.core.templates.model import MailTemplate, Rendered
from largesse.dialects.native.handlers.records import id_in
from largesse.dialects.native.mapping import given, only_one, to_uuid
from largesse.dialects.native.schemas.base import Listing
from largesse.wire.call import Call

OF_CODE = ("promotion", "channel")
OF_TEMPLATE = ("email", "locale", "values")


async def list_built_in(call: Call) -> Listing[MailTemplate]:
    """GET /templates/built-in: what serves where the organization has no template of its own."""
    return Listing(await call.services.templates.built_in(call.caller))


async def preview(call: Call) -> Rendered:
    """POST /templates/{id}/preview: fill a template for nobody."""
    template_id = id_in(call, to_uuid, UnknownTemplate)
    values = given(call.body).get("values", {})
    return await call.services.templates.preview(call.caller, template_id, values)


async def create_mail(call: Call) -> Mail:
    """POST /mails: mail a code to a customer, or a template to a customer or an address."""
    new = given(call.body)
    way, key = only_one(new, ("code", "template"), "code")
    if way == "code":
        _refuse(new, OF_TEMPLATE, "template")
        if "customer" not in new:
            raise MissingValue("customer")
        return await call.services.mails.create(call.caller, new)
    _refuse(new, OF_CODE, "code")
    only_one(new, ("customer", "email"), "customer")
    more = {name: new.get(name) for name in ("customer", *OF_TEMPLATE)}
    return await call.services.templates.send(call.caller, key, **more)


def _refuse(new: Mapping[str, Any], names: tuple[str, ...], what: str) -> None:
    for name in names:
        if name in new:
            raise InvalidValue(name, f"goes with a {what}")
