"""Customers' logins, and what customers are looked for by."""

from largesse.demo.people import CUSTOMER, SHOPPER
from tests.dialects.native.client import demo_user, problem
from tests.serving import Served

MISSING = "01890a5d-ac96-774b-bcce-b302099a8057"


async def test_a_login_is_put_read_and_taken_away(served: Served) -> None:
    api = await demo_user(served)
    (customer,) = (await api.get("/customers", customer_id=CUSTOMER))["items"]
    path = f"/customers/{customer['id']}/login"
    problem(await api.send("GET", path), 404, "unknown_customer_login")
    body = {"login": "pat", "password": "correct horse"}
    answer = await api.send("PUT", path, body)
    assert answer.status_code == 200, answer.text
    assert answer.json().keys() == {"customer_id", "login", "created_at", "updated_at"}
    assert "correct" not in answer.text
    assert await api.get(path) == answer.json()
    token = await served.client.post(
        "/token", data=body | {"grant_type": "password", "username": "pat"}
    )
    assert token.status_code == 200, token.text
    taken = {"login": SHOPPER, "password": "correct horse"}
    problem(await api.send("PUT", path, taken), 409, "already_exists")
    problem(await api.send("PUT", path, {"password": "short"}), 400, "invalid_value")
    nobody = f"/customers/{MISSING}/login"
    problem(await api.send("PUT", nobody, body), 404, "unknown_customer")
    assert (await api.send("DELETE", path)).status_code == 204
    problem(await api.send("DELETE", path), 404, "unknown_customer_login")
    own = {"authentication-token": token.json()["access_token"]}
    assert (await served.client.get("/personalization", headers=own)).status_code == 401


async def test_customers_are_looked_for(served: Served) -> None:
    api = await demo_user(served)

    async def found(**query: str) -> list[str]:
        items = (await api.get("/customers", **query))["items"]
        return [item["identifiers"].get("customer_number") for item in items]

    assert await found(last_name="miller") == ["PC1000", "Patricia"]
    assert await found(last_name="Miller", country="DE") == ["Patricia"]
    assert await found(text="10005") == ["10005"]
    assert await found(text="office@oilcorp.example.com") == [None]
    problem(await api.send("GET", "/customers?city=Jena"), 400, "invalid_value")
    problem(await api.send("GET", "/customers?last_name=x&birthday=x"), 400, "invalid_value")
