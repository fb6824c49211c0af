"""Introductions: two hosts who wish to meet, and what each may see of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from mailer.core.introductions import Ending, Reply, Standing, State
from mailer.core.model import Action
from mailer.ports.hosting import Host


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """Two who are to be asked; neither has a name or an address here."""

    number: int
    hosts: tuple[Host, Host]


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """One of two who have agreed, as the other may know them now."""

    host: Host
    name: str | None = field(repr=False)
    address: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """Two who have both agreed."""

    number: int
    parties: tuple[Party, Party]


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """An introduction as one of the two sees it: themselves, and the other's action."""

    mine: Party
    other: Action
    reply: Reply | None  # their own
    standing: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Introduction:
    """An introduction as coordinators see it."""

    number: int
    state: State
    ending: Ending | None
    proposed_at: datetime
    settled_at: datetime | None
    actions: tuple[Action, Action]


class Introductions(Protocol):
    """Who was proposed to whom. Every method is one moment of the store."""

    def settle(self, *, at: datetime) -> int:
        """End what cannot come about any more; returns how many."""
        ...

    def propose(self, *, at: datetime) -> int:
        """Find hosts who could meet, and keep them; returns how many pairs.

        Each host at most once in a week, and no two people twice.
        """
        ...

    def to_ask(self) -> Sequence[Proposed]:
        """Return those who were proposed and not written to yet."""
        ...

    def asked(self, numbers: Sequence[int], *, at: datetime) -> None:
        """Take note that both of each were written to."""
        ...

    def offered(self, uid: bytes, number: int, *, at: datetime) -> Offered | None:
        """Return what one of the two sees; None for anybody else."""
        ...

    def answer(
        self, uid: bytes, number: int, reply: Reply | None, *, at: datetime
    ) -> Offered | None:
        """Keep what one of the two says, None to take it back; returns what they see.

        Where both have agreed nothing is taken back any more, and what is closed stays
        so. None for anybody else.
        """
        ...

    def to_tell(self, *, at: datetime) -> Sequence[Agreed]:
        """Return those who have both agreed and do not know each other yet."""
        ...

    def told(self, numbers: Sequence[int], *, at: datetime) -> None:
        """Take note that each was written the other's address."""
        ...

    def clear(self, *, at: datetime) -> int:
        """Empty our copies of letters with addresses, once they are sent."""
        ...

    def every(self) -> Sequence[Introduction]:
        """Return all, the newest first."""
        ...
