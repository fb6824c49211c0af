"""How somebody moves to another address, and what keeps them from it."""

import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, exists, or_, select, update

from mailer.adapters.database import leaving
from mailer.adapters.database.choosing import CHOSE
from mailer.adapters.database.schema import (
    deliveries,
    hosts,
    requests,
    seats,
    subscribers,
    subscriptions,
    suppressions,
)
from mailer.core.requests import State

HOW = "page"  # where it was asked for


def person(connection: Connection, uid: bytes) -> Any:
    """Return and lock whom a link is of; None: nobody any more."""
    query = select(
        subscribers.c.id,
        subscribers.c.uid,
        subscribers.c.address,
        subscribers.c.address_hash,
        subscribers.c.language,
    ).where(subscribers.c.uid == uid)
    return connection.execute(query.with_for_update()).first()


def is_busy(connection: Connection, person: int) -> bool:
    """Whether a call is open whose bytes, or whose outcome, need their address."""
    query = select(
        exists().where(
            deliveries.c.subscriber_id == person,
            deliveries.c.state.in_(("inflight", "unknown")),
        )
    )
    return bool(connection.scalar(query))


def is_known(connection: Connection, there: Row[Any]) -> bool:
    """Whether an address is anybody's, or is not to be mailed."""
    query = select(
        or_(
            *(
                exists().where(table.c.subscriber_id == there.id)
                for table in (subscriptions, seats, hosts)
            ),
            exists().where(
                requests.c.subscriber_id == there.id,
                requests.c.state == State.WAITING,
            ),
            exists().where(suppressions.c.address_hash == there.address_hash),
        )
    )
    return bool(connection.scalar(query))


def swap(connection: Connection, here: Row[Any], there: Row[Any]) -> None:
    """Let two rows change addresses; what hangs on them stays where it is."""
    for person, address, hashed in (
        (there, "", secrets.token_bytes(16)),  # a hash is one row's at any moment
        (here, there.address, there.address_hash),
        (there, here.address, here.address_hash),
    ):
        connection.execute(
            update(subscribers)
            .where(subscribers.c.id == person.id)
            .values(address=address, address_hash=hashed)
        )
    # What waits goes to the new address, and heeds what is known of that one.
    connection.execute(
        update(deliveries)
        .where(deliveries.c.subscriber_id == here.id, deliveries.c.state == "pending")
        .values(address_hash=there.address_hash)
    )


def record(connection: Connection, person: int, at: datetime) -> None:
    """Write down, list by list, that somebody has another address."""
    lists = select(subscriptions.c.list_number).where(
        subscriptions.c.subscriber_id == person
    )
    for number in connection.scalars(lists).all():
        leaving.record(
            connection,
            person,
            number,
            kind=CHOSE,
            how=HOW,
            changed={"address": "another"},
            at=at,
        )
