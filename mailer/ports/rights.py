"""What anybody may ask of us about themselves: what we hold, and to forget it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from mailer.core.erasures import Erased, Erasure
from mailer.core.requests import Handing, Kind, Moved, Request


class Dossiers(Protocol):
    """All that is held of one person."""

    def of(self, address: str) -> Mapping[str, object] | None:
        """Return it as JSON values, described field by field in the reference.

        None when nothing is held, not even that the address may not be mailed.
        """
        ...

    def of_whom(self, uid: bytes) -> Mapping[str, object] | None:
        """Return all that is held of whoever has this random id."""
        ...


class Erasures(Protocol):
    """Forgets people, and remembers by hashes alone whom it forgot."""

    def hashed(self, address: str) -> bytes:
        """Return the keyed hash of an address."""
        ...

    def known(self) -> Sequence[Erasure]:
        """Return every erasure that this database knows of."""
        ...

    def erase(self, erasure: Erasure, *, restored: bool = False) -> Erased:
        """Forget whoever has this address, and never mail it again.

        With `restored`, an erasure of long ago is done again in a database that came
        out of a backup: whoever agreed anew since then by their own act stays. What
        must wait for a call is done by `complete`. Twice is harmless.
        """
        ...

    def before(self, hashed: bytes) -> Sequence[bytes]:
        """Return where somebody was written to until they moved, by its hashes.

        Not those that are somebody else's address today.
        """
        ...

    def complete(self, *, at: datetime) -> Sequence[bytes]:
        """Erase what waited for a call that has ended, or was broken off.

        Returns whose it was; they are not finished yet.
        """
        ...

    def finish(self, hashes: Sequence[bytes], *, at: datetime) -> None:
        """Take note that of these nothing is left anywhere."""
        ...

    def scrub(self) -> None:
        """Leave no trace of what was deleted in the database's own files.

        Raises StoreError when others keep the database busy.
        """
        ...


class ErasureJournal(Protocol):
    """Remembers erasures outside the database, which a backup may bring back."""

    def entries(self) -> Sequence[Erasure]:
        """Return all of them, oldest first. Raises InputError for a broken journal."""
        ...

    def add(self, entries: Sequence[Erasure]) -> None:
        """Write some down before anything is erased. Raises StoreError."""
        ...


class Rights(Protocol):
    """What the owner of an address asks for through a link that was just mailed there.

    Nothing here tells a stranger whether somebody is known.
    """

    def ask(self, kind: Kind, uid: bytes, list_number: int, *, at: datetime) -> None:
        """Have the person behind a link asked, at their address, if it was they.

        `kind` is one of `core.requests.OWN`.
        """
        ...

    def address(self, uid: bytes) -> str | None:
        """Return the address of whoever has this random id."""
        ...

    def forget(self, uid: bytes, number: int, *, at: datetime) -> None:
        """Let a request go that its owner says is not theirs.

        Whoever is here for nothing else is forgotten with it.
        """
        ...

    def ask_at(self, request: Request, address: str, *, at: datetime) -> None:
        """Have the owner of another address asked about it.

        Whether whoever wants to move may move there, or whether they take over the
        seat of whoever hands it over.
        """
        ...

    def sit(self, uid: bytes, number: int, *, at: datetime) -> Moved:
        """Let somebody take over a seat, or take theirs back; once.

        The lists that they were asked about go with it: they end for the one, unless
        they have another seat, and begin for the other, who keeps what they chose of a
        list by themselves. Whoever had the seat may take all of it back for a week. An
        address that is not to be mailed takes nothing.
        """
        ...

    def handing(self, uid: bytes, number: int) -> Handing | None:
        """Return which seat a request is about, and the lists that go with it.

        None if it is about no seat, or if nobody has that seat any more.
        """
        ...

    def move(self, uid: bytes, number: int, *, at: datetime) -> Moved:
        """Let somebody move to the address that a link was mailed to, or back; once.

        All that they have goes with them. Whoever has the old address from then on,
        which is nobody, may take it back for a week.
        """
        ...
