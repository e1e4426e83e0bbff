"""XML without its dangers: no document type, no entity, and a bound on what one body can hold."""

import re
from typing import Any
from xml.etree import ElementTree

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from largesse.wire.errors import MalformedBody

Element = ElementTree.Element

DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'

MOST_ELEMENTS = 10_000
"""Elements of one document at most: empty ones take 30 times the memory of their four bytes."""

DEEPEST = 32
"""Elements inside one another at most, so that a document can be walked by recursion."""

_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class _Builder(ElementTree.TreeBuilder):
    """Builds the tree, and stops at the bounds."""

    def __init__(self) -> None:
        super().__init__()
        self._count = 0
        self._depth = 0

    def start(self, tag: Any, attrs: Any, /) -> Element:
        self._count += 1
        self._depth += 1
        if self._count > MOST_ELEMENTS:
            raise MalformedBody(f"it has more than {MOST_ELEMENTS:,} elements")
        if self._depth > DEEPEST:
            raise MalformedBody("nested too deeply")
        return super().start(tag, attrs)

    def end(self, tag: Any, /) -> Element:
        self._depth -= 1
        return super().end(tag)


def parse(raw: bytes) -> Element:
    """Return the root element of a document. Raises MalformedBody."""
    parser = DefusedXMLParser(target=_Builder(), forbid_dtd=True)
    try:
        parser.feed(raw)
        root: Element = parser.close()
    except DefusedXmlException:
        raise MalformedBody("document types and entities are not taken") from None
    except (SyntaxError, LookupError, ValueError) as error:
        # A syntax error is expat's; the others come from the encoding that a document names.
        raise MalformedBody(str(error)) from None
    return root


def document(root: Element) -> bytes:
    """Return a document, indented by two blanks a level, without a line break at its end."""
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode", short_empty_elements=False)
    return (DECLARATION + text).encode()


def legal(text: str) -> str:
    """Return a text that XML can carry: characters that it can not become the replacement sign."""
    return _ILLEGAL.sub("\ufffd", text)
