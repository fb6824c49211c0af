"""Seats whose holders cannot be reached any more, and their colleagues, in SQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, func, or_, select, update

from mailer.adapters.database.engine import Database
from mailer.adapters.database.readers import masked
from mailer.adapters.database.schema import (
    organizations,
    seats,
    subscribers,
    subscriptions,
    suppressions,
)
from mailer.core.suppressions import Held
from mailer.ports import Colleague, LostSeat


class SqlSeats:
    """The port Seats, in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def lost(self, *, since: datetime, most: int = 100) -> Sequence[LostSeat]:
        """Return the seats whose holder's address bounced for good since then."""
        query = (
            select(
                seats.c.id,
                seats.c.organization_id,
                organizations.c.name,
                subscribers.c.address,
                suppressions.c.since,
            )
            .select_from(suppressions)
            .join(
                subscribers, subscribers.c.address_hash == suppressions.c.address_hash
            )
            .join(seats, seats.c.subscriber_id == subscribers.c.id)
            .join(organizations, organizations.c.id == seats.c.organization_id)
            .where(
                suppressions.c.reason == Held.BOUNCED.value,
                suppressions.c.since >= since,
                # Who was let back since they were told, and bounced anew, is news.
                or_(seats.c.lost_at.is_(None), seats.c.lost_at < suppressions.c.since),
            )
            .order_by(seats.c.id)
            .limit(most)
        )
        with self._database.reading() as connection:
            return [
                LostSeat(
                    number=row.id,
                    organization=row.name,
                    masked_address=masked(row.address),
                    since=row.since,
                    colleagues=_colleagues(connection, row),
                )
                for row in connection.execute(query).all()
            ]

    def told(self, lost: LostSeat, *, at: datetime) -> None:
        """Take note that its colleagues were written to."""
        with self._database.writing() as connection:
            connection.execute(
                update(seats).where(seats.c.id == lost.number).values(lost_at=at)
            )


def _colleagues(connection: Connection, seat: Any) -> Sequence[Colleague]:
    """Return the other seats that get some list and may be mailed."""
    query = (
        select(
            subscribers.c.uid,
            subscribers.c.language,
            func.min(subscriptions.c.list_number).label("list_number"),
        )
        .join(seats, seats.c.subscriber_id == subscribers.c.id)
        .join(
            subscriptions,
            and_(
                subscriptions.c.subscriber_id == subscribers.c.id,
                subscriptions.c.state == "active",
            ),
        )
        .outerjoin(
            suppressions, suppressions.c.address_hash == subscribers.c.address_hash
        )
        .where(
            seats.c.organization_id == seat.organization_id,
            seats.c.id != seat.id,
            suppressions.c.reason.is_(None),
        )
        .group_by(subscribers.c.id, subscribers.c.uid, subscribers.c.language)
        .order_by(subscribers.c.id)
    )
    return [
        Colleague(
            uid=bytes(row.uid), language=row.language, list_number=row.list_number
        )
        for row in connection.execute(query)
    ]
