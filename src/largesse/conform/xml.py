"""XML as JSON, so that it is compared the same way."""

from typing import Any

from defusedxml import ElementTree


def xml_of(text: bytes) -> Any:
    """Return a document as `{root: {"@attribute": ..., child: ...}}`; an element of text is a text.

    Raises:
        ValueError: it is not well-formed.
    """
    try:
        root = ElementTree.fromstring(text)
    except (ElementTree.ParseError, ValueError) as error:
        raise ValueError(f"not well-formed XML: {error}") from error
    return {root.tag: _element(root)}


def _element(element: Any) -> Any:
    if not len(element) and not element.attrib:
        return element.text or ""
    found: dict[str, Any] = {f"@{name}": value for name, value in element.attrib.items()}
    for child in element:
        value = _element(child)
        if child.tag not in found:
            found[child.tag] = value
        elif isinstance(found[child.tag], list):
            found[child.tag].append(value)
        else:
            found[child.tag] = [found[child.tag], value]
    if not len(element) and element.text:
        found["#text"] = element.text
    return found
