"""What is kept of actions, people and organizations."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from mailer.core.model import Action, CallDraft, Draft, Facts, Place


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionChanges:
    """What one reading does to what is stored."""

    created: Sequence[Draft] = ()
    updated: Sequence[tuple[Action, Draft]] = ()
    unchanged: Sequence[Action] = ()
    returned: Sequence[Action] = ()  # were missing, are back as they were
    missing: Sequence[Action] = ()  # newly vanished from the source; not cancelled


class ActionStore(Protocol):
    """Keeps actions, every version of them, and who sponsors them."""

    def reconcile(
        self,
        source: str,
        decide: Callable[[Sequence[Action]], ActionChanges],
        *,
        call: CallDraft | None,
        at: datetime,
        dry_run: bool,
    ) -> ActionChanges:
        """Show `decide` all of this source's actions and apply what it answers.

        One transaction: two imports of the same source follow one another.
        """
        ...

    def relevant(self, as_of: datetime) -> Sequence[Action]:
        """Return every action that is not over, whatever its status."""
        ...

    def known(self, variant_id: int) -> Mapping[int, Facts]:
        """Return what the readers of a variant were told, by action id."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Contacted:
    """A person as an import states them, checked and ready to keep."""

    line: int
    address: str
    given_name: str | None = None
    family_name: str | None = None
    organization: str | None = None
    role: str = "primary"
    language: str = "en"
    time_zone: str | None = None
    place: Place | None = None
    consent_basis: str | None = None  # None: the subscription stays pending
    consent_at: datetime | None = None
    consent_source: str | None = None
    consent_wording: str | None = None
    tags: tuple[str, ...] = ()  # as `core.tags` writes them


@dataclass(frozen=True, slots=True, kw_only=True)
class Enlisted:
    """What became of imported people."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    pending: int = 0  # among all: waiting for a consent
    suppressed: int = 0  # kept, but never mailed
    left: int = 0  # had left this list before; an import does not bring them back


class People(Protocol):
    """Keeps subscribers, their seats, subscriptions and consents."""

    def enlist(
        self,
        contacts: Iterable[Contacted],
        *,
        list_slug: str,
        at: datetime,
        dry_run: bool = False,
    ) -> Enlisted:
        """Add or update these people and subscribe them to a list, lot by lot.

        The people of the next lot are asked for when the last one is kept. A dry run
        changes nothing, and counts what would be.
        """
        ...

    def known_as(self, address: str, *, language: str, at: datetime) -> bytes:
        """Return the random id of whoever has this address, new or not."""
        ...

    def suppress(
        self,
        addresses: Iterable[str],
        *,
        reason: str,
        at: datetime,
        by: str = "cli",
        why: str | None = None,
    ) -> int:
        """Never mail these again; returns how many were not suppressed before.

        `why` is for the audit log: words without an address.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Organized:
    """An organization as an import states it."""

    line: int
    name: str
    aliases: tuple[str, ...] = ()
    parent: str | None = None
    place: Place | None = None
    website: str | None = None
    endorses: str | None = None  # a call's slug
    endorsed_on: date | None = None
    public: bool = True
    kind: str | None = None  # "union", "faith": as `core.tags` writes it


class Organizations(Protocol):
    """Keeps organizations under all their names."""

    def organize(
        self, organizations: Iterable[Organized], *, at: datetime, dry_run: bool = False
    ) -> tuple[int, int, int]:
        """Add or update; returns how many were created, updated, unchanged."""
        ...
