"""What becomes of a request whose owner agreed, or says that it was not theirs."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, exists, select, update

from mailer.adapters.database import audit, leaving
from mailer.adapters.database.engine import Database
from mailer.adapters.database.places import place_id
from mailer.adapters.database.schema import (
    erasures,
    requests,
    subscribers,
    subscriptions,
    suppressions,
)
from mailer.core.model import Place
from mailer.core.requests import RETURNING, Request, is_grave

HOW = "form"
_REFUSED = "manual"  # the reason of whoever said: never write to me


def grant(
    database: Database, connection: Connection, request: Request, *, at: datetime
) -> None:
    """Let the owner back, keep what they said of themselves, put them on the lists."""
    if is_grave(request.kind):  # whoever wants to see or move theirs asks for no mail
        return
    person = connection.execute(
        select(subscribers.c.id, subscribers.c.address_hash)
        .where(subscribers.c.uid == request.subscriber)
        # Who suppresses them at this moment waits, and sees that they are back.
        .with_for_update(key_share=True)
    ).one()
    _let_back(connection, bytes(person.address_hash), at)
    if not request.joins:
        return
    values: dict[str, Any] = {"language": request.language}
    if place := request.facts.get("place"):
        values["place_id"] = place_id(database, connection, Place(**place))
    connection.execute(
        update(subscribers).where(subscribers.c.id == person.id).values(values)
    )
    for number in request.joins:
        join(database, connection, person.id, number, at=at)
        leaving.record(
            connection,
            person.id,
            number,
            kind="granted",
            how=HOW,
            wording=request.facts.get("wording"),
            at=at,
        )


def refuse(
    database: Database, connection: Connection, hashed: bytes, *, at: datetime
) -> None:
    """Suppress an address for good, and forget what it was asked for."""
    # Who complained, or was erased, is asked again after a week; not who says no to it.
    # While a call to them is found out about, the reason says what is still to be done.
    erasing_now = exists().where(
        erasures.c.address_hash == hashed, erasures.c.completed_at.is_(None)
    )
    connection.execute(
        database.insert(suppressions)
        .values(address_hash=hashed, reason=_REFUSED, since=at)
        .on_conflict_do_update(
            index_elements=["address_hash"],
            set_={"reason": _REFUSED, "since": at, "told_by": None},
            where=suppressions.c.reason.in_(RETURNING) & ~erasing_now,
        )
    )
    connection.execute(
        delete(requests).where(
            requests.c.address_hash == hashed,
            requests.c.state.in_(("asked", "written")),
        )
    )
    audit.record(
        connection,
        at=at,
        actor="reader",
        verb="suppress",
        thing="address",
        detail={"how": "did not ask"},
    )


def _let_back(connection: Connection, hashed: bytes, at: datetime) -> None:
    """Take back a suppression that its owner may take back by returning."""
    lifted = connection.execute(
        delete(suppressions)
        .where(
            suppressions.c.address_hash == hashed,
            suppressions.c.reason.in_(RETURNING),
        )
        .returning(suppressions.c.reason)
    ).first()
    if lifted:
        audit.record(
            connection,
            at=at,
            actor="reader",
            verb="return",
            thing="address",
            detail={"was": lifted.reason},
        )


def join(
    database: Database,
    connection: Connection,
    subscriber: int,
    list_number: int,
    *,
    at: datetime,
) -> None:
    """Put somebody on a list, by their own act."""
    active = {
        "state": "active",
        "ended_reason": None,
        "consented_on": at.date(),
        "changed_at": at,
    }
    connection.execute(
        database.insert(subscriptions)
        .values(subscriber_id=subscriber, list_number=list_number, **active)
        .on_conflict_do_update(
            index_elements=["subscriber_id", "list_number"], set_=active
        )
    )
