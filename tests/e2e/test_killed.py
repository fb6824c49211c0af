"""Commands that are killed at any moment: what they began is finished, and done once."""

import email
import random
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from email.policy import default
from itertools import count
from pathlib import Path

import pytest

from mailer.adapters import erasures
from mailer.adapters.erasures import ErasureFile
from tests.e2e import forked
from tests.e2e.conftest import Shell, copied
from tests.e2e.test_rights import ANA, BEN, traces
from tests.e2e.test_share import ADDRESS, Stage, link_of, settled, stage
from tests.e2e.town import MONDAY, Town

__all__ = ["settled", "stage"]
KILLS = 4  # of each command; by hand it was tried with fifty
BEFORE = timedelta(days=5, minutes=1)  # the next edition
HOURS = timedelta(hours=2)
NOON = "2019-10-07T16:00:00Z"
LISTED = "is listed"
Copy = Callable[[Shell], Shell]


def kill(shell: Shell, *words: str, after: float) -> bool:
    """Start `mailer WORDS` and kill it; returns whether it was at it still."""
    running = forked.started(
        ["--project", str(shell.folder), *words],
        environment=shell.environment(),
        folder=shell.folder.parent,
    )
    time.sleep(after)
    was_at_it = running.exitcode is None
    running.kill()
    running.join()
    return was_at_it


def moments(shell: Shell, *words: str) -> Iterator[float]:
    """Yield when to kill it: at any time from when it begins until it would end."""
    began = time.monotonic()
    shell(*words)
    whole = time.monotonic() - began
    chance = random.Random(6)  # noqa: S311 - a script
    for turn in range(KILLS):
        yield whole * (turn + chance.random()) / KILLS


def later(folder: Path, at: timedelta) -> Town:
    """Return the same project at another time."""
    town = Town(folder)
    town.now = MONDAY + at
    return town


def letters(shell: Shell, words: str, at: timedelta = HOURS) -> Counter[str]:
    """Let the service do what is left, twice; returns who got letters of such words.

    Whoever was killed in a call holds it no longer.
    """
    for _ in range(2):
        with closing(sqlite3.connect(shell.folder / "mailer.db")) as connection:
            connection.execute("UPDATE batches SET lease_until = 0, not_before = 0")
            connection.commit()
        project = later(shell.folder, at).project
        project.instance.start(actor="cli", at=project.clock())  # it is a copy
        project.ticker(print).tick()
        project.close()
    return Counter(
        str(letter["To"])
        for file in shell.messages
        for letter in [email.message_from_bytes(file.read_bytes(), policy=default)]
        if words in str(letter["Subject"])
    )


@pytest.fixture
def again(tmp_path: Path) -> Copy:
    """Copies of a project, each in a folder of its own."""
    numbers = count(1)
    return lambda shell: copied(shell, tmp_path / f"copy{next(numbers)}")


def test_who_is_being_forgotten_is_there_as_before_or_nowhere_any_more(
    filled: Shell, again: Copy
) -> None:
    filled("send", "weekly", "--as-of", "2019-10-07T15:00:00Z")
    for name in ("people.csv", "actions.csv"):  # the operator's own files
        (filled.folder / name).unlink()
    killed = 0
    for moment in moments(again(filled), "forget", ANA, "--yes"):
        shell = again(filled)
        killed += kill(shell, "forget", ANA, "--yes", after=moment)
        # The file alone says nothing yet: a kill may come before its first line.
        begun = ErasureFile(shell.folder / erasures.NAME).entries()

        shell("lists")  # any command

        if begun:
            assert traces(shell.folder, ANA) == [], moment
        else:
            assert shell("export", ANA).json["person"]["address"] == ANA
        shell("forget", ANA, "--yes")
        assert traces(shell.folder, ANA) == [], moment
        assert traces(shell.folder, BEN)
    assert killed


def test_whose_plan_is_accepted_is_told_once_with_their_link(
    stage: Stage, again: Copy
) -> None:
    stage.confirmed()
    (waiting,) = stage.town.project.requests.waiting()
    stage.town.project.close()
    origin = Shell(stage.town.project.folder)
    command = ["requests", "accept", str(waiting.number), "--as-of", NOON]
    killed = 0
    for moment in moments(again(origin), *command):
        shell = again(origin)
        killed += kill(shell, *command, after=moment)
        left = shell("requests", "--json").json
        assert letters(shell, LISTED) == ({} if left else {ADDRESS: 1}), moment

        shell(*command, check=False)

        assert letters(shell, LISTED) == {ADDRESS: 1}, moment
        assert shell("requests", "--json").json == []
    assert killed


def test_whoever_a_program_decided_on_that_died_at_once_is_told_by_the_service(
    stage: Stage,
) -> None:
    stage.confirmed()
    project = stage.town.project
    (waiting,) = project.requests.waiting()
    assert project.hosts.accept(waiting, by="cli", at=stage.town.now)
    tell = project.moderator("mailer").tell_the_rest
    assert tell() == 0  # whoever has just decided may be at it
    stage.town.now += timedelta(minutes=1)

    assert [tell(), tell()] == [1, 0]

    (letter,) = stage.letters()
    assert LISTED in letter["Subject"]
    assert "Otay Mesa" in stage.page(link_of(letter))


def _recheck(folder: Path) -> None:
    later(folder, BEFORE).project.rechecker(print).recheck()


def test_each_host_is_asked_once_before_an_edition(stage: Stage, again: Copy) -> None:
    hosts = [f"host{number}@example.org" for number in range(5)]
    for number, host in enumerate(hosts):
        stage.send(address=host, venue=f"Gate {number}")
        stage.post(stage.link(host), action="confirm")
    for waiting in stage.town.project.requests.waiting():
        stage.town.project.moderator("cli").accept(waiting.number)
    stage.letters()
    stage.town.project.close()
    origin = Shell(stage.town.project.folder)
    began = time.monotonic()
    run(_recheck, again(origin).folder, after=None)
    whole = time.monotonic() - began
    killed = 0
    for turn in range(KILLS):
        shell = again(origin)
        killed += run(_recheck, shell.folder, after=whole * (turn + 0.5) / KILLS)

        assert letters(shell, "Still right?", BEFORE) == dict.fromkeys(hosts, 1), turn
    assert killed


def test_each_reader_of_a_wrong_mail_is_told_once(stage: Stage, again: Copy) -> None:
    link = stage.listed()
    stage.town.send()
    stage.save(link, day="2019-10-20")
    stage.letters()
    action = stage.town.id_of("San Diego")
    stage.town.project.close()
    origin = Shell(stage.town.project.folder)
    command = ["corrections", "send", action, "--as-of", NOON]
    readers = {"ana@barrio.example": 1, "ben@aft.example": 1}
    killed = 0
    for moment in moments(started(again(origin)), *command):
        shell = started(again(origin))
        killed += kill(shell, *command, after=moment)
        told = {**letters(shell, "has changed since"), **letters(shell, "cambi")}
        assert told in ({}, readers), moment

        shell(*command, check=False)

        told = {**letters(shell, "has changed since"), **letters(shell, "cambi")}
        assert told == readers, moment
        assert shell("corrections", "--as-of", NOON).out == ""
    assert killed


def started(shell: Shell) -> Shell:
    """Return a copy of a project that may send."""
    shell("start")
    return shell


def run(act: Callable[[Path], None], folder: Path, *, after: float | None) -> bool:
    """Do this in a process of its own; kill it, and return whether it was at it."""
    running = forked.doing(act, folder)
    running.join(after)
    was_at_it = running.exitcode is None
    running.kill()
    running.join()
    return was_at_it
