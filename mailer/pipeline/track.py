"""Events → delivery states, suppressions, ended subscriptions, mailings that pause."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from mailer.core.breaker import Limits, verdict
from mailer.core.events import Event
from mailer.pipeline.conclude import Clock
from mailer.ports import Ledger, Tracking

_LOT = 1000  # events per transaction
_OFTEN = timedelta(seconds=1)  # between two looks at how mailings fare, at least
_MOSTLY = 5  # times as long as a look takes, it is events that are applied


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracker:
    """Keeps what providers tell and applies it."""

    tracking: Tracking
    ledger: Ledger
    clock: Clock
    limits: Limits = field(default_factory=Limits)
    trouble: Callable[[str], None] = lambda _words: None  # told what a person must see

    def keep(self, provider: str, events: Sequence[Event]) -> int:
        """Write down what was told; returns how much of it was not known yet."""
        return self.tracking.keep(provider, events, at=self.clock())

    def apply(self, stopping: Callable[[], bool] = lambda: False) -> int:
        """Apply everything that waits; returns how many events that were."""
        count, looked, often = 0, self.clock(), _OFTEN
        alarmed: set[int] = set()
        while not stopping():
            applied = self.tracking.apply(most=_LOT, at=self.clock())
            count += applied.events
            alarmed.update(applied.mailings)
            for domain in applied.blocked:
                self.trouble(
                    f"{domain} blocks our mail; mailer doctor says what it may be"
                )
            if applied.events < _LOT:
                break
            began = self.clock()
            if began - looked > often:  # a look counts a whole mailing
                self._weigh(alarmed)
                alarmed, looked = set(), self.clock()
                often = max(_OFTEN, _MOSTLY * (looked - began))
        self._weigh(alarmed)
        return count

    def _weigh(self, alarmed: Iterable[int]) -> None:
        """Pause mailings of which too much went wrong."""
        for mailing in sorted(alarmed):
            reason = verdict(self.tracking.tally(mailing), self.limits)
            if reason and self.ledger.pause(mailing, reason=reason, at=self.clock()):
                name = self.ledger.standing(mailing).mailing
                self.trouble(
                    f"{name} paused itself: {reason}; to go on: mailer resume {name}"
                )
