"""The one switch of a database, and whether it still lives where it used to.

A copy of a database, or one restored from a backup, does not know what was sent since
it was taken: it starts stopped, and a person says whether it may go on.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, select, text, update
from sqlalchemy.exc import DBAPIError

from mailer.adapters.database import audit
from mailer.adapters.database.engine import Database
from mailer.adapters.database.schema import batches, instance
from mailer.core.reasons import unaddressed

_CLOCKS_DIFFER = 2.0  # seconds by which a remembered call may be ahead


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """Since when and why nothing is sent."""

    since: datetime
    reason: str


class Instance:
    """Stops and starts all sending of one database."""

    def __init__(self, database: Database, *, machine: str, memory: "Memory") -> None:
        """Take this machine's name and what was remembered outside the database."""
        self._database = database
        self._machine = machine
        self._memory = memory

    def stopped(self) -> Stop | None:
        """Return since when and why nothing is sent; None: it may be."""
        with self._database.reading() as connection:
            row = connection.execute(select(instance)).one()
        if row.stopped_at is None:
            return None
        return Stop(since=row.stopped_at, reason=row.stopped_reason or "")

    def stop(self, *, reason: str, actor: str, at: datetime) -> None:
        """Let no call begin any more, of any mailing."""
        with self._database.writing() as connection:
            if connection.scalar(select(instance.c.stopped_at)) is None:
                _stop(connection, unaddressed(reason), actor, at)

    def start(self, *, actor: str, at: datetime) -> Stop | None:
        """Let calls begin again, here; returns what it was stopped for."""
        before = self.stopped()
        with self._database.writing() as connection:
            connection.execute(
                update(instance).values(
                    stopped_at=None,
                    stopped_reason=None,
                    home=self._home(connection),
                )
            )
            audit.record(
                connection, at=at, actor=actor, verb="start", thing="sending", detail={}
            )
        self._memory.forget()
        return before

    def settle_in(self, *, at: datetime) -> None:
        """Stop if this is a copy or came out of a backup; else remember its place."""
        with self._database.writing() as connection:
            row = connection.execute(select(instance)).one()
            home = self._home(connection)
            if row.home is None:
                connection.execute(update(instance).values(home=home))
            elif row.home != home:
                _stop(connection, _COPY, "mailer", at)
                connection.execute(update(instance).values(home=home))
            elif row.stopped_at is None:
                last = connection.scalar(select(func.max(batches.c.first_call)))
                known = max(float(last or 0.0), row.last_call)
                if self._memory.last_call(home) > known + _CLOCKS_DIFFER:
                    _stop(connection, _OLDER, "mailer", at)
        self._memory.home = home

    def _home(self, connection: Connection) -> str:
        """Name the place of this database: it changes when it is copied or restored."""
        if not self._database.is_sqlite:
            return _server_home(connection)
        file = self._database.url.database or ""
        try:
            inode = Path(file).stat().st_ino
        except OSError:  # in memory
            inode = 0
        return f"sqlite:{self._machine}:{inode}"


_COPY = (
    "this database is a copy, or has moved: the one it was taken from may be sending"
    " too. If that one is gone for good, nothing was sent since, and the newest"
    " erasures.jsonl is in the project folder, which alone knows who was erased since:"
    " mailer start"
)
_OLDER = (
    "this database is older than what was sent from it: it was restored from a backup,"
    " and what was sent since then would be sent again. Look at mailer status, cancel"
    " what went out already, and put the newest erasures.jsonl into the project folder,"
    " which alone knows who was erased since; then: mailer start"
)


class Memory:
    """Remembers beside the database when its last call was made."""

    def __init__(self, file: Path) -> None:
        """Take the file, which need not exist and is only ever a hint."""
        self._file = file
        self._written = 0.0
        self.home = ""

    def last_call(self, home: str) -> float:
        """Return when the last call from this home was made, on its database's clock."""
        try:
            known: Any = json.loads(self._file.read_text(encoding="utf-8"))
            return float(known["last_call"]) if known["home"] == home else 0.0
        except (OSError, ValueError, KeyError, TypeError):
            return 0.0

    def remember(self, call: float) -> None:
        """Write down a call; at most once a second."""
        if call < self._written + 1.0 or not self.home:
            return
        words = json.dumps({"home": self.home, "last_call": call})
        part = self._file.with_suffix(".part")
        try:
            part.write_text(words, encoding="utf-8")
            part.replace(self._file)
        except OSError:  # a read-only folder must not keep mail from going out
            return
        self._written = call

    def forget(self) -> None:
        """Start anew: a person has said that all is well."""
        self._file.unlink(missing_ok=True)
        self._written = 0.0


def _stop(connection: Connection, reason: str, actor: str, at: datetime) -> None:
    connection.execute(update(instance).values(stopped_at=at, stopped_reason=reason))
    audit.record(
        connection,
        at=at,
        actor=actor,
        verb="stop",
        thing="sending",
        detail={"reason": reason},
    )


def _server_home(connection: Connection) -> str:
    database = connection.scalar(
        text("SELECT oid FROM pg_database WHERE datname = current_database()")
    )
    try:
        with connection.begin_nested():
            cluster = connection.scalar(
                text("SELECT system_identifier FROM pg_control_system()")
            )
    except DBAPIError:  # not allowed to everybody; a dump has another number of tables
        cluster = connection.scalar(text("SELECT 'batches'::regclass::oid"))
    return f"postgresql:{cluster}:{database}"
