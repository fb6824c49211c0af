"""The migrations and the schema in the code are one."""

import shutil
from pathlib import Path
from traceback import format_exception

import pytest
from alembic import command
from sqlalchemy import insert, text

from mailer.adapters.database import migrate
from mailer.adapters.database.engine import Database
from mailer.adapters.database.schema import lists
from mailer.adapters.database.work import SqlLedger
from mailer.core.errors import ConfigError, StoreError
from mailer.core.routes import Route, Routing
from tests.factories import MONDAY


def test_the_migrations_lead_to_the_schema_in_the_code(database: Database) -> None:
    assert migrate.check(database) == []


def test_upgrading_twice_changes_nothing(database: Database) -> None:
    before, after = migrate.upgrade(database)

    assert before == after


_BEFORE_ROUTES = """
INSERT INTO lists (number, slug, first_seen_at) VALUES (1, 'weekly', '2019-10-07');
INSERT INTO mailings (id, key, list_number, edition, kind, state, due_at, as_of, until,
    planned_at) VALUES (1, 'k', 1, '2019-10-07', 'digest', 'sending', '2019-10-07',
    '2019-10-07', '2019-10-07', '2019-10-07');
INSERT INTO variants (id, mailing_id, content_hash, language, subject, preheader, html,
    text) VALUES (1, 1, 'h', 'en', '', '', '', '');
INSERT INTO batches (variant_id, seq, mailing_id, state, provider) VALUES
    (1, 0, 1, 'ready', NULL), (1, 1, 1, 'ready', 'main'), (1, 2, 1, 'unknown', 'main'),
    (1, 3, 1, 'inflight', 'main'), (1, 4, 1, 'done', 'main')
"""


def test_open_calls_stay_with_their_provider_when_batches_learn_whose_turn_it_is(
    tmp_path: Path,
) -> None:
    database = Database("sqlite:///old.db", folder=tmp_path)
    with database.writing() as connection:
        config = migrate._config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0003")
        for statement in _BEFORE_ROUTES.split(";"):
            connection.execute(text(statement))

    migrate.upgrade(database)

    with database.reading() as connection:
        rows = connection.execute(text("SELECT carrier FROM batches ORDER BY seq"))
        assert list(rows.scalars()) == ["", "", "main", "main", ""]
        points = connection.execute(text("SELECT DISTINCT point FROM batches"))
        assert len(points.all()) == 5
    assert migrate.check(database) == []
    SqlLedger(database, b"s" * 32).route(
        Routing(usual=Route(shares={"new": 1}), lists={})
    )
    with database.reading() as connection:
        rows = connection.execute(text("SELECT carrier FROM batches ORDER BY seq"))
        assert list(rows.scalars()) == ["new", "new", "main", "main", ""]
    database.close()


def test_an_empty_database_is_refused_and_the_way_out_named(tmp_path: Path) -> None:
    empty = Database("sqlite:///empty.db", folder=tmp_path)

    with pytest.raises(ConfigError, match="mailer db upgrade"):
        migrate.require(empty)

    empty.close()


def test_a_database_address_that_makes_no_sense_is_explained(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="sqlite:///"):
        Database("mysq://nowhere", folder=tmp_path)


@pytest.mark.parametrize(
    "secret", ["u:hunter2@127.0.0.1:1/x?", "127.0.0.1:1/x?password=hunter2&"]
)
def test_an_unreachable_server_does_not_print_the_password(
    tmp_path: Path, secret: str
) -> None:
    url = f"postgresql+psycopg://{secret}connect_timeout=1"
    unreachable = Database(url, folder=tmp_path)

    with pytest.raises(StoreError) as caught:
        migrate.require(unreachable)

    assert "hunter2" not in str(caught.value)
    unreachable.close()


@pytest.mark.parametrize(
    "url",
    [
        "mysql://u:hunter2@h/x",
        "postgresql+nope://u:hunter2@h/x",
        "postgresql+psycopg://u:hunter2@h:port/x",
    ],
)
def test_an_address_that_is_none_of_ours_says_how_to_write_one(
    url: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=r"write sqlite:///mailer\.db") as caught:
        Database(url, folder=tmp_path)

    assert "hunter2" not in str(caught.value)


def test_a_database_of_a_newer_version_is_left_alone(database: Database) -> None:
    with database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    for act in (migrate.require, migrate.upgrade):
        with pytest.raises(ConfigError, match="a newer mailer"):
            act(database)


def test_what_the_database_refuses_is_told_without_the_row(database: Database) -> None:
    row = {"slug": "somebody@example.org", "first_seen_at": MONDAY}

    with pytest.raises(StoreError) as caught, database.writing() as connection:
        connection.execute(insert(lists), [row, row])

    assert "example.org" not in "".join(format_exception(caught.value))


def test_a_writer_that_waited_too_long_is_told_so(
    migrated_file: Path, tmp_path: Path
) -> None:
    shutil.copy(migrated_file, tmp_path / "mailer.db")
    ours = Database("sqlite:///mailer.db?timeout=0.1", folder=tmp_path)
    other = Database("sqlite:///mailer.db", folder=tmp_path)

    with other.writing(), pytest.raises(StoreError, match="locked"), ours.writing():
        pass

    ours.close()
    other.close()
