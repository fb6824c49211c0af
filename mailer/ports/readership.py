"""Subscribers as coordinators look them up, and what is done for one at their request."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """Whom a list of subscribers shows; None: whatever it is."""

    organization: int | None = None
    list_number: int | None = None
    state: str | None = None  # of a subscription: "pending", "active", "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """One subscription, in a word."""

    list_slug: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A subscriber in a list, without an address."""

    number: int
    masked_address: str
    organization: str | None
    place: str | None
    language: str
    memberships: Sequence[Membership]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """Where somebody sits, and as what."""

    organization: int
    name: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Consented:
    """One row of somebody's consent history."""

    list_slug: str
    kind: str
    basis: str | None
    source: str | None
    wording: str | None
    happened_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """Who somebody is, without an address."""

    number: int
    uid: bytes
    masked_address: str
    language: str
    known_since: datetime
    seats: Sequence[Seat]
    tags: Sequence[str]
    consents: Sequence[Consented]  # the newest first


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """One row of a list that is taken out: a whole address."""

    address: str
    organization: str | None
    place: str | None
    language: str
    consented_on: date | None


class Readership(Protocol):
    """Subscribers by number. What is done for somebody is audited with its consent row."""

    def find(self, address: str) -> int | None:
        """Return the number of whoever has this address."""
        ...

    def page(
        self, sought: Sought, *, before: int | None, most: int
    ) -> Sequence[Listed]:
        """Return subscribers, the newest first, or those before a number."""
        ...

    def subscriber(self, number: int) -> Subscriber:
        """Return one; raises NotFoundError, also of whoever was erased."""
        ...

    def look(self, number: int, *, by: str, at: datetime) -> str:
        """Return the whole address once it is on record who looked.

        Raises NotFoundError.
        """
        ...

    def pause(
        self, number: int, list_number: int, until: datetime, *, by: str, at: datetime
    ) -> None:
        """Send them nothing of a list before then, as they asked.

        Raises RefusedError where they get nothing of it, or nothing for longer already.
        """
        ...

    def end(self, number: int, list_number: int, *, by: str, at: datetime) -> None:
        """End a subscription as they asked; raises RefusedError: it has ended."""
        ...

    def export(self, list_number: int, *, by: str, at: datetime) -> Iterator[Exported]:
        """Yield who gets a list, once it is on record who took it out.

        That is written before this returns.
        """
        ...
