"""Somebody is forgotten: first it is written down, then it is done everywhere.

A power cut in between leaves a journal that is ahead of the database, and so does a
backup that is restored: whoever opens the database next does what is missing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from mailer.core.erasures import Erased, Erasure
from mailer.ports import ErasureJournal, Erasures

# Forgets what is kept outside the database of whoever has an address of this hash.
Forget = Callable[[Callable[[str], bool]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Eraser:
    """Erases people, and keeps the journal and the database in line."""

    erasures: Erasures
    journal: ErasureJournal
    elsewhere: Sequence[Forget] = ()  # the files that hold mail

    def erase(self, address_hash: bytes, *, at: datetime) -> Erased:
        """Forget whoever has this address; twice is harmless.

        Raises StoreError when the journal or the database cannot be written.
        """
        theirs = [address_hash, *self._before(address_hash)]
        erasures = [Erasure(address_hash=each, at=at) for each in theirs]
        self.journal.add(erasures)
        done = {each.address_hash: self.erasures.erase(each) for each in erasures}
        self._finish([one for one, it in done.items() if not it.waits], at=at)
        return done[address_hash]

    def catch_up(self, *, at: datetime) -> int:
        """Do again what a restored backup does not know of; returns how much.

        What the journal lacks, as a new machine's does, is written into it.
        """
        written = {each.address_hash: each for each in self.journal.entries()}
        known = {each.address_hash: each for each in self.erasures.known()}
        if missing := [known[one] for one in known.keys() - written.keys()]:
            self.journal.add(sorted(missing, key=_moment))
        again = [
            each
            for each in written.values()
            if each.address_hash not in known or known[each.address_hash].at < each.at
        ]
        done = {
            erasure.address_hash: self.erasures.erase(erasure, restored=True)
            for erasure in sorted(again, key=_moment)
        }
        self._finish([one for one, it in done.items() if not it.waits], at=at)
        return len(again)

    def complete(self, *, at: datetime) -> int:
        """Finish what waited for a call that has ended since, or was broken off.

        Returns how many.
        """
        done = self.erasures.complete(at=at)
        self._finish(done, at=at)
        return len(done)

    def _before(self, address_hash: bytes) -> Sequence[bytes]:
        """Return their addresses of before, which a backup may still know them by."""
        before = self.erasures.before(address_hash)
        return [each for each in before if each != address_hash]

    def _finish(self, hashes: Sequence[bytes], *, at: datetime) -> None:
        """Leave no trace of these anywhere; a kill in between leaves it to be done."""
        if not hashes:
            return
        self._forget(hashes)
        self.erasures.scrub()
        self.erasures.finish(hashes, at=at)

    def _forget(self, hashes: Sequence[bytes]) -> None:
        theirs = frozenset(hashes)
        for forget in self.elsewhere:
            forget(lambda address: self.erasures.hashed(address) in theirs)


def _moment(erasure: Erasure) -> datetime:
    return erasure.at
