"""One action as iCalendar, read back by the library's own parser."""

from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st
from icalendar import Calendar

from mailer.adapters.calendar import Entry, calendar_file, span
from mailer.core.model import Action
from tests.fakes.site import NOW, an_action, some_facts

ZONE = ZoneInfo("America/Los_Angeles")
SATURDAY = date(2019, 10, 12)


def entry_of(action: Action, *, description: str = "") -> Entry:
    return Entry(
        uid=f"{action.public_id}@mail.example.org",
        version=action.version,
        facts=action.facts.public,
        url="https://mail.example.org/actions/a",
        summary="March",
        description=description,
        first_seen_at=NOW,
        revised_at=NOW,
    )


def file_of(action: Action, *, description: str = "") -> bytes:
    return calendar_file([entry_of(action, description=description)])


def event_of(action: Action) -> Any:
    (event,) = Calendar.from_ical(file_of(action)).walk("VEVENT")
    return event


@pytest.mark.parametrize(
    ("end_date", "exclusive"),
    [(None, date(2019, 10, 13)), (date(2019, 10, 14), date(2019, 10, 15))],
)
def test_an_action_without_a_time_takes_whole_days(
    end_date: date | None, exclusive: date
) -> None:
    event = event_of(an_action("a", some_facts(start_time=None, end_date=end_date)))

    assert event["DTSTART"].dt == SATURDAY
    assert event["DTSTART"].params["VALUE"] == "DATE"
    assert event["DTEND"].dt == exclusive


def test_an_action_without_an_end_is_given_none() -> None:
    assert "DTEND" not in event_of(an_action("a"))


def test_an_action_that_ends_after_midnight_ends_on_the_next_day() -> None:
    start, end = span(some_facts(start_time=time(21), end_time=time(1)))

    assert start == datetime(2019, 10, 12, 21, tzinfo=ZONE)
    assert end == datetime(2019, 10, 13, 1, tzinfo=ZONE)


def test_an_action_of_several_days_with_only_a_start_time_lasts_to_their_end() -> None:
    _, end = span(some_facts(end_date=date(2019, 10, 14)))

    assert end == datetime(2019, 10, 15, 0, 0, tzinfo=ZONE)


def test_the_wall_clock_survives_the_autumn_clock_change() -> None:
    facts = some_facts(start_date=date(2019, 11, 3), end_time=time(12))

    event = event_of(an_action("a", facts))

    assert event["DTSTART"].dt.astimezone(UTC) == datetime(2019, 11, 3, 18, tzinfo=UTC)
    assert event["DTSTART"].params["TZID"] == "America/Los_Angeles"


def test_the_zone_is_described_for_calendars_that_do_not_know_it() -> None:
    (zone,) = Calendar.from_ical(file_of(an_action("a"))).walk("VTIMEZONE")

    assert zone["TZID"] == "America/Los_Angeles"


@given(
    description=st.text(
        st.characters(exclude_categories=("Cc", "Cs"), include_characters="\n")
    )
)
def test_no_words_can_add_a_property_or_a_line_that_is_too_long(
    description: str,
) -> None:
    nasty = f"{description}\nEND:VEVENT\nBEGIN:VALARM"

    raw = file_of(an_action("a"), description=nasty)

    assert max(map(len, raw.split(b"\r\n"))) <= 75
    assert raw.count(b"\r\nEND:VEVENT\r\n") == 1
    (event,) = Calendar.from_ical(raw).walk("VEVENT")
    assert not event.subcomponents


@pytest.mark.parametrize("day", [date.min, date(1, 1, 2), date(9999, 12, 30), date.max])
@pytest.mark.parametrize("clock", [None, time(22)])
def test_a_database_s_never_is_a_day_like_any_other(
    day: date, clock: time | None
) -> None:
    facts = some_facts(start_date=day, start_time=clock, end_time=clock and time(1))

    raw = calendar_file([entry_of(an_action("a", facts)), entry_of(an_action("b"))])

    assert raw.count(b"BEGIN:VEVENT") == 2
    assert raw.count(b"BEGIN:VTIMEZONE") == 1


def test_zones_stand_in_one_order_so_that_the_bytes_are_the_same() -> None:
    zones = ("America/New_York", "America/Denver", "America/Los_Angeles")
    entries = [
        entry_of(an_action(zone, replace(some_facts(), time_zone=zone)))
        for zone in zones
    ]

    found = Calendar.from_ical(calendar_file(entries)).walk("VTIMEZONE")

    assert [str(zone["TZID"]) for zone in found] == sorted(zones)
