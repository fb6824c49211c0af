"""The ledger's last part: claim a batch, commit the intent, record the outcome.

Leases run on the database's clock. Every write after the claim names the lease's
epoch, so that a worker whose lease has run out changes nothing.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    case,
    exists,
    func,
    or_,
    select,
    update,
)

from mailer.adapters.database import outcomes
from mailer.adapters.database.closing import finish
from mailer.adapters.database.engine import Database
from mailer.adapters.database.halting import SqlHalting, skip_if_cancelled
from mailer.adapters.database.mailings import to_mailing
from mailer.adapters.database.people import first_seat
from mailer.adapters.database.schema import (
    batches,
    deliveries,
    lists,
    mailings,
    subscribers,
    subscriptions,
    suppressions,
    variants,
)
from mailer.core.envelope import Segments
from mailer.ports import (
    Addressee,
    Batch,
    Deferred,
    Intent,
    Result,
    Unsure,
)

_OPEN = ("ready", "leased", "inflight")


class SqlLedger(SqlHalting):
    """The whole ledger."""

    def __init__(self, database: Database, secret: bytes) -> None:
        """Take the secret from which each mailing's own is made."""
        super().__init__(database, secret)
        self._now = database.seconds()

    def claim(
        self, owner: str, *, lease: float, mailing_id: int | None
    ) -> Batch | None:
        """Lease the next batch that is due, or return None."""
        with self._database.writing() as connection:
            self._give_up_on_lost(connection)
            key = connection.execute(self._due(mailing_id)).first()
            if key is None:
                return None
            row = connection.execute(
                update(batches)
                .where(batches.c.variant_id == key.variant_id, batches.c.seq == key.seq)
                .values(
                    state="leased",
                    lease_owner=owner,
                    lease_epoch=batches.c.lease_epoch + 1,
                    lease_until=self._now + lease,
                    attempt=batches.c.attempt + 1,
                )
                .returning(
                    batches.c.mailing_id, batches.c.lease_epoch, batches.c.attempt
                )
            ).one()
            mailing = (
                connection.execute(
                    select(mailings, lists.c.slug)
                    .join(lists, lists.c.number == mailings.c.list_number)
                    .where(mailings.c.id == row.mailing_id)
                )
                .mappings()
                .one()
            )
        return Batch(
            mailing=to_mailing(mailing),
            variant_id=key.variant_id,
            seq=key.seq,
            epoch=row.lease_epoch,
            attempt=row.attempt,
        )

    def _due(self, mailing_id: int | None) -> Any:
        ready = and_(batches.c.state == "ready", batches.c.not_before <= self._now)
        abandoned = and_(batches.c.state == "leased", batches.c.lease_until < self._now)
        query = (
            select(batches.c.variant_id, batches.c.seq)
            .join(mailings, mailings.c.id == batches.c.mailing_id)
            .where(
                batches.c.state.in_(_OPEN),  # keeps to the partial index
                or_(ready, abandoned),
                mailings.c.state == "sending",
            )
            .order_by(batches.c.not_before, batches.c.variant_id, batches.c.seq)
            .limit(1)
            .with_for_update(skip_locked=True, of=batches)
        )
        return query if mailing_id is None else query.where(mailings.c.id == mailing_id)

    def _give_up_on_lost(self, connection: Connection) -> None:
        """Whoever held these died after the intent: nobody knows what was accepted."""
        lost = connection.execute(
            update(batches)
            .where(batches.c.state == "inflight", batches.c.lease_until < self._now)
            .values(
                state="unknown",
                lease_epoch=batches.c.lease_epoch + 1,
                detail="the sender stopped before it heard the answer",
            )
            .returning(batches.c.variant_id, batches.c.seq, batches.c.mailing_id)
        ).all()
        for variant_id, seq, mailing_id in lost:
            connection.execute(
                update(deliveries)
                .where(_of(variant_id, seq), deliveries.c.state == "inflight")
                .values(
                    state="unknown",
                    reason="the sender stopped before it heard the answer",
                )
            )
            connection.execute(  # no open batch may be left to do this later
                update(mailings)
                .where(
                    mailings.c.id == mailing_id,
                    mailings.c.state == "sending",
                    ~exists().where(
                        batches.c.mailing_id == mailing_id, batches.c.state.in_(_OPEN)
                    ),
                )
                .values(state="unresolved")
            )

    def begin(
        self, batch: Batch, *, lease: float, provider: str, at: datetime
    ) -> Intent | None:
        """Commit the intent to send, leaving out whoever may no longer be mailed."""
        with self._database.writing() as connection:
            mine = connection.execute(
                update(batches)
                .where(
                    self._held(batch, "leased"),
                    exists().where(
                        mailings.c.id == batch.mailing.id,
                        mailings.c.state == "sending",
                    ),
                )
                .values(
                    state="inflight",
                    lease_until=self._now + lease,
                    sent_at=func.coalesce(batches.c.sent_at, at),
                )
                .returning(batches.c.sent_at)
            ).first()
            if mine is None:
                return None
            _leave_out(connection, batch, at)
            connection.execute(
                update(deliveries)
                .where(
                    _of(batch.variant_id, batch.seq), deliveries.c.state == "pending"
                )
                .values(state="inflight", provider=provider, changed_at=at)
            )
            intent = _intent(connection, batch, mine.sent_at)
            if not intent.addressees:
                self._close(connection, batch, "done", at)
                return None
        return intent

    def record(
        self, intent: Intent, results: Sequence[Result], *, provider: str, at: datetime
    ) -> bool:
        """Record one result per addressee; False if the lease was lost."""
        batch = intent.batch
        unsure = any(isinstance(result, Unsure) for result in results)
        deferred = any(isinstance(result, Deferred) for result in results)
        with self._database.writing() as connection:
            state = "unknown" if unsure else "ready" if deferred else "done"
            if not self._close(connection, batch, state, at, held=True):
                return False
            outcomes.keep(connection, intent, results, provider=provider, at=at)
            _remember_what_they_know(connection, batch)
            skip_if_cancelled(connection, batch.mailing.id, at)
            finish(connection, batch.mailing.id, at)
        return True

    def put_back(
        self, intent: Intent, *, detail: str, delay: float, at: datetime
    ) -> bool:
        """Nothing was accepted: the batch is ready again after `delay` seconds."""
        with self._database.writing() as connection:
            mine = connection.execute(
                update(batches)
                .where(self._held(intent.batch, "inflight"))
                .values(
                    state="ready", not_before=self._now + delay, detail=detail[:500]
                )
            )
            if not mine.rowcount:
                return False
            connection.execute(
                update(deliveries)
                .where(
                    _of(intent.batch.variant_id, intent.batch.seq),
                    deliveries.c.state == "inflight",
                )
                .values(state="pending", provider=None, changed_at=at)
            )
            skip_if_cancelled(connection, intent.batch.mailing.id, at)
        return True

    def waiting(self, mailing_id: int | None) -> tuple[int, float | None]:
        """Return how many batches are open, and in how many seconds one is due."""
        due = func.min(
            case(
                (batches.c.state == "ready", batches.c.not_before),
                else_=batches.c.lease_until,
            )
        )
        query = (
            select(func.count(), due - self._now)
            .join(mailings, mailings.c.id == batches.c.mailing_id)
            .where(batches.c.state.in_(_OPEN), mailings.c.state == "sending")
        )
        if mailing_id is not None:
            query = query.where(batches.c.mailing_id == mailing_id)
        with self._database.reading() as connection:
            count, delay = connection.execute(query).one()
        return count, None if delay is None else float(delay)

    def _held(self, batch: Batch, state: str) -> ColumnElement[bool]:
        return and_(
            batches.c.variant_id == batch.variant_id,
            batches.c.seq == batch.seq,
            batches.c.lease_epoch == batch.epoch,
            batches.c.state == state,
        )

    def _close(
        self,
        connection: Connection,
        batch: Batch,
        state: str,
        at: datetime,
        *,
        held: bool = False,
    ) -> bool:
        wait = min(3600.0, 60.0 * 2.0**batch.attempt) if state == "ready" else 0.0
        closed = connection.execute(
            update(batches)
            .where(self._held(batch, "inflight"))
            .values(state=state, not_before=self._now + wait)
        )
        if not held:
            finish(connection, batch.mailing.id, at)
        return bool(closed.rowcount)


def _of(variant_id: int, seq: int) -> ColumnElement[bool]:
    return and_(deliveries.c.variant_id == variant_id, deliveries.c.seq == seq)


def _leave_out(connection: Connection, batch: Batch, at: datetime) -> None:
    """Re-read, in the intent's own transaction, who may no longer be mailed."""
    waiting = and_(_of(batch.variant_id, batch.seq), deliveries.c.state == "pending")
    why = (
        select(suppressions.c.reason)
        .where(suppressions.c.address_hash == deliveries.c.address_hash)
        .scalar_subquery()
    )
    connection.execute(
        update(deliveries)
        .where(waiting, why.is_not(None))
        .values(state="suppressed", reason=why, changed_at=at)
    )
    subscribed = exists().where(
        subscriptions.c.subscriber_id == deliveries.c.subscriber_id,
        subscriptions.c.list_number == batch.mailing.list_number,
        subscriptions.c.state == "active",
    )
    connection.execute(
        update(deliveries)
        .where(waiting, ~subscribed)
        .values(state="skipped", reason="left meanwhile", changed_at=at)
    )


def _intent(connection: Connection, batch: Batch, sent_at: datetime) -> Intent:
    variant = connection.execute(
        select(variants).where(variants.c.id == batch.variant_id)
    ).one()
    people = connection.execute(
        select(
            subscribers.c.id,
            subscribers.c.uid,
            subscribers.c.address,
            first_seat().label("organization"),
            subscriptions.c.consented_on,
        )
        .join(deliveries, deliveries.c.subscriber_id == subscribers.c.id)
        .join(
            subscriptions,
            and_(
                subscriptions.c.subscriber_id == subscribers.c.id,
                subscriptions.c.list_number == batch.mailing.list_number,
            ),
        )
        .where(_of(batch.variant_id, batch.seq), deliveries.c.state == "inflight")
        .order_by(subscribers.c.id)
    ).all()
    return Intent(
        batch=batch,
        language=variant.language,
        subject=variant.subject,
        html=Segments.load(variant.html),
        text=Segments.load(variant.text),
        sent_at=sent_at,
        addressees=[
            Addressee(
                subscriber_id=row.id,
                uid=row.uid,
                address=row.address,
                organization=row.organization,
                consented_on=row.consented_on,
            )
            for row in people
        ],
    )


def _remember_what_they_know(connection: Connection, batch: Batch) -> None:
    sent = select(deliveries.c.subscriber_id).where(
        _of(batch.variant_id, batch.seq), deliveries.c.state == "sent"
    )
    connection.execute(
        update(subscriptions)
        .where(
            subscriptions.c.list_number == batch.mailing.list_number,
            subscriptions.c.subscriber_id.in_(sent),
        )
        .values(known_variant=batch.variant_id)
    )
