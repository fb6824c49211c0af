"""The statements of the hot path, built once: building one costs more than running it.

Their values are bound under the names that start with `p_`.
"""

from functools import cached_property
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Float,
    Select,
    String,
    Update,
    and_,
    bindparam,
    case,
    cast,
    exists,
    or_,
    select,
    true,
    update,
)

from mailer.adapters.database.closing import OPEN
from mailer.adapters.database.engine import Database
from mailer.adapters.database.people import first_seat
from mailer.adapters.database.schema import (
    batches,
    deliveries,
    instance,
    lists,
    mailings,
    paces,
    subscribers,
    subscriptions,
    suppressions,
)
from mailer.adapters.database.types import Bytes, Instant


class Statements:
    """What claiming, beginning and recording say to one database."""

    def __init__(self, database: Database) -> None:
        """Take the database whose clock counts."""
        self.now = database.seconds()

    # --- claim

    @cached_property
    def lose(self) -> Any:
        """Make unknown what was in flight when its lease ran out: p_settle, p_detail."""
        return (
            update(batches)
            .where(
                OPEN,
                batches.c.state == "inflight",
                batches.c.lease_until < self.now,
            )
            .values(
                state="unknown",
                lease_epoch=batches.c.lease_epoch + 1,
                not_before=self.now + _float("p_settle"),
                detail=bindparam("p_detail"),
            )
            .returning(batches.c.variant_id, batches.c.seq)
        )

    @cached_property
    def due(self) -> Select[Any]:
        """Find the next batch of any mailing: p_provider."""
        ready = and_(batches.c.state == "ready", batches.c.not_before <= self.now)
        abandoned = and_(batches.c.state == "leased", batches.c.lease_until < self.now)
        unknown = and_(batches.c.state == "unknown", batches.c.not_before <= self.now)
        held_back = exists().where(paced(), paces.c.free_at > self.now)
        # What becomes of a call that was made is found out even after a cancellation.
        over = mailings.c.state == "cancelled"
        return (
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
                    and_(or_(ready, abandoned, unknown), may_send()),
                    and_(unknown, over, not_stopped()),
                ),
                ~held_back,
            )
            .order_by(batches.c.not_before, batches.c.variant_id, batches.c.seq)
            .limit(1)
            .with_for_update(skip_locked=True, of=batches)
        )

    @cached_property
    def due_of(self) -> Select[Any]:
        """Find the next batch of one mailing: p_provider, p_mailing."""
        return self.due.where(mailings.c.id == _int("p_mailing"))

    @cached_property
    def lease(self) -> Any:
        """Lease a batch: p_variant, p_seq, p_owner, p_lease."""
        until = self.now + _float("p_lease")
        unknown = batches.c.state == "unknown"
        return (
            update(batches)
            .where(_this_batch())
            .values(
                state=case((unknown, "unknown"), else_="leased"),
                not_before=case((unknown, until), else_=batches.c.not_before),
                lease_owner=bindparam("p_owner"),
                lease_epoch=batches.c.lease_epoch + 1,
                lease_until=until,
                attempt=batches.c.attempt + 1,
            )
            .returning(
                batches.c.lease_epoch,
                batches.c.attempt,
                (self.now - batches.c.first_call).label("age"),
            )
        )

    # --- begin

    @cached_property
    def sending(self) -> Select[Any]:
        """Say whether calls of a mailing may begin: p_mailing.

        The rows are locked: whoever pauses or stops is answered only after this
        intent is committed, or before it is made.
        """
        return (
            select(instance.c.stopped_at.is_(None) & (mailings.c.state == "sending"))
            .select_from(mailings.join(instance, true()))
            .where(mailings.c.id == _int("p_mailing"))
            .with_for_update(read=True)
        )

    @cached_property
    def readers(self) -> Select[Any]:
        """Read a batch's people: p_variant, p_seq, p_state, p_list.

        With whether they may still be mailed: that is read again with every intent.
        """
        return (
            select(
                subscribers.c.id,
                subscribers.c.uid,
                subscribers.c.address,
                first_seat().label("organization"),
                subscriptions.c.consented_on,
                (subscribers.c.address_hash != deliveries.c.address_hash).label(
                    "moved"
                ),
                suppressions.c.reason.label("suppressed"),
                subscriptions.c.state,
            )
            .select_from(deliveries)
            .join(subscribers, subscribers.c.id == deliveries.c.subscriber_id)
            .outerjoin(
                subscriptions,
                and_(
                    subscriptions.c.subscriber_id == deliveries.c.subscriber_id,
                    subscriptions.c.list_number == _int("p_list"),
                ),
            )
            .outerjoin(
                suppressions,
                suppressions.c.address_hash == deliveries.c.address_hash,
            )
            .where(
                _deliveries(),
                deliveries.c.state == bindparam("p_state", type_=String()),
            )
            .order_by(subscribers.c.id)
        )

    @cached_property
    def intend(self) -> Any:
        """Commit to a call.

        p_variant, p_seq, p_epoch, p_lease, p_provider, p_key, p_fingerprint, p_at.
        """
        return (
            update(batches)
            .where(_this_batch(), _epoch(), batches.c.state == "leased")
            .values(
                state="inflight",
                lease_until=self.now + _float("p_lease"),
                provider=bindparam("p_provider"),
                key=bindparam("p_key"),
                fingerprint=bindparam("p_fingerprint", type_=Bytes(32)),
                first_call=self.now,
                sent_at=bindparam("p_at", type_=Instant()),
            )
            .returning(batches.c.first_call)
        )

    @cached_property
    def fly(self) -> Update:
        """Let the waiting ones of a batch be in flight: p_variant, p_seq, p_provider."""
        return (
            update(deliveries)
            .where(_deliveries(), deliveries.c.state == "pending")
            .values(
                state="inflight",
                provider=bindparam("p_provider"),
                changed_at=bindparam("p_at", type_=Instant()),
            )
        )

    # --- record

    @cached_property
    def close(self) -> Update:
        """Move a batch that is still this worker's on to what comes next.

        p_variant, p_seq, p_epoch, p_state, p_wait, p_key, p_fingerprint.
        """
        wait = _float("p_wait")
        return (
            update(batches)
            .where(
                _this_batch(),
                _epoch(),
                batches.c.state.in_(("inflight", "unknown")),
            )
            .values(
                state=bindparam("p_state", type_=String()),
                # Without a wait it keeps its turn: before those that were never tried.
                not_before=case((wait > 0.0, self.now + wait), else_=0.0),
                # The provider's events may tell by it what nobody else could.
                key=case(
                    (
                        bindparam("p_state", type_=String()).in_(("unknown", "parked")),
                        batches.c.key,
                    )
                ),
                fingerprint=bindparam("p_fingerprint", type_=Bytes(32)),
            )
        )

    @cached_property
    def settle(self) -> Update:
        """Give everybody of a call the same outcome.

        p_variant, p_seq, p_before, p_state, p_reason, p_provider_id, p_at.
        """
        return (
            update(deliveries)
            .where(_deliveries(), deliveries.c.state == bindparam("p_before"))
            .values(
                state=bindparam("p_state", type_=String()),
                reason=bindparam("p_reason"),
                provider_id=bindparam("p_provider_id"),
                changed_at=bindparam("p_at", type_=Instant()),
            )
        )


def may_send() -> ColumnElement[bool]:
    """Whether calls of a mailing may begin at all."""
    return and_(mailings.c.state == "sending", not_stopped())


def not_stopped() -> ColumnElement[bool]:
    """Whether nobody has stopped all sending."""
    return ~exists().where(instance.c.stopped_at.is_not(None))


def paced() -> ColumnElement[bool]:
    """Return what picks the paces that a batch keeps to: p_provider."""
    return paces.c.name.in_(
        [
            bindparam("p_provider"),
            "mailing:" + cast(batches.c.mailing_id, String),
            "domain:" + batches.c.pace,
        ]
    )


def _this_batch() -> ColumnElement[bool]:
    return and_(
        batches.c.variant_id == _int("p_variant"), batches.c.seq == _int("p_seq")
    )


def _deliveries() -> ColumnElement[bool]:
    return and_(
        deliveries.c.variant_id == _int("p_variant"),
        deliveries.c.seq == _int("p_seq"),
    )


def _epoch() -> ColumnElement[bool]:
    return and_(batches.c.lease_epoch == _int("p_epoch"))


def _int(name: str) -> Any:
    return bindparam(name, type_=BigInteger())


def _float(name: str) -> Any:
    return bindparam(name, type_=Float())
