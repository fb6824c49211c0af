"""The organizations as coordinators look them up, name them and bring them together."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """What a merge moves from one organization to another."""

    kept: str
    aliases: int
    sponsorships: int
    endorsements: int
    seats: int
    children: int = 0  # organizations of which it was the parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An organization in a list."""

    number: int
    name: str
    key: str  # of its name: lists go on after it
    place: str | None
    muted_until: datetime | None
    sponsorships: int
    endorsements: int
    seats: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """Another organization, by number and name."""

    number: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Endorsed:
    """A call that an organization endorses."""

    title: str
    on: date | None
    public: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Seated:
    """Who sits there, without an address."""

    subscriber: int
    masked_address: str
    role: str
    lost_at: datetime | None  # when its mail came back for good


@dataclass(frozen=True, slots=True, kw_only=True)
class Sponsored:
    """An action that an organization sponsors."""

    public_id: str
    starts_at: datetime
    status: str
    place: str | None
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenIn:
    """An organization that became part of this one, and how it may stand again."""

    record: int
    name: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    """All that is on record of an organization."""

    number: int
    name: str
    aliases: Sequence[str]
    parent: Related | None
    children: Sequence[Related]
    place: str | None
    website: str | None
    kind: str | None
    muted_until: datetime | None
    known_since: datetime
    endorsed: Sequence[Endorsed]
    seated: Sequence[Seated]  # the first hundred
    seats: int
    sponsored: Sequence[Sponsored]  # the latest fifty
    sponsorships: int
    taken_in: Sequence[TakenIn]


class Register(Protocol):
    """Organizations by number. Every change is audited in its own transaction."""

    def page(self, search: str, *, after: str | None, most: int) -> Sequence[Entry]:
        """Return those of which a name holds these words, by name, after a key."""
        ...

    def organization(self, number: int) -> Organization:
        """Return one; raises NotFoundError."""
        ...

    def number(self, name: str) -> int | None:
        """Return the number of the organization with this name or alias."""
        ...

    def alike(self, number: int) -> Sequence[Related]:
        """Return those whose names may mean the same; only a person can tell."""
        ...

    def rename(self, number: int, name: str, *, by: str, at: datetime) -> None:
        """Let it be called so, its old name an alias; raises RefusedError: taken."""
        ...

    def add_alias(self, number: int, alias: str, *, by: str, at: datetime) -> None:
        """Know it by another name as well; raises RefusedError: another's."""
        ...

    def remove_alias(self, number: int, alias: str, *, by: str, at: datetime) -> None:
        """Know it by that name no more; raises RefusedError: it is its own name."""
        ...

    def mute(
        self, number: int, until: datetime | None, *, by: str, at: datetime
    ) -> None:
        """Send no edition to its seats before then, or again."""
        ...

    def would_move(self, gone: int, kept: int) -> Merge:
        """Return what a merge would move; raises NotFoundError, RefusedError: one."""
        ...

    def merge(self, gone: int, kept: int, *, by: str, at: datetime) -> Merge:
        """Make one part of the other, under which all its names lead there."""
        ...

    def part(self, kept: int, record: int, *, by: str, at: datetime) -> int:
        """Take a merge apart by its record; returns the number that stands again.

        Raises NotFoundError without such a record, RefusedError where names have gone
        elsewhere since.
        """
        ...
