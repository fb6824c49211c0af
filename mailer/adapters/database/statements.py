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
    select,
    true,
    update,
)

from mailer.adapters.database.engine import Database
from mailer.adapters.database.people import first_seat, muted_until
from mailer.adapters.database.schema import (
    batches,
    deliveries,
    instance,
    mailings,
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
            .where(mailings.c.id == number("p_mailing"))
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
                subscriptions.c.paused_until,
                subscriptions.c.frequency,
                muted_until().label("muted_until"),
            )
            .select_from(deliveries)
            .join(subscribers, subscribers.c.id == deliveries.c.subscriber_id)
            .outerjoin(
                subscriptions,
                and_(
                    subscriptions.c.subscriber_id == deliveries.c.subscriber_id,
                    subscriptions.c.list_number == number("p_list"),
                ),
            )
            .outerjoin(
                suppressions,
                # Of the address that is written to, whenever they moved to it.
                suppressions.c.address_hash == subscribers.c.address_hash,
            )
            .where(
                _deliveries(),
                deliveries.c.state == bindparam("p_state", type_=String()),
            )
            .order_by(subscribers.c.id)
        )

    @cached_property
    def intend(self) -> Any:
        """Commit to a call, which is nobody else's until its outcome is known.

        p_variant, p_seq, p_epoch, p_lease, p_provider, p_key, p_fingerprint, p_at.
        Whoever stands in makes the batch their own; the other stands in from then on.
        """
        provider = bindparam("p_provider", type_=String())
        return (
            update(batches)
            .where(this_batch(), _epoch(), batches.c.state == "leased")
            .values(
                state="inflight",
                lease_until=self.now + real("p_lease"),
                carrier=provider,
                stand_in=case(
                    (batches.c.carrier == provider, batches.c.stand_in),
                    else_=batches.c.carrier,
                ),
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
        wait = real("p_wait")
        return (
            update(batches)
            .where(
                this_batch(),
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


def this_batch() -> ColumnElement[bool]:
    """Return what picks one batch: p_variant, p_seq."""
    return and_(
        batches.c.variant_id == number("p_variant"), batches.c.seq == number("p_seq")
    )


def _deliveries() -> ColumnElement[bool]:
    return and_(
        deliveries.c.variant_id == number("p_variant"),
        deliveries.c.seq == number("p_seq"),
    )


def _epoch() -> ColumnElement[bool]:
    return and_(batches.c.lease_epoch == number("p_epoch"))


def number(name: str) -> Any:
    """Return a whole number to be bound."""
    return bindparam(name, type_=BigInteger())


def real(name: str) -> Any:
    """Return a number to be bound."""
    return bindparam(name, type_=Float())
