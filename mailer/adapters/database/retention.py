"""Old deliveries go, their counts stay: the thousandth mailing is as quick as the first.

Who got what is sensitive, and nobody needs it for ever. What readers know, what was
said to them and how many got it is kept.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    delete,
    func,
    select,
    tuple_,
    update,
)

from mailer.adapters.database import audit
from mailer.adapters.database.engine import Database
from mailer.adapters.database.forgetting import forget_nobodies
from mailer.adapters.database.knowledge import catch_up
from mailer.adapters.database.schema import (
    batches,
    deliveries,
    instance,
    mailings,
    provider_events,
)

_OVER = ("finished", "cancelled")  # unresolved ones wait for a person, however long
_LOT = 10_000  # rows per transaction: no sender waits long for the lock


class Retention:
    """Prunes the deliveries of mailings that are long over."""

    def __init__(self, database: Database, *, lot: int = _LOT) -> None:
        """Take how many rows one transaction deletes."""
        self._database = database
        self._lot = lot

    def due(self, before: datetime) -> Sequence[int]:
        """Return the mailings that were over before this and still have deliveries."""
        left = (
            select(deliveries.c.mailing_id)
            .where(deliveries.c.mailing_id == mailings.c.id)
            .exists()
        )
        query = (
            select(mailings.c.id)
            .where(
                mailings.c.state.in_(_OVER),
                func.coalesce(mailings.c.finished_at, mailings.c.planned_at) < before,
                left,
            )
            .order_by(mailings.c.id)
        )
        with self._database.reading() as connection:
            return list(connection.scalars(query))

    def prune(
        self,
        before: datetime,
        *,
        at: datetime,
        progress: Callable[[int, int], None] = lambda _done, _total: None,
    ) -> Mapping[str, int]:
        """Delete the deliveries of mailings that were over before this.

        Returns how many mailings and deliveries. Broken off, it is simply run again.
        """
        chosen = self.due(before)
        with self._database.reading() as connection:
            total = connection.scalar(
                select(func.count())
                .select_from(deliveries)
                .where(deliveries.c.mailing_id.in_(chosen))
            )
        gone = 0
        for number in chosen:
            self._learn(number)
            with self._database.writing() as connection:
                _keep_totals(connection, number, at)
            while lot := self._delete(number):
                gone += lot
                progress(gone, int(total or 0))
        if chosen:
            with self._database.writing() as connection:
                audit.record(
                    connection,
                    at=at,
                    actor="retention",
                    verb="prune",
                    thing="deliveries",
                    detail={"mailings": len(chosen), "deliveries": gone},
                )
                forget_nobodies(connection)
        self._forget_events(before)
        return {"mailings": len(chosen), "deliveries": gone}

    def _forget_events(self, before: datetime) -> None:
        """Delete what providers told before this: it is about who got what, too."""
        lot = (
            select(provider_events.c.id)
            .where(
                provider_events.c.received_at < before,
                provider_events.c.applied_at.is_not(None),
            )
            .order_by(provider_events.c.id)
            .limit(self._lot)
        )
        gone = self._lot
        while gone == self._lot:
            with self._database.writing() as connection:
                gone = connection.execute(
                    delete(provider_events).where(provider_events.c.id.in_(lot))
                ).rowcount

    def _learn(self, mailing_id: int) -> None:
        """Let its readers' subscriptions know what it told, while that is known."""
        query = select(mailings.c.list_number).where(mailings.c.id == mailing_id)
        with self._database.reading() as connection:
            number = connection.execute(query).scalar_one()
        catch_up(self._database, number)

    def _delete(self, mailing_id: int) -> int:
        key = (deliveries.c.mailing_id, deliveries.c.subscriber_id)
        lot = select(*key).where(deliveries.c.mailing_id == mailing_id).limit(self._lot)
        with self._database.writing() as connection:
            gone = connection.execute(delete(deliveries).where(tuple_(*key).in_(lot)))
            if gone.rowcount < self._lot:
                connection.execute(
                    delete(batches).where(batches.c.mailing_id == mailing_id)
                )
            return gone.rowcount


def counted(connection: Connection, mailing_id: int) -> Sequence[tuple[Any, ...]]:
    """Return state, reason, number and provider of its deliveries, pruned or not."""
    kept = connection.scalar(
        select(mailings.c.totals).where(mailings.c.id == mailing_id)
    )
    if kept is not None:
        return [(*row, None)[:4] for row in kept]  # the oldest name no provider
    alike = (deliveries.c.state, deliveries.c.reason, deliveries.c.provider)
    rows = connection.execute(
        select(*alike[:2], func.count(), alike[2])
        .where(deliveries.c.mailing_id == mailing_id)
        .group_by(*alike)
    )
    return [tuple(row) for row in rows]


def _keep_totals(connection: Connection, mailing_id: int, at: datetime) -> None:
    """Count a mailing once and for all, before the first of its deliveries goes."""
    last = select(func.max(batches.c.first_call)).scalar_subquery()
    connection.execute(
        update(instance).where(instance.c.last_call < last).values(last_call=last)
    )
    connection.execute(
        update(mailings)
        .where(_not_yet(mailing_id))
        .values(totals=counted(connection, mailing_id), pruned_at=at)
    )


def _not_yet(mailing_id: int) -> ColumnElement[bool]:
    return and_(mailings.c.id == mailing_id, mailings.c.pruned_at.is_(None))
