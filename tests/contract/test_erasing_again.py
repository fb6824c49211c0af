"""What was erased stays so: the journal, a backup that comes back, a power cut."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path

import pytest

from mailer.adapters.database.erasing import SqlErasures
from mailer.adapters.erasures import ErasureFile
from mailer.core.erasures import Erased, Erasure
from mailer.core.errors import InputError, StoreError
from mailer.pipeline.erase import Eraser
from tests.contract.erasing import (
    ANA,
    come_back,
    erase,
    eraser,
    holding,
    journal,
    post,
    reason,
)
from tests.contract.post import PEPPER, Post
from tests.factories import MONDAY

__all__ = ["eraser", "journal", "post"]


# --- a backup comes back


def test_a_restored_backup_is_cleaned_again(
    post: Post, eraser: Eraser, journal: ErasureFile
) -> None:
    hashed = eraser.erasures.hashed(ANA)
    journal.add([Erasure(address_hash=hashed, at=post.now + timedelta(days=3))])

    assert eraser.catch_up(at=MONDAY) == 1

    assert holding(post, ANA) == set()
    assert reason(post) == "erased"
    assert eraser.catch_up(at=MONDAY) == 0


def test_a_power_cut_after_the_journal_leaves_nothing_undone(
    post: Post, eraser: Eraser
) -> None:
    class Cut(SqlErasures):
        def erase(self, *_: object, **__: object) -> Erased:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        erase(replace(eraser, erasures=Cut(post.database, PEPPER)), post)
    assert "subscribers" in holding(post, ANA)

    assert eraser.catch_up(at=MONDAY) == 1

    assert holding(post, ANA) == set()


def test_a_restored_backup_keeps_whoever_came_back_by_their_own_act(
    post: Post, eraser: Eraser, journal: ErasureFile
) -> None:
    hashed = eraser.erasures.hashed(ANA)
    journal.add([Erasure(address_hash=hashed, at=post.now - timedelta(days=3))])
    come_back(post)

    assert eraser.catch_up(at=MONDAY) == 1

    assert reason(post) is None
    assert post.send().deliveries["sent"] == 5


def test_an_import_before_the_restored_backup_was_cleaned_makes_nobody_mailable(
    post: Post, eraser: Eraser, journal: ErasureFile
) -> None:
    hashed = eraser.erasures.hashed(ANA)
    journal.add([Erasure(address_hash=hashed, at=post.now - timedelta(days=3))])

    eraser.catch_up(at=MONDAY)

    assert reason(post) == "erased"
    assert post.send().deliveries["sent"] == 4


def test_a_machine_without_the_journal_writes_it_anew(
    post: Post, eraser: Eraser, tmp_path: Path
) -> None:
    erase(eraser, post)
    elsewhere = ErasureFile(tmp_path / "other.jsonl")

    assert replace(eraser, journal=elsewhere).catch_up(at=MONDAY) == 0

    (written,) = elsewhere.entries()
    assert written == Erasure(
        address_hash=eraser.erasures.hashed(ANA), at=MONDAY.astimezone(UTC)
    )


def test_what_was_broken_off_before_its_last_byte_was_gone_is_finished_later(
    post: Post, eraser: Eraser
) -> None:
    class Full(SqlErasures):
        def scrub(self) -> None:
            raise StoreError("the disk is full")

    files = [ANA]

    def take_out(is_theirs: Callable[[str], bool]) -> None:
        files[:] = [each for each in files if not is_theirs(each)]

    with pytest.raises(StoreError):
        erase(replace(eraser, erasures=Full(post.database, PEPPER)), post)
    assert files == [ANA]

    again = replace(eraser, elsewhere=[take_out])

    assert again.complete(at=post.now) == 1
    assert files == []
    assert again.complete(at=post.now) == 0


# --- the journal itself


def test_the_journal_holds_hashes_and_times_alone(
    post: Post, eraser: Eraser, tmp_path: Path
) -> None:
    erase(eraser, post)

    file = tmp_path / "erasures.jsonl"
    (line,) = file.read_text("ascii").splitlines()
    assert json.loads(line) == {
        "address_hash": eraser.erasures.hashed(ANA).hex(),
        "erased_at": "2019-10-07T15:00:00+00:00",
    }
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_line_that_a_power_cut_left_unfinished_gives_way(
    tmp_path: Path, journal: ErasureFile
) -> None:
    first = Erasure(address_hash=b"a" * 16, at=MONDAY)
    journal.add([first])
    with (tmp_path / "erasures.jsonl").open("a") as file:
        file.write('{"address_hash": "6262')

    assert journal.entries() == [first]
    second = Erasure(address_hash=b"c" * 16, at=MONDAY)
    journal.add([second])
    assert journal.entries() == [first, second]


@pytest.mark.parametrize(
    "line",
    [
        "yes",
        "{}",
        "[]",
        '{"address_hash": "zz", "erased_at": "2019-10-07T15:00:00+00:00"}',
        '{"address_hash": "' + "61" * 16 + '", "erased_at": "2019-10-07T15:00:00"}',
        '{"address_hash": "61", "erased_at": "2019-10-07T15:00:00+00:00"}',
    ],
)
def test_a_broken_line_is_named_and_not_passed_over(
    line: str, tmp_path: Path, journal: ErasureFile
) -> None:
    (tmp_path / "erasures.jsonl").write_text(f"{line}\n")

    with pytest.raises(InputError, match=r"erasures\.jsonl: line 1"):
        journal.entries()


def test_without_a_journal_nothing_is_erased(post: Post, eraser: Eraser) -> None:
    nowhere = ErasureFile(Path("/dev/null/erasures.jsonl"))

    with pytest.raises(StoreError, match="nothing was erased"):
        erase(replace(eraser, journal=nowhere), post)

    assert "subscribers" in holding(post, ANA)
