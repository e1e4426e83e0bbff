"""Valomnia's operations, written once for all resources."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from starlette.responses import Response

from largesse.core import errors as core
from largesse.dialects.valomnia import answers, auth, mapping
from largesse.dialects.valomnia.errors import NotDeleted, PairTaken, RecordNotFound
from largesse.dialects.valomnia.records import Deleted, Session
from largesse.dialects.valomnia.resources import Resource
from largesse.dialects.valomnia.schemas import NoQuery
from largesse.wire.call import Call
from largesse.wire.routes import Handler


async def log_in(call: Call) -> Response:
    """GET, POST j_spring_security_check: exchange a user's name and password for a session."""
    username, password = auth.credentials(call)
    access = call.services.access
    caller = await access.log_in(
        username, password, organization=await auth.organization(call), address=call.address
    )
    issued = await access.issue_token(caller, seconds=call.settings.token_seconds)
    return auth.landing(call, issued.token)


async def session(call: Call) -> Session:
    """GET, POST login/ajaxSuccess: tell the token and who is logged in."""
    call.response_headers["Cache-Control"] = "no-store"
    return answers.session(call.caller, auth.presented(call))


def listing(resource: Resource) -> Handler:
    """Return the handler of `GET {path}`: a page of the records that fit the filters."""

    async def handler(call: Call) -> Any:
        given = call.request.query_params.multi_items()
        query = mapping.to_search(resource, given)
        found, total = await resource.service(call.services).search(call.caller, query)
        where = call.request.scope["path"]
        return {
            "paging": mapping.paging(query, total, where, given),
            "data": [_record(resource, call, one) for one in found],
        }

    return handler


def showing(resource: Resource) -> Handler:
    """Return the handler of `GET {path}/{id}` and `/reference/...`: one record."""

    async def handler(call: Call) -> Any:
        return _record(resource, call, await _named(resource, call))

    return _worded(resource, handler)


def deleting(resource: Resource) -> Handler:
    """Return the handler of `DELETE {path}/{id}` and `/reference/...`."""

    async def handler(call: Call) -> Deleted:
        service = resource.service(call.services)
        wanted: Any = mapping.to_wanted(resource, call.request.path_params)
        record_id = wanted if resource.ends else (await service.find(call.caller, wanted)).id
        await service.delete(call.caller, record_id)
        return Deleted()

    return _worded(resource, handler)


def assigning(resource: Resource) -> Handler:
    """Return the handler of `POST {path}` of pairs: join two records."""

    async def handler(call: Call) -> Any:
        ends = mapping.to_ends(resource, call.body)
        made = await resource.service(call.services).assign(call.caller, **ends)
        return _record(resource, call, made)

    return _worded(resource, handler)


def reassigning(resource: Resource) -> Handler:
    """Return the handler of `PUT {path}`, `/{id}` and `/reference/...` of pairs."""

    async def handler(call: Call) -> Any:
        wanted, ends = mapping.to_change(resource, call.request.path_params, call.body)
        changed = await resource.service(call.services).reassign(call.caller, wanted, **ends)
        return _record(resource, call, changed)

    return _worded(resource, handler)


def saving_group(resource: Resource) -> Handler:
    """Return the handler of `POST /customerGroups`."""

    async def handler(call: Call) -> Any:
        new = mapping.to_group(call.body, "reference", "name")
        made = await call.services.groups.create(call.caller, new)
        return _record(resource, call, made)

    return _worded(resource, handler)


def updating_group(resource: Resource) -> Handler:
    """Return the handler of `PUT /customerGroups/{id}` and `/reference/{reference}`."""

    async def handler(call: Call) -> Any:
        found = await _named(resource, call)
        values = mapping.to_group(call.body, "reference", "name")
        changed = await call.services.groups.change(call.caller, found.id, values)
        return _record(resource, call, changed)

    return _worded(resource, handler)


def putting_group(resource: Resource) -> Handler:
    """Return the handler of `POST /customerGroups/reference/{reference}`: make or change one."""

    async def handler(call: Call) -> Any:
        values = mapping.to_group(call.body, "name")
        put = await call.services.groups.put(call.caller, call.path("reference"), values)
        return _record(resource, call, put)

    return _worded(resource, handler)


def putting_customer(resource: Resource) -> Handler:
    """Return the handler of `POST /customers/reference/{reference}`: make or change one."""

    async def handler(call: Call) -> Any:
        customers, reference = call.services.customers, call.path("reference")
        try:
            there = await customers.find(call.caller, reference)
        except core.UnknownCustomer:
            there = None
        values = mapping.to_customer(call.body, there)
        return _record(resource, call, await customers.put(call.caller, reference, values))

    return _worded(resource, handler)


def _record(resource: Resource, call: Call, found: Any) -> Any:
    return resource.answer(found, call.caller, call.request.scope["root_path"])


async def _named(resource: Resource, call: Call) -> Any:
    """Return the record that the path names, in our words."""
    wanted = mapping.to_wanted(resource, call.request.path_params)
    return await resource.service(call.services).find(call.caller, wanted)


def _worded(resource: Resource, handler: Handler) -> Handler:
    """Return the handler without a query, and with refusals in the resource's own words."""

    async def worded(call: Call) -> Any:
        # SEED's sentence says "not valid for this request" (INFERRED for these operations).
        mapping.to_parameters(call.request.query_params.multi_items(), NoQuery.__struct_fields__)
        with _words(resource):
            return await handler(call)

    return worded


@contextmanager
def _words(resource: Resource) -> Iterator[None]:
    try:
        yield
    except resource.unknown as error:
        raise RecordNotFound(resource.noun, error.value) from None
    except core.AlreadyAssigned:
        raise PairTaken(resource.assigned) from None
    except core.StillInUse:
        raise NotDeleted(resource.delete_failed) from None
