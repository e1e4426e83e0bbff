"""Who looks at the pages in these tests: a person of every role, and one of another shop."""

import hashlib
import hmac
from dataclasses import dataclass

from largesse.core.access.model import Caller, Role, system
from tests.serving import Served

PASSWORD = "a long password of a test"


@dataclass(frozen=True)
class Person:
    """A user who is signed in."""

    username: str
    caller: Caller
    session: str
    form_token: str


async def make_people(served: Served) -> dict[str, Person]:
    """Make the users and sign them in; `stranger` owns another organization."""
    services = served.services
    owner = await services.access.log_in(served.demo.username, served.demo.password, address="test")
    people = {"owner": await _signed_in(served, owner)}
    for role in (Role.MARKETER, Role.SUPPORT, Role.VIEWER):
        people[role.value] = await _signed_in(served, await _user(served, owner, role))
    other = await services.access.create_organization("Another shop", [])
    people["stranger"] = await _signed_in(
        served, await _user(served, system(other), Role.OWNER, organization="Another shop")
    )
    return people


async def _user(
    served: Served, by: Caller, role: Role, organization: str = "Largesse Demo"
) -> Caller:
    services = served.services
    name = f"{role.value}-{by.organization_id}"
    unit = await services.units.create(by, {"name": name, "alternative_code": name})
    new = {"unit_id": unit.id, "username": name, "password": PASSWORD, "role": role.value}
    await services.users.create(by, new)
    return await services.access.log_in(name, PASSWORD, address="test", organization=organization)


async def _signed_in(served: Served, caller: Caller) -> Person:
    access = served.services.access
    issued = await access.issue_token(caller, seconds=3600)
    key = await access.signing_key()
    proof = hmac.new(key, b"form\0" + issued.token.encode(), hashlib.sha256).hexdigest()[:32]
    # Behind a mask of zeros: every page has another one.
    return Person(caller.username, caller, issued.token, "0" * 32 + proof)
