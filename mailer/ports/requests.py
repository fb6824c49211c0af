"""Where requests wait: for a letter, for the owner of an address, for a moderator."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from mailer.core.requests import Ask, Backlog, Due, Kind, Request


class Requests(Protocol):
    """The requests that visitors made."""

    def ask(self, ask: Ask, *, at: datetime) -> None:
        """Keep a request; the work is the same whoever's address it is.

        One that is asked again while it is open takes the newer facts; its owner is
        written to again once `COOLDOWN` has passed. Of one address at most `MOST_OPEN`
        of each kind are kept. Nothing tells the caller which of these it was.
        """
        ...

    def due(self, *, at: datetime, most: int = 100) -> Sequence[Due]:
        """Return whom to write to now, and give each address that is new a person.

        One letter per address, whatever was asked, but one for each grave request.
        Addresses within their cooldown wait. What is asked for an address that nobody
        may write to is forgotten.
        """
        ...

    def written(self, due: Due, *, at: datetime) -> None:
        """Take note that the letter was put on its way."""
        ...

    def open_for(self, uid: bytes, number: int, *, at: datetime) -> Sequence[Request]:
        """Return what the link about request `number` grants its holder.

        All that the owner's address was asked for, or the one grave request. Empty if
        it is over, granted already, or nobody's.
        """
        ...

    def find(self, uid: bytes, number: int) -> Request | None:
        """Return the request that a link is about, whatever its state."""
        ...

    def confirm(
        self, uid: bytes, number: int, *, at: datetime, shown: str | None = None
    ) -> Sequence[Request]:
        """Grant what `open_for` returns, once; returns what was granted by this call.

        With `shown`, nothing unless it is still the fingerprint of all that is asked.
        Subscriptions begin, suppressions of who returned are lifted, and what a
        moderator decides on waits for one. Grave ones are only marked: what they do is
        theirs who call this.
        """
        ...

    def refuse(self, uid: bytes, number: int, *, at: datetime) -> None:
        """Never write to this address again; whoever holds the link did not ask."""
        ...

    def waiting(
        self, kind: Kind | None = None, *, after: int = 0, most: int | None = None
    ) -> Sequence[Request]:
        """Return what moderators have to decide on, the oldest first.

        Those after a number, and at most so many.
        """
        ...

    def backlog(self) -> Backlog:
        """Return how many requests moderators have to decide on, without the requests."""
        ...

    def decided(self, *, since: datetime, until: datetime) -> Sequence[Request]:
        """Return what moderators decided between these moments, the oldest first."""
        ...

    def request(self, number: int) -> Request:
        """Return one request; raises NotFoundError."""
        ...

    def settle(
        self,
        number: int,
        *,
        accepted: bool,
        by: str,
        at: datetime,
        reason: str | None = None,
    ) -> bool:
        """Close a request that waited; False: somebody had decided already."""
        ...

    def expire(self, *, at: datetime) -> int:
        """Forget what nobody granted in time, and who was known for nothing else."""
        ...
