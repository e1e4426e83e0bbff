"""Between Oracle Commerce Cloud's words and ours. Pure: no input, no output."""

import re
from collections.abc import Mapping, Set
from datetime import datetime
from typing import Any

from msgspec import UNSET

from largesse.core.access.model import IssuedToken
from largesse.core.grants.model import GrantOrder, RecipientKind
from largesse.core.promotions.model import AppliesTo, Promotion
from largesse.core.search.model import Search
from largesse.dialects.oracle import records
from largesse.dialects.oracle.errors import (
    InvalidParameter,
    MissingProperty,
    NoRecipients,
    UnknownParent,
)
from largesse.dialects.oracle.schemas import (
    Accepted,
    BatchGrantPromotions,
    Link,
    SelfLink,
    Token,
)

WIRE = "oracle"
"""The member of a promotion's attributes under which we keep what only this wire has words for."""

RELEASES = ("21D", "22A", "latest")
"""The releases whose bodies differ, in their order."""


RECIPIENTS = {
    "profileIds": RecipientKind.PROFILE,
    "emailAddresses": RecipientKind.EMAIL,
}
"""The members that may hold a million entries."""


def to_kind(member: str, release: str) -> RecipientKind | None:
    """Return what a list of recipients holds; None where the release does not know it."""
    return None if member == "emailAddresses" and release != "latest" else RECIPIENTS[member]


def to_order(body: BatchGrantPromotions, release: str, given: Set[str]) -> GrantOrder:
    """Return what a request gives, as far as the release knows its members.

    `given` names the lists of recipients that are not empty.

    Raises:
        MissingProperty, NoRecipients
    """
    # INFERRED: an empty list is as good as a missing one.
    if not body.promotion_ids:
        raise MissingProperty("promotionIds")
    if release != "latest" and "profileIds" not in given:
        # DOC 21D: 13037. INFERRED for 22A, whose table of codes is not known.
        raise MissingProperty("profileIds")
    if not given:
        raise NoRecipients()
    return GrantOrder(
        promotion_keys=tuple(body.promotion_ids),
        # DOC: 21D has no `sourceId` yet. DECIDED: an empty one is none.
        source_id=(body.source_id or None) if release != "21D" else None,
    )


def from_accepted(url: str, release: str) -> Accepted | dict[str, str]:
    """Return the answer to a batch that was accepted (SEED 001; DOC 21D: nothing in it)."""
    if release == "21D":
        return {}
    return Accepted([Link(method="POST", rel="/rels/batchGrantPromotions", href=url)])


def from_token(issued: IssuedToken, url: str) -> Token:
    """Return the answer of a login: `links` as clients have seen it (DOC)."""
    return Token(
        access_token=issued.token,
        expires_in=issued.expires_in,
        links=[SelfLink(rel="self", href=url)],
    )


# --- promotions --------------------------------------------------------------------------------

OWN = frozenset(
    {
        *("id", "repositoryId", "displayName", "description", "enabled"),
        *("startDate", "endDate", "parentFolder"),
    }
)
"""Members that the core keeps; all others are kept as they came."""

STATES = {"enabled": True, "disabled": False, "both": None}

FOLDER = re.compile(r"promoFolder([1-9][0-9]{0,18})", re.ASCII)


def folder_id(number: int) -> str:
    """Return a folder's id as it is printed, e.g. `promoFolder10001` (DOC 12-17)."""
    return f"promoFolder{number}"


def to_folder(text: str) -> int | None:
    """Return the folder that an id names; None: it has not the form of one."""
    match = FOLDER.fullmatch(text)
    number = int(match[1]) if match else 0
    return number if 0 < number < 2**63 else None


def to_moment(text: str | None, name: str) -> datetime | None:
    """Return a moment such as 2014-04-25T17:30:00.000-04:00. Raises InvalidParameter."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or "T" not in text:
        raise InvalidParameter(text, name)
    return moment


def to_promotion(
    body: records.NewPromotion, members: Mapping[str, Any], language: str
) -> dict[str, Any]:
    """Return a new promotion. Raises MissingProperty, InvalidParameter, UnknownParent."""
    if not isinstance(body.displayName, str) or not body.displayName.strip():
        raise MissingProperty("displayName")
    values = _fields(body) | {"locale": language, "title": body.displayName}
    if isinstance(body.id, str):
        values["key"] = body.id
    if isinstance(body.description, str):
        values["description"] = body.description
    values["attributes"] = {WIRE: _kept(members)}
    return values


def to_changes(
    body: records.PromotionChanges, members: Mapping[str, Any], language: str, there: Promotion
) -> dict[str, Any]:
    """Return what is changed of a promotion; texts are those of the language.

    Raises:
        MissingProperty, InvalidParameter, UnknownParent
    """
    values = _fields(body)
    texts: dict[str, str | None] = {}
    if body.displayName is not UNSET:
        if not body.displayName or not body.displayName.strip():
            raise MissingProperty("displayName")
        texts["title"] = body.displayName
    if body.description is not UNSET:
        texts["description"] = body.description
    if texts:
        if there.locale in (None, language):
            values |= texts | {"locale": language}
        else:
            translated = {**there.translations.get(language, {}), **texts}
            values["translations"] = {**there.translations, language: translated}
    kept = _kept(members)
    if kept:
        before = there.attributes.get(WIRE)
        before = before if isinstance(before, Mapping) else {}
        values["attributes"] = {**there.attributes, WIRE: {**before, **kept}}
    return values


def _fields(body: records.PromotionChanges) -> dict[str, Any]:
    """Return the fields of ours that a body gives, but for its texts."""
    values: dict[str, Any] = {}
    if isinstance(body.enabled, bool):
        values["enabled"] = body.enabled
    if body.startDate is not UNSET:
        values["starts_at"] = to_moment(body.startDate, "startDate")
    if body.endDate is not UNSET:
        values["ends_at"] = to_moment(body.endDate, "endDate")
    if body.templatePath is not UNSET:
        known = body.templatePath in list(AppliesTo)
        values["applies_to"] = body.templatePath if known else None
    if body.parentFolder is not UNSET:
        values["folder_id"] = _parent(body.parentFolder)
    return values


def _parent(named: records.Reference | None) -> int | None:
    if named is None:
        return None
    number = to_folder(named.repositoryId)
    if number is None:
        raise UnknownParent(named.repositoryId)
    return number


def _kept(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if name not in OWN}


def to_search(asked: Mapping[str, str], *, limit: int, offset: int) -> Search:
    """Return which promotions a query asks for. Raises InvalidParameter."""
    equal: dict[str, Any] = {}
    among: dict[str, list[str]] = {}
    state = asked.get("enabledState", "both")
    if state not in STATES:
        raise InvalidParameter(state, "enabledState")
    if (enabled := STATES[state]) is not None:
        equal["enabled"] = enabled
    if "folder" in asked:
        # A folder that is none has no promotions; no folder has the number 0.
        equal["folder_id"] = to_folder(asked["folder"]) or 0
    if "promotionType" in asked:
        types = [one.strip() for one in asked["promotionType"].split(",")]
        if not set(types) <= set(AppliesTo):
            raise InvalidParameter(asked["promotionType"], "promotionType")
        if len(types) == 1:
            equal["applies_to"] = types[0]
        else:
            among["applies_to"] = types
    if "name" in asked and "promotionId" in asked:
        # DOC: the two can not be used together.
        raise InvalidParameter(asked["promotionId"], "promotionId")
    text = asked.get("name") or asked.get("promotionId")
    like = {} if text is None else {"search": f"*{text}*"}
    return Search(limit, offset, like=like, equal=equal, among=among)
