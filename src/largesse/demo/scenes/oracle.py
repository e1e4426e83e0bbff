"""Oracle Commerce Cloud: promotions are granted in a batch, and claimed with a coupon."""

import asyncio
import json

from largesse.demo.exchanges import member
from largesse.demo.scenes.play import Play

JOB_SECONDS = 20
"""How long a job of four rows may take on a slow machine."""

PROMOTION = """\
{
"displayName":"10% Off Orders Over $100",
"templatePath":"order",
"templateName":"spendYGetOrderDiscount",
"templateValues":{"spend_value":"100","discount_value":"10","discount_type_value":"percentOff"}
}"""

COUPON = """\
{
"id":"10OffMyOrder",
"promotionId":"%s",
"useMaxUses":true,
"maxUses":"50"
}"""

BATCH = """\
{
"sourceId":"src10001",
"emailAddresses":[
"shopper1@example.com",
"shopper2@example.com"
],
"profileIds":[
"profile1",
"profile2"
],
"promotionIds":[
"promo1001",
"promo1002"
]
}"""


async def grants(play: Play) -> None:
    """Grant two promotions to two profiles and two addresses, and read the grants."""
    stage = play.stage
    stage.scene("Oracle Commerce Cloud: grant promotions in a batch", "batchGrantPromotions")
    headers = await _log_in(play)
    path = "/ccadmin/v1/profiles/batchGrantPromotions"
    answer = await stage.send(
        "The batch is accepted as a job; the job's id is in a header of our own.",
        "POST",
        path,
        status=200,
        headers=headers,
        body=BATCH,
    )
    link = {
        "method": "POST",
        "rel": "/rels/batchGrantPromotions",
        "href": str(answer.request.url),
    }
    stage.check("the body is the printed one", {"links": [link]}, member(answer))
    batch = answer.headers.get("x-batch-id", "")
    await _job(play, headers, batch)
    again = await stage.send(
        "The same source with the same body is the same batch: nothing is granted twice.",
        "POST",
        path,
        status=200,
        headers=headers,
        body=BATCH,
    )
    stage.check("it is the same job", batch, again.headers.get("x-batch-id"))
    answer = await stage.send(
        "The grants, read through the native API.",
        "GET",
        f"/v1/grants?job_id={batch}",
        status=200,
        headers=headers,
    )
    made = member(answer, "items") or []
    stage.check("two promotions for four recipients are eight grants", 8, len(made))


async def coupons(play: Play) -> None:
    """Make a promotion and a coupon that brings it, and read both."""
    stage = play.stage
    stage.scene("Oracle Commerce Cloud: a promotion and its coupon", "createPromotion")
    headers = await _log_in(play)
    answer = await stage.send(
        "A promotion is made of a template of the vendor's; its texts are English.",
        "POST",
        "/ccadmin/v1/promotions",
        status=200,
        headers=headers | {"X-CCAsset-Language": "en"},
        body=PROMOTION,
    )
    promotion = member(answer, "repositoryId")
    template = json.loads(PROMOTION)["templateValues"]
    stage.check("the template is kept", template, member(answer, "templateValues"))
    await stage.send(
        "A coupon brings it, to whoever knows the code.",
        "POST",
        "/ccadmin/v1/claimables",
        status=200,
        headers=headers,
        body=COUPON % promotion,
    )
    answer = await stage.send(
        "What the promotion can be claimed with.",
        "GET",
        f"/ccadmin/v1/claimables?promotionId={promotion}&useMaxUses=true&fields=items",
        status=200,
        headers=headers,
    )
    stage.check("it is the coupon", "10OffMyOrder", member(answer, "items", 0, "id"))
    stage.check("it can be used 50 times", "50", member(answer, "items", 0, "maxUses"))


async def _log_in(play: Play) -> dict[str, str]:
    """Exchange the application key for a token; return the headers of every later call."""
    answer = await play.stage.send(
        "The program exchanges its application key for a token.",
        "POST",
        "/ccadmin/v1/login",
        status=200,
        headers={"Authorization": f"Bearer {play.demo.application_key}"},
        body="grant_type=client_credentials",
        kind="application/x-www-form-urlencoded",
    )
    return {"Authorization": f"Bearer {member(answer, 'access_token')}"}


async def _job(play: Play, headers: dict[str, str], batch: str) -> None:
    """Show the job once it is over."""
    path = f"/v1/jobs/{batch}"
    deadline = asyncio.get_running_loop().time() + JOB_SECONDS
    while True:
        answer = await play.stage.look(path, headers=headers)
        over = member(answer, "state") not in ("waiting", "running")
        if over or asyncio.get_running_loop().time() > deadline:
            break
        await asyncio.sleep(0.1)
    answer = await play.stage.send(
        "What became of the job, read through the native API.",
        "GET",
        path,
        status=200,
        headers=headers,
    )
    play.stage.check("the job is done", "done", member(answer, "state"))
    counts = {"granted": 4, "grants": 8}
    play.stage.check("every recipient was granted everything", counts, member(answer, "counts"))
