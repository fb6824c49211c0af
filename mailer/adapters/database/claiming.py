"""The ledger's fourth part: which batch a worker takes next, and what is held back.

Leases and paces run on the database's clock, so that machines need not agree on theirs.
"""

from collections.abc import Callable

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    case,
    func,
    select,
    update,
)

from mailer.adapters.database.closing import OPEN, finish_idle
from mailer.adapters.database.engine import Database
from mailer.adapters.database.halting import SqlHalting
from mailer.adapters.database.mailings import to_mailing
from mailer.adapters.database.schema import (
    batches,
    deliveries,
    mailings,
    paces,
)
from mailer.adapters.database.statements import (
    Statements,
    may_send,
    paced,
)
from mailer.ports import Batch, Call

LOST = "the sender stopped before it heard the answer"


class SqlClaiming(SqlHalting):
    """Hands out batches, one worker each, under leases with growing epochs."""

    def __init__(
        self,
        database: Database,
        secret: bytes,
        remember: Callable[[float], None] = lambda _call: None,
    ) -> None:
        """Take the secret from which each mailing's own is made.

        `remember` is told when a call was committed to, in the database's seconds.
        """
        super().__init__(database, secret)
        self._hot = Statements(database)
        self._now = self._hot.now
        self._remember = remember

    def claim(
        self,
        owner: str,
        *,
        lease: float,
        mailing_id: int | None,
        provider: str,
        settle: float,
    ) -> Batch | None:
        """Lease the next batch that is due, or return None."""
        hot = self._hot
        with self._database.writing() as connection:
            self._give_up_on_lost(connection, settle)
            which = {"p_provider": f"provider:{provider}"}
            if mailing_id is None:
                found = connection.execute(hot.due, which)
            else:
                found = connection.execute(
                    hot.due_of, {**which, "p_mailing": mailing_id}
                )
            due = found.mappings().first()
            if due is None:
                # Two that recorded the last two batches at once both saw one open.
                finish_idle(connection)
                return None
            leased = connection.execute(
                hot.lease,
                {
                    "p_variant": due["variant_id"],
                    "p_seq": due["seq"],
                    "p_owner": owner,
                    "p_lease": lease,
                },
            ).one()
        call = Call(
            provider=due["provider"] or "",
            key=due["call_key"] or "",
            fingerprint=due["fingerprint"],
            age=float(leased.age or 0.0),
        )
        return Batch(
            mailing=to_mailing(due),
            variant_id=due["variant_id"],
            seq=due["seq"],
            epoch=leased.lease_epoch,
            attempt=leased.attempt,
            domain=due["pace"],
            unknown=call if due["batch_state"] == "unknown" else None,
        )

    def waiting(
        self, mailing_id: int | None, *, provider: str
    ) -> tuple[int, float | None]:
        """Return how many batches are open, and in how many seconds one is due."""
        held = func.coalesce(
            select(func.max(paces.c.free_at)).where(paced()).scalar_subquery(),
            0.0,
        )
        waits = batches.c.state.in_(("ready", "unknown"))
        due = case((waits, batches.c.not_before), else_=batches.c.lease_until)
        later = case((held > due, held), else_=due)
        query = (
            select(func.count(), func.min(later) - self._now)
            .select_from(batches.join(mailings, mailings.c.id == batches.c.mailing_id))
            .where(OPEN, may_send())
        )
        if mailing_id is not None:
            query = query.where(batches.c.mailing_id == mailing_id)
        with self._database.reading() as connection:
            which = {"p_provider": f"provider:{provider}"}
            count, delay = connection.execute(query, which).one()
        return count, None if delay is None else float(delay)

    def _give_up_on_lost(self, connection: Connection, settle: float) -> None:
        """Whoever held these stopped after the intent: what was accepted is unknown."""
        lost = connection.execute(
            self._hot.lose, {"p_settle": settle, "p_detail": LOST}
        ).all()
        for variant_id, seq in lost:
            connection.execute(
                update(deliveries)
                .where(of(variant_id, seq), deliveries.c.state == "inflight")
                .values(state="unknown", reason=LOST)
            )

    def _held(self, batch: Batch, *states: str) -> ColumnElement[bool]:
        """Whether the batch is still this worker's: nobody has claimed it since."""
        return and_(
            batches.c.variant_id == batch.variant_id,
            batches.c.seq == batch.seq,
            batches.c.lease_epoch == batch.epoch,
            batches.c.state.in_(states),
        )


def of(variant_id: int, seq: int) -> ColumnElement[bool]:
    """Return what picks the deliveries of a batch."""
    return and_(deliveries.c.variant_id == variant_id, deliveries.c.seq == seq)
