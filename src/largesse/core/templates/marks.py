"""Marks in place of a template's expressions, while its HTML is worked on.

MJML knows nothing of Jinja, and HTML is made into text once for each template instead of once for
each mail: both take the template with a mark for each expression and put it back afterwards.
"""

import re
from dataclasses import dataclass

from jinja2 import TemplateSyntaxError

from largesse.core.errors import InvalidValue
from largesse.core.templates.language import TEXT

ENDS = {
    "variable_begin": "variable_end",
    "block_begin": "block_end",
    "comment_begin": "comment_end",
    "raw_begin": "raw_end",
}


@dataclass(frozen=True, slots=True)
class Piece:
    """An expression, or what stands between two."""

    text: str
    line: int
    kind: str
    """`data` between expressions, else the name of its first token, e.g. `block_begin`."""


@dataclass(frozen=True, slots=True)
class Marked:
    """A template with marks in place of expressions."""

    pieces: tuple[Piece, ...]
    """What the marks stand for, in their order."""
    text: str
    stem: str
    """What every mark begins with, which is nowhere in the template."""

    @property
    def marks(self) -> re.Pattern[str]:
        """Finds marks; the group is the number of its piece."""
        return re.compile(rf"{self.stem}(\d+)z")

    def restored(self, text: str) -> str:
        """Put the expressions back; braces of the text itself stay what they are."""
        literal = re.sub(r"\{(?=[{%#])", "{{ '{' }}", text)
        return self.marks.sub(lambda found: self.pieces[int(found[1])].text, literal)


def marked(source: str, field: str) -> Marked:
    """Return a template with marks. Raises InvalidValue for what is no template."""
    stem = "jinja"
    while stem in source:
        stem += "q"
    pieces: list[Piece] = []
    out: list[str] = []
    for piece in _pieces(source, field):
        if piece.kind == "data":
            out.append(piece.text)
        elif piece.kind != "comment_begin":
            out.append(f"{stem}{len(pieces)}z")
            pieces.append(piece)
    return Marked(tuple(pieces), "".join(out), stem)


def _pieces(source: str, field: str) -> list[Piece]:
    found: list[Piece] = []
    ends: str | None = None
    try:
        for line, kind, text in TEXT.lexer.tokeniter(source, None):
            if ends is None:
                found.append(Piece(text, line, kind if kind in ENDS else "data"))
                ends = ENDS.get(kind)
                continue
            begun = found[-1]
            found[-1] = Piece(begun.text + text, begun.line, begun.kind)
            if kind == ends:
                ends = None
    except TemplateSyntaxError as error:
        raise InvalidValue(field, f"line {error.lineno}: {error.message}") from None
    return found
