"""What is kept of events, and what they change."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from mailer.core.breaker import Tally
from mailer.core.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What applying some events did."""

    events: int
    suppressed: int = 0
    left: int = 0
    blocked: Collection[str] = field(default_factory=tuple)  # receiving domains
    mailings: Collection[int] = field(default_factory=tuple)  # that may have to pause


class Tracking(Protocol):
    """Keeps events and applies them. Every method is one transaction."""

    def keep(self, provider: str, events: Sequence[Event], *, at: datetime) -> int:
        """Write down what was told; returns how much of it was not known yet."""
        ...

    def apply(self, *, most: int, at: datetime) -> Applied:
        """Apply what waits, up to `most` events, in any order to the same end.

        What was in doubt and an event shows to have been taken counts as sent. But a
        call that may still be made again is settled as a whole or not at all: its
        bytes must stay the same.
        """
        ...

    def tally(self, mailing_id: int) -> Tally:
        """Return how a mailing fares since a person last let it go on."""
        ...
