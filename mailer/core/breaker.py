"""When a mailing must stop itself: too much of it bounces, is called spam, is blocked.

The thresholds are those at which large mailbox providers begin to distrust a sender.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Shares at which a mailing pauses, once it has gone to enough people."""

    attempts: int = 200  # messages before anything is concluded
    hard: float = 0.05
    complained: float = 0.001
    blocked: float = 0.10  # of what went to one receiving domain
    domain_attempts: int = 20  # messages to a domain before it counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How one mailing fares."""

    attempts: int
    hard: int
    complained: int
    domains: Mapping[str, Sequence[int]] = field(default_factory=dict)  # tried, blocked

    def since(self, before: "Tally") -> "Tally":
        """Return what has come since, domains included."""
        nothing = (0, 0)
        return Tally(
            attempts=self.attempts - before.attempts,
            hard=self.hard - before.hard,
            complained=self.complained - before.complained,
            domains={
                name: (
                    tried - before.domains.get(name, nothing)[0],
                    blocked - before.domains.get(name, nothing)[1],
                )
                for name, (tried, blocked) in self.domains.items()
            },
        )


def verdict(tally: Tally, limits: Limits) -> str | None:
    """Return why this mailing must pause, or None."""
    if tally.attempts < limits.attempts:
        return None
    if tally.hard > limits.hard * tally.attempts:
        return (
            f"{_share(tally.hard, tally.attempts)} bounced for good: the list may be old"
            " or bought; look at it before going on"
        )
    if tally.complained > limits.complained * tally.attempts:
        return (
            f"{_share(tally.complained, tally.attempts)} called it spam; ask whether"
            " they agreed to get it before going on"
        )
    for name, (tried, blocked) in sorted(tally.domains.items()):
        if tried >= limits.domain_attempts and blocked > limits.blocked * tried:
            return (
                f"{name} blocks {_share(blocked, tried)}; mailer doctor says what it may"
                " hold against us"
            )
    return None


def _share(part: int, whole: int) -> str:
    return f"{part:,} of {whole:,} ({part / whole:.1%})"
