"""Between Oracle Commerce Cloud's words and ours. Pure: no input, no output."""

from largesse.core.access.model import IssuedToken
from largesse.core.grants.model import GrantBatch
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


def to_batch(body: BatchGrantPromotions, release: str) -> GrantBatch:
    """Return the batch that a request asks for, as far as the release knows its members.

    Raises:
        MissingProperty, NoRecipients
    """
    # INFERRED: an empty list is as good as a missing one.
    if not body.promotion_ids:
        raise MissingProperty("promotionIds")
    if release != "latest" and not body.profile_ids:
        # DOC 21D: 13037. INFERRED for 22A, whose table of codes is not known.
        raise MissingProperty("profileIds")
    emails = body.email_addresses if release == "latest" else None
    if not body.profile_ids and not emails:
        raise NoRecipients()
    return GrantBatch(
        promotion_keys=tuple(body.promotion_ids),
        profile_ids=tuple(body.profile_ids or ()),
        emails=tuple(emails or ()),
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
