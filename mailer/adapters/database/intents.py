"""The ledger's fifth part: what may be sent now, committed before a byte leaves."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, case, exists, func, select, update

from mailer.adapters.database.claiming import SqlClaiming, of
from mailer.adapters.database.closing import finish
from mailer.adapters.database.people import first_seat
from mailer.adapters.database.schema import (
    batches,
    deliveries,
    instance,
    mailings,
    paces,
    subscribers,
    subscriptions,
    suppressions,
    variants,
)
from mailer.core.envelope import Segments
from mailer.ports import Addressee, Batch, Intent, Pace

_BURST = 1.0  # seconds' worth that a pace lets through at once after a rest


class SqlIntents(SqlClaiming):
    """Commits intents, and recalls them when their outcome has stayed unknown."""

    def begin(
        self,
        batch: Batch,
        *,
        lease: float,
        provider: str,
        key: str,
        paces: Sequence[Pace],
        seal: Callable[[Intent], bytes],
        at: datetime,
    ) -> Intent | None:
        """Commit the intent to send, leaving out whoever may no longer be mailed."""
        with self._database.writing() as connection:
            if not _sending(connection, batch.mailing.id):
                self._let_go(connection, batch, 0.0)
                return None
            wait = self._take(connection, batch, paces)
            if wait > 0.0:
                self._let_go(connection, batch, wait)
                return None
            moved = connection.execute(
                update(batches)
                .where(self._held(batch, "leased"))
                .values(
                    state="inflight",
                    lease_until=self._now + lease,
                    provider=provider,
                    key=key,
                    first_call=self._now,
                    sent_at=at,
                )
                .returning(batches.c.first_call)
            ).first()
            if moved is None:
                connection.rollback()  # another worker has it: what we took comes back
                return None
            _leave_out(connection, batch, at)
            connection.execute(
                update(deliveries)
                .where(of(batch.variant_id, batch.seq), deliveries.c.state == "pending")
                .values(state="inflight", provider=provider, changed_at=at)
            )
            intent = _read(connection, batch, key, at, "inflight")
            if not intent.addressees:
                connection.execute(
                    update(batches)
                    .where(self._held(batch, "inflight"))
                    .values(state="done", key=None)
                )
                finish(connection, batch.mailing.id, at)
                return None
            connection.execute(
                update(batches)
                .where(self._held(batch, "inflight"))
                .values(fingerprint=seal(intent))
            )
        self._remember(float(moved.first_call))
        return intent

    def release(self, batch: Batch) -> None:
        """Give up a lease before anything was sent; this was no attempt."""
        with self._database.writing() as connection:
            self._let_go(connection, batch, 0.0)

    def recall(self, batch: Batch) -> Intent:
        """Return what was to be sent by the call that nobody knows the outcome of."""
        with self._database.reading() as connection:
            sent_at = connection.scalar(
                select(batches.c.sent_at).where(
                    batches.c.variant_id == batch.variant_id,
                    batches.c.seq == batch.seq,
                )
            )
            key = batch.unknown.key if batch.unknown else ""
            at = sent_at or batch.mailing.planned_at
            return _read(connection, batch, key, at, "unknown")

    def begin_again(self, intent: Intent, *, lease: float) -> bool:
        """Commit to making an unknown call once more; False if it may not be."""
        with self._database.writing() as connection:
            if not _sending(connection, intent.batch.mailing.id):
                return False
            again = connection.execute(
                update(batches)
                .where(self._held(intent.batch, "unknown"))
                .values(state="inflight", lease_until=self._now + lease)
            )
        return bool(again.rowcount)

    def _let_go(self, connection: Connection, batch: Batch, wait: float) -> None:
        """Give up the lease before anything was sent; this was no attempt."""
        connection.execute(
            update(batches)
            .where(self._held(batch, "leased"))
            .values(
                state="ready",
                not_before=self._now + wait,
                attempt=batches.c.attempt - 1,
            )
        )

    def _take(
        self, connection: Connection, batch: Batch, limits: Sequence[Pace]
    ) -> float:
        """Take a batch's messages out of every pace; returns seconds to wait, or 0.

        Nothing is taken anywhere as long as one of them says not yet.
        """
        if not limits:
            return 0.0
        count = int(
            connection.scalar(
                select(func.count())
                .select_from(deliveries)
                .where(of(batch.variant_id, batch.seq), deliveries.c.state == "pending")
            )
            or 0
        )
        waits = [self._wait(connection, limit) for limit in limits]
        if max(waits) > 0.0:
            return max(waits)
        for limit in limits:
            paid = count / limit.rate
            start = case(
                (paces.c.free_at > self._now - _BURST, paces.c.free_at),
                else_=self._now - _BURST,
            )
            connection.execute(
                update(paces)
                .where(paces.c.name == limit.name)
                .values(free_at=start + paid, detail=None)
            )
        return 0.0

    def _wait(self, connection: Connection, limit: Pace) -> float:
        connection.execute(
            self._database.insert(paces)
            .values(name=limit.name, free_at=0.0)
            .on_conflict_do_nothing()
        )
        wait = connection.scalar(
            select(paces.c.free_at - self._now)
            .where(paces.c.name == limit.name)
            .with_for_update()
        )
        return float(wait or 0.0)


def _sending(connection: Connection, mailing_id: int) -> bool:
    """Whether calls of a mailing may begin, until this transaction ends.

    The rows are locked: whoever pauses or stops is answered only after this intent
    is committed, or before it is made.
    """
    stopped = connection.scalar(
        select(instance.c.stopped_at).with_for_update(read=True)
    )
    state = connection.scalar(
        select(mailings.c.state)
        .where(mailings.c.id == mailing_id)
        .with_for_update(read=True)
    )
    return stopped is None and state == "sending"


def _leave_out(connection: Connection, batch: Batch, at: datetime) -> None:
    """Re-read, in the intent's own transaction, who may no longer be mailed."""
    waiting = and_(of(batch.variant_id, batch.seq), deliveries.c.state == "pending")
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


def _read(
    connection: Connection, batch: Batch, key: str, sent_at: datetime, state: str
) -> Intent:
    variant = connection.execute(
        select(variants).where(variants.c.id == batch.variant_id)
    ).one()
    people: Sequence[Any] = connection.execute(
        select(
            subscribers.c.id,
            subscribers.c.uid,
            subscribers.c.address,
            first_seat().label("organization"),
            subscriptions.c.consented_on,
            (subscribers.c.address_hash != deliveries.c.address_hash).label("moved"),
        )
        .join(deliveries, deliveries.c.subscriber_id == subscribers.c.id)
        .join(
            subscriptions,
            and_(
                subscriptions.c.subscriber_id == subscribers.c.id,
                subscriptions.c.list_number == batch.mailing.list_number,
            ),
        )
        .where(of(batch.variant_id, batch.seq), deliveries.c.state == state)
        .order_by(subscribers.c.id)
    ).all()
    return Intent(
        batch=batch,
        key=key,
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
                moved=row.moved,
            )
            for row in people
        ],
    )
