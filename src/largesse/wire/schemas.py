"""The JSON schemas of types, and what a type may say of itself beyond what its decoder checks."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Meta

REF = "#/components/schemas/{name}"

_NEEDED = "x-needed"

NEEDED = Meta(extra_json_schema={_NEEDED: True})
"""Marks a member that a body must have, although its decoder lets it be missing or null.

So a dialect refuses the body in the vendor's words, and not in the decoder's. Where only some
routes need it, the route table says so (`Route.needed`).
"""

EMAIL = Meta(extra_json_schema={"format": "email"})
"""Marks an e-mail address, which the core checks."""

FILLED = Meta(extra_json_schema={"pattern": r"\S"})
"""Marks a text that must have more in it than white space."""

RULES = "SCHEMA"
"""The class variable of a body with keywords on its members together, such as `one_of` returns."""


def one_of(*names: str) -> dict[str, Any]:
    """Return the keyword that one of these members must be given, and none of the others."""
    return {"oneOf": [{"required": [name]} for name in names]}


class Schemas:
    """The JSON schemas of types, which refer to one another by name."""

    def __init__(self, kinds: Iterable[Any]) -> None:
        self._kinds = list(dict.fromkeys(kind for kind in kinds if kind is not None))
        found, components = msgspec.json.schema_components(self._kinds, ref_template=REF)
        self._found: dict[Any, dict[str, Any]] = dict(zip(self._kinds, found, strict=True))
        self.components: dict[str, Any] = {
            name: _with_needed(schema) for name, schema in components.items()
        }
        for name, rules in _rules(self._kinds).items():
            self.components[name].update(rules)

    def of(self, kind: Any) -> dict[str, Any]:
        """Return a type's schema, or a reference to it."""
        return self._found[kind]

    def fields(
        self, kind: Any, *, needed: Sequence[str] = ()
    ) -> tuple[dict[str, Any], frozenset[str]]:
        """Return the schemas of a struct's fields by name, and which of them must be given."""
        schema = self._resolved(self.needing(kind, needed))
        return schema.get("properties", {}), frozenset(schema.get("required", ()))

    def members(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Return the schemas of the members of an object, or of one that is referred to."""
        found: dict[str, Any] = self._resolved(schema).get("properties", {})
        return found

    def needing(self, kind: Any, needed: Sequence[str]) -> dict[str, Any]:
        """Return the schema of a body that must have members which its type lets be missing.

        Neither null, nor a blank text, nor an empty list will do for them.
        """
        if not needed:
            return self.of(kind)
        return _needing(self._whole(kind), needed)

    def as_text(
        self, kind: Any, needed: Sequence[str], attributes: Sequence[str]
    ) -> dict[str, Any]:
        """Return the schema of a body in XML: there is no null, and some members are attributes."""
        schema = self._as_text(self._resolved(self.needing(kind, needed)), frozenset(attributes))
        return schema | {"xml": {"name": schema["title"]}}

    def _as_text(self, schema: Mapping[str, Any], attributes: frozenset[str]) -> dict[str, Any]:
        schema = self._resolved(without_null(schema))
        if "properties" not in schema:
            return {name: value for name, value in schema.items() if name != "default"}
        members = {}
        for name, member in schema["properties"].items():
            members[name] = self._as_text(member, attributes)
            if name in attributes:
                members[name]["xml"] = {"attribute": True}
        return schema | {"properties": members}

    def _whole(self, kind: Any) -> dict[str, Any]:
        return self._resolved(self.of(kind))

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        if "$ref" not in schema:
            return schema
        found: dict[str, Any] = self.components[schema["$ref"].rpartition("/")[2]]
        return found


def _with_needed(schema: dict[str, Any]) -> dict[str, Any]:
    """Return an object's schema with the members in it that are marked as needed."""
    members = schema.get("properties", {})
    marked = [name for name, member in members.items() if member.pop(_NEEDED, False)]
    return _needing(schema, marked) if marked else schema


def _needing(schema: dict[str, Any], needed: Sequence[str]) -> dict[str, Any]:
    members = {name: without_null(schema["properties"][name]) for name in needed}
    for member in members.values():
        member.pop("default", None)
        if "format" not in member:
            member |= {"pattern": r"\S", "minItems": 1}
    required = list(dict.fromkeys((*schema.get("required", ()), *needed)))
    return schema | {"properties": schema["properties"] | members, "required": required}


def without_null(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of the same values without null."""
    rest = {name: value for name, value in schema.items() if name != "anyOf"}
    if "anyOf" not in schema:
        return rest
    if rest.get("default", ...) is None:
        del rest["default"]
    kinds = [kind for kind in schema["anyOf"] if kind != {"type": "null"}]
    return rest | (kinds[0] if len(kinds) == 1 else {"anyOf": kinds})


def _rules(kinds: Iterable[Any]) -> dict[str, Any]:
    """Return the rules of all structs that are in types, by the structs' names."""
    found: dict[str, Any] = {}
    seen: set[Any] = set()
    waiting: list[Any] = list(msgspec.inspect.multi_type_info(kinds))
    while waiting:
        info = waiting.pop()
        if isinstance(info, msgspec.inspect.StructType):
            if info.cls in seen:
                continue
            seen.add(info.cls)
            if rules := getattr(info.cls, RULES, None):
                found[info.cls.__name__] = rules
            waiting += [field.type for field in info.fields]
        waiting += getattr(info, "types", ())
        waiting += [getattr(info, name) for name in _INSIDE if hasattr(info, name)]
    return found


_INSIDE = ("item_type", "value_type", "type")
"""Where the types are that a type is made of."""
