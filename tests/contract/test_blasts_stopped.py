"""What keeps a blast from leaving, whenever it comes: a stop, a moment, a bad beginning, the night."""

from datetime import time, timedelta

import pytest

from mailer.adapters.database.engine import Database
from mailer.core.events import EventKind
from mailer.core.proposal import Stage
from mailer.core.quiet import QuietHours
from tests.contract.launching import (
    ANA,
    BEN,
    CY,
    NAME,
    Coalition,
    draft,
    finish,
)
from tests.fakes.provider import ScriptedProvider

NOT_AFTER = "2019-10-07T15:15:00Z"


QUIET = QuietHours(begin=time(21), end=time(8))


@pytest.fixture
def coalition(database: Database) -> Coalition:
    return Coalition(database)


def test_a_stop_during_the_hold_means_that_nothing_ever_leaves(
    coalition: Coalition,
) -> None:
    coalition.enlist(30)
    coalition.approved()
    coalition.later(minutes=9)

    coalition.proposer.stop(NAME, by="", reason="wrong gate")
    coalition.proposer.stop(NAME, by="", reason="asked twice")
    coalition.later(days=3)

    assert coalition.tick().stage is Stage.STOPPED
    assert coalition.query("SELECT count(*) FROM deliveries") == [0]
    assert coalition.proposer.state(coalition.blasts.find(NAME)) == "paused"

    again = coalition.proposer.resume(NAME, by=BEN)
    assert again.hold_until == coalition.now + timedelta(minutes=10)
    assert coalition.tick().stage is Stage.HELD


def test_a_stop_during_sending_leaves_everybody_in_one_accounted_state(
    coalition: Coalition,
) -> None:
    coalition.enlist(60)
    coalition.launched()
    provider = ScriptedProvider()
    coalition.post.sender(provider).step()
    had = provider.accepted.total()

    coalition.proposer.stop(NAME, by=CY, reason="it is off")
    coalition.drain(provider)
    coalition.later(minutes=30)
    coalition.tick()
    coalition.drain(provider)
    assert provider.accepted.total() == had
    assert coalition.counts() == {"pending": 60 - had, "sent": had}

    coalition.proposer.resume(NAME, by=CY)
    finish(coalition, provider)
    assert set(provider.accepted.values()) == {1}
    assert coalition.counts() == {"pending": 0, "sent": 60}


def test_a_batch_claimed_before_the_stop_is_not_sent_after_it(
    coalition: Coalition,
) -> None:
    coalition.enlist(30)
    coalition.launched()
    batch = coalition.post.claim()
    coalition.proposer.cancel(NAME, by="", reason="the march is off")

    assert coalition.post.begin(batch) is None
    assert coalition.blasts.find(NAME).stage is Stage.CANCELLED
    assert coalition.counts() == {"pending": 0, "sent": 0, "skipped": 30}


def test_a_blast_that_was_ended_by_somebody_who_was_killed_is_ended_by_the_clock(
    coalition: Coalition,
) -> None:
    coalition.enlist(30)
    seen = coalition.launched()
    coalition.blasts.close(
        seen, Stage.CANCELLED, by=ANA, reason="off", at=coalition.now
    )

    assert coalition.post.begin(coalition.post.claim()) is None
    coalition.tick()

    assert coalition.counts()["skipped"] == 30


def test_a_mailing_cancelled_by_its_own_name_ends_the_blast(
    coalition: Coalition,
) -> None:
    coalition.enlist(30)
    coalition.launched()
    coalition.post.ledger.cancel(
        coalition.mailing.id, reason="by hand", at=coalition.now
    )

    after = coalition.tick()

    assert (after.stage, after.reason) == (Stage.CANCELLED, "by hand")


def test_a_blast_whose_moment_has_passed_never_goes_out(coalition: Coalition) -> None:
    coalition.enlist(30)
    coalition.approved(draft(not_after=NOT_AFTER))
    coalition.later(minutes=20)

    after = coalition.tick()

    assert after.stage is Stage.EXPIRED
    assert coalition.query("SELECT count(*) FROM deliveries") == [0]


def test_and_what_of_it_has_not_left_by_then_stays(coalition: Coalition) -> None:
    coalition.enlist(60)
    coalition.launched(draft(not_after=NOT_AFTER))
    provider = ScriptedProvider()
    coalition.drain(provider)
    first = coalition.post.now
    batch_left = coalition.post.claim()
    assert batch_left is None  # the rest waits for the canary
    coalition.later(minutes=5)

    assert coalition.now > first
    after = coalition.tick()

    assert after.stage is Stage.EXPIRED
    coalition.drain(provider)
    assert provider.accepted.total() == 20
    assert coalition.counts() == {"pending": 0, "sent": 20, "skipped": 40}


def test_no_call_begins_after_the_last_moment_even_before_the_clock_has_ticked(
    coalition: Coalition,
) -> None:
    coalition.enlist(30)
    coalition.launched(draft(not_after=NOT_AFTER))
    batch = coalition.post.claim()
    coalition.later(minutes=5)

    assert coalition.post.begin(batch) is None


def test_the_rest_is_not_begun_before_the_first_fared_well_whoever_claims_it(
    coalition: Coalition,
) -> None:
    coalition.enlist(60)
    coalition.launched()
    coalition.drain(ScriptedProvider())
    coalition.post._no_sleep(0)  # as if somebody let all batches go

    assert coalition.post.begin(coalition.post.claim()) is None
    assert coalition.counts() == {"pending": 40, "sent": 20}


@pytest.mark.parametrize(
    ("kind", "number", "goes_on"),
    [
        (EventKind.HARD, 2, True),
        (EventKind.HARD, 3, False),
        (EventKind.BLOCK, 3, False),
        (EventKind.COMPLAINED, 1, True),
        (EventKind.COMPLAINED, 2, False),
    ],
)
def test_the_rest_waits_for_a_person_if_the_first_fare_badly(
    coalition: Coalition, kind: EventKind, number: int, *, goes_on: bool
) -> None:
    coalition.enlist(60)
    coalition.launched()
    provider = ScriptedProvider()
    coalition.drain(provider)
    coalition.tick()
    coalition.heard(kind, *sorted(provider.accepted)[:number])
    coalition.later(minutes=10)

    after = coalition.tick()

    state = coalition.proposer.state(after)
    assert state == ("sending" if goes_on else "paused")
    if not goes_on:
        coalition.drain(provider)
        assert provider.accepted.total() == 20
        assert "first 20" in coalition.troubles[-1]
        coalition.proposer.resume(NAME, by=BEN)
        finish(coalition, provider)
        assert coalition.counts()["sent"] == 60


def test_nobody_is_woken_and_each_zone_gets_it_in_its_morning(
    coalition: Coalition,
) -> None:
    coalition.quiet_hours = QUIET
    coalition.enlist(10, time_zone="America/Los_Angeles")  # 8:00
    coalition.enlist(10, first=11, time_zone="Asia/Tokyo")  # midnight
    coalition.launched(draft(not_after=None))
    provider = ScriptedProvider()
    coalition.drain(provider)

    assert provider.accepted.total() == 10
    coalition.later(hours=7)
    coalition.drain(provider)
    assert provider.accepted.total() == 10
    coalition.later(hours=1)
    coalition.drain(provider)
    assert provider.accepted.total() == 20


def test_quiet_hours_that_begin_meanwhile_hold_what_is_left(
    coalition: Coalition,
) -> None:
    coalition.quiet_hours = QUIET
    coalition.enlist(10, time_zone="America/Los_Angeles")
    coalition.launched()
    batch = coalition.post.claim()
    coalition.later(hours=13)  # 21:10

    assert coalition.post.begin(batch) is None


def test_quiet_hours_are_overridden_for_a_reason(coalition: Coalition) -> None:
    coalition.quiet_hours = QUIET
    coalition.enlist(10, time_zone="Asia/Tokyo")
    coalition.launched(draft(despite_quiet_hours="People are moved tonight."))
    provider = ScriptedProvider()

    coalition.drain(provider)

    assert provider.accepted.total() == 10
