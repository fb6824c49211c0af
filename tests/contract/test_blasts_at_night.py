"""Quiet hours hold for every wave of a blast, on the clock of whoever would be woken."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from random import Random
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from mailer.adapters.database.engine import Database
from mailer.adapters.database.schema import batches, subscribers
from mailer.core import quiet
from mailer.core.proposal import Stage
from mailer.core.quiet import QuietHours
from tests.contract.launching import NAME, Coalition, draft
from tests.depth import deep
from tests.factories import PLACES, place
from tests.fakes.provider import ScriptedProvider, vanish

QUIET = QuietHours(begin=time(21), end=time(8))
ZONES = (
    "Asia/Tokyo", "Pacific/Honolulu", "America/New_York", "Europe/London", "America/Havana",
    "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kolkata", None, None, None, None,
)  # fmt: skip
_HOURS = ("21:00-08:00", "22:30-07:00", "00:00-06:00", "23:00-01:30", "01:15-02:45",
          "12:00-14:00")  # fmt: skip
# Clocks are set back or forward on these days in most of the zones above.
_DAYS = (
    datetime(2019, 10, 7, tzinfo=UTC),
    datetime(2019, 11, 3, tzinfo=UTC),
    datetime(2020, 3, 8, tzinfo=UTC),
    datetime(2020, 4, 5, tzinfo=UTC),
)


class Reader(NamedTuple):
    address: str
    zone: ZoneInfo


@pytest.fixture
def coalition(database: Database) -> Coalition:
    made = Coalition(database)
    made.quiet_hours = QUIET
    return made


def enlist(coalition: Coalition, chance: Random, number: int) -> Sequence[Reader]:
    """Subscribe readers in many zones: their own, or that of where they are."""
    readers = []
    for each in range(1, number + 1):
        zone, where = chance.choice(ZONES), chance.choice(list(PLACES))
        coalition.enlist(1, first=each, time_zone=zone, place=place(where))
        theirs = ZoneInfo(zone or PLACES[where][3])
        readers.append(Reader(f"reader{each}@example.org", theirs))
    return readers


def is_night(hours: QuietHours, at: datetime, zone: ZoneInfo) -> bool:
    """Look at the minutes of the day, as nobody in the program does."""
    clock = at.astimezone(zone)
    now = clock.hour * 60 + clock.minute
    begin, end = (each.hour * 60 + each.minute for each in (hours.begin, hours.end))
    return begin <= now < end if begin < end else not end <= now < begin


@pytest.mark.parametrize("seed", range(deep(everyday=3, thorough=6)))
def test_whenever_it_is_sent_nobody_is_woken_and_everybody_gets_it_once(
    coalition: Coalition, seed: int
) -> None:
    chance = Random(seed)  # noqa: S311 - a game, not a secret
    hours = quiet.parse(chance.choice(_HOURS))
    assert hours is not None
    coalition.quiet_hours = hours
    start = chance.choice(_DAYS) + timedelta(minutes=chance.randrange(0, 1440, 10))
    coalition.post.now = start
    readers = enlist(coalition, chance, 40)
    provider = ScriptedProvider()
    urgent = chance.random() < 0.5
    coalition.approved(draft(urgent=urgent))
    got: dict[str, datetime] = {}
    for _ in range(190):
        coalition.later(minutes=10)
        coalition.releaser.release()
        coalition.drain(provider)
        for address in set(provider.accepted) - set(got):
            got[address] = coalition.now
        if len(got) == len(readers):
            break

    assert set(provider.accepted.values()) == {1}
    assert len(got) == len(readers)
    for address, zone in readers:
        assert not is_night(hours, got[address], zone), (address, zone, got[address])


def test_the_first_are_drawn_only_among_the_awake_if_they_are_enough(
    coalition: Coalition,
) -> None:
    coalition.enlist(25, time_zone="America/Los_Angeles")  # 8:10 when it is released
    coalition.enlist(600, first=100, time_zone="Asia/Tokyo")  # ten past midnight
    coalition.launched()
    provider = ScriptedProvider()

    coalition.drain(provider)

    assert provider.accepted.total() == 25  # and not 32, one in twenty
    assert not coalition.blasts.canary_open(coalition.blasts.find(NAME))


def test_if_the_awake_are_too_few_the_next_to_wake_are_first_as_well(
    coalition: Coalition,
) -> None:
    coalition.enlist(5, time_zone="America/Los_Angeles")  # 8:10
    coalition.enlist(40, first=100, time_zone="Pacific/Honolulu")  # 5:10
    coalition.enlist(40, first=200, time_zone="Asia/Tokyo")  # 0:10
    coalition.launched()
    provider = ScriptedProvider()
    coalition.drain(provider)
    assert provider.accepted.total() == 5

    coalition.later(hours=2, minutes=50)
    coalition.drain(provider)
    assert provider.accepted.total() == 20
    assert coalition.tick().canary_until is not None
    coalition.later(minutes=10)
    assert coalition.tick().stage is Stage.SENDING
    coalition.drain(provider)

    assert provider.accepted.total() == 45  # all but Tokyo, whose morning comes
    coalition.later(hours=5)
    coalition.drain(provider)
    assert provider.accepted.total() == 85


def test_whoever_has_a_zone_that_nobody_knows_is_on_the_clock_of_the_list(
    coalition: Coalition,
) -> None:
    coalition.enlist(3)
    with coalition.database.writing() as connection:
        connection.execute(update(subscribers).values(time_zone="US/Atlantis"))
    coalition.list_zone = "Asia/Tokyo"
    coalition.launched()

    coalition.drain(provider := ScriptedProvider())

    assert provider.accepted.total() == 0
    coalition.later(hours=8)
    coalition.drain(provider)
    assert provider.accepted.total() == 3


def test_a_call_of_unknown_outcome_is_not_repeated_at_night(
    coalition: Coalition,
) -> None:
    coalition.enlist(3, time_zone="America/Los_Angeles")
    coalition.launched()
    provider = ScriptedProvider(vanish, idempotency_ttl=86_400.0)
    coalition.post.sender(provider).step()
    assert provider.calls == 1

    coalition.later(hours=14)  # 22:10
    let_all_go(coalition)
    coalition.post.sender(provider).step()

    assert provider.calls == 1
    assert coalition.counts() == {"pending": 0, "sent": 0, "unknown": 3}
    coalition.later(hours=11)  # 9:10
    let_all_go(coalition)
    coalition.post.sender(provider).step()
    assert coalition.counts() == {"pending": 0, "sent": 3}


def test_a_call_of_unknown_outcome_is_not_repeated_after_the_last_moment(
    coalition: Coalition,
) -> None:
    coalition.quiet_hours = None
    coalition.enlist(3)
    coalition.launched(draft(not_after="2019-10-07T15:15:00Z"))
    provider = ScriptedProvider(vanish, idempotency_ttl=86_400.0)
    coalition.post.sender(provider).step()

    coalition.later(minutes=6)
    let_all_go(coalition)
    coalition.post.sender(provider).step()

    assert provider.calls == 1
    assert provider.accepted.total() == 0


def let_all_go(coalition: Coalition) -> None:
    """Let whatever waits on the database's clock, or is leased, be due."""
    with coalition.database.writing() as connection:
        connection.execute(update(batches).values(not_before=0.0, lease_until=0.0))


def test_the_reason_for_waking_people_is_on_record(coalition: Coalition) -> None:
    coalition.enlist(3, time_zone="Asia/Tokyo")
    coalition.approved(draft(despite_quiet_hours="People are moved tonight."))

    (told,) = [
        words
        for _, _, verb, words in coalition.blasts.story(coalition.blasts.find(NAME))
        if verb == "approve"
    ]

    assert "overridden: People are moved tonight." in told
