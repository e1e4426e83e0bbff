"""Between Intershop's objects and XML.

The rule, INFERRED from the examples of SEED 000 and DOC 257F56: the root element is named by the
object's type; `name` and `type` are attributes, every other field is a child element, and children
stand in alphabetical order.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from largesse.wire import xml
from largesse.wire.bodies import wrong_type
from largesse.wire.errors import MalformedBody, WrongType
from largesse.wire.xml import Element

ATTRIBUTES = ("name", "type")

COLLECTION = "ResourceCollection"
"""The root of a list, which prints no type in JSON (INFERRED: no document shows one in XML)."""

ITEMS = {"attributes": "Attribute"}
"""What the items of a list are called where their type is that of a value (INFERRED)."""


def write(result: Any) -> bytes:
    """Return an object as an XML document."""
    fields = msgspec.to_builtins(result)
    return xml.document(_element(fields.get("type", COLLECTION), fields))


def _element(tag: str, fields: Mapping[str, Any]) -> Element:
    element = Element(tag, {name: _text(fields[name]) for name in ATTRIBUTES if name in fields})
    for name in sorted(fields.keys() - set(ATTRIBUTES)):
        value = fields[name]
        if isinstance(value, Mapping):
            element.append(_element(name, value))
            continue
        child = Element(name)
        if isinstance(value, list):
            child.extend([_element(ITEMS.get(name) or item["type"], item) for item in value])
        else:
            child.text = _text(value)
        element.append(child)
    return element


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else xml.legal(str(value))


def read(raw: bytes, kind: Any) -> Any:
    """Read a document as an object of the class `kind`, which is also its root's name.

    Raises:
        MalformedBody: no XML, or a field stands twice.
        WrongType: another shape.
    """
    root = xml.parse(raw)
    if _name(root) != kind.__name__:
        raise WrongType("", f"the root element is {_name(root)}, not {kind.__name__}")
    try:
        # Not strict: whatever an element holds is a text, a truth value too.
        return msgspec.convert(_object(root), kind, strict=False)
    except msgspec.ValidationError as error:
        raise wrong_type(error) from None


def _object(element: Element) -> dict[str, Any]:
    fields: dict[str, Any] = {
        name: element.attrib[name] for name in ATTRIBUTES if name in element.attrib
    }
    for child in element:
        if _name(child) in fields:
            raise MalformedBody(f"{_name(child)} stands twice")
        fields[_name(child)] = _value(child)
    return fields


def _value(element: Element) -> Any:
    if len(element) or any(name in element.attrib for name in ATTRIBUTES):
        return _object(element)
    return element.text or ""


def _name(element: Element) -> str:
    """Return an element's name, without the namespace that some clients declare."""
    return str(element.tag).rpartition("}")[2]
