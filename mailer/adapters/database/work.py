"""The ledger's last part: the outcome of a call, recorded once.

Every write names the lease's epoch, so that a worker whose lease has run out changes
nothing. A call's key and fingerprint go as soon as its outcome is known: whatever is
sent after that is a new call.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, insert, select, update

from mailer.adapters.database import outcomes, settling
from mailer.adapters.database.claiming import of
from mailer.adapters.database.closing import finish
from mailer.adapters.database.halting import skip_if_cancelled
from mailer.adapters.database.intents import SqlIntents
from mailer.adapters.database.schema import (
    batches,
    deliveries,
    variants,
)
from mailer.ports import Batch, Deferred, Intent, Result, Unsure

_MINE = ("inflight", "unknown")


class SqlLedger(SqlIntents):
    """The whole ledger."""

    def record(
        self,
        intent: Intent,
        results: Sequence[Result],
        *,
        fingerprint: bytes | None,
        settle: float,
        delay: float,
        at: datetime,
    ) -> bool:
        """Record one result per addressee; False if the lease was lost."""
        batch = intent.batch
        unsure = any(isinstance(result, Unsure) for result in results)
        deferred = any(isinstance(result, Deferred) for result in results)
        state = "unknown" if unsure else "ready" if deferred else "done"
        wait = settle if unsure else delay
        mark = fingerprint if unsure else None
        with self._database.writing() as connection:
            if not self._close(connection, batch, state, wait, mark):
                return False
            outcomes.keep(connection, self._hot, intent, results, at=at)
            if unsure and deferred:
                self._move_waiting(connection, batch, delay)
            if unsure:
                self._look_back(connection, batch, at)
            if deferred:
                self._after(connection, batch, at)
            else:
                finish(connection, batch.mailing.id, at)
        return True

    def put_back(self, intent: Intent, *, detail: str, at: datetime) -> bool:
        """Nothing was accepted: the batch is ready again."""
        batch = intent.batch
        with self._database.writing() as connection:
            if not self._close(connection, batch, "ready", 0.0, None):
                return False
            _explain(connection, batch, detail=detail[:500])
            _wait_again(connection, batch, at)
            self._after(connection, batch, at)
        return True

    def split(self, intent: Intent, *, detail: str, at: datetime) -> bool:
        """Nothing was accepted: each half is ready as a batch of its own."""
        batch, people = intent.batch, intent.addressees
        with self._database.writing() as connection:
            if not self._close(connection, batch, "ready", 0.0, None):
                return False
            _explain(connection, batch, detail=detail[:500], attempt=0)
            _wait_again(connection, batch, at)
            upper = deliveries.c.subscriber_id >= people[len(people) // 2].subscriber_id
            self._move_waiting(connection, batch, 0.0, upper)
            self._after(connection, batch, at)
        return True

    def alike(self, batch: Batch, state: str, *, most: int) -> int:
        """Count who is in this state and gets the same as this batch, up to `most`."""
        some = (
            select(deliveries.c.subscriber_id)
            .where(
                deliveries.c.variant_id == batch.variant_id, deliveries.c.state == state
            )
            .limit(most)
            .subquery()
        )
        with self._database.reading() as connection:
            found: int = connection.scalar(select(func.count()).select_from(some)) or 0
        return found

    def wonder(self, batch: Batch, *, detail: str, delay: float) -> bool:
        """Still nobody knows: look into it again after `delay` seconds."""
        mark = batch.unknown.fingerprint if batch.unknown else None
        with self._database.writing() as connection:
            if not self._close(connection, batch, "unknown", delay, mark):
                return False
            _explain(connection, batch, detail=detail[:500])
        return True

    def park(self, batch: Batch, *, detail: str, at: datetime) -> bool:
        """Nobody will know by our own means: a person decides."""
        with self._database.writing() as connection:
            if not self._close(connection, batch, "parked", 0.0, None):
                return False
            parked = connection.execute(
                update(deliveries)
                .where(of(batch.variant_id, batch.seq), deliveries.c.state == "unknown")
                .values(state="parked", reason=detail[:300], changed_at=at)
            )
            if not parked.rowcount:  # all of it has been settled otherwise
                _explain(connection, batch, state="done", key=None)
            self._look_back(connection, batch, at)
            finish(connection, batch.mailing.id, at)
        return True

    def _close(
        self,
        connection: Connection,
        batch: Batch,
        state: str,
        wait: float,
        fingerprint: bytes | None,
    ) -> bool:
        """Change a batch that is still this worker's; False if it is not."""
        moved = connection.execute(
            self._hot.close,
            {
                "p_variant": batch.variant_id,
                "p_seq": batch.seq,
                "p_epoch": batch.epoch,
                "p_state": state,
                "p_wait": wait,
                "p_fingerprint": fingerprint,
            },
        )
        return bool(moved.rowcount)

    def _look_back(self, connection: Connection, batch: Batch, at: datetime) -> None:
        """Count as sent whom the provider has told of before they were in doubt."""
        call = (batch.variant_id, batch.seq)
        settling.look_back(self._database, connection, [call], at=at)

    def _after(self, connection: Connection, batch: Batch, at: datetime) -> None:
        """Do what is due when somebody of a batch waits again."""
        skip_if_cancelled(connection, batch.mailing.id, at)
        finish(connection, batch.mailing.id, at)

    def _move_waiting(
        self,
        connection: Connection,
        batch: Batch,
        wait: float,
        which: ColumnElement[bool] | None = None,
    ) -> None:
        """Move pending deliveries of a batch to one of their own, which goes its way."""
        connection.execute(  # two at once must not choose the same number
            select(variants.c.id)
            .where(variants.c.id == batch.variant_id)
            .with_for_update(key_share=True)  # whoever only refers to it does not wait
        )
        last = select(func.max(batches.c.seq)).where(
            batches.c.variant_id == batch.variant_id
        )
        seq = int(connection.scalar(last) or 0) + 1
        mine = connection.execute(
            select(batches.c.point, batches.c.carrier, batches.c.stand_in).where(
                batches.c.variant_id == batch.variant_id, batches.c.seq == batch.seq
            )
        ).one()
        connection.execute(
            insert(batches).values(
                variant_id=batch.variant_id,
                seq=seq,
                mailing_id=batch.mailing.id,
                state="ready",
                pace=batch.domain,
                point=mine.point,
                carrier=mine.carrier,
                stand_in=mine.stand_in,
                not_before=self._now + wait,
            )
        )
        theirs = update(deliveries).where(
            of(batch.variant_id, batch.seq), deliveries.c.state == "pending"
        )
        connection.execute(
            (theirs if which is None else theirs.where(which)).values(seq=seq)
        )


def _explain(connection: Connection, batch: Batch, **values: Any) -> None:
    """Write down with a batch why it is open again."""
    connection.execute(
        update(batches)
        .where(batches.c.variant_id == batch.variant_id, batches.c.seq == batch.seq)
        .values(**values)
    )


def _wait_again(connection: Connection, batch: Batch, at: datetime) -> None:
    connection.execute(
        update(deliveries)
        .where(of(batch.variant_id, batch.seq), deliveries.c.state.in_(_MINE))
        .values(state="pending", provider=None, changed_at=at)
    )
