"""Blasts that somebody or something works against, between the approval and the mail."""

from datetime import time
from typing import Any

import pytest

from mailer.adapters.database.engine import Database
from mailer.adapters.database.parked import Parked
from mailer.core.draft import Draft
from mailer.core.errors import RefusedError
from mailer.core.proposal import Stage
from mailer.core.quiet import QuietHours
from tests.contract.launching import ANA, BEN, CY, NAME, Coalition, draft
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
