"""Templates of mails: what they say, how that looks, and a sample to an address."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from largesse.admin import forms, lists, nouns, render
from largesse.admin.forms import Field, Form
from largesse.admin.language import N_
from largesse.admin.lists import Action, Column, Filter, Listing
from largesse.admin.nouns import Noun, id_text, page
from largesse.admin.preview import framed
from largesse.admin.render import Page, environment
from largesse.core.access.model import Right
from largesse.core.errors import InvalidEmail, UnknownTemplate
from largesse.core.templates.builtin import BUILT_IN
from largesse.core.templates.model import MailTemplate, TemplateKind
from largesse.wire.call import Call

if TYPE_CHECKING:
    from largesse.services import Services

KINDS = tuple((kind.value, N_(kind.value)) for kind in TemplateKind)

BUILT_IN_PATH = "/templates/built-in"


def source(services: "Services") -> Any:
    """Return the service that keeps templates."""
    return services.templates


def path_of(template: MailTemplate) -> str:
    """Return where a template's page is."""
    return f"/templates/{id_text(template.id)}"


async def _delete(call: Call, template_id: Any) -> None:
    await call.services.templates.delete(call.caller, template_id)


def _example(text: str) -> Mapping[str, Any]:
    """Return the object that a text is in JSON. Raises ValueError with a sentence."""
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ValueError(N_('Type a JSON object, e.g. {"title": "Ten off"}.'))
    return found


def _shown(template: MailTemplate) -> Mapping[str, Any]:
    values = {one.name: getattr(template, one.name) for one in FIELDS}
    example = json.dumps(dict(template.example), ensure_ascii=False, indent=1)
    return values | {"example": example if template.example else ""}


def _given(values: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**values, "locale": values["locale"] or "", "example": values["example"] or {}}


def _fresh(call: Call) -> Mapping[str, Any]:
    """Return what stands in a new template: that of the built-in one whose words are to be changed."""
    built_in = BUILT_IN.get(call.request.query_params.get("from", ""))
    if built_in is None:
        return {"kind": TemplateKind.TRANSACTIONAL.value}
    return _shown(built_in)


TEMPLATES = Listing(
    path="/templates",
    title=N_("Templates"),
    source=source,
    columns=(
        Column("key", N_("Key"), kind="code", order="key"),
        Column("locale", N_("Language")),
        Column("kind", N_("Kind"), kind="state"),
        Column("subject", N_("Subject")),
        Column("version", N_("Version"), kind="number"),
        Column("updated_at", N_("Changed"), kind="moment"),
        Column("created_at", N_("Made"), kind="moment", order="made"),
    ),
    search=N_("Key or subject"),
    filters=(Filter("kind", N_("Kind"), KINDS),),
    open=path_of,
    actions=(
        Action(
            name="delete",
            label=N_("Delete"),
            one=N_("Delete one template?"),
            many=N_("Delete %(count)s templates?"),
            done=N_("Deleted: %(count)s."),
            right=Right.MANAGE_TEMPLATES,
            do=_delete,
        ),
    ),
    new=("/templates/new", N_("New template"), Right.MANAGE_TEMPLATES),
    empty=N_("There is no template of your own yet. The built-in ones serve until there is."),
)

FIELDS = (
    Field(
        "key",
        N_("Key"),
        required=True,
        longest=100,
        help=N_("By this it is chosen; with the key of a built-in one it stands in its place."),
    ),
    Field(
        "locale",
        N_("Language"),
        longest=20,
        help=N_("E.g. de or de-AT. Left empty, it is for whoever has no closer one."),
    ),
    Field(
        "kind",
        N_("Kind"),
        "choice",
        required=True,
        choices=KINDS,
        help=N_("Marketing can be unsubscribed from."),
    ),
    Field("subject", N_("Subject"), required=True),
    Field(
        "body",
        N_("Body"),
        "long",
        required=True,
        help=N_("HTML, or MJML if it begins with <mjml>. Values stand in {{ braces }}."),
    ),
    Field(
        "text",
        N_("Plain text"),
        "long",
        help=N_("Left empty, it is made of the body."),
    ),
    Field(
        "example",
        N_("Sample data"),
        "long",
        parse=_example,
        help=N_('The values for previews, as JSON, e.g. {"title": "Ten off"}.'),
    ),
)

TEMPLATE = Noun(
    path="/templates",
    source=source,
    fields=FIELDS,
    right=Right.MANAGE_TEMPLATES,
    new=N_("New template"),
    name=lambda template: template.key,
    delete=N_("Delete the template %(name)s?"),
    shown=_shown,
    given=_given,
    fresh=_fresh,
    open=path_of,
    template="template_form.html",
)

SAMPLE = (Field("email", N_("To the address"), "email", required=True, longest=254),)


async def show_all(call: Call) -> Any:
    """GET /templates: one's own, and the built-in ones."""
    if call.request.query_params.get("format") == "csv":
        return await lists.sheet(call, TEMPLATES)
    built_in = await call.services.templates.built_in(call.caller)
    data = {"shown": await lists.found(call, TEMPLATES), "built_in": built_in}
    return Page("templates.html", data)


async def show(call: Call) -> Page:
    """GET /templates/{id}: how a template looks with its sample data."""
    template = await nouns.record_in(call, source)
    form = await forms.blank(call, render.viewer(call), SAMPLE, email=call.caller.email)
    return await _page(call, template, form)


async def preview(call: Call) -> Any:
    """GET /templates/{id}/preview: the mail alone, for a frame."""
    template = await nouns.record_in(call, source)
    return framed((await call.services.templates.preview(call.caller, template.id)).html)


async def show_built_in(call: Call) -> Page:
    """GET /templates/built-in: how one of these looks."""
    return await _page(call, await _built_in(call), None)


async def preview_built_in(call: Call) -> Any:
    """GET /templates/built-in/preview: the mail alone, for a frame."""
    found = await _built_in(call)
    return framed((await call.services.templates.preview_built_in(call.caller, found.key)).html)


async def preview_draft(call: Call) -> Any:
    """POST /templates/preview: what is being written, for the frame beside it; or what is wrong."""
    call.caller.require(Right.MANAGE_TEMPLATES)
    form = await forms.read(call, render.viewer(call), FIELDS)
    if form.is_good:
        with form.refusing():
            drafted = _given(form.values)
            return framed((await call.services.templates.preview_draft(call.caller, drafted)).html)
    labels = {one.name: one.label for one in FIELDS}
    faults = [(labels.get(name, ""), text) for name, text in form.errors.items()]
    drawn = environment().get_template("template_faults.html")
    look = form.viewer
    told = [(look.say(label), text) for label, text in faults]
    return framed(drawn.render(faults=told, language=look.locale.language))


async def send_sample(call: Call) -> Any:
    """POST /templates/{id}/sample: mail it to an address, with its sample data."""
    call.caller.require(Right.SEND_MAIL)
    template = await nouns.record_in(call, source)
    form = await forms.read(call, render.viewer(call), SAMPLE)
    if form.is_good:
        email = form.values["email"]
        with form.refusing():
            try:
                mail = await call.services.templates.send_sample(call.caller, template.id, email)
            except InvalidEmail as refusal:
                form.errors["email"] = form.viewer.refusal(refusal)
            else:
                said = form.viewer.say(N_("A sample is on its way to %(email)s."), email=email)
                return render.go(call, f"/mails/{mail.id.hex}", said)
    return await _page(call, template, form)


# --- inside ------------------------------------------------------------------------------------


async def _built_in(call: Call) -> MailTemplate:
    known = {one.key: one for one in await call.services.templates.built_in(call.caller)}
    key = call.request.query_params.get("key") or next(iter(known))
    if key not in known:
        raise UnknownTemplate(key, "key")
    return known[key]


async def _page(call: Call, template: MailTemplate, form: Form | None) -> Page:
    services = call.services.templates
    if template.id is None:
        said = await services.preview_built_in(call.caller, template.key)
        frame = render.url(call, f"{BUILT_IN_PATH}/preview", key=template.key)
    else:
        said = await services.preview(call.caller, template.id)
        frame = render.url(call, f"{path_of(template)}/preview")
    data = {"template": template, "said": said, "frame": frame, "form": form}
    return Page("template.html", data, status=None if form is None or form.is_good else 422)


ROUTES = (
    page("GET", TEMPLATES.path, show_all),
    page("POST", f"{TEMPLATES.path}/actions", lists.acting(TEMPLATES)),
    page("GET", BUILT_IN_PATH, show_built_in),
    page("GET", f"{BUILT_IN_PATH}/preview", preview_built_in),
    page("POST", f"{TEMPLATES.path}/preview", preview_draft),
    *nouns.routes(TEMPLATE),
    page("GET", f"{TEMPLATES.path}/{{id}}", show),
    page("GET", f"{TEMPLATES.path}/{{id}}/preview", preview),
    page("POST", f"{TEMPLATES.path}/{{id}}/sample", send_sample),
)
