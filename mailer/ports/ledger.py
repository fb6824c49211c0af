"""Who gets which mailing, and what became of it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple, Protocol

from mailer.core.audience import Group
from mailer.core.envelope import Segments
from mailer.core.model import Place
from mailer.core.routes import Route, Routing
from mailer.core.tokens import Link, Purpose
from mailer.ports.sending import Result

NOTE = "note"
MACHINE = "send"  # who pauses and ends, in the records, when no person does


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailing:
    """One edition of one list, in the ledger."""

    id: int
    key: bytes
    list_number: int
    list_slug: str
    edition: str
    state: str
    due_at: datetime
    planned_at: datetime
    as_of: datetime
    until: datetime
    kind: str = "digest"  # or "blast", "note"
    link: Link | None = None  # where a note's second link leads

    @property
    def is_note(self) -> bool:
        """Whether it is a letter to one person, subscribed or not."""
        return self.kind == NOTE

    @property
    def asks(self) -> bool:
        """Whether it asks whose address this is, of whoever may have come back."""
        return self.link is not None and self.link.purpose is Purpose.CONFIRM


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """A variant as the ledger keeps it."""

    content_hash: bytes
    language: str
    place: str | None
    subject: str
    preheader: str
    html: Segments
    text: Segments
    items: Sequence[tuple[int, int, str]]  # action id, version, kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What is known of a call whose outcome is open."""

    provider: str
    key: str
    fingerprint: bytes | None  # None: the call cannot be made again as it was
    age: float  # seconds since it was first made


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Up to N deliveries of one variant, leased to one worker."""

    mailing: Mailing
    variant_id: int
    seq: int
    epoch: int
    attempt: int
    domain: str | None = None  # where all of it goes, if that domain has a pace
    stand_in: str | None = None  # who carries it while its provider takes nothing
    unknown: Call | None = None  # find out what became of this; send nothing new


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast something may be written to, by all workers together."""

    name: str  # "provider:main", "mailing:7", "domain:example.org"
    rate: float  # messages per second


class Addressee(NamedTuple):
    """A delivery whose intent is committed, with what its slots need.

    A tuple, because there is one per message.
    """

    subscriber_id: int
    uid: bytes
    address: str
    organization: str | None
    consented_on: date | None
    moved: bool = False  # their address is not the one that this was meant for


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """A batch that may be sent now: committed, durable, leased."""

    batch: Batch
    key: str  # names the call: same key, same bytes
    language: str
    subject: str
    html: Segments
    text: Segments
    sent_at: datetime
    addressees: Sequence[Addressee]


OPEN = ("pending", "inflight", "unknown")  # states of deliveries to be settled yet


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a mailing stands; the deliveries add up to the audience."""

    mailing: str  # LIST/EDITION
    state: str
    reason: str | None
    audience: int
    variants: int
    deliveries: Mapping[str, int]
    reasons: Mapping[str, int]  # of those suppressed, skipped or failed
    carried: Mapping[str, int] = field(default_factory=dict)  # sent, by provider
    pruned: bool = False  # only the counts are left

    @property
    def due(self) -> int:
        """How many were to get it."""
        left_out = ("skipped", "suppressed")
        return sum(n for state, n in self.deliveries.items() if state not in left_out)

    @property
    def settled(self) -> int:
        """Of how many of them it is known what became, or a person must say."""
        return self.due - sum(self.deliveries.get(state, 0) for state in OPEN)


class Ledger(Protocol):
    """Who gets which mailing, and what became of it. Every method is one transaction."""

    def register(self, slugs: Sequence[str], *, at: datetime) -> Mapping[str, int]:
        """Return each list's number, giving one to those not seen before."""
        ...

    def first_seen(self, slug: str) -> datetime:
        """Return when this project first knew the list."""
        ...

    def make(
        self,
        *,
        list_slug: str,
        edition: str,
        kind: str,
        state: str,
        reason: str | None,
        due_at: datetime,
        as_of: datetime,
        until: datetime,
        planned_at: datetime,
    ) -> Mailing | None:
        """Make a mailing, or return None: there is one for this list and edition."""
        ...

    def mailing(self, list_slug: str, edition: str) -> Mailing | None:
        """Return a mailing by its identity."""
        ...

    def between(self, list_slug: str, first: str, last: str) -> Sequence[Mailing]:
        """Return a list's mailings whose editions are these or between them."""
        ...

    def revive(self, mailing_id: int, *, as_of: datetime, until: datetime) -> bool:
        """Plan a missed mailing anew; False if it is not missed any more."""
        ...

    def refresh(
        self, mailing_id: int, *, as_of: datetime, until: datetime
    ) -> Mailing | None:
        """Move a planned mailing's moment to now; None if it is not planned any more."""
        ...

    def miss(self, mailing_id: int, *, reason: str) -> bool:
        """Mark a planned mailing as missed; False if it is not planned any more."""
        ...

    def planned(self) -> Sequence[Mailing]:
        """Return the mailings that wait to be composed."""
        ...

    def groups(self, mailing: Mailing) -> Sequence[Group]:
        """Return the groups its audience falls into at this moment."""
        ...

    def place(self, place_id: int) -> Place | None:
        """Return the place of a group."""
        ...

    def address(
        self,
        mailing: Mailing,
        variants: Sequence[Composed],
        assignment: Mapping[Group, bytes | None],
        *,
        batch_size: int,
        domains: Mapping[str, int],
        route: Route,
        at: datetime,
    ) -> Sequence[Group]:
        """Keep the variants and make every delivery, in one transaction.

        `assignment` gives each group its variant's content hash, or None to skip
        it; `domains` the batch size of those that have a pace of their own; `route`
        whose turn each batch is. Returns groups that have appeared meanwhile and are
        not assigned: then nothing was done. Does nothing if another process was first.
        """
        ...

    def claim(
        self,
        owner: str,
        *,
        lease: float,
        mailing_id: int | None,
        provider: str,
        settle: float,
        relieves: Collection[str] = (),
    ) -> Batch | None:
        """Lease the next batch whose turn this provider's is, or return None.

        If there is none, one that is left to it by whom it `relieves` and who takes
        nothing for now; never one whose call to another is open. A call of this
        provider whose lease has run out is `unknown` from now on: what became of it is
        looked into `settle` seconds later.
        """
        ...

    def route(self, routing: Routing) -> None:
        """Name who carries each batch that waits, by these routes from now on."""
        ...

    def carriers(self) -> Collection[str]:
        """Return whose turn it is with all that is open; "" is nobody's yet."""
        ...

    def begin(
        self,
        batch: Batch,
        *,
        lease: float,
        provider: str,
        key: str,
        paces: Sequence[Pace],
        seal: Callable[[Intent], bytes],
        at: datetime,
    ) -> Intent | None:
        """Commit the intent to send, leaving out whoever may no longer be mailed.

        `seal` gives the fingerprint of what will be sent. None: the lease was lost,
        the mailing is not sending, sending is stopped, a pace says not yet, or nobody
        is left.
        """
        ...

    def release(self, batch: Batch) -> None:
        """Give up a lease before anything was sent."""
        ...

    def recall(self, batch: Batch) -> Intent:
        """Return what was to be sent by the call that nobody knows the outcome of."""
        ...

    def begin_again(self, intent: Intent, *, lease: float) -> bool:
        """Commit to making an unknown call once more; False if it may not be."""
        ...

    def record(
        self,
        intent: Intent,
        results: Sequence[Result],
        *,
        fingerprint: bytes | None,
        settle: float,
        delay: float,
        at: datetime,
    ) -> bool:
        """Record one result per addressee; False if the lease was lost.

        The unsure ones stay together under the call's key and are looked into after
        `settle` seconds: `fingerprint` is theirs, None if they cannot be sent as they
        were. The deferred ones wait `delay` seconds for a new call.
        """
        ...

    def put_back(self, intent: Intent, *, detail: str, at: datetime) -> bool:
        """Nothing was accepted: the batch is ready again."""
        ...

    def split(self, intent: Intent, *, detail: str, at: datetime) -> bool:
        """Nothing was accepted: each half is ready as a batch of its own."""
        ...

    def alike(self, batch: Batch, state: str, *, most: int) -> int:
        """Count who is in this state and gets the same as this batch, up to `most`."""
        ...

    def wonder(self, batch: Batch, *, detail: str, delay: float) -> bool:
        """Still nobody knows: look into it again after `delay` seconds."""
        ...

    def park(self, batch: Batch, *, detail: str, at: datetime) -> bool:
        """Nobody will know by our own means: a person decides."""
        ...

    def hold_off(self, provider: str, *, seconds: float, detail: str) -> None:
        """Let every worker wait before it calls this provider again."""
        ...

    def bar(self, provider: str, *, seconds: float, detail: str) -> None:
        """Leave to others what they can carry instead of this provider."""
        ...

    def unbar(self) -> None:
        """Try everybody again who was barred."""
        ...

    def barred(self, provider: str) -> str | None:
        """Return why others carry this provider's mail, if they do."""
        ...

    def pause(
        self, mailing_id: int, *, reason: str, at: datetime, by: str = MACHINE
    ) -> bool:
        """Stop a mailing until a person resumes it; False if it is not sending."""
        ...

    def resume(
        self,
        mailing_id: int,
        *,
        at: datetime,
        by: str = MACHINE,
        reason: str | None = None,
    ) -> bool:
        """Go on with a paused mailing; False if it is not paused."""
        ...

    def cancel(
        self, mailing_id: int, *, reason: str, at: datetime, by: str = MACHINE
    ) -> bool:
        """End a mailing for good: whoever waits in it is skipped."""
        ...

    def waiting(
        self, mailing_id: int | None, *, provider: str
    ) -> tuple[int, float | None]:
        """Return how many batches are open to it, and in how many seconds one is due.

        None: it has nothing but what it may have to take for another.
        """
        ...

    def standing(self, mailing_id: int) -> Standing:
        """Count a mailing's deliveries by state."""
