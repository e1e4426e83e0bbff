"""Valomnia's operations."""

from starlette.responses import Response

from largesse.core.lists.model import Assignment
from largesse.dialects.valomnia import auth, mapping
from largesse.dialects.valomnia.schemas import (
    Deleted,
    NoQuery,
    Record,
    RecordPage,
    Session,
)
from largesse.wire.call import Call


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
    return mapping.from_caller(call.caller, auth.presented(call))


async def list_records(call: Call) -> RecordPage:
    """GET customerGroupPromotionLists: a page of the records that fit the filters."""
    given = call.request.query_params.multi_items()
    query = mapping.to_query(given)
    found, total = await call.services.assignments.search(call.caller, query)
    return RecordPage(
        mapping.paging(query, total, call.request.scope["path"], given),
        [_record(call, one) for one in found],
    )


async def show(call: Call) -> Record:
    """GET customerGroupPromotionLists/{id} and /reference/{group}/{list}: one record."""
    _no_query(call)
    wanted = mapping.to_wanted(call.request.path_params)
    return _record(call, await call.services.assignments.find(call.caller, wanted))


async def save(call: Call) -> Record:
    """POST customerGroupPromotionLists: assign a list to a group."""
    _no_query(call)
    ends = mapping.to_new(call.body)
    made = await call.services.assignments.assign(
        call.caller, group=ends.group, promotion_list=ends.promotion_list
    )
    return _record(call, made)


async def update(call: Call) -> Record:
    """PUT customerGroupPromotionLists, /{id} and /reference/{group}/{list}: assign otherwise."""
    _no_query(call)
    change = mapping.to_change(call.request.path_params, call.body)
    changed = await call.services.assignments.reassign(
        call.caller, change.wanted, group=change.group, promotion_list=change.promotion_list
    )
    return _record(call, changed)


async def delete(call: Call) -> Deleted:
    """DELETE customerGroupPromotionLists/{id} and /reference/{group}/{list}."""
    _no_query(call)
    wanted = mapping.to_wanted(call.request.path_params)
    await call.services.assignments.delete(call.caller, wanted)
    return Deleted()


def _record(call: Call, assignment: Assignment) -> Record:
    return mapping.from_assignment(assignment, call.caller, call.request.scope["root_path"])


def _no_query(call: Call) -> None:
    """Refuse every parameter: SEED's sentence says "not valid for this request" (INFERRED)."""
    mapping.to_parameters(call.request.query_params.multi_items(), NoQuery.__struct_fields__)
