"""Lists, and answers cut to the fields that are asked for. Pure, but for the call it reads."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import msgspec
from msgspec import UNSET

from largesse.core.search.model import MOST_IN_A_PAGE, MOST_SKIPPED
from largesse.dialects.oracle.errors import InvalidParameter
from largesse.dialects.oracle.records import Page, PageLink, Sort
from largesse.wire.call import Call

LIMIT = 250
"""Items of a page if the client names no number (INFERRED: the usual one in clients)."""

DIGITS = 19
"""Digits of the largest number that is taken."""


def url_of(call: Call) -> str:
    """Return the absolute URL that was called. A query may hold a password: it is left out."""
    return str(call.request.url.replace(query=""))


def parameter(call: Call, name: str) -> str | None:
    """Return a parameter of the query; None if it is missing or empty."""
    return call.request.query_params.get(name) or None


def flag(call: Call, name: str) -> bool:
    """Return a parameter that is true or false. Raises InvalidParameter."""
    text = parameter(call, name) or "false"
    if text.lower() not in ("true", "false"):
        raise InvalidParameter(text, name)
    return text.lower() == "true"


def paging(call: Call) -> tuple[int, int]:
    """Return the limit and the offset. Raises InvalidParameter."""
    limit = _number(call, "limit", LIMIT, least=1, most=MOST_IN_A_PAGE)
    return limit, _number(call, "offset", 0, least=0, most=MOST_SKIPPED)


def _number(call: Call, name: str, usual: int, *, least: int, most: int) -> int:
    text = parameter(call, name)
    if text is None:
        return usual
    if not (text.isascii() and text.isdecimal() and len(text) <= DIGITS):
        raise InvalidParameter(text, name)
    if not least <= int(text) <= most:
        raise InvalidParameter(text, name)
    return int(text)


def page(
    call: Call,
    items: Sequence[Any],
    total: int,
    *,
    limit: int,
    offset: int,
    sort: Sort | None = None,
) -> Any:
    """Return a list as it is answered, cut to the fields asked for."""
    made = Page(
        total=total,
        totalResults=total,
        offset=offset,
        limit=limit,
        sort=UNSET if sort is None else [sort],
        links=_links(call, total, limit, offset),
        items=list(items),
    )
    return cut(call, made)


def _links(call: Call, total: int, limit: int, offset: int) -> list[PageLink]:
    links = [PageLink("self", _href(call, {}))]
    if offset + limit < total:
        links.append(PageLink("next", _href(call, {"offset": str(offset + limit)})))
    if offset > 0:
        # INFERRED: the documents print self and next.
        before = str(max(0, offset - limit))
        links.append(PageLink("prev", _href(call, {"offset": before})))
    return links


def _href(call: Call, changes: dict[str, str]) -> str:
    given = dict(call.request.query_params) | changes
    path = call.request.url.path
    return f"{path}?{urlencode(given)}" if given else path


def cut(call: Call, answer: Any) -> Any:
    """Return an answer with those members alone that `fields` names, e.g. `items.id,totalResults`.

    A name stands for what is in it as well; names that nothing has are passed over.
    """
    wanted = parameter(call, "fields")
    if wanted is None:
        return answer
    paths = [path.strip().split(".") for path in wanted.split(",") if path.strip()]
    return _cut(msgspec.to_builtins(answer), paths)


def _cut(value: Any, paths: Sequence[Sequence[str]]) -> Any:
    if not all(paths):
        return value  # a path has ended here: all of it is wanted
    if isinstance(value, list):
        return [_cut(one, paths) for one in value]
    if not isinstance(value, dict):
        return value
    inside: dict[str, list[Sequence[str]]] = {}
    for first, *rest in paths:
        inside.setdefault(first, []).append(rest)
    return {name: _cut(one, inside[name]) for name, one in value.items() if name in inside}
