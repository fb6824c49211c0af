"""Blasts that somebody or something works against, between the approval and the mail."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import time
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from mailer.adapters.database.engine import Database
from mailer.adapters.database.parked import Parked
from mailer.core.caps import Cap
from mailer.core.draft import Draft
from mailer.core.errors import RefusedError
from mailer.core.proposal import Stage
from mailer.core.quiet import QuietHours
from mailer.ports import Launch
from tests.contract.launching import ANA, BEN, CY, NAME, URGENT, Coalition, draft
from tests.factories import draft as action_draft
from tests.fakes.provider import ScriptedProvider, vanish


@pytest.fixture
def coalition(database: Database) -> Coalition:
    return Coalition(database)


NOT_AFTER = "2019-10-07T15:15:00Z"


def with_an_action(coalition: Coalition) -> Draft:
    """Return a blast that takes its place from an action."""
    coalition.enlist(3)
    coalition.post.publish(action_draft("San Diego", venue="the north gate"))
    (action,) = coalition.query("SELECT public_id FROM actions")
    return draft(action=action)


def move(coalition: Coalition) -> None:
    """Let the action be somewhere else, as a source or a moderator says."""
    coalition.post.publish(action_draft("San Diego", venue="the south gate"))


def test_an_action_that_moved_during_the_hold_is_approved_anew(
    coalition: Coalition,
) -> None:
    coalition.approved(with_an_action(coalition))
    move(coalition)
    coalition.later(minutes=10)

    asked = coalition.tick()

    assert asked.stage is Stage.SUBMITTED
    assert "what its readers would get has changed" in str(asked.reason)
    assert (asked.approver, asked.expected) == (None, 3)
    assert coalition.query("SELECT count(*) FROM mailings WHERE kind = 'blast'") == [0]
    assert [verb for _, _, verb, _ in coalition.blasts.story(asked)][-1] == "ask again"

    coalition.proposer.approve(NAME, by=BEN)
    coalition.later(minutes=10)
    assert coalition.tick().stage is Stage.CANARY
    (text,) = coalition.query("SELECT text FROM variants WHERE language = 'en'")
    assert "south gate" in str(text)


def test_an_action_that_moved_since_it_was_submitted_is_not_approved_unseen(
    coalition: Coalition,
) -> None:
    coalition.proposer.new(with_an_action(coalition), by=ANA)
    coalition.proposer.submit(NAME, by=ANA)
    move(coalition)

    with pytest.raises(RefusedError, match="is not what was submitted"):
        coalition.proposer.approve(NAME, by=BEN)

    assert coalition.blasts.find(NAME).stage is Stage.SUBMITTED
    coalition.proposer.submit(NAME, by=ANA)
    assert coalition.proposer.approve(NAME, by=BEN).stage is Stage.HELD


def test_whoever_may_not_approve_any_more_when_the_hold_is_over_has_not(
    coalition: Coalition,
) -> None:
    coalition.enlist(3)
    coalition.approved()
    coalition.named = (ANA, CY)
    coalition.later(minutes=10)

    asked = coalition.tick()

    assert asked.stage is Stage.SUBMITTED
    assert "may not approve any more" in str(asked.reason)
    assert BEN not in str(asked.reason)
    coalition.proposer.approve(NAME, by=CY)
    coalition.later(minutes=10)
    assert coalition.tick().stage is Stage.CANARY


def test_being_told_of_one_approval_is_not_being_told_of_the_next(
    coalition: Coalition,
) -> None:
    coalition.enlist(3)
    coalition.proposer.new(draft(), by=ANA)
    coalition.proposer.submit(NAME, by=ANA)
    first = coalition.proposer.approve(NAME, by=ANA, alone=True, reason="a raid")
    coalition.blasts.ask_again(first, reason="look again", at=coalition.now)
    again = coalition.blasts.find(NAME)
    coalition.later(minutes=1)
    coalition.blasts.approve(
        again,
        by=ANA,
        reason="a raid still",
        words=coalition.words(again.draft),
        hold_until=coalition.now,
        terms=coalition.terms(again.draft),
        at=coalition.now,
    )

    coalition.blasts.told(first)  # by a tick that was slow

    assert not coalition.blasts.find(NAME).told


def in_doubt(coalition: Coalition, **changes: Any) -> ScriptedProvider:
    """Send a blast of which nobody knows whether it arrived, to its end."""
    coalition.launched(draft(**changes))
    provider = ScriptedProvider(*[vanish] * 9)
    coalition.drain(provider)
    assert coalition.tick().stage is Stage.DONE
    provider.forget_the_script()
    return provider


def resend(coalition: Coalition) -> int:
    parked = Parked(coalition.database)
    return parked.resend(coalition.mailing.id, None, actor="cli", at=coalition.now)


def test_what_is_resent_of_a_blast_that_was_over_goes_out(coalition: Coalition) -> None:
    coalition.enlist(3)
    provider = in_doubt(coalition)

    assert resend(coalition) == 3
    coalition.drain(provider)

    assert coalition.counts() == {"pending": 0, "sent": 3}
    assert coalition.tick().stage is Stage.DONE


def test_a_blast_is_not_over_while_somebody_is_resent_to(coalition: Coalition) -> None:
    coalition.enlist(3)
    provider = in_doubt(coalition)
    resend(coalition)
    seen = coalition.blasts.find(NAME)

    done = coalition.blasts.close(
        seen, Stage.DONE, by="", reason="", at=coalition.now
    )  # by a tick that had looked before

    assert not done
    coalition.drain(provider)
    assert coalition.counts() == {"pending": 0, "sent": 3}


def test_nothing_is_resent_after_the_last_moment(coalition: Coalition) -> None:
    coalition.enlist(3)
    in_doubt(coalition, not_after=NOT_AFTER)
    coalition.later(minutes=6)

    with pytest.raises(RefusedError, match="not go out after 2019-10-07 15:15 UTC"):
        resend(coalition)

    assert coalition.counts() == {"pending": 0, "sent": 0, "parked": 3}


def test_what_is_resent_wakes_nobody(coalition: Coalition) -> None:
    coalition.quiet_hours = QuietHours(begin=time(21), end=time(8))
    coalition.enlist(3, time_zone="America/Los_Angeles")
    coalition.enlist(3, first=4, time_zone="America/New_York")
    provider = in_doubt(coalition)
    coalition.later(hours=11)  # 19:10 in Los Angeles, 22:10 in New York

    assert resend(coalition) == 6
    coalition.drain(provider)
    assert sorted(provider.accepted) == [f"reader{n}@example.org" for n in (1, 2, 3)]
    coalition.later(hours=10)
    coalition.drain(provider)

    assert coalition.counts() == {"pending": 0, "sent": 6}
    assert set(provider.accepted.values()) == {1}


def test_two_blasts_released_at_once_count_towards_one_cap(
    coalition: Coalition, database_url: str, tmp_path: Path
) -> None:
    coalition.enlist(400)
    everybody = (coalition, *others(database_url, tmp_path, 3))
    for number, each in enumerate(everybody):
        each.caps = (Cap(times=1, unit="day"),)
        name = f"urgent/at-once-{number}"
        coalition.proposer.new(draft(edition=f"at-once-{number}"), by=ANA)
        coalition.proposer.submit(name, by=ANA)
        coalition.proposer.approve(name, by=BEN, count=400)
    coalition.later(minutes=10)
    for each in everybody:
        each.post.now = coalition.now

    together = Barrier(len(everybody))

    def release(which: int) -> None:
        each = everybody[which]
        launch = launch_of(each, f"urgent/at-once-{which}")
        together.wait()
        each.blasts.launch(launch)

    with ThreadPoolExecutor(len(everybody)) as pool:
        list(pool.map(release, range(len(everybody))))

    given = "SELECT count(*) FROM deliveries WHERE state = 'pending'"
    assert coalition.query(given) == [400]
    stages = coalition.query("SELECT stage FROM blasts ORDER BY stage")
    assert stages == ["canary", "submitted", "submitted", "submitted"]
    for each in everybody[1:]:
        each.database.close()


def others(url: str, folder: Path, count: int) -> Iterator[Coalition]:
    """Return the same coalition in other processes: connections of their own."""
    for _ in range(count):
        yield Coalition(Database(url, folder=folder))


def launch_of(coalition: Coalition, name: str) -> Launch:
    """Return what the clock launches when a hold is over."""
    proposal = coalition.blasts.find(name)
    key = coalition.blasts.key(name)
    typeset = coalition.typesetter.typeset(proposal.draft, URGENT, key)
    return Launch(
        proposal=proposal,
        key=key,
        variants=typeset.variants,
        by_language=typeset.by_language,
        otherwise=typeset.otherwise,
        words=typeset.words,
        batch_size=10,
        domains={},
        route=coalition.post.route,
        quiet=None,
        terms=coalition.terms(proposal.draft),
        at=coalition.now,
    )


def test_a_small_audience_that_became_another_one_is_approved_anew(
    coalition: Coalition,
) -> None:
    coalition.enlist(2)
    coalition.approved()
    coalition.leave(1, 2)
    coalition.enlist(3, first=3)
    coalition.later(minutes=10)

    asked = coalition.tick()

    assert asked.stage is Stage.SUBMITTED
    assert "approved 2, sending 3: 2 left, 3 came" in str(asked.reason)
