"""What visitors of the pages see and change."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """One person's subscription to one list, as its pages show it."""

    uid: bytes  # random, 16 bytes
    masked_address: str  # "o…@aftguild.example"; the pages never see the whole
    language: str
    organization: str | None
    list_number: int
    list_slug: str
    active: bool
    quiet_weeks: bool  # wants a short note in weeks without actions


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

    def prefer(
        self,
        uid: bytes,
        list_number: int,
        *,
        language: str,
        quiet_weeks: bool,
        at: datetime,
    ) -> bool:
        """Store what the person chose; False when there is no such subscription."""
        ...
