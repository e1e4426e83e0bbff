"""The plain-text part of a mail, made of its HTML."""

import re
from html.parser import HTMLParser

HIDDEN = frozenset({"head", "script", "style", "title", "template"})
BLOCKS = frozenset(
    {
        *("address", "article", "blockquote", "center", "div", "dl", "dt", "dd", "footer", "form"),
        *("header", "main", "nav", "ol", "pre", "section", "table", "tbody", "tr", "ul"),
    }
)
APART = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "hr"})
"""Blocks with an empty line before and behind them."""

INVISIBLE = re.compile(r"display\s*:\s*none", re.IGNORECASE)
VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "wbr"}
)


def to_text(html: str) -> str:
    """Return the text of HTML: links as `text (url)`, lists as lines, no empty lines in a row."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return tidy("".join(reader.out))


def tidy(text: str) -> str:
    """Take blanks at the ends of lines away, and all but one of empty lines in a row."""
    lines = (line.strip() for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


class _Reader(HTMLParser):
    """Collects what a reader sees."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self._hidden: list[str] = []
        self._links: list[tuple[str, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a line, a list's entry or a link."""
        given = dict(attrs)
        if tag not in VOID and (
            self._hidden or tag in HIDDEN or INVISIBLE.search(given.get("style") or "")
        ):
            self._hidden.append(tag)
            return
        if self._hidden:
            return
        if tag == "br":
            self.out.append("\n")
        elif tag == "li":
            self.out.append("\n- ")
        elif tag == "img" and given.get("alt"):
            self.out.append(given["alt"] or "")
        elif tag in ("td", "th"):
            self.out.append(" ")
        elif tag == "a":
            self._links.append((given.get("href") or "", len(self.out)))
        self._space(tag)

    def handle_endtag(self, tag: str) -> None:
        """End a line or a link."""
        if self._hidden:
            if tag in self._hidden:
                while self._hidden.pop() != tag:
                    pass
            return
        if tag == "a" and self._links:
            url, begins = self._links.pop()
            label = "".join(self.out[begins:]).strip()
            url = url.removeprefix("mailto:")
            if url and not url.startswith("#") and url != label:
                self.out.append(f" ({url})" if label else url)
        self._space(tag)

    def handle_data(self, data: str) -> None:
        """Keep a text; its blanks and line breaks are one space."""
        if not self._hidden:
            self.out.append(re.sub(r"\s+", " ", data))

    def _space(self, tag: str) -> None:
        if tag in APART:
            self.out.append("\n\n")
        elif tag in BLOCKS:
            self.out.append("\n")
