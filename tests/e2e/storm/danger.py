"""The real ledger and provider, in which a worker dies at the points of its orders."""

import os
import random
import signal
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from mailer.adapters.database.engine import Database
from mailer.adapters.database.work import SqlLedger
from mailer.ports import (
    Batch,
    Capabilities,
    Found,
    Intent,
    NotTaken,
    Outcome,
    Outgoing,
    Provider,
    Search,
    Searchable,
)
from tests.e2e.storm.orders import Deed, Means, Orders, Point

LONGEST_CALL = 2.0  # seconds; the provider's table says that it may be silent for 1
LAG = 0.6  # seconds until a search finds for certain what was accepted
DAY = 86_400.0  # seconds


class Danger:
    """Ends or freezes this process when its time has come."""

    def __init__(self, orders: Orders) -> None:
        """Take the perils of one life."""
        self._perils = orders.perils
        self._random = random.Random(orders.seed)  # noqa: S311 - a script
        self._passages: Counter[Point] = Counter()

    def meet(self, point: Point) -> None:
        """Pass a point, or not."""
        self._passages[point] += 1
        for peril in self._perils:
            if peril.point is not point:
                continue
            struck = self._random.random() < peril.chance
            if struck or peril.nth == self._passages[point]:
                kill = peril.deed is Deed.KILL
                os.kill(os.getpid(), signal.SIGKILL if kill else signal.SIGSTOP)


class PerilousLedger(SqlLedger):
    """The ledger, with the danger after each of its commits."""

    def __init__(
        self,
        database: Database,
        secret: bytes,
        remember: Callable[[float], None],
        *,
        danger: Danger,
    ) -> None:
        """Take what the ledger takes, and the danger."""
        super().__init__(database, secret, remember)
        self.danger = danger

    def claim(self, owner: str, **how: Any) -> Batch | None:
        """Lease the next batch."""
        batch = super().claim(owner, **how)
        if batch is not None:
            self.danger.meet(Point.CLAIMED)
        return batch

    def begin(self, batch: Batch, **how: Any) -> Intent | None:
        """Commit the intent to send."""
        intent = super().begin(batch, **how)
        if intent is not None:
            self.danger.meet(Point.BEGUN)
        return intent

    def begin_again(self, intent: Intent, *, lease: float, at: datetime) -> bool:
        """Commit to making an unknown call once more."""
        again = super().begin_again(intent, lease=lease, at=at)
        if again:
            self.danger.meet(Point.BEGUN)
        return again

    def record(self, intent: Intent, results: Sequence[Any], **how: Any) -> bool:
        """Record the outcome."""
        return self._met(super().record(intent, results, **how))

    def put_back(self, intent: Intent, **how: Any) -> bool:
        """Nothing was accepted."""
        return self._met(super().put_back(intent, **how))

    def split(self, intent: Intent, **how: Any) -> bool:
        """Nothing was accepted, and nothing will be of this call as it is."""
        return self._met(super().split(intent, **how))

    def wonder(self, batch: Batch, **how: Any) -> bool:
        """Still nobody knows."""
        return self._met(super().wonder(batch, **how))

    def park(self, batch: Batch, **how: Any) -> bool:
        """Nobody will know by our own means."""
        return self._met(super().park(batch, **how))

    def _met(self, written: bool) -> bool:  # noqa: FBT001 - what was just answered
        self.danger.meet(Point.RECORDED)
        return written


class PerilousProvider:
    """A provider, with the danger after each of its answers, and short leases."""

    def __init__(self, provider: Provider, *, orders: Orders, danger: Danger) -> None:
        """Offer what the orders say only, whatever the provider could do besides."""
        self.provider = provider
        self.danger = danger
        self.name = provider.name
        self.capabilities = _only(provider.capabilities, orders.means, orders.batch)

    def send(self, outgoing: Outgoing) -> Outcome:
        """Hand over one batch."""
        outcome = self.provider.send(outgoing)
        self.danger.meet(Point.CALLED)
        return outcome

    def find(self, outgoing: Outgoing) -> Found | NotTaken:
        """Look for the messages of a call."""
        assert isinstance(self.provider, Searchable)
        found = self.provider.find(outgoing)
        self.danger.meet(Point.CALLED)
        return found

    def close(self) -> None:
        """Let go of connections."""
        self.provider.close()


def _only(known: Capabilities, means: Means, batch: int) -> Capabilities:
    keyed = means in (Means.KEY, Means.KEY_EACH)
    assert not keyed or known.idempotency_ttl is not None
    alone = means is Means.KEY_EACH
    return replace(
        known,
        max_batch=1 if alone else batch,
        window=batch if alone else 1,
        concurrency=4 if alone else 1,
        longest_call=LONGEST_CALL,
        idempotency_ttl=known.idempotency_ttl if keyed else None,
        search=Search(lag=LAG, keeps=DAY) if means is Means.SEARCH else None,
    )
