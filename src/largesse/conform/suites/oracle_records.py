"""What Oracle Commerce Cloud's cases have in common."""

from typing import Any

from largesse.conform.compare import COUNT, SOME_TEXT, TEXT, Each, Has, Maybe, Open, Shape

API = "/ccadmin/v1"
JSON = "application/json"
# SEED 001: `status` and `errorCode` are texts.
UNAUTHENTICATED = {
    "errorCode": "60006000",
    "message": "The user is not authenticated.",
    "status": "401",
}
REFERENCE = {"repositoryId": SOME_TEXT}
LANGUAGE = {"X-CCAsset-Language": "en"}
ADDRESS = Shape("an absolute address", r"https?://.+")


def error(code: str, message: Any = TEXT, status: str = "400") -> Open:
    """Return one error in the vendor's envelope; it may have more members (DOC errors)."""
    return Open({"errorCode": code, "message": message, "status": status})


def page(items: Any, **more: Any) -> Open:
    """Return a list (DOC 12-17 promotionTemplates); `total` is deprecated there."""
    links = Has({"rel": "self", "href": TEXT})
    whole = {"total": Maybe(COUNT), "totalResults": COUNT, "offset": 0, "limit": COUNT}
    return Open(whole | {"links": links, "items": items} | more)


PROMOTION = Open({"id": SOME_TEXT, "repositoryId": SOME_TEXT, "displayName": TEXT})
FOLDER = {
    "path": SOME_TEXT,
    "parentFolder": Maybe(REFERENCE),
    "name": SOME_TEXT,
    "repositoryId": SOME_TEXT,
}
COUPON = Open({"repositoryId": SOME_TEXT})
NUMBER = Shape("a number, or a text of digits", r"\d+", (int, str))
MADE_BATCH = {
    "repositoryId": SOME_TEXT,
    "links": [{"method": "POST", "rel": "self", "href": TEXT}],
}
FULL_BATCH = Open(
    {
        "id": SOME_TEXT,
        "repositoryId": SOME_TEXT,
        "numberClaimed": NUMBER,
        "numberOfCoupons": NUMBER,
        "promotions": Each(Open(REFERENCE), least=1),
    }
)
