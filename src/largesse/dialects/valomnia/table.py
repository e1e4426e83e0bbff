"""How a line of the route table is made."""

from collections.abc import Callable
from typing import Any

from largesse.dialects.valomnia import handlers
from largesse.dialects.valomnia.records import Deleted
from largesse.dialects.valomnia.resources import Resource
from largesse.dialects.valomnia.schemas import NoQuery
from largesse.wire.routes import Handler, Route, route

Operation = Callable[[Resource], Handler]

ID = "/{id}"
REFERENCE = "/reference/{reference}"


def both(resource: Resource) -> str:
    """Return the path that names a pair by the references of its ends."""
    assert resource.ends is not None
    first, second = resource.ends
    return f"/reference/{{{first.parameter}}}/{{{second.parameter}}}"


def listed(resource: Resource, source: str) -> Route:
    """Return the route of a list."""
    return route(
        "GET",
        resource.path,
        handlers.listing(resource),
        source=source,
        query=resource.asked,
        response=resource.page,
    )


def shown(resource: Resource, path: str, source: str) -> Route:
    """Return a route to one record."""
    return _one("GET", resource, path, handlers.showing, source=source, response=resource.record)


def deleted(resource: Resource, path: str, source: str) -> Route:
    """Return a route by which a record is deleted."""
    return _one("DELETE", resource, path, handlers.deleting, source=source, response=Deleted)


def made(resource: Resource, path: str, operation: Operation, body: Any, source: str) -> Route:
    """Return a route by which a record is made."""
    more = {"source": source, "request": body, "response": resource.record}
    more["needed"] = ("name",) if path == REFERENCE else _needed(resource, path)
    return _one("POST", resource, path, operation, status=201, **more)


def changed(
    resource: Resource,
    path: str,
    operation: Operation,
    body: Any,
    source: str,
    *,
    status: int = 200,
) -> Route:
    """Return a route by which a record is changed."""
    more = {"source": source, "request": body, "response": resource.record}
    more["needed"] = (*_needed(resource, path), *(("id",) if path == "" else ()))
    more["optional_body"] = not more["needed"]
    return _one("PUT", resource, path, operation, status=status, **more)


def _needed(resource: Resource, path: str) -> tuple[str, ...]:
    """Return what a body must name: of a pair both ends, unless the path does."""
    if resource.ends is None:
        return "reference", "name"
    return () if path == both(resource) else tuple(end.parameter for end in resource.ends)


def _one(method: str, resource: Resource, path: str, operation: Operation, **more: Any) -> Route:
    return route(method, resource.path + path, operation(resource), query=NoQuery, **more)
