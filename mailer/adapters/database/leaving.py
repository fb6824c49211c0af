"""Subscriptions ended and taken up again by whoever they are of, with a consent row."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, insert, select, update

from mailer.adapters.database import audit
from mailer.adapters.database.people import LEFT, OWN_ACT
from mailer.adapters.database.schema import consent_events, subscribers, subscriptions

READER = "reader"  # who acts, where it is the person with a link
SEAT = "seat"  # how, where the lists of a seat went to a colleague with it, or back


def end(
    connection: Connection,
    mine: ColumnElement[bool],
    *,
    how: str,
    at: datetime,
    by: str = READER,
) -> Sequence[int]:
    """End those of these subscriptions that are not; returns their lists.

    `by` is who did it for them, at their request.
    """
    return _move(
        connection,
        mine & (subscriptions.c.state != "ended"),
        {"state": "ended", "ended_reason": LEFT},
        kind="withdrawn",
        how=how,
        at=at,
        by=by,
    )


def resume(
    connection: Connection, mine: ColumnElement[bool], *, how: str, at: datetime
) -> Sequence[int]:
    """Take up those again that the person ended; who never confirmed waits again."""
    as_before = case(
        (subscriptions.c.consented_on.is_not(None), "active"), else_="pending"
    )
    return _move(
        connection,
        mine
        & (subscriptions.c.state == "ended")
        & (subscriptions.c.ended_reason == LEFT),
        {"state": as_before, "ended_reason": None},
        kind="granted",
        how=how,
        at=at,
    )


def of(uid: bytes) -> ColumnElement[bool]:
    """Return what picks a person's subscriptions."""
    person = select(subscribers.c.id).where(subscribers.c.uid == uid)
    return subscriptions.c.subscriber_id == person.scalar_subquery()


def to(uid: bytes, *list_numbers: int) -> ColumnElement[bool]:
    """Return what picks a person's subscriptions to these lists."""
    return of(uid) & subscriptions.c.list_number.in_(list_numbers)


def _move(
    connection: Connection,
    which: ColumnElement[bool],
    values: Mapping[str, Any],
    *,
    kind: str,
    how: str,
    at: datetime,
    by: str = READER,
) -> Sequence[int]:
    moved = connection.execute(
        update(subscriptions)
        .where(which)
        .values(changed_at=at, **values)
        .returning(subscriptions.c.subscriber_id, subscriptions.c.list_number)
    ).all()
    for subscriber, list_number in moved:
        record(connection, subscriber, list_number, kind=kind, how=how, at=at, by=by)
    return sorted(list_number for _, list_number in moved)


def record(
    connection: Connection,
    subscriber: int,
    list_number: int,
    *,
    kind: str,
    how: str,
    at: datetime,
    changed: Mapping[str, Any] | None = None,
    wording: str | None = None,
    by: str = READER,
) -> None:
    """Add a consent row and an audit row of what a reader did, or `by` for them."""
    said = [f"{name}: {value}" for name, value in (changed or {}).items()]
    connection.execute(
        insert(consent_events).values(
            subscriber_id=subscriber,
            list_number=list_number,
            kind=kind,
            basis=OWN_ACT,
            happened_at=at,
            source=how,
            wording=wording or "; ".join(said) or None,
            recorded_at=at,
        )
    )
    # Whose it is has to be found again where somebody else did it.
    whose = {} if by == READER else {"subscriber": subscriber}
    audit.record(
        connection,
        at=at,
        actor=by,
        verb=kind,
        thing=f"subscription to list {list_number}",
        detail={**whose, "how": how, **(changed or {})},
    )
