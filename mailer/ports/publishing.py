"""What everybody may read: actions as they stand, and editions as they went out."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from mailer.core.envelope import Segments
from mailer.core.model import Action, Facts
from mailer.core.regions import Region


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """An action with the moments that feeds and calendars state; both are aware."""

    action: Action
    first_seen_at: datetime
    revised_at: datetime  # when its current version was recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """What changes whenever anything of the public actions does."""

    changed_at: datetime | None  # None: there has never been an action
    count: int  # of all actions, past ones too


class PublicActions(Protocol):
    """The actions that everybody may read about."""

    def posted(self, public_id: str) -> Posted | None:
        """Find one action, also when it is over or off."""
        ...

    def versions(self, public_id: str) -> Sequence[Facts]:
        """Return all that an action was told to be, oldest first."""
        ...

    def listed(
        self,
        at: datetime,
        *,
        off_since: datetime | None = None,
        region: Region | None = None,
        limit: int,
    ) -> Sequence[Posted]:
        """Return what is not over at this moment, also what is off, soonest first.

        With `off_since`, also what is over but was called off after that moment. Of
        more than `limit` the soonest are returned.
        """
        ...

    def regions(self, at: datetime) -> Mapping[Region, int]:
        """Return every region that ever had an action, with how many take place yet."""
        ...

    def pulse(self, at: datetime, *, off_since: datetime) -> Pulse:
        """Return when `listed` last gave another answer, at the latest.

        That is when something was recorded, was over, or had been off long enough.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """A mailing that went out, without anything of those who got it."""

    mailing_id: int
    list_number: int
    edition: str
    kind: str  # "digest" or "blast"
    as_of: datetime  # when it was composed; nothing that was over then is in it
    until: datetime  # how far ahead it looks
    revised_at: datetime  # the latest of that, and of all that it tells of
    subjects: tuple[tuple[str, str], ...]  # of a blast: language and subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What an edition told, and what its list had told before."""

    actions: Sequence[Action]  # as they stand now
    told: Mapping[int, Facts]  # action id → as this edition had it
    before: Mapping[int, Facts] | None  # as the one before had it; None: the first


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A letter that does not depend on where its readers are; slots are holes."""

    subject: str
    html: Segments


class PublicEditions(Protocol):
    """The editions of lists with an archive."""

    def latest(self, lists: Collection[int], *, limit: int) -> Sequence[Edition]:
        """Return what went out to these lists, newest first."""
        ...

    def edition(self, list_number: int, edition: str) -> Edition | None:
        """Find one edition, if it went out."""
        ...

    def contents(self, edition: Edition) -> Contents:
        """Return what a digest told."""
        ...

    def message(self, edition: Edition, language: str) -> Message | None:
        """Return a blast in this language, or in one that it has."""
        ...
