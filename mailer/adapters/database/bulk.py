"""Some thousand rows in one statement, below SQLAlchemy's compile step.

Values go by column, not by row: what a column's type does to its values is looked up
once, and a value that is the same in all rows is converted once.

No driver binds the name of a table or a column. Those that stand in the statements here
are our own schema's; every value is bound.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat
from typing import Any

from sqlalchemy import Connection, LargeBinary, Row, Table, text

from mailer.adapters.database.engine import Database

_MOST_MARKS = 30_000  # SQLite takes 32,766 values in one statement

Columns = Mapping[str, Any]  # a list holds a value for each row, all else is in each


def insert(
    database: Database, connection: Connection, table: Table, columns: Columns
) -> int:
    """Insert rows; returns how many there are now that were not there before.

    What breaks a UNIQUE constraint is left out: somebody else was faster.
    """
    values = {
        name: _converted(connection, table, name, value)
        for name, value in columns.items()
    }
    count = max(len(value) for value in values.values() if isinstance(value, list))
    if not count:
        return 0
    if database.is_sqlite:
        return _executemany(connection, table, values, count)
    return _unnest(connection, table, values)


def _converted(connection: Connection, table: Table, name: str, value: Any) -> Any:
    """Return what the driver takes, as the column's type has it."""
    dialect, kind = connection.dialect, table.c[name].type
    convert = kind.dialect_impl(dialect).bind_processor(dialect)
    if convert is None or isinstance(kind, LargeBinary):  # drivers take plain bytes
        return value
    if not isinstance(value, list):
        return convert(value)
    converted = {each: convert(each) for each in {*value} - {None}}
    return [converted.get(each) for each in value]


def _executemany(
    connection: Connection, table: Table, values: Columns, count: int
) -> int:
    marks = ", ".join("?" * len(values))
    rows = zip(
        *(
            value if isinstance(value, list) else repeat(value, count)
            for value in values.values()
        ),
        strict=False,  # what repeats has no end of its own
    )
    return connection.exec_driver_sql(
        f"INSERT INTO {table.name} ({', '.join(values)}) VALUES ({marks})"  # noqa: S608 - our schema's names
        " ON CONFLICT DO NOTHING",
        list(rows),
    ).rowcount


def _unnest(connection: Connection, table: Table, values: Columns) -> int:
    types = {
        name: table.c[name].type.compile(connection.dialect).replace("SERIAL", "INT")
        for name in values
    }
    lists = [name for name, value in values.items() if isinstance(value, list)]
    chosen = (
        f"each.{name}" if name in lists else f"%({name})s::{types[name]}"
        for name in values
    )
    arrays = (f"%({name})s::{types[name]}[]" for name in lists)
    return connection.exec_driver_sql(
        f"INSERT INTO {table.name} ({', '.join(values)})"  # noqa: S608 - our schema's names
        f" SELECT {', '.join(chosen)}"
        f" FROM unnest({', '.join(arrays)}) AS each ({', '.join(lists)})"
        " ON CONFLICT DO NOTHING",
        dict(values),
    ).rowcount


def numbers(
    database: Database, connection: Connection, table: Table, count: int
) -> Sequence[int]:
    """Return as many numbers for new rows, which nobody else will use.

    On SQLite the caller's transaction is the only one that writes.
    """
    (key,) = table.primary_key.columns
    if database.is_sqlite:
        query = f"SELECT coalesce(max({key.name}), 0) FROM {table.name}"  # noqa: S608 - our schema's names
        last = int(connection.exec_driver_sql(query).scalar_one())
        return range(last + 1, last + 1 + count)
    drawn = connection.execute(
        text(
            "SELECT nextval(pg_get_serial_sequence(:table, :key))"
            " FROM generate_series(1, :count)"
        ),
        {"table": table.name, "key": key.name, "count": count},
    )
    return [int(row[0]) for row in drawn]


def select(
    database: Database,
    connection: Connection,
    table: Table,
    *,
    chosen: Sequence[str],
    column: str,
    values: Iterable[Any],
    lock: bool = False,
) -> list[tuple[Any, ...]]:
    """Return some columns, as the driver has them, of the rows with these values.

    `lock`: whoever would change them waits for the end of the transaction.
    """
    wanted = list(values)
    found: list[Row[Any]] = []
    query = f"SELECT {', '.join(chosen)} FROM {table.name} WHERE {column}"  # noqa: S608 - our schema's names
    if database.is_sqlite:  # a writing transaction is the only one anyway
        for start in range(0, len(wanted), _MOST_MARKS):
            some = tuple(wanted[start : start + _MOST_MARKS])
            marks = ", ".join("?" * len(some))
            found += connection.exec_driver_sql(f"{query} IN ({marks})", some).all()
    elif wanted:
        (key,) = table.primary_key.columns if lock else (None,)
        # In one order for all, so that no two wait for each other.
        until = f" ORDER BY {key.name} FOR NO KEY UPDATE" if key is not None else ""
        query = f"{query} = ANY(%s){until}"
        found += connection.exec_driver_sql(query, (wanted,)).all()
    return [tuple(row) for row in found]
