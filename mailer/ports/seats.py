"""Seats whose holders cannot be reached any more."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Colleague:
    """Somebody who can be told of it: another seat of the same organization."""

    uid: bytes
    language: str
    list_number: int  # a list that they get


@dataclass(frozen=True, slots=True, kw_only=True)
class LostSeat:
    """A seat whose mail bounced for good, and nobody was told of it yet."""

    number: int
    organization: str
    masked_address: str
    since: datetime  # when it bounced
    colleagues: Sequence[Colleague]  # those who may be mailed


class Seats(Protocol):
    """Who sits where, and who was told."""

    def lost(self, *, since: datetime, most: int = 100) -> Sequence[LostSeat]:
        """Return the seats whose holder's address bounced for good since then."""
        ...

    def told(self, lost: LostSeat, *, at: datetime) -> None:
        """Take note that its colleagues were written to."""
        ...
