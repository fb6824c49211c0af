"""Brings a provider's list of suppressed addresses and ours into line, both ways.

Theirs first: then nobody is put on their list of whom they have just told us. Whoever
came back by their own act is taken off it, because mail to them would vanish there.
Broken off, it is simply run again: nothing is noted as done before it is.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mailer.core.suppressions import Held
from mailer.ports import SuppressionList, Suppressions, Synchronized

EVERY = timedelta(days=1)
# Providers tell days, in zones of their own, and write some things down late.
_THEIR_OVERLAP = timedelta(days=2)
_OUR_OVERLAP = timedelta(hours=1)  # what is written down here late, on several clocks
_LOT = 500  # addresses told at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """What was done, or would be."""

    read: int = 0  # on their list
    unread: int = 0
    blocked: int = 0  # there for a block: nobody is suppressed here, and gets no mail
    suppressed: int = 0  # here, from now on
    left: int = 0  # subscriptions that ended
    told: int = 0  # put on their list, for the first time
    untold: int = 0  # they did not take it, or take nothing
    freed: int = 0  # taken off their list
    # Who came back, and whom they would not let go.
    stuck: Sequence[str] = field(default_factory=tuple, repr=False)
    whole: bool = True  # False: broken off


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciler:
    """Works on one provider's list at a time."""

    ours: Suppressions
    clock: Callable[[], datetime]
    push: bool = True  # False: their list is read, and never changed
    dry_run: bool = False
    stopping: Callable[[], bool] = lambda: False

    def run(
        self, theirs: SuppressionList, *, again: bool = False, due: bool = False
    ) -> Reconciled | None:
        """Bring both into line; `again` from the start. None: with `due`, it is not.

        Raises ProviderError where the provider does not answer as it should.
        """
        began = self.clock()
        before = Synchronized()
        if not self.dry_run:
            begun = self.ours.begin(theirs.name, at=began, every=EVERY if due else None)
            if begun is None:
                return None
            before = begun
        if again:
            before = Synchronized()
        seen = self.ours.consents(at=began)
        work = _Work(self, theirs, began)
        work.read(before)
        if self.push and not self.stopping():
            work.free(before)
            work.tell(before)
        whole = not self.stopping()
        if whole and self.push and not self.dry_run:
            self.ours.finish(theirs.name, Synchronized(until=began, consents=seen))
        return work.done(whole=whole)


class _Work:
    """One run, as it goes on."""

    def __init__(
        self, reconciler: Reconciler, theirs: SuppressionList, began: datetime
    ) -> None:
        self._all = reconciler
        self._theirs = theirs
        self._began = began
        self._counts = dict.fromkeys(
            ("read", "unread", "blocked", "suppressed", "left", "told", "untold"), 0
        )
        self._returned: dict[str, None] = {}
        self._freed = 0
        self._stuck: Sequence[str] = ()

    def done(self, *, whole: bool) -> Reconciled:
        return Reconciled(
            **self._counts,
            freed=self._freed,
            stuck=self._stuck,
            whole=whole,
        )

    def read(self, before: Synchronized) -> None:
        """Take over what stands on their list."""
        for part in self._theirs.read(_earlier(before.until, _THEIR_OVERLAP)):
            if self._all.stopping():
                return
            taken = self._all.ours.take(
                self._theirs.name,
                part.listed,
                at=self._began,
                dry_run=self._all.dry_run,
            )
            self._returned |= dict.fromkeys(taken.returned)
            for name, count in (
                ("read", len(part.listed)),
                ("unread", part.unread),
                ("blocked", sum(e.held is Held.BLOCKED for e in part.listed)),
                ("suppressed", taken.suppressed),
                ("left", taken.left),
            ):
                self._counts[name] += count

    def free(self, before: Synchronized) -> None:
        """Take whoever came back off their list."""
        if before.until is not None:  # else all of the list has just been read
            more = self._all.ours.returned(before.consents)
            self._returned |= dict.fromkeys(more)
        self._freed = len(self._returned)
        if not self._all.dry_run:
            self._stuck = self._theirs.remove(list(self._returned))
            self._freed -= len(self._stuck)

    def tell(self, before: Synchronized) -> None:
        """Put on their list what we hold, in lots."""
        after = 0
        while not self._all.stopping():
            lot = self._all.ours.ours(
                self._theirs.name,
                since=_earlier(before.until, _OUR_OVERLAP),
                after=after,
                most=_LOT,
            )
            if not lot:
                return
            after = lot[-1][0]
            entries = [entry for _, entry in lot]
            refused = len(entries)
            if self._theirs.takes:
                refused = 0 if self._all.dry_run else self._theirs.add(entries)
            # What the overlap has told again is no news to anybody.
            new = sum(_is_new(entry.since, before.until) for entry in entries)
            self._counts["told"] += min(new, len(entries) - refused)
            self._counts["untold"] += refused


def _is_new(since: datetime, told_until: datetime | None) -> bool:
    return told_until is None or since >= told_until


def _earlier(moment: datetime | None, overlap: timedelta) -> datetime | None:
    return moment and moment - overlap
