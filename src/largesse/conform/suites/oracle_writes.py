"""Oracle Commerce Cloud's cases that write: they make records of their own and delete them.

A batch of grants can not be taken back on this wire: it goes to the recipients of the data.
"""

from collections.abc import Iterator
from typing import Any

from largesse.conform.cases import Case, Text
from largesse.conform.compare import Has, Open
from largesse.conform.suites.oracle_records import (
    ADDRESS,
    API,
    COUPON,
    FOLDER,
    FULL_BATCH,
    JSON,
    LANGUAGE,
    MADE_BATCH,
    PROMOTION,
    UNAUTHENTICATED,
    error,
    page,
)

GRANT = "POST /profiles/batchGrantPromotions"
BATCH = f"{API}/profiles/batchGrantPromotions"
IDS = ["${promotion}", "${another_promotion}"]
PROFILES = ["${profile}", "${another_profile}"]
MAILS = ["${email}", "${another_email}"]
PRINTED = {
    "sourceId": "${source_id}",
    "emailAddresses": MAILS,
    "profileIds": PROFILES,
    "promotionIds": IDS,
}
ACCEPTED = {
    "links": [{"method": "POST", "rel": "/rels/batchGrantPromotions", "href": ADDRESS}],
}


def write(operation: str, what: str, source: str, path: str, status: int, **more: Any) -> Case:
    """Return a case that writes."""
    return Case(operation, what, source, API + path, status, writes=True, media=JSON, **more)


def refused_grants() -> Iterator[Case]:
    """Yield what a batch is refused for; nothing is granted."""
    unknown = "conform-${run}"
    said = f"{unknown} is not a valid promotion id"
    one = {"errorCode": "21171", "message": said, "status": "400"}
    other = {**one, "message": f"{unknown}-b is not a valid promotion id"}
    several = {"errorCode": "00000000", "message": said, "errors": [one, other], "status": "400"}
    missing = "Missing required property: promotionIds"
    for what, source, body, answer in (
        ("an unknown promotion", "SEED 001", {"promotionIds": [unknown]}, one),
        (
            "two unknown promotions",
            "SEED 001",
            {"promotionIds": [unknown, f"{unknown}-b"]},
            [several],
        ),
        ("an unknown one among others", "SEED 001", {"promotionIds": [*IDS, unknown]}, one),
        ("no promotions", "INFERRED from DOC 21D", {}, error("13037", missing)),
        (
            "an empty list of promotions",
            "INFERRED from DOC 21D",
            {"promotionIds": []},
            error("13037"),
        ),
    ):
        whole = {"profileIds": PROFILES, **body}
        yield write(
            GRANT, what, source, "/profiles/batchGrantPromotions", 400, body=whole, answer=answer
        )
    yield from refused_requests()


def refused_requests() -> Iterator[Case]:
    """Yield what a batch is refused for, whatever it would grant."""
    for what, source, body, code in (
        ("neither profiles nor addresses", "SEED 001", {"promotionIds": IDS}, "13001"),
        ("empty lists of recipients", "INFERRED", {"promotionIds": IDS, "profileIds": []}, "13001"),
    ):
        yield write(
            *(GRANT, what, source, "/profiles/batchGrantPromotions", 400),
            body=body,
            answer=error(code),
        )
    yield write(
        *(GRANT, "what is no JSON", "DECIDED", "/profiles/batchGrantPromotions", 400),
        body=Text('{"promotionIds": ['),
        answer=Open({"errorCode": "00000000", "status": "400"}),
    )
    yield Case(
        *(GRANT, "without a token", "SEED 001", BATCH, 401),
        body=PRINTED,
        answer=UNAUTHENTICATED,
        media=JSON,
        anonymous=True,
        writes=True,
    )


def grants() -> Iterator[Case]:
    """Yield what a batch is accepted with."""
    path = "/profiles/batchGrantPromotions"
    for what, body in (
        ("profiles and addresses", PRINTED),
        ("the same source and body again", PRINTED),
        ("profiles alone", {"profileIds": PROFILES, "promotionIds": IDS}),
        ("addresses alone", {"emailAddresses": MAILS, "promotionIds": IDS}),
    ):
        yield write(GRANT, what, "SEED 001", path, 200, body=body, answer=ACCEPTED)
    yield write(
        *(GRANT, "with X-CCAsset-Language, and any capitals in headers", "SEED 001", path, 200),
        body=PRINTED,
        headers={"x-ccasset-language": "en", "content-type": "application/json; charset=UTF-8"},
        answer=ACCEPTED,
    )


def folders() -> Iterator[Case]:
    """Yield how folders are made, changed and deleted."""
    made, path = "POST /promotionFolders", "/promotionFolders"
    folder = FOLDER | {"name": "Conformance ${run}"}
    yield write(
        *(made, "a folder", "DOC 21D", path, 200),
        body={"name": "Conformance ${run}"},
        answer=folder,
        keep={"folder": "repositoryId"},
    )
    yield write(
        *(made, "a folder in it", "DOC 21D", path, 200),
        body={"name": "Inside", "parentFolder": {"repositoryId": "${folder}"}},
        answer=FOLDER
        | {"path": "Conformance ${run}/Inside", "parentFolder": {"repositoryId": "${folder}"}},
        keep={"inner_folder": "repositoryId"},
    )
    for what, code, body in (
        ("no name", "21243", {}),
        (
            "an unknown parent",
            "21244",
            {"name": "x", "parentFolder": {"repositoryId": "no-${run}"}},
        ),
        ("a parent that is no reference", "21247", {"name": "x", "parentFolder": "no-${run}"}),
    ):
        yield write(made, what, "DOC 21D", path, 400, body=body, answer=error(code))
    one, own = "/promotionFolders/{folder_id}", "/promotionFolders/${folder}"
    yield write(f"GET {one}", "a folder", "DOC 12-17, 21B", own, 200, answer=folder)
    yield write(
        *(f"PUT {one}", "a new name", "DOC 12-17, 21D", own, 200),
        body={"name": "Renamed ${run}"},
        answer=folder | {"name": "Renamed ${run}", "path": "Renamed ${run}"},
    )
    yield write(
        *(f"PUT {one}", "into itself", "DOC 12-17, 21D", own, 400),
        body={"name": "x", "parentFolder": {"repositoryId": "${folder}"}},
        answer=error("21245"),
    )


def promotions() -> Iterator[Case]:
    """Yield how promotions are made, changed and listed."""
    made, path = "POST /promotions", "/promotions"
    body = {
        "displayName": "10% Off Orders Over $100 ${run}",
        "description": "Spend $100 today and get 10% off your order!",
        "priority": 1,
        "enabled": True,
        "templatePath": "order",
        "templateName": "spendYGetOrderDiscount",
        "templateValues": {"spend_value": "100", "discount_value": "10"},
        "startDate": "2014-04-25T17:30:00.000-04:00",
        "parentFolder": {"repositoryId": "${folder}"},
        "cardIINRanges": ["456789", "987634-987648"],
    }
    kept = {name: value for name, value in body.items() if name != "startDate"}
    promotion = Open({**PROMOTION.members, **kept})
    missing = "Required header is missing: x-ccasset-language"
    yield write(
        *(made, "without X-CCAsset-Language", "DOC error messages", path, 400),
        body=body,
        answer=error("82001", missing),
    )
    yield write(
        *(made, "a promotion, its template verbatim", "DOC 12-17", path, 200),
        body=body,
        headers=LANGUAGE,
        answer=promotion,
        keep={"made_promotion": "id"},
    )
    yield write(
        *(made, "without displayName", "DOC 12-17", path, 400),
        body={"description": "x"},
        headers=LANGUAGE,
        answer=Open({"status": "400"}),
    )
    yield from made_promotion(promotion)


def made_promotion(promotion: Open) -> Iterator[Case]:
    """Yield how the promotion that was made is read and changed."""
    path = "/promotions"
    one, own = "/promotions/{promotion_id}", "/promotions/${made_promotion}"
    yield write(f"GET {one}", "a promotion", "DOC 12-17", own, 200, answer=promotion)
    yield write(
        *("GET /promotions", "those of a folder", "DOC 12-17", f"{path}?folder=${{folder}}", 200),
        answer=page(Has(Open({"id": "${made_promotion}"})), totalResults=1),
    )
    yield write(
        *(f"PUT {one}", "what is changed alone", "DOC 12-17, 21A", own, 200),
        body={"enabled": False},
        headers=LANGUAGE,
        answer=Open({**promotion.members, "enabled": False}),
    )
    unknown = "/promotions/no-${run}"
    gone = error("21171", status="404")
    source = "DECIDED after SEED 001"
    yield write(f"GET {one}", "an unknown one", source, unknown, 404, answer=gone)


def coupons() -> Iterator[Case]:
    """Yield how claimables and batches of coupons are made, changed and deleted."""
    made, path, name = "POST /claimables", "/claimables", "CONFORM${run}"
    body = {"id": name, "maxUses": 50, "useMaxUses": True, "promotionId": "${promotion}"}
    yield write(
        *(made, "a claimable", "DOC 21B", path, 200), body=body, answer={"repositoryId": name}
    )
    refusals: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("an id that there is", "21131", {}),
        ("an unknown promotion", "21130", {"id": f"{name}b", "promotionId": "no-${run}"}),
        ("no maxUses", "21133", {"id": f"{name}b", "maxUses": None}),
    )
    for what, code, changes in refusals:
        yield write(made, what, "DOC 21B", path, 400, body=body | changes, answer=error(code))
    one, own = "/claimables/{claimable_id}", f"/claimables/{name}"
    owner = "?promotionId=${promotion}"
    yield write(f"GET {one}", "a claimable", "DOC 10-17, 21D", own, 200, answer=COUPON)
    listed = page(Has(Open({"repositoryId": name})))
    yield write("GET /claimables", "of a promotion", "DOC 12-17", path + owner, 200, answer=listed)
    yield write(
        *(f"PUT {one}", "the promotions are replaced", "DOC 10-17", own, 200),
        body={"promotions": [{"repositoryId": "${promotion}"}], "maxUses": "7"},
        answer=COUPON,
    )
    yield write(
        f"DELETE {one}", "without its promotion", "DOC 21C", own, 400, answer=error("21122")
    )
    yield write(f"DELETE {one}", "a claimable", "DOC 21C", own + owner, 200)
    yield from coupon_batches(owner)


def coupon_batches(owner: str) -> Iterator[Case]:
    """Yield how a batch of coupons is made, changed and deleted."""
    made, path = "POST /couponBatches", "/couponBatches"
    good = {
        "prefix": "CF${run}",
        "numberOfCoupons": "2",
        "maxUses": "1",
        "promotionId": "${promotion}",
    }
    yield write(
        *(made, "a batch, its numbers as texts", "DOC 22A", path, 200),
        body=good,
        answer=MADE_BATCH,
        keep={"batch": "repositoryId"},
    )
    for what, code, changes in (
        ("a prefix that there is", "21152", {}),
        ("a prefix with other signs", "21153", {"prefix": "a-b"}),
        ("an empty prefix", "21150", {"prefix": ""}),
        ("no coupons", "21164", {"prefix": "CG${run}", "numberOfCoupons": 0}),
        ("no maxUses", "21133", {"prefix": "CG${run}", "maxUses": None}),
        ("an unknown promotion", "21130", {"prefix": "CG${run}", "promotionId": "no-${run}"}),
    ):
        body = {key: value for key, value in (good | changes).items() if value is not None}
        yield write(made, what, "DOC 22A", path, 400, body=body, answer=error(code))
    one, own = "/couponBatches/{batch_id}", "/couponBatches/${batch}"
    full = Open({**FULL_BATCH.members, "repositoryId": "${batch}"})
    yield write(f"GET {one}", "a batch", "DOC 12-17, 22C", own, 200, answer=full)
    yield write(
        *("GET /couponBatches", "of a promotion", "DOC 12-17, 21B", path + owner, 200),
        answer=page(Has(full)),
    )
    yield write(
        *(f"PUT {one}", "more coupons", "DOC 12-17, 21A", own, 200),
        body={"numberOfCoupons": 3, "promotions": [{"repositoryId": "${promotion}"}]},
        answer=full,
    )
    yield write(f"DELETE {one}", "a batch", "DOC 10-17", own + owner, 200)


def ends() -> Iterator[Case]:
    """Yield how what was made is deleted."""
    own = "/promotions/${made_promotion}"
    yield write("DELETE /promotions/{promotion_id}", "a promotion", "DOC 21C", own, 200)
    for kept in ("inner_folder", "folder"):
        path = f"/promotionFolders/${{{kept}}}"
        yield write("DELETE /promotionFolders/{folder_id}", "a folder", "DOC 22A", path, 200)
    yield write(
        *("GET /promotionFolders/{folder_id}", "it is gone", "DOC 21B, the status DECIDED"),
        *("/promotionFolders/${folder}", 404),
        answer=error("21241", status="404"),
    )


def writes() -> Iterator[Case]:
    """Yield every case that writes, in its order."""
    for part in (refused_grants, grants, folders, promotions, coupons, ends):
        yield from part()
