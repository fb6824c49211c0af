"""What a host has sent and nobody has listed yet: sent anew, withdrawn, decided.

What a moderator reads does not change under their hands: sent anew, it is a request of
its own, and the one before leads to it.
"""

import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, insert, update

from mailer.adapters.database import audit
from mailer.adapters.database.expiring import HOST as BY
from mailer.adapters.database.requests import to_request, with_owner
from mailer.adapters.database.schema import requests, subscribers
from mailer.core.requests import Kind, Request, State
from mailer.core.sharing.submission import Submission, facts_of
from mailer.core.tokens import encode
from mailer.ports import Changed

_NEXT = "next"  # among a request's facts: the number of the one that replaced it
_FARTHEST = 10  # times that one thing can be sent anew


def settle(
    connection: Connection, request: Request, *, by: str, at: datetime
) -> int | None:
    """Mark a request as accepted; returns the number of who sent it.

    None: somebody had decided already.
    """
    moved = connection.execute(
        update(requests)
        .where(requests.c.id == request.number, requests.c.state == State.WAITING)
        .values(state=State.DONE.value, settled_at=at, settled_by=by)
        .returning(requests.c.subscriber_id)
    ).first()
    if moved is None:
        return None
    audit.record(
        connection,
        at=at,
        actor=by,
        verb="accept",
        thing=f"request {request.number}",
        detail={"kind": request.kind.value},
    )
    return int(moved.subscriber_id)


def latest(connection: Connection, uid: bytes, number: int) -> Request | None:
    """Return a host's request, or the one that has replaced it."""
    row = _row(connection, _theirs(uid), number)
    return to_request(row) if row else None


def amend(
    connection: Connection,
    uid: bytes,
    number: int,
    submission: Submission,
    *,
    at: datetime,
) -> Changed:
    """Put another request in the place of one that was not accepted."""
    row = _row(connection, _theirs(uid).with_for_update(of=requests), number)
    if row is None or row["id"] != number or row["state"] == State.DONE:
        return Changed.STALE
    if _times(connection, uid, number) >= _FARTHEST:
        return Changed.TOO_OFTEN
    kept = {
        name: row[name]
        for name in (
            "kind",
            "address_hash",
            "subscriber_id",
            "language",
            "list_number",
            "joins",
            "asked_at",
            "written_at",
        )
    }
    made = connection.scalar(
        insert(requests)
        .values(
            **kept,
            public_id=encode(secrets.token_bytes(16)),
            state=State.WAITING.value,
            about=submission.about,
            facts=facts_of(submission),
            confirmed_at=at,
        )
        .returning(requests.c.id)
    )
    _close(connection, number, at, facts={_NEXT: made})
    return Changed.DONE


def _times(connection: Connection, uid: bytes, number: int) -> int:
    """Return how often it was sent anew before."""
    closed = _theirs(uid).where(requests.c.settled_by == BY)
    before = {
        row["facts"][_NEXT]: row["id"]
        for row in connection.execute(closed).mappings()
        if _NEXT in row["facts"]
    }
    times = 0
    while number in before:
        times, number = times + 1, before[number]
    return times


def withdraw(connection: Connection, uid: bytes, number: int, *, at: datetime) -> bool:
    """Take back a request that waits."""
    row = _row(connection, _theirs(uid).with_for_update(of=requests), number)
    if row is None or row["id"] != number or row["state"] != State.WAITING:
        return False
    _close(connection, number, at)
    return True


def _close(connection: Connection, number: int, at: datetime, **values: Any) -> None:
    connection.execute(
        update(requests)
        .where(requests.c.id == number)
        .values(
            state=State.DECLINED.value,
            settled_at=at,
            settled_by=BY,
            reason=None,
            **values,
        )
    )
    audit.record(
        connection,
        at=at,
        actor=BY,
        verb="replace" if values else "withdraw",
        thing=f"request {number}",
    )


def _theirs(uid: bytes) -> Select[Any]:
    confirmed = (State.WAITING, State.DONE, State.DECLINED)
    query: Select[Any] = with_owner().where(
        subscribers.c.uid == uid,
        requests.c.kind == Kind.SUBMIT,
        requests.c.state.in_(confirmed),
    )
    return query


def _row(connection: Connection, query: Select[Any], number: int) -> RowMapping | None:
    """Return a row, or the one that its replacements lead to."""
    for _ in range(_FARTHEST + 1):  # and the one that was sent first
        row = (
            connection.execute(query.where(requests.c.id == number)).mappings().first()
        )
        if row is None or _NEXT not in row["facts"]:
            return row
        number = row["facts"][_NEXT]
    return None
