"""The database's own clock, by which batches wait: it may be put back.

Whatever waits on it would wait longer by as much. How far it was seen to be is kept, so
that going back is noticed, whoever looks and however long nobody looked.
"""

from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Connection, and_, case, func, select, update

from mailer.adapters.database import audit
from mailer.adapters.database.closing import NEVER, OPEN
from mailer.adapters.database.engine import Database
from mailer.adapters.database.schema import batches, clock, instance, paces

EVERY = 10.0  # seconds after which it is looked at again where there is much to do
_KEPT_EVERY = 10.0  # seconds by which it has gone on when that is written down
_SLACK = 5.0  # seconds by which clocks are put right all the time


def keep(database: Database, *, lease: float) -> bool:
    """Look at the clock; True if it was put back, and what waited too long does not.

    `lease` is how long the caller's calls are leased, in seconds: none is cut shorter.
    """
    seen = select(clock.c.seen).scalar_subquery()
    with database.reading() as connection:
        now, known = connection.execute(select(database.seconds(), seen)).one()
        now, known = float(now), float(known or 0.0)
    if known - _SLACK <= now <= known + _KEPT_EVERY:
        return False
    with database.writing() as connection:
        if known > now:
            return _put_back(connection, now, known - now, lease)
        kept = database.insert(clock).values(id=1, seen=now)
        connection.execute(
            kept.on_conflict_do_update(
                index_elements=["id"],
                set_={"seen": kept.excluded.seen},
                where=clock.c.seen < kept.excluded.seen,
            )
        )
    return False


def _put_back(connection: Connection, now: float, by: float, lease: float) -> bool:
    """Let everything wait as long as it was to, and no longer: by a little too long.

    What goes out too early for its readers is kept back again where calls begin; a key
    that providers may have forgotten is not trusted for longer; and no lease ends while
    its call may still be under way.
    """
    moved = connection.execute(
        update(clock).where(clock.c.seen > now + _SLACK).values(seen=now)
    )
    if not moved.rowcount:  # another has just seen it
        return False
    # By the last call a restored backup is known; those of open batches move below.
    last = select(func.max(batches.c.first_call)).scalar_subquery()
    connection.execute(
        update(instance).where(instance.c.last_call < last).values(last_call=last)
    )
    connection.execute(
        update(batches)
        .where(OPEN)
        .values(
            not_before=_sooner(batches.c.not_before, by, now),
            lease_until=_ends(batches.c.lease_until, by, now + lease),
            first_call=batches.c.first_call - by,
        )
    )
    connection.execute(
        update(paces)
        .where(paces.c.free_at > now)
        .values(free_at=_sooner(paces.c.free_at, by, now))
    )
    audit.record(
        connection,
        at=datetime.fromtimestamp(now, UTC),
        actor="mailer",
        verb="put back",
        thing="clock",
        detail={"seconds": round(by)},
    )
    return True


def _sooner(
    moment: ColumnElement[float], by: float, now: float
) -> ColumnElement[float]:
    """Return a moment so much earlier, if it is yet to come."""
    waits = and_(moment > now, moment < NEVER)
    return case((waits, moment - by), else_=moment)


def _ends(until: ColumnElement[float], by: float, least: float) -> ColumnElement[float]:
    """Return the end of a lease so much earlier, but not before `least`."""
    return case((until - by > least, until - by), (until > least, least), else_=until)
