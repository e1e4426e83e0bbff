"""Valomnia's cases that write: they make records of their own, change and delete them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from largesse.conform.cases import Case, Form
from largesse.conform.compare import Open
from largesse.conform.suites.valomnia_records import (
    API,
    CUSTOMER_LIST_RECORD,
    CUSTOMER_RECORD,
    DELETED,
    GROUP_LIST_RECORD,
    GROUP_RECORD,
    JSON,
    MEMBER_RECORD,
    refusal,
)

GROUP, OTHER, CUSTOMER = "conform-${run}", "conform-${run}-b", "conform-${run}"
MISSING = "{} parameter is missing"


def write(operation: str, what: str, source: str, path: str, status: int, **more: Any) -> Case:
    """Return a case that writes."""
    return Case(operation, what, source, f"{API}{path}", status, writes=True, media=JSON, **more)


def missing(name: str) -> dict[str, Any]:
    """Return the refusal of a body without a parameter."""
    return refusal("missing_param", MISSING.format(name))


def groups() -> Iterator[Case]:
    """Yield how groups are made and changed."""
    put, path = "POST /customerGroups/reference/{reference}", "/customerGroups/reference/"
    record = GROUP_RECORD | {"reference": GROUP, "name": "Conformance"}
    yield write(
        *(put, "a new group", "DOC cg-upsert", path + GROUP, 201),
        body={"name": "Conformance"},
        answer=record,
        keep={"group_id": "id"},
    )
    yield write(
        *(put, "another one, described", "DOC cg-upsert", path + OTHER, 201),
        body={"name": "Another", "description": "of a conformance run"},
        answer=GROUP_RECORD | {"description": "of a conformance run"},
        keep={"other_group_id": "id"},
    )
    yield write(
        *(put, "without a name", "DOC cg-upsert", f"{path}{GROUP}-c", 400),
        body={},
        answer=missing("name"),
    )
    yield write(
        *("POST /customerGroups", "a reference that is taken", "INFERRED from DOC cg-update"),
        *("/customerGroups", 400),
        body={"reference": GROUP, "name": "Conformance"},
        answer=refusal("not_unique", "reference already used"),
    )
    pattern = "/customerGroups/reference/{reference}"
    own = {"reference": GROUP, "name": "Conformance"}
    yield write(
        *(f"PUT {pattern}", "as it is", "DOC cg-update", path + GROUP, 200),
        body=own,
        answer=record,
    )
    yield write(f"GET {pattern}", "a group", "DOC cg-show", path + GROUP, 200, answer=record)
    yield from changed_groups(record)


def changed_groups(record: dict[str, Any]) -> Iterator[Case]:
    """Yield how a group is changed."""
    change, own_path = "PUT /customerGroups/{id}", "/customerGroups/${group_id}"
    renamed = record | {"name": "Renamed", "id": "${group_id}"}
    taken = refusal("not_unique", "reference already used")
    for what, status, body, answer in (
        ("a new name", 200, {"reference": GROUP, "name": "Renamed"}, renamed),
        ("a reference that is taken", 400, {"reference": OTHER, "name": "Renamed"}, taken),
        ("without a reference", 400, {"name": "Renamed"}, missing("reference")),
    ):
        yield write(change, what, "DOC cg-update", own_path, status, body=body, answer=answer)


def customers() -> Iterator[Case]:
    """Yield how a customer is made, as the vendor's clients do."""
    put, path = "POST /customers/reference/{reference}", f"/customers/reference/{CUSTOMER}"
    record = Open({**CUSTOMER_RECORD.members, "reference": CUSTOMER, "name": "Conformance"})
    yield write(
        *(put, "a new customer, sent as a form", "DOC cust-upsert", path, 201),
        body=Form({"name": "Conformance", "isActive": "true"}),
        answer=record,
        keep={"customer_id": "id"},
    )


@dataclass(frozen=True, slots=True)
class Pair:
    """What is special to a resource whose records join two others."""

    path: str
    record: Mapping[str, Any]
    first: str
    """The parameter that is missed first, with its id and its reference."""
    first_id: str
    first_reference: str
    second: str
    second_id: str
    second_reference: str
    by_references: str
    """The pattern of the path by references."""
    named: str
    """That path, of the first pair."""
    other: Mapping[str, Any]
    """What an update gives instead."""
    other_path: str
    """The path of what the update made."""
    taken: str
    unknown: str
    """What is said of an unknown record of the first kind."""
    saved: str
    """The sources."""
    updated: str
    deleted: str
    update_status: int = 200


PAIRS = (
    Pair(
        "customerGroupPromotionLists",
        GROUP_LIST_RECORD,
        *("promotionListId", "${list_id}", "${promotion_list}"),
        *("customerGroupId", "${group_id}", GROUP),
        *("{customerGroupId}/{promotionListId}", f"{GROUP}/${{promotion_list}}"),
        {"promotionListId": "${list_id}", "customerGroupId": "${other_group_id}"},
        f"{OTHER}/${{promotion_list}}",
        "customer group is already assigned to promotionList.",
        "The promotionList with the id ${unknown_id} doesn't exist.",
        *("SEED 003, 51.5", "SEED 003, 51.4", "SEED 003, 51.3"),
    ),
    Pair(
        "customerPromotionLists",
        CUSTOMER_LIST_RECORD,
        *("promotionListId", "${list_id}", "${promotion_list}"),
        *("customerId", "${customer_id}", CUSTOMER),
        *("{customerId}/{promotionListId}", f"{CUSTOMER}/${{promotion_list}}"),
        {"promotionListId": "${other_list_id}", "customerId": "${customer_id}"},
        f"{CUSTOMER}/${{another_promotion_list}}",
        "customer is already assigned to promotionList.",
        "The promotionList with the id ${unknown_id} doesn't exist.",
        *("DOC p50-save", "INFERRED from SEED 003, 51.4", "DOC p50-delete"),
    ),
    Pair(
        "customerGroupAssign",
        MEMBER_RECORD,
        *("groupId", "${group_id}", GROUP),
        *("customerId", "${customer_id}", CUSTOMER),
        *("{customerId}/{groupId}", f"{CUSTOMER}/{GROUP}"),
        {"groupId": "${other_group_id}", "customerId": "${customer_id}"},
        f"{CUSTOMER}/{OTHER}",
        "customer is already assigned to customerGroup.",
        "The customer group with the id ${unknown_id} doesn't exist.",
        *("DOC cga-save", "DOC cga-update", "INFERRED from DOC p50-delete"),
        update_status=201,
    ),
)


def saved(pair: Pair) -> Iterator[Case]:
    """Yield how a pair is made, and what is refused."""
    operation, path, kept = f"POST /{pair.path}", f"/{pair.path}", f"{pair.path}_made"
    ids = {pair.first: pair.first_id, pair.second: pair.second_id}
    names = {pair.first: pair.first_reference, pair.second: pair.second_reference}
    strangers = ids | {pair.first: "${unknown_id}"}
    taken = refusal("already_assigned", pair.taken)
    unknown = refusal("not_found", pair.unknown)
    without = {pair.second: pair.second_id}
    for what, status, body, answer, keep in (
        ("by ids", 201, ids, pair.record, {kept: "id"}),
        ("the same again", 400, ids, taken, {}),
        ("the same by references", 400, names | {"useExternalId": True}, taken, {}),
        (f"without {pair.first}", 400, without, missing(pair.first), {}),
        (f"an unknown {pair.first}", 404, strangers, unknown, {}),
    ):
        yield write(operation, what, pair.saved, path, status, body=body, answer=answer, keep=keep)


def shown(pair: Pair) -> Iterator[Case]:
    """Yield how a pair that was made is shown by its references."""
    base = f"/{pair.path}/reference"
    source = "SEED 003, 51.2" if pair.saved.startswith("SEED") else "DOC cga-show, p50-show"
    operation = f"GET {base}/{pair.by_references}"
    made = f"${{{pair.path}_made}}"
    yield write(
        *(operation, "by references", source, f"{base}/{pair.named}", 200),
        answer={**pair.record, "id": made},
    )
    unknown = f"{base}/conform-${{run}}-no/conform-${{run}}-no"
    yield write(
        *(operation, "unknown references", "INFERRED", unknown, 404),
        answer=Open({"error": "not_found"}),
    )


def changed(pair: Pair) -> Iterator[Case]:
    """Yield how a pair is changed: there, back, there again."""
    path, own = f"/{pair.path}", f"${{{pair.path}_made}}"
    status = pair.update_status
    first = {pair.first: pair.first_id, pair.second: pair.second_id}
    result = {**pair.record, "id": own}
    by_id = "INFERRED from DOC p50-update"
    named = f"PUT {path}/reference/{pair.by_references}"
    yield write(
        *(f"PUT {path}", "by the id in the body", pair.updated, path, status),
        body={"id": own, **pair.other},
        answer=result,
    )
    yield write(
        *(f"PUT {path}", "without the other ids", pair.updated, path, 400),
        body={"id": own},
        answer=missing(pair.first),
    )
    yield write(
        *(f"PUT {path}", "an unknown record", "DECIDED", path, 404),
        body={"id": "${unknown_id}", **first},
        answer=Open({"error": "not_found"}),
    )
    yield write(
        *(f"PUT {path}/{{id}}", "by the id in the path", by_id, f"{path}/{own}", status),
        body=first,
        answer=result,
    )
    yield write(
        *(named, "by references", pair.updated, f"{path}/reference/{pair.named}", status),
        body=pair.other,
        answer=result,
    )


def deleted(pair: Pair) -> Iterator[Case]:
    """Yield how a pair is deleted, and that it is gone."""
    path, own = f"/{pair.path}", f"${{{pair.path}_made}}"
    gone = Open({"error": "not_found"})
    named = f"DELETE {path}/reference/{pair.by_references}"
    both = f"{path}/reference/{pair.other_path}"
    yield write(named, "by references", pair.deleted, both, 200, answer=DELETED)
    yield write(named, "it is gone", pair.deleted, both, 404, answer=gone)
    names = {pair.first: pair.first_reference, pair.second: pair.second_reference}
    yield write(
        *(f"POST {path}", "by references", pair.saved, path, 201),
        body=names | {"useExternalId": True},
        answer=pair.record,
        keep={f"{pair.path}_made": "id"},
    )
    delete = f"DELETE {path}/{{id}}"
    yield write(delete, "by its id", pair.deleted, f"{path}/{own}", 200, answer=DELETED)
    yield write(delete, "it is gone", pair.deleted, f"{path}/{own}", 404, answer=gone)


def writes() -> Iterator[Case]:
    """Yield every case that writes, in its order."""
    for key, kept in (
        ("another_promotion_list", "other_list_id"),
        ("promotion_list_for_all", "all_id"),
    ):
        yield write(
            *("GET /promotionLists/reference/{reference}", "by its reference", "DOC p47-show"),
            *(f"/promotionLists/reference/${{{key}}}", 200),
            keep={kept: "id"},
        )
    yield from groups()
    yield from customers()
    for pair in PAIRS:
        yield from saved(pair)
        yield from shown(pair)
    yield write(
        "POST /customerGroupPromotionLists",
        *("a list that applies to all customers", "SEED 003, 51.5, and DECIDED"),
        *("/customerGroupPromotionLists", 400),
        body={"promotionListId": "${all_id}", "customerGroupId": "${group_id}"},
        answer=refusal("save_failed", "Failed to save instance"),
    )
    failed = refusal("delete_failed", "Failed to delete instance")
    yield write(
        *("DELETE /customerGroups/{id}", "a group that is assigned", "INFERRED from DOC p47-del"),
        *("/customerGroups/${group_id}", 400),
        answer=failed,
    )
    for pair in PAIRS:
        yield from changed(pair)
        yield from deleted(pair)
    yield from ends()


def ends() -> Iterator[Case]:
    """Yield how what was made is deleted."""
    source, groups = "INFERRED from DOC p47-del", "/customerGroups"
    own = f"{groups}/${{group_id}}"
    reference = f"{groups}/reference/{OTHER}"
    yield write(f"DELETE {groups}/{{id}}", "a group", source, own, 200, answer=DELETED)
    yield write(
        *(f"DELETE {groups}/reference/{{reference}}", "a group", source, reference, 200),
        answer=DELETED,
    )
    path = f"/customers/reference/{CUSTOMER}"
    pattern = "/customers/reference/{reference}"
    yield write(
        *(f"GET {pattern}", "a customer", "DOC cust-show", path, 200),
        answer=Open({**CUSTOMER_RECORD.members, "reference": CUSTOMER}),
    )
    yield write(f"DELETE {pattern}", "a customer", "DOC cust-delete", path, 200, answer=DELETED)
    gone = Open({"error": "not_found"})
    yield write(f"GET {pattern}", "it is gone", "DOC cust-show", path, 404, answer=gone)
    unknown = "/promotionLists/reference/conform-${run}"
    yield write(
        *("DELETE /promotionLists/reference/{reference}", "an unknown one", "DOC p47-del"),
        *(unknown, 404),
        answer=gone,
    )
