"""Pages to make, change and delete records of one kind, for every kind that has fields alone."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from largesse.admin import forms, render
from largesse.admin.forms import Field, Form
from largesse.admin.language import N_
from largesse.admin.lists import Source
from largesse.admin.render import Page
from largesse.core.access.model import Right
from largesse.core.ids import parsed_id
from largesse.core.records import fingerprint
from largesse.wire.call import Call
from largesse.wire.routes import Route, route


@dataclass(frozen=True, slots=True)
class Noun:
    """A kind of record as its pages declare it."""

    path: str
    source: Source
    fields: Sequence[Field]
    right: Right
    """That is needed to change anything."""
    new: str
    """The title of the page that makes one, e.g. `New promotion`."""
    name: Callable[[Any], str]
    """What a record is called."""
    delete: str
    """What is asked before one is deleted, with its name: `Delete the promotion %(name)s?`."""
    parse_id: Callable[[str], Any] = parsed_id
    shown: Callable[[Any], Mapping[str, Any]] | None = None
    """Makes the values of the fields of a record; None: its attributes of their names."""
    given: Callable[[Mapping[str, Any]], Mapping[str, Any]] = dict
    """Makes what the core takes of the fields' values."""
    fresh: Mapping[str, Any] | Callable[[Call], Mapping[str, Any]] = field(default_factory=dict)
    """What stands in the fields of a new one; it may be what the page's URL asks for."""
    open: Callable[[Any], str] | None = None
    """Where a record's page is; None: the page that changes it."""
    left: Callable[[Any], str] | None = None
    """Where one is led when a record was deleted; None: to the list."""
    template: str = "form.html"
    """What draws the form: one that extends it."""

    def path_of(self, record: Any) -> str:
        """Return where a record is looked at."""
        if self.open is not None:
            return self.open(record)
        return f"{self.path}/{id_text(record.id)}/edit"


def routes(noun: Noun) -> tuple[Route, ...]:
    """Return the pages of a kind: new, edit and delete, below its path."""
    return (
        page("GET", f"{noun.path}/new", _asking(noun)),
        page("POST", f"{noun.path}/new", _making(noun)),
        page("GET", f"{noun.path}/{{id}}/edit", _showing(noun)),
        page("POST", f"{noun.path}/{{id}}/edit", _changing(noun)),
        page("GET", f"{noun.path}/{{id}}/delete", _asking_to_delete(noun)),
        page("POST", f"{noun.path}/{{id}}/delete", _deleting(noun)),
    )


def page(
    method: str, path: str, handler: Any, *, public: str | None = None, streamed: bool = False
) -> Route:
    """Return one page. All of them are DECIDED."""
    return route(method, path, handler, source="DECIDED", public=public, streamed=streamed)


def id_text(record_id: Any) -> str:
    """Return an id as paths have it."""
    return str(getattr(record_id, "hex", record_id))


async def record_in(call: Call, source: Source, parse_id: Callable[[str], Any] = parsed_id) -> Any:
    """Return the record that a path names. Raises Unknown, NotPermitted."""
    records = source(call.services)
    record_id = parse_id(call.path("id"))
    if record_id is None:
        raise records.unknown(call.path("id"))
    return await records.get(call.caller, record_id)


def _asking(noun: Noun) -> Any:
    async def ask(call: Call) -> Page:
        call.caller.require(noun.right)
        fresh = noun.fresh(call) if callable(noun.fresh) else noun.fresh
        form = await forms.blank(call, render.viewer(call), noun.fields, **fresh)
        return _page(call, noun, form)

    return ask


def _making(noun: Noun) -> Any:
    async def make(call: Call) -> Any:
        call.caller.require(noun.right)
        form = await forms.read(call, render.viewer(call), noun.fields)
        if form.is_good:
            with form.refusing():
                values = {k: v for k, v in noun.given(form.values).items() if v is not None}
                made = await noun.source(call.services).create(call.caller, values)
                said = form.viewer.say(N_("%(name)s was made."), name=noun.name(made))
                return render.go(call, noun.path_of(made), said)
        return _page(call, noun, form)

    return make


def _showing(noun: Noun) -> Any:
    async def show(call: Call) -> Page:
        call.caller.require(noun.right)
        record = await record_in(call, noun.source, noun.parse_id)
        return _page(call, noun, await _form_of(call, noun, record), record)

    return show


def _changing(noun: Noun) -> Any:
    async def change(call: Call) -> Any:
        call.caller.require(noun.right)
        record = await record_in(call, noun.source, noun.parse_id)
        form = await forms.read(call, render.viewer(call), _changeable(noun))
        if form.is_good:
            with form.refusing():
                changed = await noun.source(call.services).change(
                    call.caller, record.id, noun.given(form.values), seen=form.seen or ""
                )
                said = form.viewer.say(N_("%(name)s was changed."), name=noun.name(changed))
                return render.go(call, noun.path_of(changed), said)
        # Who was told that it is another one now may write over it.
        form.seen = fingerprint(await noun.source(call.services).get(call.caller, record.id))
        return _page(call, noun, form, record)

    return change


def _asking_to_delete(noun: Noun) -> Any:
    async def ask(call: Call) -> Page:
        call.caller.require(noun.right)
        record = await record_in(call, noun.source, noun.parse_id)
        look = render.viewer(call)
        return render.asking(
            call,
            look.say(noun.delete, name=noun.name(record)),
            N_("Delete"),
            back=noun.path_of(record),
            explanation=look.say(N_("This can not be undone.")),
        )

    return ask


def _deleting(noun: Noun) -> Any:
    async def delete(call: Call) -> Any:
        record = await record_in(call, noun.source, noun.parse_id)
        form = await forms.blank(call, render.viewer(call), ())
        with form.refusing():
            await noun.source(call.services).delete(call.caller, record.id)
            said = form.viewer.say(N_("%(name)s was deleted."), name=noun.name(record))
            return render.go(call, noun.left(record) if noun.left else noun.path, said)
        return render.go(call, noun.path_of(record), form.errors[""], is_bad=True)

    return delete


def _changeable(noun: Noun) -> Sequence[Field]:
    return [one for one in noun.fields if not one.only_new]


async def _form_of(call: Call, noun: Noun, record: Any) -> Form:
    asked = _changeable(noun)
    values = noun.shown(record) if noun.shown else {f.name: getattr(record, f.name) for f in asked}
    form = await forms.blank(call, render.viewer(call), asked, **values)
    form.seen = fingerprint(record)
    return form


def _page(call: Call, noun: Noun, form: Form, record: Any = None) -> Page:
    data = {
        "form": form,
        "title": noun.new if record is None else noun.name(record),
        "is_new": record is None,
        "action": call.scope["path"],
        "back": noun.path if record is None or noun.open is None else noun.path_of(record),
        "delete": None if record is None else f"{noun.path}/{id_text(record.id)}/delete",
    }
    return Page(noun.template, data, status=None if form.is_good else 422)
