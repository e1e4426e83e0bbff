"""OpenAPI 3.1 descriptions, made of a dialect's route table and the types that stand in it."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from largesse.wire import errors as wire
from largesse.wire.dialect import Dialect
from largesse.wire.routes import Offer, Route
from largesse.wire.schemas import Schemas

VERSION = "3.1.0"

XML = ("text/xml", "application/xml")

ELSEWHERE = (wire.MethodNotAllowed, wire.NotOffered)
"""What no operation that is described answers."""

HEADERS = {
    401: ("WWW-Authenticate", "How to say who calls."),
    429: ("Retry-After", "After how many seconds to try again."),
    503: ("Retry-After", "After how many seconds to try again."),
}

_PARAMETER = re.compile(r"\{(\w+)(?::\w+)?\}")


def document(dialect: Dialect, *, prefix: str, version: str) -> dict[str, Any]:
    """Return the description of a dialect as it is mounted at a prefix, e.g. `/crmapi/rest/v2`."""
    routes = [route for route in dialect.routes if route.offer is Offer.DONE]
    schemas = Schemas(_kinds(dialect, routes))
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


def _kinds(dialect: Dialect, routes: Sequence[Route]) -> list[Any]:
    of_routes = (
        kind
        for route in routes
        for kind in (route.request, route.response, route.query, route.headers)
    )
    return [dialect.failure, dialect.headers, *dialect.path_types.values(), *of_routes]


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


def _operation(dialect: Dialect, route: Route, schemas: Schemas) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": _name(route),
        "summary": f"{route.method} {route.path}",
        "tags": [route.path.split("/")[1]],
        "description": f"Source: {route.source}.",
        "parameters": [
            *_path_parameters(dialect, route, schemas),
            *_parameters("query", route.query, schemas, needed=_login(dialect, route)),
            *_parameters("header", dialect.headers, schemas),
            *_parameters("header", route.headers, schemas),
        ],
        "responses": _responses(dialect, route, schemas),
    }
    media = route.media or (dialect.media if route.request is not None else ())
    if media:
        content = {one: {"schema": _body(dialect, route, schemas, one)} for one in media}
        operation["requestBody"] = {"required": not route.optional_body, "content": content}
    if route.public is None and dialect.security:
        operation["security"] = [{name: []} for name in dialect.security]
    return operation


def _name(route: Route) -> str:
    words = re.findall(r"\w+", re.sub(r"/-(?=/|$)", "/own", route.path))
    return "_".join([route.method.lower(), *words])


def _path_parameters(dialect: Dialect, route: Route, schemas: Schemas) -> list[dict[str, Any]]:
    text = {"type": "string", "minLength": 1}
    types = {name: schemas.of(kind) for name, kind in dialect.path_types.items()}
    return [
        {"name": name, "in": "path", "required": True, "schema": types.get(name, text)}
        for name in _PARAMETER.findall(route.path)
    ]


def _parameters(
    where: str, kind: Any, schemas: Schemas, *, needed: Sequence[str] = ()
) -> list[dict[str, Any]]:
    if kind is None:
        return []
    fields, required = schemas.fields(kind, needed=needed)
    return [
        {"name": name, "in": where, "required": name in required, "schema": schema}
        for name, schema in fields.items()
    ]


def _login(dialect: Dialect, route: Route) -> tuple[str, ...]:
    """Return the member by which a caller says who calls, where the dialect has one."""
    return () if dialect.token_member is None or route.public else (dialect.token_member,)


def _body(dialect: Dialect, route: Route, schemas: Schemas, media: str) -> dict[str, Any]:
    """Return the schema of a request's body; one that has no members is a text."""
    needed = tuple(dict.fromkeys((*_login(dialect, route), *route.needed)))
    if media in XML:
        return schemas.as_text(route.request, needed, dialect.xml_attributes)
    if media.endswith("form-urlencoded"):
        return schemas.as_text(route.request, needed, ())
    if route.request is None or not media.endswith("json"):
        return {"type": "string"}
    return schemas.needing(route.request, needed)


def _responses(dialect: Dialect, route: Route, schemas: Schemas) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": "What was asked for."}
    if route.response is not None:
        schema = schemas.of(route.response)
        media = dialect.media if route.answer_media is None else (route.answer_media,)
        answer["content"] = {one: {"schema": schema} for one in media}
    if links := _links(dialect, route, schemas):
        answer["links"] = links
    failures = {str(status): _response(status) for status in _codes(dialect)}
    return {str(route.status): answer} | failures


def _links(dialect: Dialect, route: Route, schemas: Schemas) -> dict[str, Any]:
    """Return what can be done next with a record that a POST has made: read, change, delete it."""
    if route.method != "POST" or route.response is None or dialect.media != ("application/json",):
        return {}
    made = _members(schemas, route.response)
    own = {name: f"$request.path.{name}" for name in _PARAMETER.findall(route.path)}
    links = {}
    for other in dialect.routes:
        wanted = _PARAMETER.findall(other.path)
        parameters = own | {name: made[name] for name in wanted if name in made}
        follows = other.path.startswith(f"{route.path}/") and len(wanted) > len(own)
        if follows and other.offer is Offer.DONE and parameters.keys() >= set(wanted):
            links[_name(other)] = {"operationId": _name(other), "parameters": parameters}
    return links


def _members(schemas: Schemas, kind: Any) -> dict[str, str]:
    """Return where each member of an answer is, and the `id` of the record that it may hold."""
    fields, _ = schemas.fields(kind)
    made = {name: f"$response.body#/{name}" for name in fields}
    for name, schema in fields.items():
        if "$ref" in schema and "id" in schemas.members(schema):
            made.setdefault("id", f"$response.body#/{name}/id")
    return made


def _response(status: int) -> Mapping[str, str]:
    return {"$ref": f"#/components/responses/Failure{status}"}


def _codes(dialect: Dialect) -> dict[int, list[str]]:
    """Return the statuses of the dialect's refusals, each with the codes it may carry."""
    codes: dict[int, set[str]] = {}
    for error, row in dialect.errors.items():
        if error not in ELSEWHERE:
            codes.setdefault(row.status, set()).add(row.code)
    return {status: sorted(codes[status]) for status in sorted(codes)}


def _failures(dialect: Dialect, schemas: Schemas) -> dict[str, Any]:
    """Return the answer of each status of the dialect's table, with the codes it may carry."""
    failures = {}
    for status, codes in _codes(dialect).items():
        failure: dict[str, Any] = {"description": ", ".join(code for code in codes if code)}
        failure["content"] = {dialect.failure_media: {"schema": schemas.of(dialect.failure)}}
        if status in HEADERS:
            name, about = HEADERS[status]
            failure["headers"] = {name: {"description": about, "schema": {"type": "string"}}}
        failures[f"Failure{status}"] = failure
    return failures
