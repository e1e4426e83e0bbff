"""MJML with Jinja in it becomes HTML with Jinja in it."""

import re

import mjml

from largesse.core.errors import InvalidValue
from largesse.core.templates.marks import Marked, Piece, marked

DEEPEST = 60
"""Tags inside each other. The compiler goes down by calling itself, and thousands of levels would
end the whole process."""

STRUCTURE = frozenset(
    {
        *("mj-body", "mj-wrapper", "mj-section", "mj-group", "mj-column", "mj-hero"),
        *("mj-navbar", "mj-social", "mj-carousel", "mj-accordion", "mj-accordion-element"),
    }
)
"""What takes components and no text. Between these, `{% if %}` needs to be put into <mj-raw>."""

VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())

_TAG = re.compile(
    r"<!--.*?-->|<(?P<close>/?)(?P<name>[a-zA-Z][\w-]*)"
    r"""(?:"[^"]*"|'[^']*'|[^'">])*?(?P<alone>/?)>""",
    re.DOTALL,
)
_PLACE = re.compile(r"position (\d+)(?::(\d+))?")


def is_mjml(body: str) -> bool:
    """Say whether a body is MJML rather than HTML."""
    return body.lstrip().startswith("<mjml")


def to_html(body: str, field: str) -> str:
    """Return the HTML that MJML stands for, with its expressions.

    Raises:
        InvalidValue: it is no MJML, or an expression stands where MJML needs a value at once.
    """
    source = marked(body, field)
    wrapped = _wrapped(source, field)
    try:
        # No font is fetched from anywhere but where the template itself says so.
        html = mjml.mjml2html(wrapped, fonts={})
    except ValueError as error:
        reason = str(error).replace(" in root template", "")
        raise InvalidValue(field, _with_line(reason, source, wrapped)) from None
    left = {int(number) for number in source.marks.findall(html)}
    for number, piece in enumerate(source.pieces):
        if number not in left:
            reason = f"MJML takes no expression in this place: {piece.text[:80]}"
            raise InvalidValue(field, f"line {piece.line}: {reason}")
    return source.restored(html)


def _wrapped(source: Marked, field: str) -> str:
    """Put what stands between components into <mj-raw>. Raises InvalidValue."""
    out: list[str] = []
    inside: list[str] = []
    position = 0
    for tag in _TAG.finditer(source.text):
        between = source.text[position : tag.start()]
        if inside and inside[-1] in STRUCTURE:
            between = source.marks.sub(r"<mj-raw>\g<0></mj-raw>", between)
        out += [between, tag[0]]
        position = tag.end()
        name = tag["name"]
        if name is None or name.lower() in VOID:
            continue
        if tag["close"]:
            if inside:
                inside.pop()
        elif not tag["alone"]:
            inside.append(name)
            if len(inside) > DEEPEST:
                raise InvalidValue(field, "has tags nested too deep")
    return "".join([*out, source.text[position:]])


def _with_line(reason: str, source: Marked, wrapped: str) -> str:
    """Put the author's line before what the compiler says of a position."""
    place = _PLACE.search(reason)
    if place is None:
        return reason
    before = wrapped.encode()[: int(place[1])].decode(errors="ignore")
    # An expression may have lines of its own, which its mark has not.
    hidden = sum(_lines(source.pieces[int(number)]) for number in set(source.marks.findall(before)))
    line = 1 + before.count("\n") + hidden
    return f"line {line}: {reason[: place.start()].rstrip().removesuffix(' at')}"


def _lines(piece: Piece) -> int:
    return piece.text.count("\n")
