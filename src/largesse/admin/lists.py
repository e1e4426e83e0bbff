"""Lists: search, filters in the URL, order, pages, a sheet of them all, and things to do with many.

A page declares its list once, as columns and filters; the template `list.html` draws every one.
"""

import csv
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from starlette.responses import Response, StreamingResponse

from largesse.admin import formats, forms, render
from largesse.admin.forms import Choice, Choices
from largesse.admin.language import N_
from largesse.admin.render import Page
from largesse.core.access.model import Right
from largesse.core.errors import InvalidValue, Refused
from largesse.core.ids import parsed_id
from largesse.core.records import Records
from largesse.core.search.browse import MADE, Browse, Browsed
from largesse.wire.call import Call
from largesse.wire.routes import Handler

if TYPE_CHECKING:
    from largesse.services import Services

SIZES = (25, 50, 100, 250)
"""How many records a page may show."""

AT_ONCE = 500
"""Records that a sheet reads at a time."""

MOST_CHOSEN = 1000
"""Records that one action may be done with."""

Source = Callable[["Services"], Records[Any]]
"""Which of the services keeps the records."""

Kind = Literal["text", "code", "number", "moment", "day", "state", "flag", "email"]


@dataclass(frozen=True, slots=True)
class Column:
    """What a list says of each record."""

    name: str
    title: str
    value: Callable[[Any], Any] | None = None
    """Of a row; None: the attribute with the column's name."""
    kind: Kind = "text"
    order: str | None = None
    """The order of the records' shelf by which the list can be sorted here."""
    href: Callable[[Any], str | None] | None = None
    """Where it leads, below the pages."""

    def of(self, row: Any) -> Any:
        """Return what stands in a row."""
        return getattr(row, self.name) if self.value is None else self.value(row)


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list can be narrowed to; one of the filters of the records' shelf."""

    name: str
    title: str
    choices: Choices
    parse: Callable[[str], Any] = str


@dataclass(frozen=True, slots=True)
class Action:
    """What can be done with the records that are chosen."""

    name: str
    label: str
    one: str
    many: str
    """What is asked before it is done, e.g. `Cancel %(count)s codes?`."""
    done: str
    """What is said behind it, e.g. `%(count)s cancelled.`."""
    right: Right
    do: Callable[[Call, Any], Awaitable[Any]]
    """Does it with one record, by its id."""
    is_bad: bool = True
    """Whether it destroys something."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A list as a page declares it."""

    path: str
    title: str
    source: Source
    columns: Sequence[Column]
    search: str = ""
    """What the search field asks for; empty: there is none."""
    filters: Sequence[Filter] = ()
    is_dated: bool = False
    """Whether it can be narrowed to days."""
    open: Callable[[Any], str] | None = None
    """Where a record's own page is; the first column leads there."""
    rows: Callable[[Call, Sequence[Any]], Awaitable[Sequence[Any]]] | None = None
    """Makes rows of records, with what else the columns tell."""
    actions: Sequence[Action] = ()
    new: tuple[str, str, Right] | None = None
    """Where a new one is made, what that is called, and the right it needs."""
    empty: str = N_("There is nothing here yet.")
    """What to do next, where there is no record at all."""
    order: str = MADE
    descending: bool = True
    parse_id: Callable[[str], Any] = parsed_id
    intro: str = ""
    """A sentence below the title."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a list's URL asks for."""

    text: str = ""
    filters: Mapping[str, Sequence[str]] = field(default_factory=dict)
    since: str = ""
    until: str = ""
    sort: str = ""
    size: int = 50
    after: str = ""
    before: str = ""

    def query(self, **other: Any) -> dict[str, Any]:
        """Return it as a URL has it, but for what is said otherwise; a new order begins anew."""
        size = "" if self.size == Asked().size else self.size
        mine = {"q": self.text, **self.filters, "since": self.since, "until": self.until}
        return mine | {"sort": self.sort, "size": size} | other

    @property
    def is_narrow(self) -> bool:
        """Whether some records are left out."""
        return bool(self.text or self.since or self.until or any(self.filters.values()))


@dataclass(frozen=True, slots=True)
class Shown:
    """A list as its template draws it."""

    listing: Listing
    asked: Asked
    page: Browsed[Any]
    rows: Sequence[Any]
    choices: Mapping[str, Sequence[Choice]]
    sort: str
    """The order that it is in, with a minus in front if the last come first."""
    path: str
    """Of this list: one that is part of another page has that page's."""

    def sort_of(self, column: Column) -> str:
        """Return the order that a column's heading asks for: the other way round at a second click."""
        return f"-{column.order}" if self.sort == column.order else str(column.order)

    def direction_of(self, column: Column) -> str | None:
        """Return `ascending` or `descending` if the list is sorted by a column."""
        if column.order is None or self.sort.removeprefix("-") != column.order:
            return None
        return "descending" if self.sort.startswith("-") else "ascending"


def listing(of: Listing, template: str = "list.html") -> Handler:
    """Return the handler of a list's page, and of its sheet."""

    async def show(call: Call) -> Any:
        if call.request.query_params.get("format") == "csv":
            return await sheet(call, of)
        return Page(template, {"shown": await found(call, of)})

    return show


async def found(call: Call, of: Listing, **fixed: Sequence[Any]) -> Shown:
    """Return a list as its URL asks for it; `fixed` are filters that the page itself sets."""
    asked = asked_of(call, of)
    query, choices = await _browse(call, of, asked, fixed)
    page = await of.source(call.services).browse(call.caller, query)
    sort = f"-{query.order}" if query.descending else query.order
    path = call.scope["path"].removeprefix(call.scope["root_path"])
    return Shown(of, asked, page, await _rows(call, of, page.items), choices, sort, path)


def asked_of(call: Call, of: Listing) -> Asked:
    """Return what a list's URL asks for; what makes no sense there is left out."""
    given = call.request.query_params
    size = given.get("size", "")
    return Asked(
        text=given.get("q", "").strip()[:200],
        filters={one.name: [v for v in given.getlist(one.name) if v] for one in of.filters},
        since=given.get("since", ""),
        until=given.get("until", ""),
        sort=given.get("sort", ""),
        size=int(size) if size in map(str, SIZES) else Asked().size,
        after=given.get("after", ""),
        before=given.get("before", ""),
    )


async def sheet(call: Call, of: Listing, **fixed: Sequence[Any]) -> Response:
    """Answer with every record that the URL asks for, as CSV."""
    query, _ = await _browse(call, of, asked_of(call, of), fixed)
    query = replace(query, limit=AT_ONCE, after=None, before=None)
    # What can be refused is refused before the answer begins.
    first = await of.source(call.services).browse(call.caller, query)
    name = of.path.strip("/").replace("/", "-")
    return StreamingResponse(
        _lines(call, of, query, first),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )


def csv_text(rows: Sequence[Sequence[Any]]) -> str:
    """Return rows as CSV: moments in UTC, numbers plain, and nothing that is run as a formula."""
    text = io.StringIO()
    csv.writer(text).writerows([[_plain(value) for value in row] for row in rows])
    return text.getvalue()


def acting(of: Listing, back: str | None = None) -> Handler:
    """Return the handler of what is done with the records that are chosen in a list."""

    async def act(call: Call) -> Any:
        action = _action(call, of)
        call.caller.require(action.right)
        look, typed = render.viewer(call), forms.many(call, "id")
        ids = [one for one in map(of.parse_id, typed[:MOST_CHOSEN]) if one is not None]
        return_to = local(forms.fields(call).get("back", ""), back or of.path)
        if not ids:
            return render.go(call, return_to, look.say(N_("Nothing was chosen.")), is_bad=True)
        if forms.fields(call).get("confirmed") != "yes":
            return _question(call, action, ids, return_to)
        return await done_with_each(call, action, ids, return_to)

    return act


async def done_with_each(call: Call, action: Action, ids: Sequence[Any], back: str) -> Response:
    """Do something with each of the records, and lead back to the list, which tells how it went."""
    look, done, refused = render.viewer(call), 0, ""
    for record_id in dict.fromkeys(ids):
        try:
            await action.do(call, record_id)
            done += 1
        except Refused as refusal:
            refused = look.refusal(refusal)
    said = look.say(action.done, count=look.number(done))
    if refused:
        left = look.number(len(ids) - done)
        reason = look.say(N_("Not done: %(count)s. %(reason)s"), count=left, reason=refused)
        said = f"{said} {reason}"
    return render.go(call, back, said, is_bad=bool(refused))


# --- inside ------------------------------------------------------------------------------------


def _action(call: Call, of: Listing) -> Action:
    wanted = forms.fields(call).get("action", "")
    for action in of.actions:
        if action.name == wanted:
            return action
    raise InvalidValue("action", "is none of this list's")


def _question(call: Call, action: Action, ids: Sequence[Any], back: str) -> Page:
    hidden = [("id", _text_of(one)) for one in ids]
    hidden += [("action", action.name), ("back", back), ("confirmed", "yes")]
    question = render.viewer(call).say_many(action.one, action.many, len(ids))
    return render.asking(
        call, question, action.label, back=back, is_bad=action.is_bad, hidden=hidden
    )


def local(path: str, otherwise: str) -> str:
    """Return a path of these pages; one of elsewhere is none."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else otherwise


async def _browse(
    call: Call, of: Listing, asked: Asked, fixed: Mapping[str, Sequence[Any]]
) -> tuple[Browse, Mapping[str, Sequence[Choice]]]:
    choices = {
        one.name: await one.choices(call) if callable(one.choices) else one.choices
        for one in of.filters
    }
    parsers = {one.name: one.parse for one in of.filters}
    filters = {
        name: [parsers[name](value) for value in values]
        for name, values in asked.filters.items()
        if values
    }
    orders = {column.order for column in of.columns if column.order is not None}
    order, descending = of.order, of.descending
    if asked.sort.removeprefix("-") in orders:
        order, descending = asked.sort.removeprefix("-"), asked.sort.startswith("-")
    look = render.viewer(call)
    until = _day(asked.until)
    query = Browse(
        text=asked.text or None,
        filters=filters | dict(fixed),
        since=_start(look, _day(asked.since)),
        until=_start(look, until + timedelta(days=1) if until else None),
        order=order,
        descending=descending,
        after=of.parse_id(asked.after),
        before=of.parse_id(asked.before),
        limit=asked.size,
    )
    return query, choices


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    # What has a day behind it, and in any zone.
    return found if date(1970, 1, 2) < found < date(9999, 1, 1) else None


def _start(look: formats.Viewer, day: date | None) -> datetime | None:
    return None if day is None else look.start_of(day)


async def _rows(call: Call, of: Listing, items: Sequence[Any]) -> Sequence[Any]:
    return items if of.rows is None else await of.rows(call, items)


async def _lines(call: Call, of: Listing, query: Browse, page: Browsed[Any]) -> AsyncIterator[str]:
    """Yield a sheet, some records at a time; their moments are in UTC, their numbers plain."""
    yield csv_text([[column.name for column in of.columns]])
    while True:
        rows = await _rows(call, of, page.items)
        yield csv_text([[column.of(row) for column in of.columns] for row in rows])
        if page.next is None:
            return
        query = replace(query, after=page.next)
        page = await of.source(call.services).browse(call.caller, query)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return formats.iso(value)
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        # A spreadsheet would take it for a formula (OWASP, CSV injection).
        return f"'{value}"
    return "" if value is None else _text_of(value)


def _text_of(value: Any) -> Any:
    return value.hex if isinstance(value, UUID) else value
