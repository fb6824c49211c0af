"""Who gets which mailing, and what became of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from mailer.core.audience import Group
from mailer.core.envelope import Segments
from mailer.core.model import Place
from mailer.ports.sending import Result


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
class Batch:
    """Up to N deliveries of one variant, leased to one worker."""

    mailing: Mailing
    variant_id: int
    seq: int
    epoch: int
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """A delivery whose intent is committed, with what its slots need."""

    subscriber_id: int
    uid: bytes
    address: str
    organization: str | None
    consented_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """A batch that may be sent now: committed, durable, leased."""

    batch: Batch
    language: str
    subject: str
    html: Segments
    text: Segments
    sent_at: datetime
    addressees: Sequence[Addressee]


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
        at: datetime,
    ) -> Sequence[Group]:
        """Keep the variants and make every delivery, in one transaction.

        `assignment` gives each group its variant's content hash, or None to skip
        it. Returns groups that have appeared meanwhile and are not assigned: then
        nothing was done. Does nothing if another process was first.
        """
        ...

    def claim(
        self, owner: str, *, lease: float, mailing_id: int | None
    ) -> Batch | None:
        """Lease the next batch that is due, or return None."""
        ...

    def begin(
        self, batch: Batch, *, lease: float, provider: str, at: datetime
    ) -> Intent | None:
        """Commit the intent to send, leaving out whoever may no longer be mailed.

        None: the lease was lost, the mailing is no longer sending, or nobody is left.
        """
        ...

    def record(
        self, intent: Intent, results: Sequence[Result], *, provider: str, at: datetime
    ) -> bool:
        """Record one result per addressee; False if the lease was lost."""
        ...

    def put_back(
        self, intent: Intent, *, detail: str, delay: float, at: datetime
    ) -> bool:
        """Nothing was accepted: the batch is ready again after `delay` seconds."""
        ...

    def pause(self, mailing_id: int, *, reason: str, at: datetime) -> bool:
        """Stop a mailing until a person resumes it; False if it is not sending."""
        ...

    def waiting(self, mailing_id: int | None) -> tuple[int, float | None]:
        """Return how many batches are open, and in how many seconds one is due."""
        ...

    def standing(self, mailing_id: int) -> Standing:
        """Count a mailing's deliveries by state."""
