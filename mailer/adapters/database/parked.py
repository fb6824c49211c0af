"""Deliveries whose outcome nobody knows: a person looks, then says what happened."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    and_,
    exists,
    func,
    insert,
    select,
    update,
)

from mailer.adapters.database import audit
from mailer.adapters.database.closing import PARKED, finish
from mailer.adapters.database.engine import Database
from mailer.adapters.database.readers import masked
from mailer.adapters.database.schema import (
    batches,
    blasts,
    deliveries,
    lists,
    mailings,
    subscribers,
    variants,
)
from mailer.core.errors import RefusedError
from mailer.core.proposal import Stage
from mailer.ports import Doubtful

_Alike = tuple[int, str | None, str | None]  # a variant, a zone, a domain with a pace
_PARKED = deliveries.c.state == "parked"


class Parked:
    """Lists and settles deliveries in state `parked`, each with an audit row."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def listed(self, mailing_id: int | None) -> Sequence[Mapping[str, Any]]:
        """Return what nobody knows: mailing, address, provider, since when and why."""
        query = _listing()
        if mailing_id is not None:
            query = query.where(deliveries.c.mailing_id == mailing_id)
        with self._database.reading() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def doubtful(self, *, most: int) -> Sequence[Doubtful]:
        """Return what nobody knows, addresses masked, the oldest mailing first."""
        with self._database.reading() as connection:
            return [
                Doubtful(
                    mailing=row.mailing_id,
                    list_slug=row.slug,
                    edition=row.edition,
                    subscriber=row.subscriber_id,
                    masked_address=masked(row.address),
                    provider=row.provider,
                    reason=row.reason,
                    sent_at=row.sent_at,
                )
                for row in connection.execute(_listing().limit(most))
            ]

    def resend(
        self, mailing_id: int, subscriber: int | None, *, actor: str, at: datetime
    ) -> int:
        """Queue them again, in batches of their own; whoever has it gets it twice.

        Returns how many. `subscriber` None takes all of the mailing's. Raises
        RefusedError for a cancelled mailing, and for a blast whose last moment has
        passed: nothing of it is sent any more.
        """
        with self._database.writing() as connection:
            chosen = _chosen(mailing_id, subscriber)
            count = 0
            for (variant_id, *_), seqs in _locked(connection, chosen).items():
                mine = and_(chosen, _of(deliveries, variant_id, seqs))
                count += _requeue(connection, mailing_id, variant_id, mine, at)
                nobody_left(connection, _of(batches, variant_id, seqs))
            _refuse_if_cancelled(connection, mailing_id)
            settled(connection, mailing_id, at)
            if count:
                _go_on(connection, mailing_id, at)
            _note(connection, mailing_id, "resend", count, actor=actor, at=at)
            if count:
                self._database.wake(connection, mailing_id, 1)
        return count

    def mark_sent(
        self, mailing_id: int, subscriber: int | None, *, actor: str, at: datetime
    ) -> int:
        """Take them as sent: a person has found out that they arrived.

        Returns how many: whom an event or another person was faster about is not in
        doubt any more, and stays as they are.
        """
        with self._database.writing() as connection:
            chosen = _chosen(mailing_id, subscriber)
            count = 0
            for (variant_id, *_), seqs in _locked(connection, chosen).items():
                count += connection.execute(
                    update(deliveries)
                    .where(chosen, _of(deliveries, variant_id, seqs))
                    .values(state="sent", reason="marked by a person", changed_at=at)
                ).rowcount
                nobody_left(connection, _of(batches, variant_id, seqs))
            settled(connection, mailing_id, at)
            _note(connection, mailing_id, "mark sent", count, actor=actor, at=at)
        return count


def _listing() -> Select[Any]:
    return (
        select(
            lists.c.slug,
            mailings.c.edition,
            subscribers.c.address,
            deliveries.c.mailing_id,
            deliveries.c.subscriber_id,
            deliveries.c.provider,
            deliveries.c.reason,
            batches.c.sent_at,
        )
        .select_from(deliveries)
        .join(mailings, mailings.c.id == deliveries.c.mailing_id)
        .join(lists, lists.c.number == mailings.c.list_number)
        .join(subscribers, subscribers.c.id == deliveries.c.subscriber_id)
        .join(
            batches,
            and_(
                batches.c.variant_id == deliveries.c.variant_id,
                batches.c.seq == deliveries.c.seq,
            ),
        )
        .where(_PARKED, PARKED)  # of their batches there is an index
        .order_by(mailings.c.id, subscribers.c.id)
    )


def nobody_left(connection: Connection, which: ColumnElement[bool]) -> None:
    """Close those of these batches that were parked and nobody is left in doubt in.

    They keep the key of their call: what is told of it later is about this mailing.
    """
    parked_left = exists().where(
        deliveries.c.variant_id == batches.c.variant_id,
        deliveries.c.seq == batches.c.seq,
        _PARKED,
    )
    connection.execute(
        update(batches)
        .where(which, batches.c.state == "parked", ~parked_left)
        .values(state="done")
    )


def settled(connection: Connection, mailing_id: int, at: datetime) -> None:
    """Close a mailing if nobody is left in doubt in it, once its batches are."""
    connection.execute(
        update(mailings)
        .where(mailings.c.id == mailing_id, mailings.c.state == "unresolved")
        .values(state="sending", finished_at=None)
    )
    connection.execute(  # what these readers know is to be looked at again
        update(mailings).where(mailings.c.id == mailing_id).values(remembered=False)
    )
    finish(connection, mailing_id, at)


def _locked(
    connection: Connection, chosen: ColumnElement[bool]
) -> Mapping[_Alike, Collection[int]]:
    """Keep everybody else from settling these until the transaction ends.

    Returns the numbers of their batches by what a batch has in common: nobody is woken
    for somebody else's morning. What is parked from now on is in none of them, and
    waits for the next decision.
    """
    theirs = exists().where(
        deliveries.c.variant_id == batches.c.variant_id,
        deliveries.c.seq == batches.c.seq,
        chosen,
    )
    calls = connection.execute(
        select(batches.c.variant_id, batches.c.seq, batches.c.zone, batches.c.pace)
        .where(batches.c.state == "parked", theirs)
        .order_by(batches.c.variant_id, batches.c.seq)
        .with_for_update()
    ).all()
    alike: dict[_Alike, list[int]] = {}
    for variant_id, seq, zone, pace in calls:
        alike.setdefault((variant_id, zone, pace), []).append(seq)
    return alike


def _of(table: Table, variant_id: int, seqs: Collection[int]) -> ColumnElement[bool]:
    return and_(table.c.variant_id == variant_id, table.c.seq.in_(seqs))


def _note(
    connection: Connection,
    mailing_id: int,
    verb: str,
    count: int,
    *,
    actor: str,
    at: datetime,
) -> None:
    if count:
        audit.record(
            connection,
            at=at,
            actor=actor,
            verb=verb,
            thing=f"mailing {mailing_id}",
            detail={"deliveries": count},
        )


def _chosen(mailing_id: int, subscriber: int | None) -> ColumnElement[bool]:
    chosen = and_(deliveries.c.mailing_id == mailing_id, _PARKED)
    if subscriber is None:
        return chosen
    return and_(chosen, deliveries.c.subscriber_id == subscriber)


def _refuse_if_cancelled(connection: Connection, mailing_id: int) -> None:
    state = select(mailings.c.state).where(mailings.c.id == mailing_id)
    # Locked: a cancellation in between would leave them waiting for ever. Last, as the
    # order of locks has it; what was done until here is taken back.
    if connection.scalar(state.with_for_update(key_share=True)) == "cancelled":
        raise RefusedError(
            "the mailing was cancelled: nothing of it is sent any more. Those that"
            " arrived can be marked: mailer parked mark-sent"
        )


def _go_on(connection: Connection, mailing_id: int, at: datetime) -> None:
    """Let a blast that was over go on with whom it is resent to."""
    mine = blasts.c.mailing_id == mailing_id
    last = connection.scalar(select(blasts.c.not_after).where(mine).with_for_update())
    if last is not None and last <= at:
        raise RefusedError(
            f"the blast may not go out after {last:%Y-%m-%d %H:%M} UTC: nothing of it is"
            " sent any more. Those that arrived can be marked: mailer parked mark-sent"
        )
    connection.execute(
        update(blasts)
        .where(mine, blasts.c.stage == Stage.DONE.value)
        .values(stage=Stage.SENDING.value)
    )


def _requeue(
    connection: Connection,
    mailing_id: int,
    variant_id: int,
    mine: ColumnElement[bool],
    at: datetime,
) -> int:
    """Make a new batch of a variant: a new number, so a new key for the provider.

    It goes the way of the first one that it takes somebody from; without any there is
    none.
    """
    connection.execute(  # two at once must not choose the same number
        select(variants.c.id)
        .where(variants.c.id == variant_id)
        .with_for_update(key_share=True)  # whoever only refers to it does not wait
    )
    last = select(func.max(batches.c.seq)).where(batches.c.variant_id == variant_id)
    seq = int(connection.scalar(last) or 0) + 1
    here = and_(
        batches.c.variant_id == deliveries.c.variant_id,
        batches.c.seq == deliveries.c.seq,
    )
    first = connection.execute(
        select(
            batches.c.point,
            batches.c.carrier,
            batches.c.stand_in,
            batches.c.zone,
            batches.c.pace,
        )
        .join(deliveries, here)
        .where(mine)
        .order_by(batches.c.seq)
        .limit(1)
    ).one_or_none()
    if first is None:  # an event was faster
        return 0
    connection.execute(
        insert(batches).values(
            variant_id=variant_id,
            seq=seq,
            mailing_id=mailing_id,
            state="ready",
            point=first.point,
            carrier=first.carrier,
            stand_in=first.stand_in,
            zone=first.zone,
            pace=first.pace,
        )
    )
    return connection.execute(
        update(deliveries)
        .where(mine)
        .values(state="pending", seq=seq, reason="resent by a person", changed_at=at)
    ).rowcount
