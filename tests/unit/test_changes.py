"""When an action begins and ends, and what of it a reader must be told again."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given, strategies as st

from mailer.core.changes import differences, over_at, starts_at
from mailer.core.model import ActionStatus, Facts, LocationVisibility, Sponsor
from tests.factories import NINE, PLACES, facts, place


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("said", "over"),
    [
        ({}, "2019-10-13T00:00-07:00"),
        ({"start_time": time(10)}, "2019-10-12T13:00-07:00"),
        ({"start_time": time(23)}, "2019-10-13T02:00-07:00"),
        ({"start_time": time(10), "end_time": time(11)}, "2019-10-12T11:00-07:00"),
        ({"end_time": time(17)}, "2019-10-12T17:00-07:00"),
        ({"end_date": date(2019, 10, 14)}, "2019-10-15T00:00-07:00"),
        (
            {"start_time": time(10), "end_date": date(2019, 10, 14)},
            "2019-10-15T00:00-07:00",
        ),
        (
            {"start_time": time(20), "end_date": date(2019, 10, 13), "end_time": NINE},
            "2019-10-13T09:00-07:00",
        ),
    ],
)
def test_an_action_is_over_at_its_end_or_after_three_hours_or_its_day(
    said: dict[str, Any], over: str
) -> None:
    assert over_at(facts(**said)) == utc(over)


def test_a_vigil_through_the_night_is_not_over_before_it_begins() -> None:
    vigil = facts(start_time=time(20), end_time=time(2))

    assert over_at(vigil) == utc("2019-10-13T02:00-07:00")


@pytest.mark.parametrize(
    "impossible",
    [
        {"end_date": date(2019, 10, 1)},
        {"end_date": date(2019, 10, 12), "end_time": time(9)},
        {"end_date": date(2019, 10, 1), "end_time": time(9)},
        {"end_time": time(10)},
    ],
)
def test_an_end_before_the_start_counts_as_no_end(impossible: dict[str, Any]) -> None:
    wrong = facts(start_time=time(10), **impossible)

    assert over_at(wrong) == over_at(facts(start_time=time(10)))


def test_the_same_wall_clock_is_another_instant_in_another_zone() -> None:
    west, east = facts("San Diego", start_time=time(10)), facts("Newark")

    assert starts_at(west) == utc("2019-10-12T10:00-07:00")
    assert starts_at(east) == utc("2019-10-12T00:00-04:00")


def test_a_day_that_begins_without_a_midnight_is_a_day_all_the_same() -> None:
    saturday = facts(day=3, time_zone="America/Sao_Paulo")
    skipped = replace(saturday, start_date=date(2018, 11, 3))

    assert over_at(skipped) == utc("2018-11-04T01:00-02:00")


@pytest.mark.parametrize("day", [date.min, date.max])
def test_a_date_that_means_never_is_no_crash(day: date) -> None:
    for clock in (None, time(0), time(23, 59)):
        never = facts("Anchorage", start_date=day, end_date=day, start_time=clock)
        assert starts_at(never) < over_at(never)


@given(
    start=st.dates(),
    begins=st.none() | st.times(),
    end=st.none() | st.dates(),
    ends=st.none() | st.times(),
    zone=st.sampled_from(["America/New_York", "Australia/Lord_Howe", "Pacific/Apia"]),
)
def test_whatever_a_source_says_nothing_is_over_before_it_starts(
    start: date, begins: time | None, end: date | None, ends: time | None, zone: str
) -> None:
    said = facts(
        start_date=start,
        start_time=begins,
        end_date=end,
        end_time=ends,
        time_zone=zone,
    )

    assert starts_at(said) < over_at(said)


TOLD = facts(start_time=time(10), venue="Chicano Park", target="Otay Mesa")
PRIVATE = replace(TOLD, location_visibility=LocationVisibility.CITY_ONLY)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"start_date": date(2019, 10, 13)}, ("start_date",)),
        ({"start_time": time(11)}, ("start_time",)),
        ({"start_time": None}, ("start_time",)),
        ({"place": place("Chula Vista")}, ("place",)),
        ({"venue": "Balboa Park"}, ("venue",)),
        ({"address": "1949 Logan Ave"}, ("address",)),
        ({"target": "Calexico"}, ("target",)),
        ({"status": ActionStatus.CANCELLED}, ("off",)),
        ({"status": ActionStatus.POSTPONED}, ("off",)),
    ],
)
def test_when_where_at_whom_and_whether_at_all_are_changes(
    change: dict[str, Any], named: tuple[str, ...]
) -> None:
    assert differences(TOLD, replace(TOLD, **change)) == named


@pytest.mark.parametrize(
    "change",
    [
        {"sponsors": (Sponsor(name="Border Angels"), *TOLD.sponsors)},
        {"description": "Bring water."},
        {"title": "Close the camps"},
        {"note": "Seen on the website"},
        {"url": "https://example.org"},
        {"language": "es"},
        {"status": ActionStatus.TENTATIVE},
        {"place": replace(TOLD.place, label="SAN DIEGO", latitude=None)},
    ],
)
def test_what_sends_nobody_to_the_wrong_place_is_no_change(
    change: dict[str, Any],
) -> None:
    assert differences(TOLD, replace(TOLD, **change)) == ()


def test_cancelled_and_postponed_are_the_same_to_a_reader() -> None:
    cancelled = replace(TOLD, status=ActionStatus.CANCELLED)
    postponed = replace(TOLD, status=ActionStatus.POSTPONED)

    assert differences(cancelled, postponed) == ()


@pytest.mark.parametrize("now", [ActionStatus.CONFIRMED, ActionStatus.TENTATIVE])
def test_an_action_that_is_on_again_is_a_change(now: ActionStatus) -> None:
    assert differences(
        replace(TOLD, status=ActionStatus.CANCELLED), replace(TOLD, status=now)
    ) == ("off",)


def test_a_hidden_address_that_moves_is_not_told() -> None:
    moved = replace(PRIVATE, venue="A safe house", address="1 Hidden Street")

    assert differences(PRIVATE, moved) == ()


def test_an_address_that_is_published_later_is_told() -> None:
    assert differences(PRIVATE, TOLD) == ("venue",)


STORIES = st.builds(
    facts,
    st.sampled_from(sorted(PLACES)),
    st.integers(1, 31),
    start_time=st.none() | st.times(),
    venue=st.none() | st.text(max_size=5),
    status=st.sampled_from(ActionStatus),
    location_visibility=st.sampled_from(LocationVisibility),
)


@given(STORIES, STORIES)
def test_what_changed_one_way_changed_the_other_way(one: Facts, other: Facts) -> None:
    assert differences(one, other) == differences(other, one)
    assert differences(one, one) == ()


@given(STORIES)
def test_what_is_not_public_takes_no_part(one: Facts) -> None:
    assert differences(one, one.public) == ()


def test_three_hours_are_taken_for_a_length_across_the_clock_change() -> None:
    autumn = facts("Newark", start_date=date(2019, 11, 3), start_time=time(0, 30))

    assert over_at(autumn) - starts_at(autumn) == timedelta(hours=3)
