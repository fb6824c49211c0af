"""Connections: SQLite as a careful single file, PostgreSQL as it comes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    Table,
    create_engine,
    event,
    func,
    literal_column,
    make_url,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.sql import ColumnElement

from mailer.core.errors import ConfigError, StoreError

_BUSY = 30.0  # seconds a writer waits for another
_CACHE = 16 * 1024  # KiB at most; with the usual 2 MB, big indexes grow page by page


# Told within a transaction that a mailing has so many batches for workers to send.
Wake = Callable[[Connection, int, int], None]


def _nobody(_connection: Connection, _mailing_id: int, _batches: int) -> None:
    """Wake nobody: workers look for themselves."""


class Database:
    """One database, read and written in short transactions.

    A reading transaction sees one moment; a writing one is exclusive on SQLite from
    its first statement (BEGIN IMMEDIATE), so it never fails half-way for a lock.
    What the database itself refuses is raised as StoreError, without the row at hand.
    """

    def __init__(self, url: str, *, folder: Path) -> None:
        """Connect lazily; a relative SQLite path is taken from `folder`."""
        self.url = _located(url, folder)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.wake: Wake = _nobody
        self.engine = _sqlite(self.url) if self.is_sqlite else _server(self.url)
        self._reader = self.engine.execution_options(mailer_reads=True)
        self._bare = self.engine.execution_options(mailer_bare=True)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a transaction that only reads."""
        with (
            self._told(),
            self._reader.connect() as connection,
            connection.begin(),
        ):
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open a transaction that commits at the end, or not at all."""
        with self._told(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            # The driver's own first line: the others quote the statement or the row.
            said = str(error.orig).partition("\n")[0].strip()
            # Options may hold a password as well.
            server = self.url.set(query={}).render_as_string(hide_password=True)
            where = self.url.database if self.is_sqlite else server
            raise StoreError(f"database: {where}: {said}{_way_out(said)}") from None

    def insert(self, table: Table) -> Any:
        """Return this dialect's INSERT, which knows ON CONFLICT."""
        return sqlite.insert(table) if self.is_sqlite else postgresql.insert(table)

    def seconds(self) -> ColumnElement[Any]:
        """Return the database's own clock in seconds since 1970, for leases."""
        if self.is_sqlite:
            return literal_column("((julianday('now') - 2440587.5) * 86400.0)")
        return func.extract("epoch", func.clock_timestamp())

    def compact(self) -> None:
        """Rewrite an SQLite file: what was deleted lies in it until it is overwritten.

        A server does so by itself, some time later (VACUUM). Writers wait meanwhile.
        """
        if not self.is_sqlite:
            return
        with self._told(), self._bare.connect() as connection:
            connection.exec_driver_sql("VACUUM")
            # The log holds the old pages; a reader who is at it keeps it for now.
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").close()

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def _way_out(said: str) -> str:
    if "is locked" in said:
        return (
            " by another program, for longer than was waited; do it again when that"
            " has ended"
        )
    if "is full" in said or "No space left" in said:
        return "; make room on its disk, and do it again"
    return ""


def _located(url: str, folder: Path) -> URL:
    parsed = _parsed(url)
    if parsed is None or parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise ConfigError(
            "database: not a database address that is understood, or its driver is"
            " not installed; write sqlite:///mailer.db, or"
            " postgresql+psycopg://USER@HOST/NAME after pip install"
            " coalition-mailer[postgresql]"
        )
    name = parsed.database
    if parsed.get_backend_name() != "sqlite" or not name or name == ":memory:":
        return parsed
    return parsed.set(database=str(folder / name))


def _parsed(url: str) -> URL | None:
    try:
        parsed = make_url(url)
        parsed.get_dialect().import_dbapi()
    except (ArgumentError, NoSuchModuleError, ImportError, ValueError):
        return None
    return parsed


def _sqlite(url: URL) -> Engine:
    patience = {} if "timeout" in url.query else {"timeout": _BUSY}
    engine = create_engine(url, connect_args=patience, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _connect(raw: Any, _record: Any) -> None:
        raw.isolation_level = None  # the driver must not begin transactions itself
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",  # a committed intent survives a power cut
            "foreign_keys=ON",
            f"cache_size=-{_CACHE}",
        ):
            raw.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if options.get("mailer_bare", False):  # what cannot be in a transaction
            return
        reads = options.get("mailer_reads", False)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine


def _server(url: URL) -> Engine:
    engine = create_engine(url, pool_pre_ping=True, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _connect(raw: Any, _record: Any) -> None:
        # Never weaker than this, whatever the server's file says; stronger may stay.
        raw.execute(
            "SELECT set_config('synchronous_commit', 'on', false)"
            " WHERE current_setting('synchronous_commit') IN ('off', 'local')"
        )
        raw.commit()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if connection.get_execution_options().get("mailer_reads", False):
            connection.exec_driver_sql(
                "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
            )

    return engine
