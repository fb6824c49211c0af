"""Actions from a database that a coalition already has: one SELECT, never a write."""

import re
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from mailer.adapters.sources.columns import KNOWN, SYNONYMS, column_flags
from mailer.adapters.sources.rows import read_rows
from mailer.adapters.sources.sheet import header_key
from mailer.adapters.sources.text import one_line
from mailer.core.errors import InputError
from mailer.core.model import Flag, Reading
from mailer.ports import Gazetteer

MAX_ROWS = 20_000
_LITERAL = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`|--[^\n]*|/\*.*?\*/", re.DOTALL)
_QUERY = re.compile(r"\s*(?:select|with)\b", re.IGNORECASE)
_PROGRESS = 10_000  # SQLite's steps between two looks at the clock


class SqlSource:
    """One SELECT whose columns bear our names, or names that mean the same.

    Nothing can be written: SQLite is opened read-only, PostgreSQL and MySQL run a
    read-only transaction; other databases, which cannot be held to that, are refused.
    """

    def __init__(
        self,
        url: str,
        query: str,
        *,
        name: str,
        gazetteer: Gazetteer,
        default_zone: str | None = None,
        max_rows: int = MAX_ROWS,
        timeout: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take any SQLAlchemy URL; `name` is what messages call the source.

        `timeout` (seconds) ends a query that takes too long. Raises InputError when
        the query is anything but one SELECT or the database is of another kind.
        """
        self._name, self._gazetteer, self._zone = name, gazetteer, default_zone
        self._max_rows, self._timeout, self._clock = max_rows, timeout, clock
        self._query = self._checked(query)
        self._url = self._understood(url)

    def read(self) -> Reading:
        """Run the query; raises InputError without the URL's password in it."""
        names, rows = self._fetch()
        columns = self._columns(names)
        reading = read_rows(
            (
                (number, {name: _plain(row[index]) for index, name in columns.items()})
                for number, row in enumerate(rows, 1)
            ),
            file=self._name,
            columns=tuple(columns.values()),
            gazetteer=self._gazetteer,
            default_zone=self._zone,
        )
        unknown = (name for index, name in enumerate(names) if index not in columns)
        flags = column_flags(unknown, tuple(columns.values()))
        if "external_id" not in columns.values():
            flags += (
                Flag(
                    line=None,
                    field="external_id",
                    code="identity-missing",
                    message="the query names no id, so that a new date in the same"
                    " place may look like another action; select the table's key AS"
                    " external_id",
                ),
            )
        return replace(reading, flags=flags + reading.flags)

    # --- what is asked ------------------------------------------------------------

    def _checked(self, query: str) -> str:
        bare = _LITERAL.sub(_blank, query).strip().rstrip(";")
        if not _QUERY.match(bare):
            raise InputError(
                f"{self._name}: the query must be one SELECT (or WITH … SELECT)"
            )
        if ";" in bare:
            raise InputError(
                f"{self._name}: the query has a semicolon outside of quotes; only one"
                " statement may be given"
            )
        return query.strip().rstrip(";")

    def _understood(self, url: str) -> URL:
        try:
            parsed = make_url(url)
        except ArgumentError as error:
            raise InputError(
                f'{self._name}: the url is none; write it as "sqlite:///site.db" or'
                ' "postgresql+psycopg://user:password@host/name"'
            ) from error
        if parsed.drivername in ("postgres", "postgresql"):
            parsed = parsed.set(drivername="postgresql+psycopg")
        kind = parsed.get_backend_name()
        if kind not in ("sqlite", "postgresql", "mysql", "mariadb"):
            raise InputError(
                f"{self._name}: {kind} cannot be held to reading only; use SQLite,"
                " PostgreSQL or MySQL, or export the actions as CSV"
            )
        return parsed

    def _columns(self, names: Sequence[str]) -> dict[int, str]:
        columns: dict[int, str] = {}
        for index, name in enumerate(names):
            key = header_key(name)
            known = key if key in KNOWN else SYNONYMS.get(key)
            if known is None:
                continue
            if known in columns.values():
                raise InputError(
                    f"{self._name}: two columns of the query mean {known}; name one of"
                    " them otherwise with AS"
                )
            columns[index] = known
        return columns

    # --- asking -------------------------------------------------------------------

    def _fetch(self) -> tuple[list[str], Sequence[Sequence[Any]]]:
        engine = None
        try:
            engine = self._engine()
            with engine.connect() as connection:
                self._forbid_writing(connection)
                result = connection.execution_options(
                    no_parameters=True, stream_results=True
                ).exec_driver_sql(self._query)
                with closing(result):
                    if not result.returns_rows:
                        raise InputError(f"{self._name}: the query returns no rows")
                    names = list(result.keys())
                    rows = result.fetchmany(self._max_rows + 1)
        except (ImportError, NoSuchModuleError) as error:
            raise InputError(
                f"{self._name}: the driver {self._url.drivername} is not installed;"
                " install it, for PostgreSQL with coalition-mailer[postgresql]"
            ) from error
        except (SQLAlchemyError, sqlite3.Error) as error:
            # Not chained: the driver's own words may repeat the password.
            raise InputError(self._failure(error)) from None
        finally:
            if engine is not None:
                engine.dispose()
        if len(rows) > self._max_rows:
            raise InputError(
                f"{self._name}: the query returns more than {self._max_rows} rows; add a"
                " WHERE that leaves out what is long over"
            )
        return names, rows

    def _failure(self, error: Exception) -> str:
        said = one_line(str(getattr(error, "orig", None) or error))[:300]
        if self._url.password:
            said = said.replace(str(self._url.password), "***")
        where = self._url.render_as_string(hide_password=True)
        if "interrupted" in said or "timeout" in said or "maximum statement" in said:
            said = f"took longer than {self._timeout:g} seconds; simplify the query"
        return f"{self._name}: {where} could not be read: {said}"

    def _engine(self) -> Engine:
        kind = self._url.get_backend_name()
        if kind == "sqlite":
            return create_engine("sqlite://", creator=self._open_sqlite)
        arguments: dict[str, Any] = {"connect_timeout": 10}
        if kind == "postgresql":
            arguments["options"] = "-c default_transaction_read_only=on"
        return create_engine(self._url, connect_args=arguments)

    def _open_sqlite(self) -> sqlite3.Connection:
        path = Path(self._url.database or "")
        if not path.is_file():
            raise InputError(f"{self._name}: {path}: there is no such database file")
        address = f"file:{quote(str(path.resolve()))}?mode=ro"
        connection = sqlite3.connect(address, uri=True, timeout=self._timeout)
        connection.text_factory = _decode
        connection.execute("PRAGMA query_only = ON")
        deadline = self._clock() + self._timeout
        connection.set_progress_handler(
            lambda: int(self._clock() > deadline), _PROGRESS
        )
        return connection

    def _forbid_writing(self, connection: Connection) -> None:
        milliseconds = int(self._timeout * 1000)
        statements: Mapping[str, Sequence[str]] = {
            "postgresql": (
                "SET TRANSACTION READ ONLY",
                f"SET LOCAL statement_timeout = {milliseconds}",
            ),
            "mysql": (
                f"SET SESSION max_execution_time = {milliseconds}",
                "START TRANSACTION READ ONLY",
            ),
            "mariadb": (
                f"SET SESSION max_statement_time = {self._timeout}",
                "START TRANSACTION READ ONLY",
            ),
        }
        for statement in statements.get(self._url.get_backend_name(), ()):
            connection.exec_driver_sql(statement)


def _blank(found: re.Match[str]) -> str:
    """Return what stands for a comment or a literal when only the words count."""
    return " " if found[0].startswith(("--", "/*")) else "''"


def _decode(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _plain(value: object) -> object:
    """Return what some drivers give for text as text."""
    if isinstance(value, memoryview):
        value = value.tobytes()
    return _decode(value) if isinstance(value, bytes) else value
