"""Bring a database to the newest schema, and check that it is sound.

Alembic is imported only to migrate or to compare: every command asks whether the
schema is the newest, and Alembic alone takes half a second to load.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from mailer.adapters.database.engine import Database
from mailer.adapters.database.schema import metadata
from mailer.core.errors import ConfigError

if TYPE_CHECKING:
    from alembic.config import Config

_MIGRATIONS = Path(__file__).with_name("migrations")


def upgrade(database: Database) -> tuple[str | None, str]:
    """Apply the missing migrations, all or none; returns the schema before and after."""
    if database.is_sqlite and database.url.database:
        folder = Path(database.url.database).parent
        if not folder.is_dir():
            raise ConfigError(f"database: there is no folder {folder}")
    from alembic import command

    with database.writing() as connection:
        if not database.is_sqlite:  # two processes may start at once
            connection.execute(text("SELECT pg_advisory_xact_lock(7236482)"))
        before = _revision(connection)
        _refuse_newer(before)
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        after = _revision(connection)
    return before, str(after)


def require(database: Database) -> None:
    """Raise ConfigError unless the database is reachable and at the newest schema."""
    with database.reading() as connection:
        found = _revision(connection)
    _refuse_newer(found)
    if found != _newest():
        state = (
            "is empty" if found is None else f"is at schema {found}, not {_newest()}"
        )
        raise ConfigError(f"the database {state}; run: mailer db upgrade")


def check(database: Database) -> Sequence[str]:
    """Return what is wrong with the schema or the file; nothing is good."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    def ours(_item: object, name: str | None, *_more: object) -> bool:
        return not (name or "").startswith(("procrastinate_", "idx_procrastinate_"))

    findings: list[str] = []
    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": ours})
        findings += [
            f"the schema differs from what this version needs: {difference}"
            for difference in compare_metadata(context, metadata)
        ]
        if database.is_sqlite:
            findings += [
                f"integrity: {row[0]}"
                for row in connection.exec_driver_sql("PRAGMA integrity_check")
                if row[0] != "ok"
            ]
            findings += [
                f"foreign keys: a row of {row[0]} points nowhere"
                for row in connection.exec_driver_sql("PRAGMA foreign_key_check")
            ]
    return findings


def _newest() -> str:
    return max(file.name[:4] for file in _MIGRATIONS.glob("versions/0*.py"))


def _refuse_newer(found: str | None) -> None:
    if found is not None and found > _newest():
        raise ConfigError(
            f"the database is at schema {found}, which a newer mailer made; this one"
            f" knows {_newest()}. Install the newer one again"
        )


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version"))
    return found.scalar()


def _config() -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    return config
