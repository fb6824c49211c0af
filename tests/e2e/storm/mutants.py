"""Mistakes that others have made: the storm must find each of them.

`docs/decisions/0004-unknown-is-not-retried.md` says why each of them is one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, select, update

from mailer.adapters.clocks import elapsed
from mailer.adapters.database.claiming import of
from mailer.adapters.database.schema import batches, deliveries
from mailer.adapters.database.work import SqlLedger
from mailer.ports import Accepted, Batch, Intent, NotTaken, Outcome, Outgoing, Unknown
from tests.e2e.storm.danger import PerilousLedger, PerilousProvider
from tests.e2e.storm.orders import Mutant, Point


class BlindRetry(PerilousProvider):
    """Takes for untaken what nobody knows."""

    def send(self, outgoing: Outgoing) -> Outcome:
        """Hand over one batch; without an answer it is sent again."""
        outcome = super().send(outgoing)
        if isinstance(outcome, Unknown):
            return NotTaken(detail=outcome.detail)
        return outcome


class MarkBeforeSend(PerilousLedger):
    """Writes down the outcome before it asks for one."""

    def begin(self, batch: Batch, **how: Any) -> Intent | None:
        """Commit the intent, and at once that all of it was sent."""
        intent = SqlLedger.begin(self, batch, **how)
        if intent is not None:
            results = [Accepted() for _ in intent.addressees]
            SqlLedger.record(
                self, intent, results,
                fingerprint=None, settle=0.0, delay=0.0, at=how["at"],
            )  # fmt: skip
            self.danger.meet(Point.BEGUN)
        return intent


class NoDurableIntent(PerilousLedger):
    """Does not know of a call whose worker is gone."""

    def _give_up_on_lost(
        self, connection: Connection, provider: str, settle: float
    ) -> None:
        del provider, settle
        lost = connection.execute(
            update(batches)
            .where(batches.c.state == "inflight", batches.c.lease_until < self._now)
            .values(state="ready", lease_epoch=batches.c.lease_epoch + 1)
            .returning(batches.c.variant_id, batches.c.seq)
        ).all()
        for variant_id, seq in lost:
            connection.execute(
                update(deliveries)
                .where(of(variant_id, seq), deliveries.c.state == "inflight")
                .values(state="pending")
            )


class NoEpochCheck(PerilousLedger):
    """Lets a worker write after another has taken its batch."""

    def record(self, intent: Intent, results: Sequence[Any], **how: Any) -> bool:
        """Record the outcome, whoever has the batch by now."""
        return super().record(self._now_held(intent), results, **how)

    def put_back(self, intent: Intent, **how: Any) -> bool:
        """Make the batch ready again, whoever has it by now."""
        return super().put_back(self._now_held(intent), **how)

    def _now_held(self, intent: Intent) -> Intent:
        with self._database.reading() as connection:
            epoch = connection.execute(
                select(batches.c.lease_epoch).where(_is(intent.batch))
            ).scalar_one()
        return replace(intent, batch=replace(intent.batch, epoch=epoch))


class CursorOnFetch(PerilousLedger):
    """Counts a batch as done when somebody has taken it to work on."""

    def claim(self, owner: str, **how: Any) -> Batch | None:
        """Lease the next batch, for the last time."""
        batch = SqlLedger.claim(self, owner, **how)
        if batch is not None:
            self._set(batch, "done")
            self.danger.meet(Point.CLAIMED)
        return batch

    def begin(self, batch: Batch, **how: Any) -> Intent | None:
        """Commit the intent to send, behind the cursor."""
        self._set(batch, "leased")
        intent = SqlLedger.begin(self, batch, **how)
        self._set(batch, "done")
        if intent is not None:
            self.danger.meet(Point.BEGUN)
        return intent

    def record(self, intent: Intent, results: Sequence[Any], **how: Any) -> bool:
        """Record the outcome of a batch that counts as done."""
        self._set(intent.batch, "unknown" if intent.batch.unknown else "inflight")
        return super().record(intent, results, **how)

    def _set(self, batch: Batch, state: str) -> None:
        with self._database.writing() as connection:
            connection.execute(update(batches).where(_is(batch)).values(state=state))


def _is(batch: Batch) -> ColumnElement[bool]:
    return and_(batches.c.variant_id == batch.variant_id, batches.c.seq == batch.seq)


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What a worker is made of."""

    ledger: type[PerilousLedger] = PerilousLedger
    provider: type[PerilousProvider] = PerilousProvider
    monotonic: Callable[[], float] = elapsed


MUTANTS: Mapping[Mutant, Made] = {
    Mutant.NONE: Made(),
    Mutant.BLIND_RETRY: Made(provider=BlindRetry),
    Mutant.MARK_BEFORE_SEND: Made(ledger=MarkBeforeSend),
    Mutant.NO_DURABLE_INTENT: Made(ledger=NoDurableIntent),
    Mutant.NO_EPOCH_CHECK: Made(ledger=NoEpochCheck),
    Mutant.CURSOR_ON_FETCH: Made(ledger=CursorOnFetch),
    Mutant.NO_DEADLINE_CHECK: Made(monotonic=lambda: 0.0),  # no time ever passes
}
