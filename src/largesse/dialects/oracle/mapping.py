"""Between Oracle Commerce Cloud's words and ours. Pure: no input, no output."""

from collections.abc import Set

from largesse.core.access.model import IssuedToken
from largesse.core.grants.model import GrantOrder, RecipientKind
from largesse.dialects.oracle.errors import MissingProperty, NoRecipients
from largesse.dialects.oracle.schemas import (
    Accepted,
    BatchGrantPromotions,
    Link,
    SelfLink,
    Token,
)

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
