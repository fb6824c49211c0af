"""When a mailing is over."""

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, case, exists, func, update

from mailer.adapters.database.schema import batches, mailings

_OPEN = ("ready", "leased", "inflight", "unknown")


def finish(connection: Connection, mailing_id: int, at: datetime) -> None:
    """Close a mailing that has no open batch left; unresolved if any is parked."""
    _finish(connection, mailings.c.id == mailing_id, at)


def finish_idle(connection: Connection) -> None:
    """Close every mailing that has no open batch left."""
    _finish(connection, mailings.c.id.is_not(None), None)


def _finish(
    connection: Connection, which: ColumnElement[bool], at: datetime | None
) -> None:
    connection.execute(
        update(mailings)
        .where(which, mailings.c.state == "sending", ~_having(*_OPEN))
        .values(
            state=case((_having("parked"), "unresolved"), else_="finished"),
            finished_at=at or func.now(),
        )
    )


def _having(*states: str) -> ColumnElement[bool]:
    return exists().where(
        and_(batches.c.mailing_id == mailings.c.id, batches.c.state.in_(states))
    )
