"""The ledger's fourth part: which batch a worker takes next, and what is held back.

Leases and paces run on the database's clock, so that machines need not agree on theirs.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    String,
    and_,
    case,
    cast,
    exists,
    func,
    literal_column,
    or_,
    select,
    update,
)

from mailer.adapters.database.closing import finish_idle
from mailer.adapters.database.engine import Database
from mailer.adapters.database.halting import SqlHalting
from mailer.adapters.database.mailings import to_mailing
from mailer.adapters.database.schema import (
    batches,
    deliveries,
    instance,
    lists,
    mailings,
    paces,
)
from mailer.ports import Batch, Call

# Spelled out, not bound: only so do both databases see that the partial index fits.
OPEN: ColumnElement[bool] = literal_column(
    "batches.state IN ('ready', 'leased', 'inflight', 'unknown')"
)
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
        self._now = database.seconds()
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
        with self._database.writing() as connection:
            self._give_up_on_lost(connection, settle)
            due = connection.execute(self._due(mailing_id, provider)).mappings().first()
            if due is None:
                # Two that recorded the last two batches at once both saw one open.
                finish_idle(connection)
                return None
            unknown = due["batch_state"] == "unknown"
            leased = connection.execute(
                update(batches)
                .where(
                    batches.c.variant_id == due["variant_id"],
                    batches.c.seq == due["seq"],
                )
                .values(
                    state=batches.c.state if unknown else "leased",
                    not_before=self._now + lease if unknown else batches.c.not_before,
                    lease_owner=owner,
                    lease_epoch=batches.c.lease_epoch + 1,
                    lease_until=self._now + lease,
                    attempt=batches.c.attempt + 1,
                )
                .returning(
                    batches.c.lease_epoch,
                    batches.c.attempt,
                    (self._now - batches.c.first_call).label("age"),
                )
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
            unknown=call if unknown else None,
        )

    def waiting(
        self, mailing_id: int | None, *, provider: str
    ) -> tuple[int, float | None]:
        """Return how many batches are open, and in how many seconds one is due."""
        held = func.coalesce(
            select(func.max(paces.c.free_at)).where(_paced(provider)).scalar_subquery(),
            0.0,
        )
        waits = batches.c.state.in_(("ready", "unknown"))
        due = case((waits, batches.c.not_before), else_=batches.c.lease_until)
        later = case((held > due, held), else_=due)
        query = (
            select(func.count(), func.min(later) - self._now)
            .select_from(batches.join(mailings, mailings.c.id == batches.c.mailing_id))
            .where(OPEN, _may_send())
        )
        if mailing_id is not None:
            query = query.where(batches.c.mailing_id == mailing_id)
        with self._database.reading() as connection:
            count, delay = connection.execute(query).one()
        return count, None if delay is None else float(delay)

    def _due(self, mailing_id: int | None, provider: str) -> Any:
        ready = and_(batches.c.state == "ready", batches.c.not_before <= self._now)
        abandoned = and_(batches.c.state == "leased", batches.c.lease_until < self._now)
        unknown = and_(batches.c.state == "unknown", batches.c.not_before <= self._now)
        held_back = exists().where(_paced(provider), paces.c.free_at > self._now)
        # What becomes of a call that was made is found out even after a cancellation.
        over = mailings.c.state == "cancelled"
        query = (
            select(
                mailings,
                lists.c.slug,
                batches.c.variant_id,
                batches.c.seq,
                batches.c.state.label("batch_state"),
                batches.c.pace,
                batches.c.provider,
                batches.c.key.label("call_key"),
                batches.c.fingerprint,
            )
            .select_from(
                batches.join(mailings, mailings.c.id == batches.c.mailing_id).join(
                    lists, lists.c.number == mailings.c.list_number
                )
            )
            .where(
                OPEN,
                or_(
                    and_(or_(ready, abandoned, unknown), _may_send()),
                    and_(unknown, over, _not_stopped()),
                ),
                ~held_back,
            )
            .order_by(batches.c.not_before, batches.c.variant_id, batches.c.seq)
            .limit(1)
            .with_for_update(skip_locked=True, of=batches)
        )
        return query if mailing_id is None else query.where(mailings.c.id == mailing_id)

    def _give_up_on_lost(self, connection: Connection, settle: float) -> None:
        """Whoever held these stopped after the intent: what was accepted is unknown."""
        lost = connection.execute(
            update(batches)
            .where(
                OPEN, batches.c.state == "inflight", batches.c.lease_until < self._now
            )
            .values(
                state="unknown",
                lease_epoch=batches.c.lease_epoch + 1,
                not_before=self._now + settle,
                detail=LOST,
            )
            .returning(batches.c.variant_id, batches.c.seq)
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


def _may_send() -> ColumnElement[bool]:
    return and_(mailings.c.state == "sending", _not_stopped())


def _not_stopped() -> ColumnElement[bool]:
    return ~exists().where(instance.c.stopped_at.is_not(None))


def _paced(provider: str) -> ColumnElement[bool]:
    """Return what picks the paces that a batch keeps to."""
    return or_(
        paces.c.name == f"provider:{provider}",
        paces.c.name == "mailing:" + cast(batches.c.mailing_id, String),
        paces.c.name == "domain:" + batches.c.pace,
    )
