"""OpenAPI 3.1 descriptions, made of a dialect's route table and the types that stand in it."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from largesse.wire.dialect import Dialect
from largesse.wire.routes import Offer, Route

VERSION = "3.1.0"
JSON = "application/json"

REF = "#/components/schemas/{name}"

_PARAMETER = re.compile(r"\{(\w+)(?::\w+)?\}")


def document(dialect: Dialect, *, prefix: str, version: str) -> dict[str, Any]:
    """Return the description of a dialect as it is mounted at a prefix, e.g. `/crmapi/rest/v2`."""
    routes = [route for route in dialect.routes if route.offer is Offer.DONE]
    schemas = _Schemas([dialect.failure, *(kind for route in routes for kind in _kinds(route))])
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        path = _PARAMETER.sub(r"{\1}", route.path)
        paths.setdefault(path, {})[route.method.lower()] = _operation(dialect, route, schemas)
    return {
        "openapi": VERSION,
        "info": {"title": dialect.title, "version": version, "description": _about(dialect)},
        "servers": [_server(prefix)],
        "paths": paths,
        "components": {
            "schemas": schemas.components,
            "securitySchemes": dict(dialect.security),
            "responses": _failures(dialect, schemas),
        },
    }


class _Schemas:
    """The JSON schemas of types, which refer to one another by name."""

    def __init__(self, kinds: Iterable[Any]) -> None:
        self._kinds = list(dict.fromkeys(kind for kind in kinds if kind is not None))
        found, components = msgspec.json.schema_components(self._kinds, ref_template=REF)
        self._found: dict[Any, dict[str, Any]] = dict(zip(self._kinds, found, strict=True))
        self.components: dict[str, Any] = dict(components)

    def of(self, kind: Any) -> dict[str, Any]:
        """Return a type's schema, or a reference to it."""
        return self._found[kind]

    def fields(self, kind: Any) -> tuple[dict[str, Any], frozenset[str]]:
        """Return the schemas of a struct's fields by name, and which of them must be given."""
        schema = self.of(kind)
        if "$ref" in schema:
            schema = self.components[schema["$ref"].rpartition("/")[2]]
        return schema.get("properties", {}), frozenset(schema.get("required", ()))


def _kinds(route: Route) -> tuple[Any, ...]:
    return route.request, route.response, route.query


def _about(dialect: Dialect) -> str:
    return f"{dialect.documents}. docs/coverage.md of Largesse tells what is not answered, and why."


def _server(prefix: str) -> dict[str, Any]:
    """Return where the dialect is; each open segment of the prefix is a variable."""
    names = ("group", "site", "application")
    segments: list[str] = []
    variables: dict[str, dict[str, str]] = {}
    for segment in prefix.strip("/").split("/"):
        if segment == "*":
            name = names[len(variables)]
            variables[name] = {"default": "-", "description": "Any segment; it is not looked at."}
            segment = f"{{{name}}}"
        segments.append(segment)
    server: dict[str, Any] = {"url": "/" + "/".join(segments)}
    return server | ({"variables": variables} if variables else {})


def _operation(dialect: Dialect, route: Route, schemas: _Schemas) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": _name(route),
        "summary": f"{route.method} {route.path}",
        "description": f"Source: {route.source}.",
        "parameters": [*_path_parameters(route), *_query_parameters(route, schemas)],
        "responses": _responses(dialect, route, schemas),
    }
    if route.request is not None:
        content = {media: {"schema": schemas.of(route.request)} for media in dialect.media}
        operation["requestBody"] = {"required": not route.optional_body, "content": content}
    if route.public is None and dialect.security:
        operation["security"] = [{name: []} for name in dialect.security]
    return operation


def _name(route: Route) -> str:
    words = re.findall(r"\w+", route.path.replace("-", "own") if route.path == "/-" else route.path)
    return "_".join([route.method.lower(), *words])


def _path_parameters(route: Route) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name in _PARAMETER.findall(route.path)
    ]


def _query_parameters(route: Route, schemas: _Schemas) -> list[dict[str, Any]]:
    if route.query is None:
        return []
    fields, required = schemas.fields(route.query)
    return [
        {"name": name, "in": "query", "required": name in required, "schema": schema}
        for name, schema in fields.items()
    ]


def _responses(dialect: Dialect, route: Route, schemas: _Schemas) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": "What was asked for."}
    if route.response is not None:
        schema = schemas.of(route.response)
        answer["content"] = {media: {"schema": schema} for media in dialect.media}
    failures = {str(status): _response(status) for status in _statuses(dialect)}
    return {str(route.status): answer} | failures


def _response(status: int) -> Mapping[str, str]:
    return {"$ref": f"#/components/responses/Failure{status}"}


def _statuses(dialect: Dialect) -> list[int]:
    return sorted({row.status for row in dialect.errors.values()})


def _failures(dialect: Dialect, schemas: _Schemas) -> dict[str, Any]:
    """Return the answer of each status of the dialect's table, with the codes it may carry."""
    schema = None if dialect.failure is None else schemas.of(dialect.failure)
    failures = {}
    for status in _statuses(dialect):
        codes = sorted({row.code for row in dialect.errors.values() if row.status == status})
        failure: dict[str, Any] = {"description": ", ".join(codes)}
        if schema is not None:
            failure["content"] = {dialect.failure_media: {"schema": schema}}
        failures[f"Failure{status}"] = failure
    return failures
