"""The ledger's sixth part: what may be sent now, committed before a byte leaves."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from sqlalchemy import Connection, case, exists, func, select, update

from mailer.adapters.database import waves
from mailer.adapters.database.claiming import SqlClaiming, of
from mailer.adapters.database.closing import finish
from mailer.adapters.database.schema import (
    batches,
    deliveries,
    paces,
    subscribers,
    variants,
)
from mailer.core.audience import Resting
from mailer.core.envelope import Segments
from mailer.core.lists import Kind
from mailer.core.preferences import Frequency
from mailer.core.requests import RETURNING
from mailer.ports import Addressee, Batch, Intent, Mailing, Pace

_VARIANTS = 32  # kept in memory, some 100 KB each
_BURST = 1.0  # seconds' worth that a pace lets through at once after a rest


class SqlIntents(SqlClaiming):
    """Commits intents, and recalls them when their outcome has stayed unknown."""

    @cached_property
    def _variants(self) -> dict[int, "_Variant"]:
        return {}

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
            wait = 0.0
            if sending := self._sending(connection, batch):
                wait = waves.held_back(connection, batch, at)
            if sending and not wait:
                wait = self._take(connection, batch, paces)
            if not sending or wait > 0.0:
                self._let_go(connection, batch, wait)
                return None
            intent = self._people(connection, batch, key, at, "pending")
            here = {"p_variant": batch.variant_id, "p_seq": batch.seq}
            moved = connection.execute(
                self._hot.intend,
                {
                    **here,
                    "p_epoch": batch.epoch,
                    "p_lease": lease,
                    "p_provider": provider,
                    "p_key": key,
                    "p_fingerprint": seal(intent) if intent.addressees else None,
                    "p_at": at,
                },
            ).first()
            if moved is None:
                connection.rollback()  # another worker has it: what we took comes back
                return None
            if not intent.addressees:
                self._end(connection, batch, at)
                return None
            connection.execute(
                self._hot.fly, {**here, "p_provider": provider, "p_at": at}
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
            return self._people(connection, batch, key, at, "unknown")

    def begin_again(self, intent: Intent, *, lease: float, at: datetime) -> bool:
        """Commit to making an unknown call once more; False if it may not be (now)."""
        with self._database.writing() as connection:
            if not self._sending(connection, intent.batch):
                return False
            if waves.held_back(connection, intent.batch, at):
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

    def _sending(self, connection: Connection, batch: Batch) -> bool:
        """Whether calls of its mailing may begin, until this transaction ends."""
        return bool(
            connection.scalar(self._hot.sending, {"p_mailing": batch.mailing.id})
        )

    def _end(self, connection: Connection, batch: Batch, at: datetime) -> None:
        """Close a batch that nobody is left in."""
        connection.execute(
            update(batches)
            .where(self._held(batch, "inflight"))
            .values(state="done", key=None)
        )
        finish(connection, batch.mailing.id, at)

    def _people(
        self,
        connection: Connection,
        batch: Batch,
        key: str,
        sent_at: datetime,
        state: str,
    ) -> Intent:
        """Read what a batch says to whom; whoever may not be mailed is left out.

        But not from a call that was made already: under its key nothing may change.
        """
        rows = connection.execute(
            self._hot.readers,
            {
                "p_variant": batch.variant_id,
                "p_seq": batch.seq,
                "p_state": state,
                "p_list": batch.mailing.list_number,
            },
        ).all()
        if state == "pending":
            reasons = {row.id: _out(batch.mailing, row, sent_at) for row in rows}
            out = [(row.id, *why) for row in rows if (why := reasons[row.id])]
            if out:
                _leave_out(connection, batch, out, sent_at)
                rows = [row for row in rows if reasons[row.id] is None]
            for row in rows:
                if row.moved:
                    _readdress(connection, batch, row.id)
        variant = self._variant(connection, batch.variant_id)
        return Intent(
            batch=batch,
            key=key,
            language=variant.language,
            subject=variant.subject,
            html=variant.html,
            text=variant.text,
            sent_at=sent_at,
            addressees=[Addressee(*row[:6]) for row in rows],
        )

    def _variant(self, connection: Connection, number: int) -> "_Variant":
        """Return a variant's words; they never change, and batches follow each other."""
        if number not in self._variants:
            row = connection.execute(
                select(variants).where(variants.c.id == number)
            ).one()
            if len(self._variants) >= _VARIANTS:
                self._variants.clear()
            self._variants[number] = _Variant(
                row.language,
                row.subject,
                Segments.load(row.html),
                Segments.load(row.text),
            )
        return self._variants[number]


class _Variant(NamedTuple):
    language: str
    subject: str
    html: Segments
    text: Segments


def _out(mailing: Mailing, row: Any, at: datetime) -> tuple[str, str] | None:
    """Return the state and the reason of whoever may not be mailed any more."""
    if row.suppressed and not (mailing.asks and row.suppressed in RETURNING):
        return "suppressed", row.suppressed
    if mailing.is_note:
        return None  # to anybody, subscribed or not
    if row.state != "active":
        return "skipped", "left meanwhile"
    resting = _resting(mailing, row, at)
    return ("skipped", f"{resting} meanwhile") if resting else None


def _resting(mailing: Mailing, row: Any, at: datetime) -> Resting | None:
    if row.paused_until is not None and row.paused_until > at:
        return Resting.PAUSED
    if row.muted_until is not None and row.muted_until > at:
        return Resting.MUTED
    if mailing.kind == Kind.DIGEST and row.frequency == Frequency.URGENT:
        return Resting.URGENT_ONLY
    return None


def _readdress(connection: Connection, batch: Batch, subscriber: int) -> None:
    """Note where somebody gets it who moved while their delivery was being made."""
    there = select(subscribers.c.address_hash).where(subscribers.c.id == subscriber)
    other = deliveries.alias("other")
    taken = exists().where(
        other.c.mailing_id == batch.mailing.id,
        other.c.address_hash == there.scalar_subquery(),
    )
    connection.execute(
        update(deliveries)
        .where(
            of(batch.variant_id, batch.seq),
            deliveries.c.subscriber_id == subscriber,
            ~taken,
        )
        .values(address_hash=there.scalar_subquery())
    )


def _leave_out(
    connection: Connection,
    batch: Batch,
    out: Sequence[tuple[int, str, str]],
    at: datetime,
) -> None:
    """Keep those out of the call who may no longer be mailed, and say why."""
    for subscriber, state, reason in out:
        connection.execute(
            update(deliveries)
            .where(
                of(batch.variant_id, batch.seq),
                deliveries.c.subscriber_id == subscriber,
                deliveries.c.state == "pending",
            )
            .values(state=state, reason=reason, changed_at=at)
        )
