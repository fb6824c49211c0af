"""When editions fall due: once a week on the wall clock, whatever clocks do."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from mailer.core.editions import (
    Timing,
    instant,
    last_due,
    next_due,
    occurrences,
    timing,
)
from mailer.core.lists import Cadence, MailingList, parse

ZONES = (
    "America/New_York",
    "America/Los_Angeles",
    "Europe/Helsinki",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
    "Africa/Casablanca",
    "Pacific/Apia",
    "Asia/Kolkata",
    "UTC",
)
CADENCES = st.builds(
    Cadence,
    weekday=st.integers(0, 6),
    at=st.times().map(lambda at: at.replace(microsecond=0)),
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    every_weeks=st.sampled_from((1, 2, 4)),
)
INSTANTS = st.integers(157_766_400, 2_840_140_800).map(  # 1975 to 2060
    lambda seconds: datetime.fromtimestamp(seconds, UTC)
)
SECOND = timedelta(seconds=1)


def cadence(day: date, at: str, zone: str, *, weeks: int = 1) -> Cadence:
    return Cadence(
        weekday=day.weekday(),
        at=time.fromisoformat(at),
        zone=ZoneInfo(zone),
        every_weeks=weeks,
    )


def wall(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None)


@pytest.mark.parametrize(
    ("day", "at", "zone", "strikes"),
    [
        (date(2019, 3, 10), "02:30", "America/New_York", "2019-03-10T03:00-04:00"),
        (date(2019, 3, 10), "02:00", "America/Los_Angeles", "2019-03-10T03:00-07:00"),
        (date(2019, 3, 31), "03:15", "Europe/Helsinki", "2019-03-31T04:00+03:00"),
        (date(2019, 10, 6), "02:10", "Australia/Lord_Howe", "2019-10-06T02:30+11:00"),
        (date(2018, 11, 4), "00:00", "America/Sao_Paulo", "2018-11-04T01:00-02:00"),
        (date(2018, 11, 4), "00:30", "America/Sao_Paulo", "2018-11-04T01:00-02:00"),
        (date(2019, 6, 9), "02:30", "Africa/Casablanca", "2019-06-09T03:00+01:00"),
        (date(2011, 12, 30), "09:00", "Pacific/Apia", "2011-12-31T00:00+14:00"),
    ],
)
def test_a_time_that_the_clock_skips_becomes_the_first_one_after_the_gap(
    day: date, at: str, zone: str, strikes: str
) -> None:
    assert instant(cadence(day, at, zone), day) == datetime.fromisoformat(strikes)


@pytest.mark.parametrize(
    ("day", "at", "zone", "strikes"),
    [
        (date(2019, 11, 3), "01:30", "America/New_York", "2019-11-03T01:30-04:00"),
        (date(2019, 10, 27), "03:30", "Europe/Helsinki", "2019-10-27T03:30+03:00"),
        (date(2019, 4, 7), "01:45", "Australia/Lord_Howe", "2019-04-07T01:45+11:00"),
        (date(2018, 2, 17), "23:30", "America/Sao_Paulo", "2018-02-17T23:30-02:00"),
        (date(2019, 5, 5), "02:30", "Africa/Casablanca", "2019-05-05T02:30+01:00"),
    ],
)
def test_a_time_that_the_clock_repeats_strikes_at_its_first_occurrence_only(
    day: date, at: str, zone: str, strikes: str
) -> None:
    weekly = cadence(day, at, zone)
    first = datetime.fromisoformat(strikes)

    assert instant(weekly, day) == first
    assert next_due(weekly, first + SECOND).edition == day + timedelta(weeks=1)


def test_eight_in_the_morning_stays_eight_across_the_clock_change() -> None:
    monday = cadence(date(2019, 10, 28), "08:00", "America/Los_Angeles")
    found = islice(occurrences(monday, datetime(2019, 11, 1, tzinfo=UTC)), 10)

    assert {wall(each.due_at, monday.zone).time() for each in found} == {time(8)}


@given(CADENCES, INSTANTS)
def test_now_lies_between_the_last_edition_and_the_next(
    each: Cadence, now: datetime
) -> None:
    last, following = last_due(each, now), next_due(each, now)

    assert last.due_at <= now < following.due_at
    assert following.edition - last.edition == timedelta(weeks=each.every_weeks)


@given(CADENCES, INSTANTS)
def test_editions_come_in_order_one_per_period_on_their_weekday(
    each: Cadence, now: datetime
) -> None:
    found = list(islice(occurrences(each, now), 60 // each.every_weeks))

    for one, after in pairwise(found):
        assert one.due_at < after.due_at
        assert after.edition - one.edition == timedelta(weeks=each.every_weeks)
    assert {one.edition.weekday() for one in found} == {each.weekday}


@given(CADENCES, INSTANTS)
def test_the_wall_clock_shows_the_hour_unless_it_was_skipped(
    each: Cadence, now: datetime
) -> None:
    for one in islice(occurrences(each, now), 10):
        shown = wall(one.due_at, each.zone)
        wanted = datetime.combine(one.edition, each.at)
        if shown != wanted:  # then the clock jumped over it at this very instant
            assert wall(one.due_at - SECOND, each.zone) < wanted < shown


@given(CADENCES, INSTANTS, INSTANTS)
def test_every_second_or_fourth_week_does_not_depend_on_when_one_asks(
    each: Cadence, one: datetime, other: datetime
) -> None:
    apart = last_due(each, one).edition - last_due(each, other).edition

    assert apart % timedelta(weeks=each.every_weeks) == timedelta()


def weekly(**changes: object) -> MailingList:
    data = {
        "title": "Weekly",
        "cadence": {"on": "monday", "at": "08:00", "timezone": "UTC"},
    }
    return parse({**data, **changes}, file="lists/weekly.toml", slug="weekly")


def test_a_late_edition_goes_out_until_its_limit_and_is_missed_after() -> None:
    patient = weekly(late_limit="2 hours")
    assert patient.cadence is not None
    due = last_due(patient.cadence, datetime(2019, 10, 7, 8, tzinfo=UTC))

    assert timing(patient, due, due.due_at) is Timing.SEND
    assert timing(patient, due, due.due_at + timedelta(hours=2)) is Timing.SEND
    late = due.due_at + timedelta(hours=2) + SECOND
    assert timing(patient, due, late) is Timing.MISSED
