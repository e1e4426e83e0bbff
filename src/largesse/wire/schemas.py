"""The JSON schemas of types, and what a type may say of itself beyond what its decoder checks."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec import Meta

REF = "#/components/schemas/{name}"

_NEEDED = "x-needed"

NEEDED = Meta(extra_json_schema={_NEEDED: True})
"""Marks a member that a body must have, although its decoder lets it be missing or null.

So a dialect refuses the body in the vendor's words, and not in the decoder's.
"""

EMAIL = Meta(extra_json_schema={"format": "email"})
"""Marks an e-mail address, which the core checks."""

RULES = "SCHEMA"
"""The class variable of a body with keywords on its members together, e.g. `oneOf`."""


class Schemas:
    """The JSON schemas of types, which refer to one another by name."""

    def __init__(self, kinds: Iterable[Any]) -> None:
        self._kinds = list(dict.fromkeys(kind for kind in kinds if kind is not None))
        found, components = msgspec.json.schema_components(self._kinds, ref_template=REF)
        self._found: dict[Any, dict[str, Any]] = dict(zip(self._kinds, found, strict=True))
        self.components: dict[str, Any] = {
            name: _with_needed(schema) for name, schema in components.items()
        }
        for kind in self._kinds:
            if rules := getattr(kind, RULES, None):
                self._whole(kind).update(rules)

    def of(self, kind: Any) -> dict[str, Any]:
        """Return a type's schema, or a reference to it."""
        return self._found[kind]

    def fields(self, kind: Any) -> tuple[dict[str, Any], frozenset[str]]:
        """Return the schemas of a struct's fields by name, and which of them must be given."""
        schema = self._whole(kind)
        return schema.get("properties", {}), frozenset(schema.get("required", ()))

    def members(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Return the schemas of the members of an object, or of one that is referred to."""
        found: dict[str, Any] = self._resolved(schema).get("properties", {})
        return found

    def as_text(self, kind: Any, attributes: Iterable[str]) -> dict[str, Any]:
        """Return the schema of a type in XML: there is no null, and some members are attributes."""
        schema = self._as_text(self._whole(kind), frozenset(attributes))
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


def without_null(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of the same values without null."""
    rest = {name: value for name, value in schema.items() if name != "anyOf"}
    if "anyOf" not in schema:
        return rest
    if rest.get("default", ...) is None:
        del rest["default"]
    kinds = [kind for kind in schema["anyOf"] if kind != {"type": "null"}]
    return rest | (kinds[0] if len(kinds) == 1 else {"anyOf": kinds})


def _with_needed(schema: dict[str, Any]) -> dict[str, Any]:
    """Return an object's schema with the members in it that are marked as needed."""
    members = schema.get("properties", {})
    needed = [name for name, member in members.items() if _NEEDED in member]
    if not needed:
        return schema
    changed = {name: without_null(members[name]) for name in needed}
    for member in changed.values():
        del member[_NEEDED]
        member.pop("default", None)
    required = [*schema.get("required", ()), *needed]
    return schema | {"properties": members | changed, "required": required}
