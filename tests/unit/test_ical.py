"""Calendars as people really publish them."""

from datetime import date, time

import pytest

from mailer.adapters.sources.ical import IcalSource
from mailer.adapters.sources.occurrences import Window
from mailer.core.errors import InputError
from mailer.core.model import ActionStatus, Draft, Reading, SponsorRole
from tests.gazetteer import gazetteer

OCTOBER = Window(since=date(2019, 10, 1), until=date(2019, 11, 1))


def read(
    *events: str,
    head: str = "",
    zone: str | None = None,
    place: str | None = None,
    window: Window = OCTOBER,
) -> Reading:
    bodies = (f"BEGIN:VEVENT\n{event.strip()}\nEND:VEVENT\n" for event in events)
    words = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n{head}{''.join(bodies)}END:VCALENDAR\n"
    return IcalSource(
        words.replace("\n", "\r\n"),
        file="feed.ics",
        window=window,
        gazetteer=gazetteer(),
        default_zone=zone,
        default_place=place,
    ).read()


def one(*lines: str, **options: str | None) -> Draft:
    location = (
        "" if any("LOCATION" in line for line in lines) else "LOCATION:Reno\\, NV"
    )
    (draft,) = read("\n".join(("UID:1", *lines, location)), **options).drafts  # type: ignore[arg-type]
    return draft


@pytest.mark.parametrize(
    "start",
    [
        "DTSTART:20191012T170000Z",
        "DTSTART;TZID=America/Los_Angeles:20191012T100000",
        "DTSTART;TZID=Pacific Standard Time:20191012T100000",
        "DTSTART;TZID=America/New_York:20191012T130000",
        "DTSTART:20191012T100000",
    ],
    ids=["utc", "zone", "windows-zone", "zone-of-the-editor", "floating"],
)
def test_every_way_to_write_a_time_is_the_clock_at_the_place(start: str) -> None:
    facts = one(start).facts

    assert (facts.start_date, facts.start_time) == (date(2019, 10, 12), time(10))
    assert facts.time_zone == "America/Los_Angeles"


def test_a_calendars_own_zones_are_understood() -> None:
    zone = (
        "BEGIN:VTIMEZONE\nTZID:Our zone\nBEGIN:STANDARD\nDTSTART:19700101T000000\n"
        "TZOFFSETFROM:-0500\nTZOFFSETTO:-0500\nEND:STANDARD\nEND:VTIMEZONE\n"
    )
    event = "UID:1\nDTSTART;TZID=Our zone:20191012T120000\nLOCATION:Reno\\, NV"

    (draft,) = read(event, head=zone).drafts

    assert draft.facts.start_time == time(10)


def test_a_zone_nobody_knows_is_flagged_and_the_clock_is_kept() -> None:
    reading = read("UID:1\nDTSTART;TZID=Narnia:20191012T100000\nLOCATION:Reno\\, NV")

    assert reading.drafts[0].facts.start_time == time(10)
    assert [flag.code for flag in reading.flags] == ["zone-unknown"]


def test_whole_days_end_on_the_day_before_the_one_that_is_named() -> None:
    single = one("DTSTART;VALUE=DATE:20191012", "DTEND;VALUE=DATE:20191013").facts
    double = one("DTSTART;VALUE=DATE:20191012", "DTEND;VALUE=DATE:20191014").facts

    assert (single.start_time, single.end_date) == (None, None)
    assert double.end_date == date(2019, 10, 13)


def test_an_end_may_be_a_time_or_a_duration() -> None:
    end = one("DTSTART:20191012T170000Z", "DTEND:20191012T190000Z").facts
    lasting = one("DTSTART:20191012T170000Z", "DURATION:PT15H").facts

    assert (end.end_date, end.end_time) == (None, time(12))
    assert (lasting.end_date, lasting.end_time) == (date(2019, 10, 13), time(1))


@pytest.mark.parametrize(
    "end", ["DTEND:20191011T170000Z", "DTEND:soon", "DTEND;VALUE=DATE:20191013"]
)
def test_an_end_that_cannot_be_is_left_out_and_told(end: str) -> None:
    reading = read(f"UID:1\nDTSTART:20191012T170000Z\n{end}\nLOCATION:Reno\\, NV")

    assert reading.drafts[0].facts.end_time is None
    assert [flag.code for flag in reading.flags] == ["end-dropped"]


@pytest.mark.parametrize("status", list(ActionStatus)[:3])
def test_status_is_kept(status: ActionStatus) -> None:
    assert one("DTSTART:20191012T170000Z", f"STATUS:{status.upper()}").facts.status is (
        status
    )


def test_a_calendar_that_cancels_cancels_all_of_it() -> None:
    event = "UID:1\nDTSTART:20191012T170000Z\nLOCATION:Reno\\, NV"

    (draft,) = read(event, head="METHOD:CANCEL\n").drafts

    assert draft.facts.status is ActionStatus.CANCELLED


@pytest.mark.parametrize(
    ("location", "venue", "address", "label"),
    [
        (
            "Civic Center\\, 1200 Third Ave\\, San Diego\\, CA 92101\\, USA",
            "Civic Center",
            "1200 Third Ave",
            "San Diego, CA",
        ),
        ("100 Main St\\, Reno\\, Nevada", None, "100 Main St", "Reno, NV"),
        ("Lincoln Park\\, Chicago IL", "Lincoln Park", None, "Chicago, IL"),
        ("Foley Square\\nNew York City", "Foley Square", None, "New York City"),
        ("Denver\\, CO 80202-1234", None, None, "Denver, CO"),
    ],
)
def test_a_location_is_taken_apart(
    location: str, venue: str | None, address: str | None, label: str
) -> None:
    facts = one("DTSTART:20191012T170000Z", f"LOCATION:{location}").facts

    assert (facts.venue, facts.address, facts.place.label) == (venue, address, label)


def test_coordinates_of_the_event_win_over_those_of_its_city() -> None:
    place = one("DTSTART:20191012T170000Z", "GEO:39.5;-119.8").facts.place

    assert (place.latitude, place.longitude) == (39.5, -119.8)


def test_an_event_without_a_location_takes_the_sources_place_or_is_rejected() -> None:
    event = "UID:1\nSUMMARY:Vigil\nDTSTART:20191012T170000Z"

    (draft,) = read(event, place="Oakland, CA").drafts
    (rejection,) = read(event).rejections

    assert draft.facts.place.label == "Oakland, CA"
    assert (rejection.field, rejection.line) == ("LOCATION", 4)
    assert "Vigil" in rejection.message
    assert "default place" in rejection.message


def test_a_place_nobody_knows_takes_the_zone_of_event_calendar_or_source() -> None:
    lost = "UID:1\nLOCATION:Somewhere\n"

    event = read(f"{lost}DTSTART;TZID=America/Denver:20191012T100000")
    calendar = read(
        f"{lost}DTSTART:20191012T100000", head="X-WR-TIMEZONE:America/Chicago\n"
    )
    source = read(f"{lost}DTSTART:20191012T100000Z", zone="America/New_York")
    nowhere = read(f"{lost}DTSTART:20191012T100000Z")

    zones = [each.drafts[0].facts.time_zone for each in (event, calendar, source)]
    assert zones == ["America/Denver", "America/Chicago", "America/New_York"]
    assert {"place-unknown", "zone-assumed"} == {flag.code for flag in source.flags}
    assert nowhere.rejections[0].field == "LOCATION"


def test_a_repeated_event_is_several_actions_with_identities_of_their_own() -> None:
    weekly = (
        "UID:w\nDTSTART;TZID=America/Los_Angeles:20190903T180000\nLOCATION:Reno\\, NV\n"
        "RRULE:FREQ=WEEKLY;UNTIL=20991231T000000Z\n"
        "EXDATE;TZID=America/Los_Angeles:20191008T180000"
    )
    moved = (
        "UID:w\nRECURRENCE-ID;TZID=America/Los_Angeles:20191015T180000\n"
        "DTSTART;TZID=America/Los_Angeles:20191016T190000\nLOCATION:Elko\\, NV"
    )

    drafts = read(weekly, moved).drafts

    found = {draft.external_id: draft.facts for draft in drafts}
    assert sorted(facts.start_date.day for facts in found.values()) == [1, 16, 22, 29]
    assert found["w/20191016T010000Z"].place.label == "Elko, NV"
    assert found["w/20191016T010000Z"].start_date == date(2019, 10, 16)


def test_events_that_share_a_uid_are_told_apart_by_their_start_and_flagged() -> None:
    events = (
        f"UID:same\nDTSTART:201910{day}T170000Z\nLOCATION:Reno\\, NV"
        for day in (12, 19)
    )

    reading = read(*events)

    assert [draft.external_id for draft in reading.drafts] == [
        "same/20191012T170000Z",
        "same/20191019T170000Z",
    ]
    assert [flag.code for flag in reading.flags] == ["uid-repeated"]


def test_the_last_revision_of_an_event_counts() -> None:
    event = (
        "UID:1\nDTSTART:20191012T170000Z\nLOCATION:Reno\\, NV\nSEQUENCE:{}\nSUMMARY:{}"
    )

    reading = read(event.format(2, "New"), event.format(1, "Old"))

    assert [draft.facts.title for draft in reading.drafts] == ["New"]


def test_an_event_without_a_uid_keeps_its_identity_between_readings() -> None:
    event = "DTSTART:20191012T170000Z\nLOCATION:Reno\\, NV\nSUMMARY:March"

    first, second = read(event), read(f"DTSTAMP:20200101T000000Z\n{event}")

    assert first.drafts[0].external_id == second.drafts[0].external_id
    assert [flag.code for flag in first.flags] == ["uid-missing"]


def test_only_the_window_is_read_and_its_end_does_not_count() -> None:
    events = (
        f"UID:{day}\nDTSTART;VALUE=DATE:{day}\nLOCATION:Reno\\, NV"
        for day in (20190930, 20191001, 20191031, 20191101)
    )

    assert [draft.external_id for draft in read(*events).drafts] == [
        "20191001",
        "20191031",
    ]


def test_what_is_out_of_the_window_is_not_even_rejected() -> None:
    reading = read("UID:1\nDTSTART:20180101T100000Z")

    assert (reading.drafts, reading.rejections) == ((), ())


def test_a_private_event_stays_private() -> None:
    reading = read(
        "UID:1\nCLASS:PRIVATE\nDTSTART:20191012T170000Z\nLOCATION:Reno\\, NV"
    )

    assert reading.drafts == ()
    assert reading.rejections[0].field == "CLASS"


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "ftp://x.example/", "//x", "https:"]
)
def test_only_web_addresses_are_kept(url: str) -> None:
    reading = read(f"UID:1\nDTSTART:20191012T170000Z\nLOCATION:Reno\\, NV\nURL:{url}")

    assert reading.drafts[0].facts.url is None
    assert [flag.code for flag in reading.flags] == ["url-dropped"]


def test_words_lose_their_escapes_and_nothing_else() -> None:
    draft = one(
        "DTSTART:20191012T170000Z",
        "SUMMARY:March\\, vigil\\; rally \u2013 \u00a1s\u00ed!",
        "DESCRIPTION:One\\nTwo",
        "URL:https://x.example/a?b=1",
    )

    assert draft.facts.title == "March, vigil; rally \u2013 \u00a1s\u00ed!"
    assert draft.facts.description == "One\nTwo"
    assert draft.facts.url == "https://x.example/a?b=1"


def test_the_organizer_leads_by_name_and_never_by_address() -> None:
    named = one("DTSTART:20191012T170000Z", "ORGANIZER;CN=DSA:mailto:a@x.example")
    bare = one(
        "DTSTART:20191012T170000Z", "ORGANIZER;CN=a@x.example:mailto:a@x.example"
    )

    assert [(each.name, each.role) for each in named.facts.sponsors] == [
        ("DSA", SponsorRole.LEAD)
    ]
    assert bare.facts.sponsors == ()


@pytest.mark.parametrize(
    "rule",
    ["FREQ=SECONDLY", "FREQ=MINUTELY", "FREQ=DAILY;BYSECOND=1,2,3", "FREQ=NEVER"],
)
def test_a_rule_that_floods_or_means_nothing_is_rejected(rule: str) -> None:
    reading = read(
        f"UID:1\nDTSTART:20191012T170000Z\nLOCATION:Reno\\, NV\nRRULE:{rule}"
    )

    assert reading.drafts == ()
    assert reading.rejections[0].field == "RRULE"


@pytest.mark.parametrize(
    "words",
    [
        "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n",
        "BEGIN:VCALENDAR\r\nEND:VEVENT\r\nEND:VCALENDAR",
        "BEGIN:VCALENDAR\r\nno colon here\r\nEND:VCALENDAR\r\n",
        "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\nBEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
    ],
    ids=["unclosed", "unopened", "no-colon", "two"],
)
def test_a_broken_calendar_is_refused_or_empty_but_never_a_crash(words: str) -> None:
    source = IcalSource(words, file="feed.ics", window=OCTOBER, gazetteer=gazetteer())
    try:
        reading = source.read()
    except InputError as error:
        assert "feed.ics" in str(error)  # noqa: PT017 - either outcome is right
    else:
        assert reading.drafts == ()
