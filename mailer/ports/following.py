"""Mailings as those look at them who sent them: which, to whom, what happened."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from mailer.ports.blasts import Fared
from mailer.ports.ledger import OPEN, Mailing
from mailer.ports.records import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A variant of a mailing, and how far it is; the deliveries are its people."""

    number: int
    language: str
    place: str | None  # near which its readers are
    subject: str
    deliveries: Mapping[str, int]  # by state

    @property
    def people(self) -> int:
        """Return to how many it goes, or was to go."""
        return sum(self.deliveries.values())

    @property
    def open(self) -> int:
        """Return of how many it is not known yet what became."""
        return sum(self.deliveries.get(state, 0) for state in OPEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """Somebody whom a mailing did not reach."""

    masked_address: str
    reason: str  # as the provider said it, foreign text


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubtful:
    """A delivery whose outcome nobody knows."""

    mailing: int
    list_slug: str
    edition: str
    subscriber: int
    masked_address: str
    provider: str | None
    reason: str | None
    sent_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What is not written to for the moment."""

    name: str  # "provider:main", "mailing:7", "domain:example.net"
    seconds: float
    reason: str | None  # None: its pace


class Following(Protocol):
    """Reads mailings; changes nothing."""

    def page(
        self, states: Collection[str], *, most: int, before: int | None = None
    ) -> Sequence[Mailing]:
        """Return mailings in these states, all without any, the newest first.

        Letters to one person are none. `before` is the number of the last one that was
        seen already.
        """
        ...

    def mailing(self, number: int) -> Mailing:
        """Return one; raises NotFoundError, also for a letter to one person."""
        ...

    def versions(self, number: int, *, most: int) -> tuple[Sequence[Version], int]:
        """Return the variants with the most people, and how many more there are."""
        ...

    def languages(self, number: int) -> Mapping[str, int]:
        """Return how many people get it in which language."""
        ...

    def failed(self, number: int, *, most: int) -> Sequence[Failed]:
        """Return whom it did not reach."""
        ...

    def story(self, mailing: Mailing, *, most: int) -> Sequence[Record]:
        """Return what was done with it and the draft that it was, the newest first."""
        ...

    def fared(self, number: int) -> Fared:
        """Return what became of it, as far as it is known."""
        ...


class Doubts(Protocol):
    """Deliveries whose outcome nobody knows, until a person has found out."""

    def doubtful(self, *, most: int) -> Sequence[Doubtful]:
        """Return them, the oldest mailing first."""
        ...

    def resend(
        self, mailing_id: int, subscriber: int | None, *, actor: str, at: datetime
    ) -> int:
        """Queue them again; whoever has it gets it twice. Returns how many.

        `subscriber` None takes all of the mailing's. Raises RefusedError for one that
        was cancelled.
        """
        ...

    def mark_sent(
        self, mailing_id: int, subscriber: int | None, *, actor: str, at: datetime
    ) -> int:
        """Take them as sent: somebody has found out. Returns how many."""
        ...
