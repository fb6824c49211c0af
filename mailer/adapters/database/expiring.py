"""What nobody granted in time is forgotten, and whoever is known by nothing else."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, delete, exists, func, or_, select

from mailer.adapters.database import forgetting
from mailer.adapters.database.schema import (
    IS_OPEN,
    actions,
    cooldowns,
    requests,
    subscribers,
)
from mailer.core.requests import RETURN, Kind, State, valid_for
from mailer.core.sharing.submission import SOURCE

HOST = "host"  # who settles what they take back, or send anew
_KEPT = timedelta(days=30)  # what was decided, for those who ask why
_LOT = 1000  # forgotten in one transaction; whoever asks meanwhile waits for it


def expire(connection: Connection, at: datetime) -> int:
    """Forget a lot of what is over; returns how much of it nobody had granted."""
    late = or_(
        *(
            (requests.c.kind == kind) & ~_is_recent(at - valid_for(kind))
            for kind in Kind
        )
    )
    decided = requests.c.state.in_((State.DONE, State.DECLINED))
    closed = func.coalesce(requests.c.settled_at, requests.c.confirmed_at)
    over = _drop(connection, and_(IS_OPEN, late), at)
    # Whoever moved has left a row with the old address behind.
    gone = or_(requests.c.kind != Kind.SUBMIT, ~_is_to_come(at))
    _drop(connection, and_(decided, closed < at - _KEPT, gone), at)
    connection.execute(delete(cooldowns).where(cooldowns.c.last_at < at - RETURN))
    return over


def _is_to_come(at: datetime) -> Any:
    """Whether a host's link by it leads to an action that is not over, or waits.

    It has become one, or its host has sent it anew since.
    """
    last = requests.alias()
    action = exists().where(
        actions.c.source == SOURCE,
        actions.c.external_id == last.c.public_id,
        actions.c.over_at > at,
    )
    anew = (requests.c.settled_by == HOST) & (last.c.id > requests.c.id)
    return exists().where(
        last.c.kind == Kind.SUBMIT,
        last.c.subscriber_id == requests.c.subscriber_id,
        or_(last.c.id == requests.c.id, anew),
        or_(last.c.state == State.WAITING, action),
    )


def is_valid(at: datetime) -> Any:
    """Return, as a condition, whether a request can still be granted."""
    return or_(
        *((requests.c.kind == kind) & _is_recent(at - valid_for(kind)) for kind in Kind)
    )


def _is_recent(since: datetime) -> Any:
    """Whether it was asked since, or a letter about it went out.

    One that was only begun counts for nothing: it may never come about.
    """
    written = (requests.c.state == State.WRITTEN) & (requests.c.written_at >= since)
    return or_(requests.c.asked_at >= since, written)


def _drop(connection: Connection, which: Any, at: datetime) -> int:
    """Delete a lot of requests, and forget whoever is known by nothing else.

    Waits for nobody: of whom something is being done at this moment, the next time.
    """
    lot = connection.execute(
        select(requests.c.id, requests.c.subscriber_id).where(which).limit(_LOT)
    ).all()
    # As everybody does who holds both: the person, then their requests.
    people = connection.scalars(
        select(subscribers.c.id)
        .where(subscribers.c.id.in_({row.subscriber_id for row in lot} - {None}))
        .with_for_update(skip_locked=True)
    ).all()
    free = (
        select(requests.c.id)
        .where(
            requests.c.id.in_([row.id for row in lot]),
            which,
            or_(
                requests.c.subscriber_id.is_(None), requests.c.subscriber_id.in_(people)
            ),
        )
        .with_for_update(skip_locked=True)
    )
    numbers = connection.scalars(free).all()
    connection.execute(delete(requests).where(requests.c.id.in_(numbers)))
    for person in people:
        forgetting.forget_stranger(connection, person, at)
    return len(numbers)
