"""Two people at one blast in the same moment, each from a machine of their own."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from mailer.adapters.database.engine import Database
from mailer.adapters.database.faring import SqlBlasts
from mailer.core.errors import MailerError
from mailer.core.proposal import Proposal, Stage
from mailer.core.refusal import NotMovedError, Why
from mailer.core.roles import Role
from tests.contract.launching import ANA, BEN, CY, Coalition, draft
from tests.contract.post import SECRET
from tests.fakes.provider import ScriptedProvider

ROUNDS = 6
PEOPLE = 30


@pytest.fixture
def pair(
    database: Database, database_url: str, tmp_path: Path
) -> Iterator[tuple[Coalition, Coalition]]:
    here, there = (
        Coalition(database),
        Coalition(Database(database_url, folder=tmp_path)),
    )
    here.enlist(PEOPLE)
    yield here, there
    there.database.close()


def submitted(coalition: Coalition, edition: str) -> str:
    name = f"urgent/{edition}"
    coalition.proposer.new(draft(edition=edition), by=ANA)
    coalition.proposer.submit(name, by=ANA)
    return name


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Do these in the same moment; returns what each returned, or was refused with."""
    together = Barrier(len(acts))

    def act(which: Callable[[], Any]) -> Any:
        together.wait()
        try:
            return which()
        except MailerError as error:
            return error

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(act, acts))


def verbs(coalition: Coalition, name: str) -> Counter[str]:
    found = coalition.blasts.find(name)
    return Counter(verb for _, _, verb, _ in coalition.blasts.story(found))


def refused(results: Sequence[Any]) -> list[NotMovedError]:
    return [each for each in results if isinstance(each, NotMovedError)]


def remembered(coalition: Coalition) -> int:
    (count,) = coalition.query("SELECT count(*) FROM blast_recipients")
    return int(count)


def test_of_two_who_approve_at_once_one_has(pair: tuple[Coalition, Coalition]) -> None:
    here, there = pair
    for number in range(ROUNDS):
        name = submitted(here, f"both-{number}")

        results = at_once(
            partial(here.proposer.approve, name, by=BEN, revision=1),
            partial(there.proposer.approve, name, by=CY, revision=1),
        )

        (other,) = refused(results)
        assert other.why in (Why.STALE, Why.STAGE)
        (won,) = (each for each in results if isinstance(each, Proposal))
        kept = here.blasts.find(name)
        assert (kept.stage, kept.approver) == (Stage.HELD, won.approver)
        assert verbs(here, name)["approve"] == 1
        assert remembered(here) == PEOPLE
        here.proposer.cancel(name, by=BEN, reason="enough")


def test_what_is_edited_while_it_is_approved_is_approved_by_nobody(
    pair: tuple[Coalition, Coalition],
) -> None:
    here, there = pair
    for number in range(ROUNDS):
        name = submitted(here, f"edited-{number}")
        other = draft(edition=f"edited-{number}", urgent=True)

        at_once(
            partial(here.proposer.approve, name, by=BEN, revision=1),
            partial(there.proposer.edit, name, other, by=ANA, revision=1),
        )

        kept = here.blasts.find(name)
        assert (kept.stage, kept.revision) == (Stage.DRAFT, 2)
        assert (kept.approver, kept.hold_until, remembered(here)) == (None, None, 0)
        here.later(minutes=20)
        there.post.now = here.now
        here.releaser.release()
        assert here.query("SELECT count(*) FROM mailings WHERE kind = 'blast'") == [0]


def test_a_stop_that_comes_with_the_approval_is_never_lost_unseen(
    pair: tuple[Coalition, Coalition],
) -> None:
    here, there = pair
    for number in range(ROUNDS * 2):
        name = submitted(here, f"stopped-{number}")

        _, stopped = at_once(
            partial(here.proposer.approve, name, by=BEN),
            partial(there.proposer.stop, name, by=ANA, reason="wait"),
        )

        # Whoever stops is told how it stands: not yet approved, or stopped; never held.
        assert stopped.stage in (Stage.SUBMITTED, Stage.STOPPED)
        if stopped.stage is Stage.STOPPED:
            assert here.blasts.find(name).stage is Stage.STOPPED
        here.proposer.cancel(name, by=BEN, reason="enough")


class Meanwhile(SqlBlasts):
    """Blasts to which something is done just after they were looked at."""

    def __init__(self, database: Database, act: Callable[[], object]) -> None:
        super().__init__(database, SECRET)
        self._acts = [act]

    def find(self, name: str) -> Proposal:
        found = super().find(name)
        if self._acts:
            self._acts.pop()()
        return found


def test_what_is_approved_just_as_it_is_stopped_is_stopped(
    pair: tuple[Coalition, Coalition],
) -> None:
    here, there = pair
    name = submitted(here, "meanwhile")
    blasts = Meanwhile(
        here.database, lambda: there.proposer.approve(name, by=BEN, count=PEOPLE)
    )

    stopped = replace(here.proposer, blasts=blasts).stop(name, by=ANA, reason="wait")

    assert stopped.stage is Stage.STOPPED
    assert here.blasts.find(name).stage is Stage.STOPPED


def test_what_is_submitted_anew_just_as_it_is_approved_is_not_approved_unseen(
    pair: tuple[Coalition, Coalition],
) -> None:
    here, there = pair
    name = submitted(here, "anew")
    here.enlist(1, first=PEOPLE + 1)
    there.later(minutes=1)
    blasts = Meanwhile(here.database, lambda: there.proposer.submit(name, by=ANA))

    with pytest.raises(NotMovedError) as refusal:
        replace(here.proposer, blasts=blasts).approve(name, by=BEN, count=PEOPLE)

    assert refusal.value.why is Why.STALE
    assert here.blasts.find(name).stage is Stage.SUBMITTED


def test_two_who_stop_at_once_stop_it_once(pair: tuple[Coalition, Coalition]) -> None:
    here, there = pair
    for number in range(ROUNDS):
        name = submitted(here, f"twice-{number}")
        here.proposer.approve(name, by=BEN)

        results = at_once(
            partial(here.proposer.stop, name, by=ANA, reason="wait"),
            partial(there.proposer.stop, name, by=CY, reason="wait too"),
        )

        assert [each.stage for each in results] == [Stage.STOPPED] * 2
        assert verbs(here, name)["stop"] == 1
        here.proposer.cancel(name, by=BEN, reason="enough")


def test_a_stop_that_comes_with_the_release_stops_it_wherever_it_is(
    pair: tuple[Coalition, Coalition],
) -> None:
    here, there = pair
    for number in range(ROUNDS):
        name = submitted(here, f"released-{number}")
        here.proposer.approve(name, by=BEN)
        here.later(minutes=10)
        there.post.now = here.now

        at_once(
            here.releaser.release,
            partial(there.proposer.stop, name, by=CY, reason="wait"),
        )

        here.drain(provider := ScriptedProvider())
        assert not provider.accepted
        kept = here.blasts.find(name)
        assert here.proposer.state(kept) == "paused"
        here.proposer.cancel(name, by=BEN, reason="enough")


def test_who_submits_twice_at_once_asks_each_approver_once(
    pair: tuple[Coalition, Coalition],
) -> None:
    here, there = pair
    here.employ(BEN, Role.APPROVER)
    here.employ(CY, Role.APPROVER)
    for number in range(2):  # more would be a flood
        name = f"urgent/asked-{number}"
        there.post.now = here.now + timedelta(microseconds=1)
        here.proposer.new(draft(edition=f"asked-{number}"), by=ANA)

        results = at_once(
            partial(here.proposer.submit, name, by=ANA, revision=1),
            partial(there.proposer.submit, name, by=ANA, revision=1),
        )
        here.releaser.release()

        assert not refused(results)
        kept = here.blasts.find(name)
        assert (kept.stage, kept.expected) == (Stage.SUBMITTED, PEOPLE)
        assert kept.told
        assert verbs(here, name)["submit"] == 1
        here.drain(provider := ScriptedProvider())
        assert provider.accepted == {BEN: 1, CY: 1}
        here.proposer.cancel(name, by=BEN, reason="enough")


def test_what_is_cancelled_while_it_is_approved_stays_cancelled(
    pair: tuple[Coalition, Coalition],
) -> None:
    here, there = pair
    for number in range(ROUNDS):
        name = submitted(here, f"cancelled-{number}")

        at_once(
            partial(here.proposer.approve, name, by=BEN),
            partial(there.proposer.cancel, name, by=ANA, reason="over"),
        )

        assert here.blasts.find(name).stage is Stage.CANCELLED
        assert remembered(here) == 0


def test_who_leaves_while_it_is_released_does_not_get_it(
    pair: tuple[Coalition, Coalition],
) -> None:
    here, there = pair
    name = submitted(here, "leaving")
    here.proposer.approve(name, by=BEN)
    here.later(minutes=10)
    there.post.now = here.now

    at_once(here.releaser.release, lambda: there.leave(3))
    here.drain(provider := ScriptedProvider())
    here.post.now += timedelta(minutes=10)
    here.releaser.release()
    here.later(minutes=10)
    here.releaser.release()
    here.drain(provider)

    assert "reader3@example.org" not in provider.accepted
    assert set(provider.accepted.values()) == {1}
    assert len(provider.accepted) == PEOPLE - 1
