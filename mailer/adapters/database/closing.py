"""When a mailing is over."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Update,
    bindparam,
    case,
    exists,
    func,
    literal_column,
    update,
)

from mailer.adapters.database.schema import batches, mailings
from mailer.adapters.database.types import Instant

# Spelled out, not bound: only so do both databases see that a partial index fits.
OPEN: ColumnElement[bool] = literal_column(
    "batches.state IN ('ready', 'leased', 'inflight', 'unknown')"
)

NEVER = 1e12  # seconds since 1970: not before somebody lets it go

PARKED: ColumnElement[bool] = literal_column("batches.state = 'parked'")


def finish(connection: Connection, mailing_id: int, at: datetime) -> None:
    """Close a mailing that has no open batch left; unresolved if any is parked."""
    connection.execute(_ONE, {"p_mailing": mailing_id, "p_at": at})


def finish_idle(connection: Connection) -> None:
    """Close every mailing that has no open batch left."""
    connection.execute(_ALL)


def _finishing() -> Update:
    mine = exists().where(batches.c.mailing_id == mailings.c.id)
    parked = mine.where(PARKED)
    return (
        update(mailings)
        .where(mailings.c.state == "sending", ~mine.where(OPEN))
        .values(state=case((parked, "unresolved"), else_="finished"))
    )


# Built once: this runs with every batch.
_ONE = (
    _finishing()
    .where(mailings.c.id == bindparam("p_mailing", type_=BigInteger()))
    .values(finished_at=bindparam("p_at", type_=Instant()))
)
_ALL = _finishing().values(finished_at=func.now())
