"""Double opt-in: a subscription counts once it is confirmed, and each dialect shows it."""

from tests.serving import serve


async def test_a_subscription_is_active_once_confirmed(demo_url: str) -> None:
    async with serve(demo_url, newsletter_double_opt_in=True) as served:
        login = (served.demo.username, served.demo.password)
        recipient = "d.weiers@test.intershop.de"
        made = await served.client.post("/subscriptions", json={"recipient": recipient})
        assert (made.status_code, made.json()["active"]) == (201, False)
        key = {"authorization": f"Bearer {served.demo.application_key}"}
        listed = await served.client.get("/v1/subscriptions", headers=key)
        (found,) = [one for one in listed.json()["items"] if one["recipient"] == recipient]
        confirmed = await served.client.patch(
            f"/v1/subscriptions/{found['id']}", json={"active": True}, headers=key
        )
        assert confirmed.status_code == 200, confirmed.text
        status = await served.client.get(
            f"/subscriptions/{recipient}", auth=login, headers={"accept": "application/json"}
        )
        assert status.json()["active"] is True
