"""A draft on its way to being sent: how far it is, and what may come next.

draft → submitted → held → canary → sending → done. Nothing leaves before somebody else
has approved and the hold is over; a few get it first, and the rest once those fared well.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil

from mailer.core.breaker import Tally
from mailer.core.draft import Draft
from mailer.core.tokens import normalize

LEAST_DRIFT = 5  # people; fewer never ask for a new approval
DRIFT = 0.02  # of the approved
LEAST_CANARY = 20  # people
CANARY = 0.05  # of the audience
COUNTED_FROM = 200  # people; above it the approver types how many
_BOUNCED = 0.10  # of the canary
_COMPLAINED = 2  # people


class Stage(StrEnum):
    """How far a blast is."""

    DRAFT = "draft"
    SUBMITTED = "submitted"  # waits for somebody else to approve it
    HELD = "held"  # approved; nothing has left, and nothing can
    STOPPED = "stopped"  # during the hold; going on begins a new one
    CANARY = "canary"  # a few have it, or get it now
    SENDING = "sending"  # everybody else
    DONE = "done"
    CANCELLED = "cancelled"
    EXPIRED = "expired"  # its moment passed


MOVES: Mapping[Stage, frozenset[Stage]] = {
    Stage.DRAFT: frozenset((Stage.DRAFT, Stage.SUBMITTED, Stage.CANCELLED)),
    Stage.SUBMITTED: frozenset(
        (Stage.DRAFT, Stage.HELD, Stage.CANCELLED, Stage.EXPIRED)
    ),
    Stage.HELD: frozenset(
        (
            Stage.DRAFT,
            Stage.SUBMITTED,
            Stage.STOPPED,
            Stage.CANARY,
            Stage.CANCELLED,
            Stage.EXPIRED,
        )
    ),
    Stage.STOPPED: frozenset((Stage.DRAFT, Stage.HELD, Stage.CANCELLED, Stage.EXPIRED)),
    Stage.CANARY: frozenset(
        (Stage.SENDING, Stage.DONE, Stage.CANCELLED, Stage.EXPIRED)
    ),
    Stage.SENDING: frozenset((Stage.DONE, Stage.CANCELLED, Stage.EXPIRED)),
    Stage.DONE: frozenset((Stage.SENDING,)),  # whoever was in doubt is sent it again
    Stage.CANCELLED: frozenset(),
    Stage.EXPIRED: frozenset(),
}
EDITABLE = frozenset((Stage.DRAFT, Stage.SUBMITTED, Stage.HELD, Stage.STOPPED))
LEAVING = frozenset((Stage.CANARY, Stage.SENDING))  # calls may begin
OVER = frozenset((Stage.DONE, Stage.CANCELLED, Stage.EXPIRED))


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Whom the approval was about, and who gets it when it is over."""

    approved: int
    sending: int
    gone: Mapping[str, int] = field(default_factory=dict)  # by reason
    came: int = 0

    @property
    def moved(self) -> int:
        """Return how many are in one and not in the other."""
        return sum(self.gone.values()) + self.came

    @property
    def drifted(self) -> bool:
        """Whether it is so different that somebody must look at it again.

        Of few people even fewer may come: most of those who get it were approved.
        """
        if self.came and self.came >= self.sending - self.came:
            return True
        return self.moved > max(LEAST_DRIFT, DRIFT * self.approved)

    def __str__(self) -> str:
        """Say it in one line: "approved 412, sending 409: 2 left, 1 bounced"."""
        parts = [f"{n:,} {reason}" for reason, n in sorted(self.gone.items())]
        parts += [f"{self.came:,} came"] if self.came else []
        told = f"approved {self.approved:,}, sending {self.sending:,}"
        return f"{told}: {', '.join(parts)}" if parts else told


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """What readers are told of an approval: when it was given, and by how many."""

    at: datetime
    coordinators: int  # the one who wrote it among them


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A draft as it is kept, and its story."""

    number: int
    list_number: int
    draft: Draft
    content_hash: bytes
    stage: Stage
    revision: int  # grows with every edit
    author: str  # addresses of coordinators
    editor: str
    edited_at: datetime
    submitter: str | None = None
    submitted_at: datetime | None = None
    expected: int | None = None  # people, when it was submitted
    acknowledged: tuple[str, ...] = ()  # warnings, by name
    reasons: Mapping[str, str] = field(default_factory=dict)  # why, of some of them
    approver: str | None = None
    approved_at: datetime | None = None
    approved: int | None = None  # people, whom the approval is about
    alone: bool = False  # approved by one person, for a reason
    told: bool = False  # of what it waits for, or of a lone approval, others know
    reason: str | None = None  # why it stands where it stands
    hold_until: datetime | None = None
    canary_until: datetime | None = None  # None: the canary is not settled yet
    mailing: int | None = None
    change: Change | None = None

    @property
    def name(self) -> str:
        """Return LIST/EDITION."""
        return self.draft.name

    @property
    def approval(self) -> Approval | None:
        """Return the approval under which it goes out; None: there is none yet."""
        if self.approved_at is None or self.stage in (Stage.DRAFT, Stage.SUBMITTED):
            return None
        return Approval(at=self.approved_at, coordinators=1 if self.alone else 2)

    def hold(self) -> timedelta:
        """Return how long it waits after the approval, and after the canary."""
        return hold_of(self.draft)

    def too_late(self, at: datetime) -> bool:
        """Whether its moment has passed."""
        return self.draft.not_after is not None and self.draft.not_after <= at

    def comes_too_late(self, at: datetime) -> bool:
        """Whether its moment has passed when a hold that begins now is over."""
        return self.too_late(at + self.hold())

    def is_by(self, person: str) -> bool:
        """Whether this person wrote it, edited it last or submitted it."""
        hands = (self.author, self.editor, self.submitter or "")
        return normalize(person) in map(normalize, hands)


def canary_size(audience: int, awake: int) -> int:
    """Return how many get it first; `awake` of the audience are not woken by it now.

    Whoever is awake is enough if they are as many as the least: nobody waits for the
    morning of others. If they are fewer, the first to wake are among the first.
    """
    wanted = max(LEAST_CANARY, ceil(audience * CANARY))
    return min(wanted, awake) if awake >= LEAST_CANARY else wanted


def hold_of(draft: Draft) -> timedelta:
    """Return how long it waits after the approval, and again after the canary."""
    return timedelta(minutes=2 if draft.is_urgent else 10)


def canary_verdict(tally: Tally) -> str | None:
    """Return why the rest must not go out yet, or None.

    A few are judged by coarser thresholds than many: one bounce of twenty is chance.
    """
    blocked = sum(count for _, count in tally.domains.values())
    bounced = tally.hard + blocked
    if tally.attempts and bounced > _BOUNCED * tally.attempts:
        return (
            f"{bounced} of the first {tally.attempts} bounced or were blocked; find out"
            " why before going on"
        )
    if tally.complained >= _COMPLAINED:
        return (
            f"{tally.complained} of the first {tally.attempts} called it spam; ask"
            " whether they agreed to get it before going on"
        )
    return None
