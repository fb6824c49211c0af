"""A project moves from its SQLite file to PostgreSQL, and goes on there."""

from pathlib import Path

import pytest

from mailer.adapters.database import copying
from mailer.adapters.database.engine import Database
from mailer.core.errors import RefusedError
from tests.contract.post import Post, people
from tests.factories import MONDAY, contact, draft


@pytest.fixture
def old(migrated_file: Path, tmp_path: Path) -> Database:
    (tmp_path / "old.db").write_bytes(migrated_file.read_bytes())
    return Database("sqlite:///old.db", folder=tmp_path)


def test_everything_is_copied_and_the_next_edition_goes_on(
    old: Database, database: Database
) -> None:
    before = Post(old)
    before.publish(draft("San Diego"), draft("Denver"))
    before.enlist(*people(25))
    sent = before.send()

    counts = copying.copy(old, database, at=MONDAY)
    after = Post(database)
    after.enlist(contact(26))

    assert counts["deliveries"] == 25
    assert after.ledger.standing(1) == sent
    assert after.actions.every() == before.actions.every()
    assert {
        group.known_variant for group in after.ledger.groups(after.ledger.every()[0])
    } == {0, 1}
    old.close()


def test_nothing_is_copied_over_what_is_there(
    old: Database, database: Database
) -> None:
    Post(database).enlist(contact(1))

    with pytest.raises(RefusedError, match="copy into an empty one"):
        copying.copy(old, database, at=MONDAY)
    old.close()


def test_a_mailing_under_way_is_not_copied(old: Database, database: Database) -> None:
    Post(old).make()

    with pytest.raises(RefusedError, match="under way"):
        copying.copy(old, database, at=MONDAY)
    old.close()
