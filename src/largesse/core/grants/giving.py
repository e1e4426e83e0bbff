"""The job that gives promotions to the recipients of a batch, or says what it would give."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from largesse.core.customers import store as customer_store
from largesse.core.customers.model import Identifier
from largesse.core.errors import InvalidEmail, WrongState
from largesse.core.grants import bulk_store
from largesse.core.grants.bulk_store import Giving, Recipient
from largesse.core.grants.model import GrantOutcome, RecipientKind
from largesse.core.grants.seen import Seen
from largesse.core.grants.store import customer_key, email_key, once_key
from largesse.core.grants.telling import Telling
from largesse.core.jobs import row_store
from largesse.core.jobs.kind import Chunk, Outcome, Part
from largesse.core.jobs.model import Claim, JobRow
from largesse.core.promotions import store as promotion_store
from largesse.core.promotions.model import Promotion
from largesse.core.text import checked_email, folded
from largesse.storage.database import Transaction

LONGEST_KEPT = 1000
"""Characters that are kept of what a client sent as a profile id or address. No profile id and no
address is as long, so that what is cut off can not turn one recipient into another."""

NOT_A_CHARACTER = "\ufffd"
"""Stands for what can not be kept, such as a NUL. Nothing is granted to it."""

CHUNK_GRANTS = 20_000
"""Grants in one transaction of a job at most; see also `Engine.load_rows`."""

CHUNK_MAILS = 500
"""Grants in one transaction that writes a mail for each of them."""


Customers = Mapping[str, Mapping[str, str]]
"""By the kind of name, and by the name: the customers who are named, as 32 digits."""


@dataclass(slots=True)
class Ended:
    """What became of the recipients of a chunk."""

    parts: Sequence[Part]
    known: list[Recipient] = field(default_factory=list)
    """Whom to give something, in the order of their keys."""
    refused: dict[int, GrantOutcome] = field(default_factory=dict)
    """By position: who gets nothing."""
    held: dict[str, set[int]] = field(default_factory=dict)
    """By each promotion that exists: the positions of those who hold it already."""
    mails: int = 0
    unmailed: dict[int, str] = field(default_factory=dict)
    """By position: why there is no mail."""

    def getting(self, key: str) -> list[Recipient]:
        """Return who was given a promotion."""
        return [one for one in self.known if one[1] not in self.held[key]]

    def outcome(self, keys: Sequence[str], before: Mapping[str, int]) -> Outcome:
        """Return the job's counts, and a row for each recipient who did not plainly get all."""
        counts = Counter(before)
        special = set().union(*self.held.values())
        if len(self.held) < len(keys):
            special = {one[1] for one in self.known}
        plain = len(self.known) - len(special)
        counts[GrantOutcome.GRANTED] += plain
        counts["grants"] += plain * len(keys)
        if self.mails:
            counts["mails"] += self.mails
        rows = []
        for pos, kind, value in self._named(special | self.refused.keys() | self.unmailed.keys()):
            row = JobRow(pos, kind, value, *self._whole(pos, keys, special))
            if pos in special or pos in self.refused:
                counts[str(row.outcome)] += 1
            if pos in special:
                counts["grants"] += sum(pos not in held for held in self.held.values())
            rows.append(row)
        return Outcome({str(name): n for name, n in counts.items() if n or name == "grants"}, rows)

    def _named(self, places: Set[int]) -> Iterator[tuple[int, str, str]]:
        """Yield positions, with the kind and the text of their items."""
        for first, kind, texts in self.parts if places else ():
            for pos, text in enumerate(texts, first):
                if pos in places:
                    yield pos, kind, text

    def _whole(
        self, pos: int, keys: Sequence[str], special: Set[int]
    ) -> tuple[str, dict[str, str] | None]:
        """Sum up one recipient: an outcome for all promotions, and one for each if they differ."""
        if pos in self.refused:
            return self.refused[pos].value, None
        each = {key: GrantOutcome.GRANTED for key in keys}
        if pos in special:
            each = {key: self._outcome(key, pos) for key in keys}
        mail = {"mail": self.unmailed[pos]} if pos in self.unmailed else {}
        kinds = set(each.values())
        if len(kinds) == 1:
            return kinds.pop().value, mail or None
        whole = GrantOutcome.ALREADY_GRANTED
        if GrantOutcome.GRANTED in kinds:
            whole = GrantOutcome.PARTLY_GRANTED
        return whole.value, {key: outcome.value for key, outcome in each.items()} | mail

    def _outcome(self, key: str, pos: int) -> GrantOutcome:
        if key not in self.held:
            return GrantOutcome.UNKNOWN_PROMOTION
        held = pos in self.held[key]
        return GrantOutcome.ALREADY_GRANTED if held else GrantOutcome.GRANTED


class GrantGiving:
    """Runs the jobs of batches."""

    failures: ClassVar[frozenset[str]] = frozenset(
        {
            GrantOutcome.UNKNOWN_PROFILE,
            GrantOutcome.UNKNOWN_PROMOTION,
            GrantOutcome.BAD_ADDRESS,
        }
    )

    def __init__(self, telling: Telling) -> None:
        self._telling = telling
        self._seen: dict[UUID, tuple[int, Seen]] = {}
        """Of each dry run at work here: how far it is, and whom it has met."""

    async def next_chunk(self, tx: Transaction, claim: Claim) -> Chunk:
        """Return the next recipients: as many as one transaction may give to.

        Raises:
            WrongState: whoever received the batch did not come to its end.
        """
        if not claim.parameters.get("whole"):
            raise WrongState("batch", "not received to its end; send it again")
        most = min(CHUNK_GRANTS, tx.engine.load_rows)
        if claim.parameters.get("template"):
            most = min(most, CHUNK_MAILS)
        limit = max(1, most // max(1, len(claim.parameters["promotions"])))
        parts = await row_store.items_from(
            tx, claim.organization_id, claim.id, start=claim.done, limit=limit
        )
        if not parts:
            raise LookupError(f"the items of the job end at {claim.done} of {claim.total}")
        return Chunk(claim.done + sum(len(texts) for _, _, texts in parts), parts=parts)

    async def run_chunk(self, tx: Transaction, claim: Claim, chunk: Chunk) -> Outcome:
        """Give the promotions of a batch to some of its recipients."""
        parts = chunk.parts
        keys: list[str] = claim.parameters["promotions"]
        found = await promotion_store.promotions_by_keys(tx, claim.organization_id, keys)
        customers = await _customers(tx, claim.organization_id, parts)
        # Beside the loop: a server that also answers requests goes on with them.
        ended = await asyncio.to_thread(_sorted_out, parts, customers)
        dry = bool(claim.parameters.get("dry_run"))
        again = await self._met_before(tx, claim, chunk, parts) if dry else set()
        # In the order of their ids, so that two batches never wait for each other in a circle.
        for promotion in sorted(found.values(), key=lambda one: one.id):
            what = _giving(claim, promotion)
            if dry:
                held = again | await bulk_store.would_hold(tx, what, ended.known)
                ended.held[promotion.key] = held & {one[1] for one in ended.known}
                continue
            ended.held[promotion.key] = await bulk_store.give(tx, what, ended.known)
            if claim.parameters.get("template"):
                getting = ended.getting(promotion.key)
                refused = await self._telling.tell(tx, claim, promotion, what, getting)
                ended.mails += len(getting) - len(refused)
                ended.unmailed |= refused
        return ended.outcome(keys, claim.counts)

    async def _met_before(
        self, tx: Transaction, claim: Claim, chunk: Chunk, parts: Sequence[Part]
    ) -> set[int]:
        """Return the positions of recipients that the batch has named before: these get no more."""
        done, seen = self._seen.pop(claim.id, (0, Seen()))
        if done != claim.done:
            seen = await _seen_until(tx, claim)
        again = {
            pos
            for first, kind, texts in parts
            for pos, text in enumerate(texts, first)
            if not seen.add(f"{kind}:{folded(text)}")
        }
        if chunk.done < claim.total:
            self._seen[claim.id] = (chunk.done, seen)
        return again


async def _seen_until(tx: Transaction, claim: Claim) -> Seen:
    """Return whom a dry run has met that another process, or an earlier one, began."""
    seen = Seen()
    for start in range(0, claim.done, CHUNK_GRANTS):
        limit = min(CHUNK_GRANTS, claim.done - start)
        for _, kind, texts in await row_store.items_from(
            tx, claim.organization_id, claim.id, start=start, limit=limit
        ):
            seen.add_all(f"{kind}:{folded(text)}" for text in texts)
    return seen


async def _customers(tx: Transaction, organization_id: int, parts: Sequence[Part]) -> Customers:
    profiles = _named_by(RecipientKind.PROFILE, parts)
    ids = _named_by(RecipientKind.CUSTOMER, parts)
    found: dict[str, Mapping[str, str]] = {}
    if profiles:
        found[RecipientKind.PROFILE] = await customer_store.customer_digits_of(
            tx, organization_id, Identifier.PROFILE_ID, profiles
        )
    if ids:
        known = await customer_store.ids_among(tx, organization_id, [UUID(one) for one in ids])
        found[RecipientKind.CUSTOMER] = {one.hex: one.hex for one in known}
    return found


def _named_by(wanted: RecipientKind, parts: Sequence[Part]) -> list[str]:
    return [text for _, kind, texts in parts if kind == wanted for text in texts]


def _sorted_out(parts: Sequence[Part], customers: Customers) -> Ended:
    """Tell recipients that can be given something from others."""
    ended = Ended(parts)
    for first, kind, texts in parts:
        if kind != RecipientKind.EMAIL:
            _sort_customers(first, _as_sent(texts), customers[kind], ended)
        else:
            _sort_emails(first, _as_sent(texts), ended)
    ended.known.sort()
    return ended


def _as_sent(texts: list[str]) -> Sequence[str]:
    """Return the texts; empty ones, which name nobody, for those that are not whole."""
    if NOT_A_CHARACTER in "".join(texts) or max(map(len, texts)) >= LONGEST_KEPT:
        return [
            text if NOT_A_CHARACTER not in text and len(text) < LONGEST_KEPT else ""
            for text in texts
        ]
    return texts


def _sort_customers(
    first: int, texts: Sequence[str], customers: Mapping[str, str], ended: Ended
) -> None:
    known, find = ended.known, customers.get
    for pos, text in enumerate(texts, first):
        customer = find(folded(text))
        if customer is None:
            ended.refused[pos] = GrantOutcome.UNKNOWN_PROFILE
        else:
            known.append((customer_key(customer), pos, customer, None))


def _sort_emails(first: int, texts: Sequence[str], ended: Ended) -> None:
    known = ended.known
    for pos, text in enumerate(texts, first):
        try:
            email = checked_email(text)
        except InvalidEmail:
            ended.refused[pos] = GrantOutcome.BAD_ADDRESS
        else:
            known.append((email_key(email), pos, None, email))


def _giving(claim: Claim, promotion: Promotion) -> Giving:
    source_id = claim.parameters.get("source_id")
    own_end = claim.parameters.get("expires_at")
    return Giving(
        organization_id=claim.organization_id,
        promotion_id=promotion.id,
        job_id=claim.id,
        source_id=source_id,
        once_key=once_key(source_id, repeatable=promotion.repeatable, job_id=claim.id),
        only_one=source_id is None and not promotion.repeatable,
        expires_at=datetime.fromisoformat(own_end) if own_end else promotion.ends_at,
    )
