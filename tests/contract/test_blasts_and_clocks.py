"""Clocks that are put forward and back while a call waits: no hour too long, none lost."""

from datetime import datetime, time, timedelta

import pytest

from mailer.adapters.database.engine import Database
from mailer.core.proposal import Stage
from mailer.core.quiet import QuietHours
from tests.contract.launching import NAME, Coalition, draft
from tests.fakes.provider import ScriptedProvider

YEAR, HOUR = timedelta(days=365), timedelta(hours=1)


@pytest.fixture
def coalition(database: Database) -> Coalition:
    made = Coalition(database)
    made.enlist(40)
    return made


def put(coalition: Coalition, span: timedelta) -> None:
    """Put the program's clock forward or back; nothing else goes by."""
    coalition.post.now += span


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
