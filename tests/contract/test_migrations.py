"""The migrations and the schema in the code are one."""

from pathlib import Path

import pytest

from mailer.adapters.database import migrate
from mailer.adapters.database.engine import Database
from mailer.core.errors import ConfigError, StoreError


def test_the_migrations_lead_to_the_schema_in_the_code(database: Database) -> None:
    assert migrate.check(database) == []


def test_upgrading_twice_changes_nothing(database: Database) -> None:
    before, after = migrate.upgrade(database)

    assert before == after


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
