"""The conventions that hold for every resource alike, and what is special to some."""

import asyncio
from typing import Any

from largesse.core.access.model import system
from largesse.core.search.model import Search
from largesse.dialects.valomnia.resources import (
    CUSTOMER_GROUPS,
    CUSTOMERS,
    PROMOTION_LISTS,
    RESOURCES,
    Resource,
)
from tests.dialects.valomnia.client import Api, assert_refused

NOT_VALID = "The parameters [{}] you provided are not valid for this request."
WRONG_TYPE = "The type of parameter {} you provided is not valid for this request."


async def data(api: Api, path: str) -> list[dict[str, Any]]:
    """Return the records that an address lists."""
    answer = await api.send("GET", path)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


async def fill(api: Api) -> None:
    """Give every resource several records, whose fields are in another order than their ids."""
    for n, name in enumerate(("b", "B", "é", "a-", "a"), start=1):
        # Customers' own ids differ in more than capitals (`Identifier`), the others' need not.
        form = {"name": name * 2, "categoryId": f"cat {name}", "email": f"{6 - n}@example.com"}
        form["isActive"] = "false" if n % 2 else "true"
        answer = await api.send("POST", f"/customers/reference/x{9 - n}", data=form)
        assert answer.status_code == 201, answer.text
        answer = await api.send("POST", f"/customerGroups/reference/y{name}", json={"name": name})
        assert answer.status_code == 201, answer.text
        await api.promotion_list(f"z{name}")
    for n, name in enumerate(("B", "a", "b", "a-")):
        pair = {"useExternalId": True, "customerId": f"x{5 + n}"}
        pair |= {"promotionListId": f"z{'ab'[n % 2]}", "groupId": f"y{'ba'[n % 2]}"}
        pair |= {"customerGroupId": f"y{name}"}
        for path in PAIRS:
            answer = await api.send("POST", path, json=pair)
            assert answer.status_code == 201, answer.text


PAIRS = ("/customerGroupAssign", "/customerPromotionLists", "/customerGroupPromotionLists")


def value(record: dict[str, Any], field: str) -> Any:
    """Return what a record is ordered by; what is missing comes last."""
    found: Any = record
    for name in field.split("."):
        found = found[name]
    found = found["id"] if isinstance(found, dict) else found
    return (found is None, "" if found is None else found)


async def test_every_sort_and_every_filter_of_every_list(api: Api) -> None:
    await fill(api)
    for resource in RESOURCES:
        await every_sort_goes_both_ways_and_pages_lose_nothing(api, resource)
        await every_filter_finds_what_fits_alone(api, resource)
        await a_list_is_refused_what_it_can_not_be_asked(api, resource)
        await another_organization_sees_nothing(api, resource)


async def every_sort_goes_both_ways_and_pages_lose_nothing(api: Api, resource: Resource) -> None:
    everything = await data(api, f"{resource.path}?max=1000")
    assert len(everything) > 4
    for field in (*resource.sorts, "id", "organization", "dateCreated", "lastUpdated"):
        for order in ("asc", "desc"):
            found = await data(api, f"{resource.path}?max=1000&sort={field}&order={order}")
            keys = [value(one, field) for one in found]
            assert keys == sorted(keys, reverse=order == "desc"), (field, order)
            paged, following = [], f"{resource.path}?max=3&sort={field}&order={order}"
            while following is not None:
                page = (await api.send("GET", following.removeprefix("/api/v1"))).json()
                paged += page["data"]
                following = page["paging"]["next"]
            assert paged == found, (field, order)


async def every_filter_finds_what_fits_alone(api: Api, resource: Resource) -> None:
    everything = await data(api, f"{resource.path}?max=1000")
    members = {"groupReference": "customerGroupReference"}
    for name in resource.patterns:
        member = members.get(name, name)
        for pattern in ("*", "*a*", "*-", "x*", "ya*", "za*", "a", "x7", "*%25*"):
            found = await data(api, f"{resource.path}?max=1000&{name}={pattern}")
            text = pattern.replace("%25", "%")
            wanted = [
                one
                for one in everything
                if one[member] is not None and fits(text, str(one[member]))
            ]
            assert found == wanted, (name, pattern)
    for name in resource.flags:
        for text, wanted_flag in (("true", True), ("FALSE", False)):
            found = await data(api, f"{resource.path}?max=1000&{name}={text}")
            assert found == [one for one in everything if one[name] is wanted_flag]
            assert found
        answer = await api.send("GET", f"{resource.path}?{name}=maybe")
        assert assert_refused(answer, 400, "invalid_param_type") == WRONG_TYPE.format(name)


def fits(pattern: str, text: str) -> bool:
    """Match a pattern whose stars stand at its ends."""
    middle = pattern.strip("*")
    if pattern.startswith("*"):
        return middle in text if pattern.endswith("*") else text.endswith(middle)
    return text.startswith(middle) if pattern.endswith("*") else text == middle


async def a_list_is_refused_what_it_can_not_be_asked(api: Api, resource: Resource) -> None:
    for query, error, said in (
        ("max=0", "invalid_param", NOT_VALID.format("max")),
        ("max=1001", "invalid_param", NOT_VALID.format("max")),
        ("offset=-1", "invalid_param", NOT_VALID.format("offset")),
        ("sort=nothing&order=up", "invalid_param", NOT_VALID.format("sort, order")),
        ("sort=description", "invalid_param", NOT_VALID.format("sort")),
        ("nothing=1", "invalid_param", NOT_VALID.format("nothing")),
        ("max=ten", "invalid_param_type", WRONG_TYPE.format("max")),
    ):
        answer = await api.send("GET", f"{resource.path}?{query}")
        assert assert_refused(answer, 400, error) == said
    answer = await api.send("GET", f"{resource.path}?lastUpdated_gt=2016-08-1Z")
    assert "[2016-08-1Z]" in assert_refused(answer, 400, "invalid_datetime_format")


async def test_records_are_shown_and_deleted_by_id_and_by_reference(api: Api) -> None:
    await fill(api)
    # One that nothing refers to stands last among groups, customers and lists.
    await api.group("last")
    await api.promotion_list("last")
    await api.send("POST", "/customers/reference/last", json={"name": "last"})
    for resource in RESOURCES:
        await one_is_shown_and_deleted(api, resource)


async def one_is_shown_and_deleted(api: Api, resource: Resource) -> None:
    first, *_, last = await data(api, f"{resource.path}?max=1000&sort=id")
    for one in (first, last):
        for path in (f"/{one['id']}", reference(resource, one)):
            assert (await api.send("GET", resource.path + path)).json() == one
            answer = await api.send("GET", f"{resource.path}{path}?x=1")
            assert assert_refused(answer, 400, "invalid_param") == NOT_VALID.format("x")
    path = resource.path + reference(resource, last)
    answers = await asyncio.gather(*(api.send("DELETE", path) for _ in range(3)))
    assert sorted(one.status_code for one in answers) == [200, 404, 404]
    for path, shown in ((f"/{last['id']}", str(last["id"])), (reference(resource, last), None)):
        for method in ("GET", "DELETE"):
            said = assert_refused(await api.send(method, resource.path + path), 404, "not_found")
            named = shown or path.removeprefix("/reference/")
            assert said == f"The {resource.noun} with the id {named} doesn't exist."
    for method in ("GET", "DELETE"):
        answer = await api.send(method, f"{resource.path}/four")
        assert assert_refused(answer, 400, "invalid_param_type") == WRONG_TYPE.format("id")


def reference(resource: Resource, record: dict[str, Any]) -> str:
    """Return the path that names a record by reference."""
    if resource.ends is None:
        return f"/reference/{record['reference']}"
    names = [end.parameter.removesuffix("Id") for end in resource.ends]
    wire = ["customerGroup" if name == "group" else name for name in names]
    return "/reference/" + "/".join(str(record[f"{name}Reference"]) for name in wire)


async def another_organization_sees_nothing(api: Api, resource: Resource) -> None:
    services = api.served.services
    name = f"Marseille {resource.path}"
    stranger = system(await services.access.create_organization(name, []))
    found, total = await resource.service(services).search(stranger, Search())
    assert (found, total) == ([], 0)


# --- groups and customers --------------------------------------------------------------------------


async def test_a_group_is_saved_changed_and_put(api: Api) -> None:
    new = {"reference": "new", "name": "New", "description": "words"}
    made = await api.send("POST", CUSTOMER_GROUPS.path, json=new)
    assert (made.status_code, made.json()["description"]) == (201, "words")
    path = f"{CUSTOMER_GROUPS.path}/reference/new"
    put = await api.send("POST", path, json={"name": "Newer"})
    wanted = made.json() | {"name": "Newer", "lastUpdated": put.json()["lastUpdated"]}
    assert (put.status_code, put.json()) == (201, wanted)
    change = {"reference": "newest", "name": "Newest", "description": None}
    changed = await api.send("PUT", path, json=change)
    assert changed.json()["description"] is None
    assert (await api.send("GET", path)).status_code == 404
    for body, error, said in (
        ({"name": "x"}, "missing_param", "reference parameter is missing"),
        ({"reference": " ", "name": "x"}, "missing_param", "reference parameter is missing"),
        ({"reference": "x"}, "missing_param", "name parameter is missing"),
        ({"reference": "CG-001", "name": "x"}, "not_unique", "reference already used"),
        ({"reference": "r" * 201, "name": "x"}, "invalid_param", NOT_VALID.format("reference")),
        ({"reference": "x", "name": 5}, "invalid_param_type", WRONG_TYPE.format("name")),
    ):
        answer = await api.send("POST", CUSTOMER_GROUPS.path, json=body)
        assert assert_refused(answer, 400, error) == said


async def test_one_that_many_put_is_made_once(api: Api) -> None:
    for path in ("/customerGroups/reference/many", "/customers/reference/many"):
        answers = await asyncio.gather(
            *(api.send("POST", path, json={"name": f"n{n}"}) for n in range(8))
        )
        assert {one.status_code for one in answers} == {201}
        assert len({one.json()["id"] for one in answers}) == 1


async def test_a_customer_is_put_as_a_form_and_as_json(api: Api) -> None:
    path = f"{CUSTOMERS.path}/reference/P-1"
    made = (await api.send("POST", path, data={"name": "One", "creditLimit": "12.5"})).json()
    assert (made["name"], made["creditLimit"], made["isActive"]) == ("One", 12.5, True)
    body = {"name": "One", "isActive": False, "email": "one@example.com", "mobile": "1"}
    changed = (await api.send("POST", path, json=body)).json()
    assert (changed["id"], changed["creditLimit"], changed["isActive"]) == (made["id"], 12.5, False)
    assert (changed["mobile"], changed["email"]) == ("1", "one@example.com")
    for form, error, said in (
        ({}, "missing_param", "name parameter is missing"),
        ({"name": " "}, "missing_param", "name parameter is missing"),
        ({"name": "x", "latitude": "north"}, "invalid_param_type", WRONG_TYPE.format("latitude")),
        ({"name": "x", "isActive": "maybe"}, "invalid_param_type", WRONG_TYPE.format("isActive")),
        ({"name": "x" * 401}, "invalid_param", NOT_VALID.format("name")),
        ({"name": "x", "categoryId": "c" * 201}, "invalid_param", NOT_VALID.format("categoryId")),
    ):
        answer = await api.send("POST", path, data=form)
        assert assert_refused(answer, 400, error) == said, form
    answer = await api.send("POST", f"{CUSTOMERS.path}/reference/{'r' * 201}", data={"name": "x"})
    assert assert_refused(answer, 400, "invalid_param") == NOT_VALID.format("reference")
    assert (await api.send("GET", path)).json() == changed


async def test_a_person_of_another_wire_stays_one(api: Api) -> None:
    """The demo's first customer was made as a person, with a first and a last name."""
    person, *_ = await data(api, f"{CUSTOMERS.path}?name=Patricia*")
    path = f"{CUSTOMERS.path}/reference/{person['reference']}"
    same = (await api.send("POST", path, data={"name": person["name"], "fax": "2"})).json()
    assert (same["name"], same["fax"]) == (person["name"], "2")
    found = await api.served.services.customers.find(await api.caller(), person["id"])
    assert (found.first_name, found.company_name) == ("Patricia", None)
    other = (await api.send("POST", path, data={"name": "P. Miller-Jones"})).json()
    assert other["name"] == "P. Miller-Jones"


async def test_what_other_wires_put_into_attributes_does_no_harm(api: Api) -> None:
    caller, customers = await api.caller(), api.served.services.customers
    for odd in (5, [], "x", {"creditLimit": None, "unknown": 1}):
        made = await customers.create(caller, {"attributes": {"valomnia": odd}})
        answer = await api.send("GET", f"{CUSTOMERS.path}/{made.number}")
        assert (answer.status_code, answer.json()["creditLimit"]) == (200, None)


async def test_a_list_for_all_is_not_given_to_one(api: Api) -> None:
    body = {"promotionListId": "RP-ALL", "customerId": "C-003", "useExternalId": True}
    answer = await api.send("POST", "/customerPromotionLists", json=body)
    assert assert_refused(answer, 400, "save_failed") == "Failed to save instance"
    flagged = await data(api, f"{PROMOTION_LISTS.path}?applyToAllCustomers=true")
    assert [one["reference"] for one in flagged] == ["save_more", "RP-ALL"]


async def test_members_are_the_same_to_every_wire(api: Api) -> None:
    caller, groups = await api.caller(), api.served.services.groups
    customer = await api.served.services.customers.find(caller, "C-003")
    await groups.add_member(caller, 7, customer.id)
    await groups.add_member(caller, 7, customer.id)
    (member,) = await data(api, "/customerGroupAssign?groupReference=CG-003")
    assert (member["id"], member["customer"]["id"]) == (102, 1336)
    moved = await api.send(
        "PUT", "/customerGroupAssign/reference/C-003/CG-003", json={"groupId": "CG-002"}
    )
    assert (moved.status_code, moved.json()["customerGroupReference"]) == (201, "CG-002")
    members = await groups.members(caller, 6)
    assert [one.customer_id for one in members.items] == [customer.id]
