"""Clocks that are put forward and back while a call waits: no hour too long, none lost."""

from datetime import datetime, time, timedelta

import pytest
from sqlalchemy import select, text

from mailer.adapters.database.engine import Database
from mailer.core.proposal import Stage
from mailer.core.quiet import QuietHours
from tests.contract.launching import NAME, Coalition, draft
from tests.fakes.provider import ScriptedProvider, vanish

YEAR, HOUR = timedelta(days=365), timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def coalition(database: Database) -> Coalition:
    made = Coalition(database)
    made.enlist(40)
    return made


def put(coalition: Coalition, span: timedelta) -> None:
    """Put the program's clock forward or back; nothing else goes by."""
    coalition.post.now += span


def put_back_everywhere(coalition: Coalition, span: timedelta) -> None:
    """Put back the program's clock and the database's: what is kept is ahead of both."""
    coalition.post.now -= span
    waiting = "UPDATE batches SET not_before = not_before + :by WHERE not_before < 1e11"
    with coalition.database.writing() as connection:
        for statement in (
            f"{waiting} AND not_before > 0",
            "UPDATE batches SET lease_until = lease_until + :by",
            "UPDATE batches SET first_call = first_call + :by",
            "UPDATE paces SET free_at = free_at + :by",
            "UPDATE clock SET seen = seen + :by",
        ):
            connection.execute(text(statement), {"by": span.total_seconds()})


def ends(coalition: Coalition, moment: datetime | None) -> timedelta:
    assert moment is not None
    return moment - coalition.now


@pytest.mark.parametrize("span", [HOUR, YEAR])
def test_a_hold_that_a_clock_began_which_was_ahead_is_begun_anew(
    coalition: Coalition, span: timedelta
) -> None:
    put(coalition, span)
    coalition.approved()
    put(coalition, -span)

    held = coalition.tick()

    assert held.stage is Stage.HELD
    assert ends(coalition, held.hold_until) == held.hold()
    coalition.drain(provider := ScriptedProvider())
    assert not provider.accepted
    coalition.later(minutes=10)
    assert coalition.tick().stage is Stage.CANARY


@pytest.mark.parametrize("span", [HOUR, YEAR])
def test_a_canary_that_a_clock_settled_which_was_ahead_is_watched_anew(
    coalition: Coalition, span: timedelta
) -> None:
    coalition.launched()
    coalition.drain(ScriptedProvider())
    put(coalition, span)
    coalition.tick()
    put(coalition, -span)

    watched = coalition.tick()

    assert watched.stage is Stage.CANARY
    assert ends(coalition, watched.canary_until) == watched.hold()
    coalition.later(minutes=10)
    assert coalition.tick().stage is Stage.SENDING


def test_a_hold_is_not_prolonged_by_a_clock_that_is_a_little_behind(
    coalition: Coalition,
) -> None:
    before = coalition.approved().hold_until
    put(coalition, timedelta(minutes=-4))

    assert coalition.tick().hold_until == before


def test_a_clock_that_is_put_forward_past_the_last_moment_sends_nothing(
    coalition: Coalition,
) -> None:
    coalition.approved(draft(not_after="2019-10-07T18:00:00Z"))
    put(coalition, YEAR)

    assert coalition.tick().stage is Stage.EXPIRED
    put(coalition, -YEAR)
    coalition.later(minutes=20)
    coalition.drain(provider := ScriptedProvider())
    assert not provider.accepted
    assert coalition.blasts.find(NAME).stage is Stage.EXPIRED


def test_whoever_sleeps_is_not_woken_by_a_clock_that_is_put_forward_meanwhile(
    coalition: Coalition,
) -> None:
    coalition.quiet_hours = QuietHours(begin=time(21), end=time(8))
    coalition.approved()
    put(coalition, timedelta(hours=14))  # night from London to San Diego

    assert coalition.tick().stage is Stage.CANARY

    coalition.drain(provider := ScriptedProvider())
    assert not provider.accepted


@pytest.mark.parametrize("span", [HOUR, DAY])
def test_a_hold_that_was_over_keeps_nobody_waiting_when_the_clock_is_put_back(
    coalition: Coalition, span: timedelta
) -> None:
    coalition.launched()
    put(coalition, -span)

    launched = coalition.tick()

    assert launched.stage is Stage.CANARY
    assert ends(coalition, launched.hold_until) == launched.hold()
    provider = ScriptedProvider()
    coalition.drain(provider)
    assert not provider.accepted
    coalition.later(minutes=10)
    coalition.drain(provider)
    assert len(provider.accepted) == 20
    story = coalition.blasts.story(launched)
    assert [said for _, _, verb, said in story if verb == "wait anew"] == [
        "the clock was put back"
    ]


def test_the_rest_is_not_forgotten_when_the_clock_is_put_back_by_a_day(
    coalition: Coalition,
) -> None:
    provider = ScriptedProvider()
    coalition.launched()
    coalition.drain(provider)
    coalition.tick()
    coalition.later(minutes=10)
    assert coalition.tick().stage is Stage.SENDING
    put_back_everywhere(coalition, DAY)

    coalition.tick()
    coalition.later(minutes=11)
    coalition.drain(provider)

    assert coalition.tick().stage is Stage.DONE
    assert set(provider.accepted.values()) == {1}
    assert len(provider.accepted) == 40


def test_whoever_sleeps_is_written_to_this_morning_when_the_clock_is_put_back_by_a_day(
    coalition: Coalition,
) -> None:
    coalition.quiet_hours = QuietHours(begin=time(21), end=time(8))
    coalition.later(hours=14)  # night from London to San Diego
    coalition.launched()
    coalition.drain(provider := ScriptedProvider())
    put_back_everywhere(coalition, DAY)
    coalition.tick()

    coalition.drain(provider)
    assert not provider.accepted
    coalition.later(hours=11)
    coalition.drain(provider)

    assert len(provider.accepted) == 20


def test_a_call_that_ends_with_its_machine_is_found_out_after_the_clock_was_put_back(
    coalition: Coalition,
) -> None:
    coalition.launched()
    coalition.drain(provider := ScriptedProvider(vanish, vanish))
    provider.forget_the_script()
    coalition.later(minutes=5)
    put_back_everywhere(coalition, DAY)

    coalition.drain(provider)

    open_ones = "SELECT count(*) FROM batches WHERE state IN ('unknown', 'inflight')"
    assert coalition.query(open_ones) == [0]


def test_nobody_waits_a_day_for_a_provider_because_the_clock_was_put_back(
    coalition: Coalition,
) -> None:
    coalition.launched()
    coalition.drain(provider := ScriptedProvider())
    ledger = coalition.post.ledger
    ledger.hold_off("scripted", seconds=30.0, detail="busy")
    put_back_everywhere(coalition, DAY)

    coalition.drain(provider)

    [free_at] = coalition.query("SELECT max(free_at) FROM paces")
    assert 0 < free_at - seconds(coalition) < 60
    (at,) = coalition.query("SELECT detail FROM audit WHERE verb = 'put back'")
    assert "86400" in str(at) or "86399" in str(at)


def test_a_clock_that_goes_on_is_not_taken_for_one_that_was_put_back(
    coalition: Coalition,
) -> None:
    coalition.launched()
    coalition.drain(provider := ScriptedProvider())
    coalition.drain(provider)

    assert coalition.query("SELECT count(*) FROM audit WHERE verb = 'put back'") == [0]
    (known,) = coalition.query("SELECT seen FROM clock")
    assert abs(known - seconds(coalition)) < 60


def seconds(coalition: Coalition) -> float:
    """Return what the database's clock shows."""
    with coalition.database.reading() as connection:
        return float(
            connection.execute(select(coalition.database.seconds())).scalar_one()
        )
