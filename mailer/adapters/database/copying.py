"""Move a project to another database: every row, counted on both sides."""

from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy import Connection, Table, func, insert, or_, select, text, update
from sqlalchemy.exc import DBAPIError

from mailer.adapters.database import migrate
from mailer.adapters.database.engine import Database
from mailer.adapters.database.schema import (
    batches,
    instance,
    lists,
    mailings,
    metadata,
)
from mailer.core.errors import RefusedError, StoreError

_ROWS = 2000  # per INSERT
_NAMED = 5  # mailings in an error
# Where a database is at home is its own: the copy finds out for itself.
_TABLES = [table for table in metadata.sorted_tables if table is not instance]


def copy(
    origin: Database,
    target: Database,
    *,
    at: datetime,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Mapping[str, int]:
    """Copy every table into an empty database; returns the rows of each.

    One transaction on the target: all of it is there in the end, or nothing. Raises
    RefusedError if the target holds rows already or a mailing is under way. The
    database that was copied is stopped: it must not send what the copy sends.
    """
    migrate.upgrade(target)
    with origin.reading() as source, target.writing() as sink:
        _refuse(source, sink)
        total = sum(_count(source, table) for table in _TABLES)
        counts: dict[str, int] = {}
        done = 0
        for table in _TABLES:
            try:
                counts[table.name] = _copy_table(source, sink, table)
            except DBAPIError as error:
                reason = str(error.orig).splitlines()[0]
                raise StoreError(
                    f"{table.name}: {reason}; nothing was copied"
                ) from None
            done += counts[table.name]
            progress(done, total)
        if not target.is_sqlite:
            _advance_numbers(sink)
    with origin.writing() as source:  # only one of the two may send from now on
        where = target.url.set(query={}).render_as_string(hide_password=True)
        source.execute(
            update(instance).values(
                stopped_at=at, stopped_reason=f"it was copied to {where}"
            )
        )
    return counts


def _refuse(source: Connection, sink: Connection) -> None:
    for table in _TABLES:
        if _count(sink, table):
            raise RefusedError(
                f"the target has rows in {table.name} already; copy into an empty one"
            )
    in_hand = (
        select(batches.c.state)
        .where(batches.c.mailing_id == mailings.c.id, batches.c.state == "inflight")
        .exists()
    )
    under_way = (
        select(lists.c.slug + "/" + mailings.c.edition)
        .join(lists, lists.c.number == mailings.c.list_number)
        .where(or_(mailings.c.state.in_(("planned", "sending")), in_hand))
        .order_by(mailings.c.id)
    )
    if names := source.scalars(under_way).all():
        some = ", ".join(names[:_NAMED]) + (", …" if len(names) > _NAMED else "")
        raise RefusedError(
            f"under way: {some}. Let it finish, or mailer pause it; stop the"
            " scheduler and every worker, then copy"
        )


def _count(connection: Connection, table: Table) -> int:
    return int(connection.scalar(select(func.count()).select_from(table)) or 0)


def _copy_table(source: Connection, sink: Connection, table: Table) -> int:
    rows = source.execution_options(yield_per=_ROWS).execute(select(table)).mappings()
    copied = 0
    for part in rows.partitions(_ROWS):
        sink.execute(insert(table), [dict(row) for row in part])
        copied += len(part)
    if _count(sink, table) != copied:
        raise StoreError(f"{table.name}: not every row arrived; nothing was copied")
    return copied


def _advance_numbers(sink: Connection) -> None:
    """Let PostgreSQL go on counting after the highest number that was copied."""
    for table in _TABLES:
        column = table.autoincrement_column
        if column is None:
            continue
        highest = sink.scalar(select(func.max(column)))
        if highest is not None:
            sink.execute(
                text("SELECT setval(pg_get_serial_sequence(:table, :column), :value)"),
                {"table": table.name, "column": column.name, "value": highest},
            )
