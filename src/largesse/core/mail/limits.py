"""How many mails may go in which time: rates, and the names of what limits or holds them.

A token bucket holds `burst` tokens at most and gains `per_second`; a mail takes one. It is kept in
the database (`mail_lanes`), so that all workers draw from the same one.
"""

from collections.abc import Mapping
from dataclasses import dataclass

EVERY_DOMAIN = "*"


@dataclass(frozen=True, slots=True)
class Rate:
    """A limit: so many mails a second, and so many at once after a pause."""

    per_second: float
    burst: float

    def refilled(self, tokens: float, seconds: float) -> float:
        """Return how many tokens there are so many seconds later."""
        return min(self.burst, tokens + max(0.0, seconds) * self.per_second)


@dataclass(frozen=True, slots=True)
class DomainRates:
    """The limits of recipients' domains, each for the whole installation."""

    named: Mapping[str, Rate]

    def of(self, domain: str) -> Rate | None:
        """Return the limit of a domain, or None."""
        return self.named.get(domain) or self.named.get(EVERY_DOMAIN)


def parse_rate(text: str | None) -> Rate | None:
    """Return a rate written as `20` or `20/100`: mails a second, and the burst.

    Raises:
        ValueError: it is no such thing.
    """
    if text is None or not text.strip():
        return None
    per_second, _, burst = text.partition("/")
    try:
        rate = Rate(float(per_second), float(burst) if burst else max(1.0, float(per_second)))
    except ValueError:
        rate = Rate(0, 0)
    if not (0 < rate.per_second < 1e9 and 1 <= rate.burst < 1e9):
        raise ValueError(f"not a rate: {text!r} (20 or 20/100: mails a second, and the burst)")
    return rate


def parse_domain_rates(text: str) -> DomainRates:
    """Return rates written as `example.com=20/100, *=50`; `*` is every other domain by itself.

    Raises:
        ValueError: it is no such thing.
    """
    named = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        domain, _, rate = part.partition("=")
        found = parse_rate(rate)
        if found is None or not domain.strip():
            raise ValueError(f"not a limit of a domain: {part!r} (example.com=20/100)")
        named[domain.strip().lower()] = found
    return DomainRates(named)


# --- names of lanes ------------------------------------------------------------------------------

QUEUE = "queue"


def transport_name(transport: str) -> str:
    """Return the name under which a transport is paused and limited."""
    return f"transport {transport}"


def domain_name(domain: str) -> str:
    """Return the name under which a recipient's domain is paused and limited."""
    return f"domain {domain}"


def pause_lane(organization_id: int, name: str) -> str:
    """Return the lane of an organization's mails that wait for the end of a pause."""
    return f"pause {organization_id} {name}"
