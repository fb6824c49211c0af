"""What visitors of the pages see and change."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from mailer.core.model import Place
from mailer.core.preferences import Change, Choices


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """One person's subscription to one list, as its pages show it."""

    uid: bytes  # random, 16 bytes
    masked_address: str  # "o…@aftguild.example"; the pages never see the whole
    organization: str | None
    place: Place | None
    time_zone: str | None  # IANA name
    list_number: int
    list_slug: str
    active: bool
    choices: Choices
    told_at: datetime | None  # the moment of the last digest that they were sent
    also_on: tuple[int, ...]  # the other lists that they are on
    last_change: Change | None  # the newest that was not taken back
    # Until when coordinators send nothing to all organizations where they have a seat.
    muted_until: datetime | None = None

    @property
    def language(self) -> str:
        """Return the language of everything that they get."""
        return self.choices.language


class Readers(Protocol):
    """The people behind the links in the mail, and what a link may change."""

    def reader(self, uid: bytes, list_number: int) -> Reader | None:
        """Find one person's subscription; None when there is none."""
        ...

    def leave(self, uid: bytes, list_number: int, *, at: datetime, how: str) -> bool:
        """End the subscription; `how` is "one-click" or "page".

        True if it changed something. Doing it again, or for somebody unknown, is
        no error and changes nothing.
        """
        ...

    def rejoin(self, uid: bytes, list_number: int, *, at: datetime) -> bool:
        """Undo `leave`; False when anything but the person's own leaving ended it."""
        ...

    def leave_all(self, uid: bytes, list_number: int, *, at: datetime) -> Sequence[int]:
        """End every subscription of whoever has one to this list; returns which.

        It is one change, and can be taken back as one.
        """
        ...

    def choose(
        self, uid: bytes, list_number: int, choices: Choices, *, at: datetime
    ) -> bool:
        """Keep what the person chose; False if that changes nothing.

        So it is when there is no such subscription.
        """
        ...

    def undo(self, uid: bytes, list_number: int, number: int, *, at: datetime) -> bool:
        """Take back one change; False if nothing of it is left.

        What was chosen anew since then stays as it was chosen.
        """
        ...
