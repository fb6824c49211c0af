"""What anybody may ask of us about themselves: what we hold, and to forget it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from mailer.core.erasures import Erased, Erasure


class Dossiers(Protocol):
    """All that is held of one person."""

    def of(self, address: str) -> Mapping[str, object] | None:
        """Return it as JSON values, described field by field in the reference.

        None when nothing is held, not even that the address may not be mailed.
        """
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

    def complete(self, *, at: datetime) -> Sequence[bytes]:
        """Finish what waited for a call that has ended; returns whose it was."""
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
