"""How the database is: schema, journal, room on its disk, what waits in it."""

import shutil
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select

from mailer.adapters.database import migrate
from mailer.adapters.database.drafting import SqlDrafts
from mailer.adapters.database.engine import Database
from mailer.adapters.database.schema import audit, instance, lists, subscriptions
from mailer.core.diagnosis import About, Finding, Topic
from mailer.core.errors import ConfigError, StoreError
from mailer.core.proposal import OVER, Stage
from mailer.core.saying import Verbatim, says

_SCHEMA = About(Topic.DATABASE, says("schema"))
_JOURNAL = About(Topic.DATABASE, says("journal"))
_CALLS = About(Topic.DATABASE, says("calls"))
_ROOM = About(Topic.DATABASE, says("disk"))
_SWITCH = About(Topic.DATABASE, says("sending"))
_BACKUP = About(Topic.DATABASE, says("backups"))
_TIME = About(Topic.DATABASE, says("clock"))
_OFF = 60.0  # seconds
_AHEAD = timedelta(minutes=5)
_LATELY = timedelta(days=7)
_LITTLE, _NONE = 1024**3, 100 * 1024**2  # octets free
_LOOKED_AT = 200  # calls, the newest
_GIB = 1024**3


def examine(database: Database, *, now: datetime) -> Sequence[Finding]:
    """Look at the database without changing it, not even making its file.

    `now` is what the clock of this machine shows.
    """
    if database.is_sqlite and not _is_there(database):
        return [
            _SCHEMA.fail(
                says(
                    "there is no file %(database)s",
                    database=database.url.database or "",
                ),
                says("nothing is sent"),
                says(
                    "run: %(command)s; or mend database in mailer.toml",
                    command=Verbatim("mailer db upgrade"),
                ),
            )
        ]
    try:
        migrate.require(database)
    except (ConfigError, StoreError) as error:
        return [_SCHEMA.fail(error.words, says("nothing is sent"))]
    findings = [_SCHEMA.ok(says("the newest")), _switch(database)]
    findings.append(_time(database, now))
    if database.is_sqlite:
        findings += [_journal(database), _room(Path(database.url.database or "."))]
    return [*findings, *_calls(database), _backups(database)]


def active(database: Database) -> Mapping[str, int]:
    """Count the active subscriptions of each list."""
    query = (
        select(lists.c.slug, func.count())
        .join(subscriptions, subscriptions.c.list_number == lists.c.number)
        .where(subscriptions.c.state == "active")
        .group_by(lists.c.slug)
    )
    with database.reading() as connection:
        return {row[0]: row[1] for row in connection.execute(query)}


def _is_there(database: Database) -> bool:
    name = database.url.database
    return not name or name == ":memory:" or Path(name).is_file()


def _switch(database: Database) -> Finding:
    with database.reading() as connection:
        row = connection.execute(select(instance)).one()
    if row.stopped_at is None:
        return _SWITCH.ok(says("is on"))
    return _SWITCH.warn(
        says(
            "stopped since %(stopped_at)s UTC: %(stopped_reason)s",
            stopped_at=f"{row.stopped_at:%Y-%m-%d %H:%M}",
            stopped_reason=row.stopped_reason or "",
        ),
        says("no mailing goes out"),
        says("when all is well: %(command)s", command=Verbatim("mailer start")),
    )


def _time(database: Database, now: datetime) -> Finding:
    """Look whether clocks go on, and together: what is due waits for their hours."""
    newest = select(audit.c.happened_at).order_by(audit.c.id.desc()).limit(1)
    went = (audit.c.object == "clock", audit.c.verb == "put back")
    with database.reading() as connection:
        last = connection.scalar(newest)
        put_back = connection.scalar(select(func.max(audit.c.happened_at)).where(*went))
        theirs = float(connection.scalar(select(database.seconds())) or 0.0)
    off = 0.0 if database.is_sqlite else now.timestamp() - theirs
    late = says("editions and urgent calls go out at the wrong hour")
    mended = says(
        "have the machine keep its time: %(command)s",
        command=Verbatim("timedatectl set-ntp true"),
    )
    if abs(off) > _OFF:
        apart = f"{abs(off):.0f}"
        return _TIME.warn(
            says("%(off)s seconds away from this machine's", off=apart), late, mended
        )
    if last is not None and last > now + _AHEAD:
        shown = f"{last:%Y-%m-%d %H:%M}"
        found = says("the last record is of a later hour, %(at)s UTC", at=shown)
        return _TIME.warn(found, late, mended)
    if put_back is not None and now - put_back < _LATELY:
        shown = f"{put_back:%Y-%m-%d %H:%M}"
        return _TIME.warn(
            says("was put back, as was seen at %(at)s UTC", at=shown),
            says("holds that were under way began anew"),
            mended,
        )
    return _TIME.ok(says("goes on, as this machine's"))


def _calls(database: Database) -> Sequence[Finding]:
    """Look whether calls can be read: another version may have written them.

    Those under way, and the drafts that somebody may be at.
    """
    kept = SqlDrafts(database, b"")
    under_way = kept.every(frozenset(Stage) - OVER - {Stage.DRAFT}, most=_LOOKED_AT)
    found = [*under_way, *kept.every([Stage.DRAFT], most=_LOOKED_AT)]
    return [
        _CALLS.fail(
            unread.removesuffix(f"; {remedy}"), says("it does not go out"), remedy
        )
        for each in found
        if (unread := each.draft.unread) is not None
        for remedy in (unread.rpartition("; ")[2],)
    ]


def _journal(database: Database) -> Finding:
    with database.reading() as connection:
        mode = connection.exec_driver_sql("PRAGMA journal_mode").scalar()
    if mode == "wal":
        return _JOURNAL.ok(says("WAL: readers and senders do not wait for each other"))
    return _JOURNAL.warn(
        says("%(mode)s instead of WAL", mode=str(mode)),
        says(
            "pages and senders wait for each other; on a network's disk the"
            " file may break"
        ),
        says("put the database on a disk of this machine, or use PostgreSQL"),
    )


def _room(file: Path) -> Finding:
    free = shutil.disk_usage(file.parent).free
    if free < _NONE:
        return _ROOM.fail(
            says("%(free)s MiB are free", free=f"{free / 1024**2:.0f}"),
            says("when it is full, sending stops in the middle"),
            says("make room on the disk"),
        )
    if free < _LITTLE:
        return _ROOM.warn(
            says("%(free)s MiB are free", free=f"{free / 1024**2:.0f}"),
            "",
            says("make room before it is full"),
        )
    return _ROOM.ok(says("%(free)s GiB are free", free=f"{free / _GIB:.0f}"))


def _backups(database: Database) -> Finding:
    how = (
        says(
            "%(command)s, never cp",
            command=Verbatim(
                f'sqlite3 {Path(database.url.database or "").name} ".backup COPY.db"'
            ),
        )
        if database.is_sqlite
        else says("pg_dump, or your host's own")
    )
    return _BACKUP.note(
        says("whether there are any cannot be seen from here"),
        "",
        says("every night: %(how)s; keep the keys with them", how=how),
    )
