"""What claiming says to the database, built once: which batch is whose turn next.

Values are bound under the names that start with `p_`.
"""

from functools import cached_property
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal_column,
    or_,
    select,
    update,
)

from mailer.adapters.database.closing import OPEN
from mailer.adapters.database.engine import Database
from mailer.adapters.database.schema import (
    batches,
    instance,
    lists,
    mailings,
    paces,
)
from mailer.adapters.database.statements import number, real, this_batch

# Spelled out, so that both databases see that a partial index fits.
_IN_FLIGHT: ColumnElement[bool] = literal_column("batches.state = 'inflight'")
_MINE = batches.c.carrier == bindparam("p_carrier", type_=String())


class Claims:
    """What a worker asks before it has a batch."""

    def __init__(self, database: Database) -> None:
        """Take the database whose clock counts."""
        self.now = database.seconds()
        self._ready = or_(
            and_(batches.c.state == "ready", batches.c.not_before <= self.now),
            and_(batches.c.state == "leased", batches.c.lease_until < self.now),
        )
        self._unknown = and_(
            batches.c.state == "unknown", batches.c.not_before <= self.now
        )

    @cached_property
    def lose(self) -> Any:
        """Make unknown a provider's calls whose lease ran out.

        p_carrier, p_settle, p_detail.
        """
        return (
            update(batches)
            .where(_IN_FLIGHT, _MINE, batches.c.lease_until < self.now)
            .values(
                state="unknown",
                lease_epoch=batches.c.lease_epoch + 1,
                not_before=self.now + real("p_settle"),
                detail=bindparam("p_detail"),
            )
            .returning(batches.c.variant_id, batches.c.seq)
        )

    @cached_property
    def due(self) -> Select[Any]:
        """Find the next batch whose turn a provider's is: p_carrier, p_held, p_barred.

        p_held and p_barred are the names of what holds that provider off.
        """
        # What becomes of a call that was made is found out even after a cancellation.
        over = mailings.c.state == "cancelled"
        return self._next(
            or_(
                and_(or_(self._ready, self._unknown), may_send()),
                and_(self._unknown, over, not_stopped()),
            )
        )

    @cached_property
    def left(self) -> Select[Any]:
        """Find the next that one provider takes for another, and that is in no call.

        p_carrier, p_stand_in; p_held and p_barred are of the one who stands in.
        """
        mine = batches.c.stand_in == bindparam("p_stand_in", type_=String())
        return self._next(and_(self._ready, mine, may_send()))

    @cached_property
    def due_of(self) -> Select[Any]:
        """Find the next of one mailing: as `due`, and p_mailing."""
        return self.due.where(mailings.c.id == number("p_mailing"))

    @cached_property
    def left_of(self) -> Select[Any]:
        """Find the next of one mailing: as `left`, and p_mailing."""
        return self.left.where(mailings.c.id == number("p_mailing"))

    def _next(self, which: ColumnElement[bool]) -> Select[Any]:
        held_back = exists().where(paced(), paces.c.free_at > self.now)
        return (
            select(
                mailings,
                lists.c.slug,
                batches.c.variant_id,
                batches.c.seq,
                batches.c.state.label("batch_state"),
                batches.c.pace,
                batches.c.carrier,
                batches.c.stand_in,
                batches.c.key.label("call_key"),
                batches.c.fingerprint,
            )
            .select_from(
                batches.join(mailings, mailings.c.id == batches.c.mailing_id).join(
                    lists, lists.c.number == mailings.c.list_number
                )
            )
            .where(OPEN, _MINE, which, ~held_back)
            .order_by(batches.c.not_before, batches.c.variant_id, batches.c.seq)
            .limit(1)
            .with_for_update(skip_locked=True, of=batches)
        )

    @cached_property
    def takes_nothing(self) -> Select[Any]:
        """Tell whether a provider is held off, not merely at its pace: p_held, p_barred."""
        either = paces.c.name.in_([bindparam("p_held"), bindparam("p_barred")])
        return select(func.count()).where(
            either, paces.c.free_at > self.now, paces.c.detail.is_not(None)
        )

    @cached_property
    def lease(self) -> Any:
        """Lease a batch: p_variant, p_seq, p_owner, p_lease."""
        until = self.now + real("p_lease")
        unknown = batches.c.state == "unknown"
        return (
            update(batches)
            .where(this_batch())
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


def may_send() -> ColumnElement[bool]:
    """Whether calls of a mailing may begin at all."""
    return and_(mailings.c.state == "sending", not_stopped())


def not_stopped() -> ColumnElement[bool]:
    """Whether nobody has stopped all sending."""
    return ~exists().where(instance.c.stopped_at.is_not(None))


def paced() -> ColumnElement[bool]:
    """Return what picks the paces that a batch keeps to: p_held, p_barred.

    To be barred means something only where another can carry: what cannot go another
    way is tried, so that its mailing pauses; and a call that was made is found out.
    """
    other_way = and_(batches.c.stand_in.is_not(None), batches.c.state != "unknown")
    return paces.c.name.in_(
        [
            bindparam("p_held", type_=String()),
            case((other_way, bindparam("p_barred", type_=String()))),
            "mailing:" + cast(batches.c.mailing_id, String),
            "domain:" + batches.c.pace,
        ]
    )
