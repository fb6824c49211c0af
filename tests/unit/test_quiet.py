"""Nobody is written to in their night, whatever the clocks do."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from mailer.core import caps, quiet
from mailer.core.caps import Cap
from mailer.core.quiet import QuietHours, zone_of

PACIFIC = ZoneInfo("America/Los_Angeles")
ZONES = [PACIFIC, ZoneInfo("America/New_York"), ZoneInfo("Pacific/Apia"), ZoneInfo("UTC"),
         ZoneInfo("Australia/Lord_Howe"), ZoneInfo("America/Havana")]  # fmt: skip


def hours(written: str) -> QuietHours:
    found = quiet.parse(written)
    assert found is not None
    return found


def at(written: str) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=PACIFIC)


@pytest.mark.parametrize(
    ("written", "now", "then"),
    [
        ("21:00-08:00", "2019-10-07T12:00", "2019-10-07T12:00"),
        ("21:00-08:00", "2019-10-07T20:59", "2019-10-07T20:59"),
        ("21:00-08:00", "2019-10-07T21:00", "2019-10-08T08:00"),
        ("21:00-08:00", "2019-10-08T00:30", "2019-10-08T08:00"),
        ("21:00-08:00", "2019-10-08T08:00", "2019-10-08T08:00"),
        ("13:00-14:30", "2019-10-07T14:29", "2019-10-07T14:30"),
        ("00:00-06:00", "2019-10-07T23:59", "2019-10-07T23:59"),
        # The clocks are set forward from 2:00 to 3:00, and back from 2:00 to 1:00.
        ("22:00-02:30", "2020-03-08T00:00", "2020-03-08T03:30"),
        ("22:00-01:30", "2019-11-03T00:00", "2019-11-03T01:30"),
    ],
)
def test_a_blast_waits_for_the_morning_of_whoever_gets_it(
    written: str, now: str, then: str
) -> None:
    assert hours(written).next(at(now), PACIFIC) == at(then).astimezone(UTC)


def test_an_hour_that_comes_twice_is_waited_out_from_where_one_is() -> None:
    second = at("2019-11-03T01:10").replace(fold=1)

    assert hours("22:00-01:30").next(second, PACIFIC) == datetime(
        2019, 11, 3, 9, 30, tzinfo=UTC
    )


@given(
    st.datetimes(datetime(2018, 1, 1), datetime(2026, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis wants it bare
    st.sampled_from(ZONES),
    st.times(),
    st.times(),
)
def test_the_moment_is_never_quiet_never_past_and_never_a_day_away(
    now: datetime, zone: ZoneInfo, begin: object, end: object
) -> None:
    begin, end = str(begin)[:5], str(end)[:5]
    if begin == end:
        assert quiet.parse(f"{begin}-{end}") is None
        return
    resting = hours(f"{begin}-{end}")

    then = resting.next(now, zone)

    assert not resting.is_quiet(then, zone)
    assert now <= then <= now + timedelta(hours=26)
    if then > now:
        assert resting.is_quiet(now, zone)
        # Up to it, minute by minute, it was quiet: nobody waits longer than needed.
        before = then - timedelta(minutes=1)
        assert before < now or resting.is_quiet(before, zone)


@pytest.mark.parametrize(
    "written", ["", "21-8", "21:00", "21:00-21:00", "25:00-08:00", "21:00-08:60", "\uff19:00-08:00"]
)  # fmt: skip
def test_what_are_no_hours_is_not_read(written: str) -> None:
    assert quiet.parse(written) is None


def test_hours_and_caps_are_written_as_they_are_read() -> None:
    assert str(hours(" 21:00 - 08:00 ")) == "21:00-08:00"
    assert str(caps.parse("3 per week")) == "3/week"


def test_their_own_zone_goes_before_their_places_and_that_before_the_lists() -> None:
    otherwise = ZoneInfo("America/Denver")

    assert zone_of(["America/Los_Angeles", "America/New_York"], otherwise) == PACIFIC
    assert zone_of([None, "America/Los_Angeles"], otherwise) == PACIFIC
    assert zone_of([None, None], otherwise) == otherwise
    assert zone_of(["US/Nowhere", "../../etc/passwd", ""], otherwise) == otherwise


@pytest.mark.parametrize(
    "written", ["0/week", "3/year", "-1/day", "3", "week", "1000/day"]
)
def test_what_is_no_cap_is_not_read(written: str) -> None:
    assert caps.parse(written) is None


def test_caps_say_what_they_exempt() -> None:
    both = (Cap(times=1, unit="day"), Cap(times=3, unit="week"))

    plain = caps.said(both, urgent=False)
    assert plain is not None
    assert plain.startswith("The cap of 1/day and 3/week counts blasts of every list.")
    assert "Exempt are urgent ones, digests and letters" in plain
    assert "holds nobody back" in str(caps.said(both, urgent=True))
    assert caps.said((), urgent=False) is None


def test_a_cap_looks_back_days_and_not_calendars() -> None:
    assert caps.parse("1/day") == Cap(times=1, unit="day")
    assert Cap(times=3, unit="week").period == timedelta(days=7)
    assert Cap(times=8, unit="month").period == timedelta(days=30)
