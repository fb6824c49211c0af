"""Actions as coordinators look them up: all that is known, and who answers for them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from mailer.core.model import Action, Facts
from mailer.core.regions import Region

MISSING = "missing"  # a filter beside the statuses: gone from its source


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which actions a list shows; None: whatever it is."""

    past: bool = False  # what is over, the latest first; else what comes, soonest first
    status: str | None = None  # one of the statuses, or MISSING
    region: Region | None = None
    city: str = ""  # its beginning, in any case


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """A host of an action, without an address."""

    subscriber: int
    uid: bytes
    masked_address: str
    since: datetime
    asked_for: str | None  # the edition before which they were asked last
    asked_at: datetime | None
    looked_at: datetime  # when they last said that it is right

    @property
    def right_at(self) -> datetime | None:
        """Return when they answered the last question, if they were asked and did."""
        if self.asked_at is None or self.looked_at < self.asked_at:
            return None
        return self.looked_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """What an action was told to be, from some moment on."""

    number: int
    at: datetime
    by: str  # the source, "host", or an account
    facts: Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """All that is known of one action."""

    action: Action
    call: str | None
    first_seen_at: datetime
    versions: Sequence[Version]  # oldest first
    sponsors: Mapping[int, int]  # position in the facts → number of the organization
    hosts: Sequence[Answering]


class Agenda(Protocol):
    """The actions, for whoever works in the console."""

    def page(
        self, asked: Asked, *, now: datetime, after: str | None, most: int
    ) -> Sequence[Action]:
        """Return some actions, or those after the one with this public id."""
        ...

    def planned(self, public_id: str) -> Planned:
        """Return one action; raises NotFoundError."""
        ...
