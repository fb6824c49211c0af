"""A database that was copied or restored, or that a person stopped, sends nothing."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from mailer.adapters.database import copying
from mailer.adapters.database.engine import Database
from mailer.adapters.database.instance import Instance, Memory
from mailer.adapters.database.schema import batches, instance
from tests.contract.post import Post
from tests.factories import MONDAY, draft
from tests.fakes.provider import ScriptedProvider


@pytest.fixture
def post(database: Database) -> Post:
    made = Post(database)
    made.publish(draft("San Diego"), draft("Denver"))
    return made


def home_of(
    database: Database, folder: Path, *, machine: str = "this machine"
) -> Instance:
    return Instance(database, machine=machine, memory=Memory(folder / "memory.json"))


def test_after_a_stop_no_call_begins_and_after_a_start_nobody_is_missing(
    post: Post, tmp_path: Path
) -> None:
    home, provider = home_of(post.database, tmp_path), ScriptedProvider()
    mailing = post.composed(25)
    post.sender(provider).step()

    home.stop(reason="the wrong people", actor="test", at=MONDAY)
    post.drain(mailing, provider)
    stopped = home.stopped()
    assert stopped is not None
    assert (stopped.reason, provider.calls) == ("the wrong people", 1)

    home.start(actor="test", at=MONDAY)
    post.drain(mailing, provider)
    assert (home.stopped(), len(provider.accepted)) == (None, 25)


def test_who_stops_again_does_not_take_the_first_reason_away(
    post: Post, tmp_path: Path
) -> None:
    home = home_of(post.database, tmp_path)
    home.stop(reason="the wrong people", actor="test", at=MONDAY)
    home.stop(reason="stopped by a person", actor="test", at=MONDAY)

    stopped = home.stopped()
    assert stopped is not None
    assert stopped.reason == "the wrong people"


def test_a_stop_between_claim_and_intent_holds(post: Post, tmp_path: Path) -> None:
    post.composed(5)
    batch = post.claim()

    home_of(post.database, tmp_path).stop(reason="", actor="test", at=MONDAY)

    assert post.begin(batch) is None


def test_a_database_at_home_is_not_stopped_by_starting_again(
    post: Post, tmp_path: Path
) -> None:
    for _ in range(3):
        home = home_of(post.database, tmp_path)
        home.settle_in(at=MONDAY)

        assert home.stopped() is None


def test_stops_and_starts_are_on_record(post: Post, tmp_path: Path) -> None:
    home = home_of(post.database, tmp_path)
    home.stop(reason="x", actor="ana", at=MONDAY)
    home.start(actor="ben", at=MONDAY)

    rows = post.query("SELECT actor || ' ' || verb FROM audit ORDER BY id DESC LIMIT 2")
    assert rows == ["ben start", "ana stop"]


def test_a_dump_restored_elsewhere_is_stopped(post: Post, tmp_path: Path) -> None:
    home = home_of(post.database, tmp_path)
    home.settle_in(at=MONDAY)
    with post.database.writing() as connection:  # as a restore brings it along
        connection.execute(update(instance).values(home="postgresql:1:2"))

    home.settle_in(at=MONDAY)

    stopped = home.stopped()
    assert stopped is not None
    assert "is a copy" in stopped.reason


def test_a_backup_put_back_in_place_is_stopped_until_somebody_has_looked(
    post: Post, tmp_path: Path
) -> None:
    memory = Memory(tmp_path / "memory.json")
    home = Instance(post.database, machine="this machine", memory=memory)
    home.settle_in(at=MONDAY)
    memory.remember(2_000_000_000.0)  # a call, long after the backup was taken

    home_of(post.database, tmp_path).settle_in(at=MONDAY)

    stopped = home.stopped()
    assert stopped is not None
    assert "restored from a backup" in stopped.reason
    home.start(actor="test", at=MONDAY)
    home_of(post.database, tmp_path).settle_in(at=MONDAY)
    assert home.stopped() is None


def test_calls_that_the_database_knows_are_no_reason_to_stop(
    post: Post, tmp_path: Path
) -> None:
    memory = Memory(tmp_path / "memory.json")
    home = Instance(post.database, machine="this machine", memory=memory)
    home.settle_in(at=MONDAY)
    post.composed(5)
    post.sender(ScriptedProvider()).step()
    [call] = post.query("SELECT max(first_call) FROM batches")
    memory.remember(call)

    home_of(post.database, tmp_path).settle_in(at=MONDAY)

    assert home.stopped() is None


def test_pruning_does_not_look_like_a_backup(post: Post, tmp_path: Path) -> None:
    memory = Memory(tmp_path / "memory.json")
    home = Instance(post.database, machine="this machine", memory=memory)
    home.settle_in(at=MONDAY)
    post.composed(5)
    post.sender(ScriptedProvider()).step()
    [call] = post.query("SELECT max(first_call) FROM batches")
    memory.remember(call)
    with post.database.writing() as connection:
        connection.execute(update(instance).values(last_call=call))
        connection.execute(update(batches).values(first_call=None))

    home_of(post.database, tmp_path).settle_in(at=MONDAY)

    assert home.stopped() is None


@pytest.fixture
def file(migrated_file: Path, tmp_path: Path) -> Iterator[Database]:
    shutil.copy(migrated_file, tmp_path / "here.db")
    database = Database("sqlite:///here.db", folder=tmp_path)
    home_of(database, tmp_path).settle_in(at=MONDAY)
    yield database
    database.close()


def test_a_copied_file_is_stopped_and_the_original_is_not(
    file: Database, tmp_path: Path
) -> None:
    file.close()
    shutil.copy(tmp_path / "here.db", tmp_path / "there.db")
    copy = Database("sqlite:///there.db", folder=tmp_path)
    for database in (file, copy):
        home_of(database, tmp_path).settle_in(at=MONDAY)

    assert home_of(file, tmp_path).stopped() is None
    assert home_of(copy, tmp_path).stopped() is not None
    copy.close()


def test_a_file_that_is_only_renamed_is_at_home(file: Database, tmp_path: Path) -> None:
    file.close()
    (tmp_path / "here.db").rename(tmp_path / "there.db")
    moved = Database("sqlite:///there.db", folder=tmp_path)
    home_of(moved, tmp_path).settle_in(at=MONDAY)

    assert home_of(moved, tmp_path).stopped() is None
    moved.close()


def test_the_same_file_on_another_machine_is_stopped(
    file: Database, tmp_path: Path
) -> None:
    other = home_of(file, tmp_path, machine="another machine")
    other.settle_in(at=MONDAY)

    assert other.stopped() is not None


def test_of_a_database_and_its_copy_only_one_sends(
    file: Database, database: Database, tmp_path: Path
) -> None:
    copying.copy(file, database, at=MONDAY)
    home_of(database, tmp_path).settle_in(at=MONDAY)

    old = home_of(file, tmp_path).stopped()
    assert old is not None
    assert "copied to" in old.reason
    assert home_of(database, tmp_path).stopped() is None


@pytest.mark.parametrize("words", ["", "{", "[]", '{"home": 1, "last_call": "x"}'])
def test_a_damaged_memory_is_no_memory(words: str, tmp_path: Path) -> None:
    (tmp_path / "memory.json").write_text(words)

    assert Memory(tmp_path / "memory.json").last_call("home") == 0.0
