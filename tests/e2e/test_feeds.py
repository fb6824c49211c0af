"""Calendars to subscribe to, Atom and JSON-LD, read back by programs that are not ours."""

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from xml.etree import ElementTree as ET

import feedparser
import pytest
from icalendar import Calendar

from mailer.core.model import ActionStatus, LocationVisibility, Sponsor, SponsorRole
from tests.e2e import plain
from tests.e2e.conftest import Shell
from tests.e2e.town import MONDAY, Town, json_ld
from tests.factories import NINE, draft

DAY = timedelta(days=1)
NASTY = '</script><b>&]]>"\x00\x0b\ud83d\udc80\u202egnilrad\u2028'.encode(
    "utf-16", "surrogatepass"
).decode("utf-16")
SAN_DIEGO = draft("San Diego", 12, external_id="1", title="March to the gates")
DENVER = draft("Denver", 13, external_id="2", start_time=NINE)
NEWARK = draft("Newark", 25, external_id="3")


def off(status: ActionStatus = ActionStatus.CANCELLED) -> Any:
    return draft("Denver", 13, external_id="2", start_time=NINE, status=status)


@pytest.fixture
def town(shell: Shell) -> Iterator[Town]:
    """Three actions in three states; the weekly list has an archive."""
    shell.edit(
        "lists/weekly.toml", 'kind = "digest"', 'kind = "digest"\narchive = true'
    )
    with Town(shell.folder).open() as town:
        town.tell(SAN_DIEGO, DENVER, NEWARK)
        yield town


# --- calendars ----------------------------------------------------------------


def test_a_calendar_holds_what_is_to_come_and_a_region_its_own(town: Town) -> None:
    assert set(town.events()) == {"San Diego", "Denver", "Newark"}
    assert set(town.events("/calendar/us-co.ics")) == {"Denver"}
    assert town.events("/calendar/us-vt.ics") == {}

    town.now = datetime(2019, 10, 14, 12, tzinfo=UTC)

    assert set(town.events()) == {"Newark"}


@pytest.mark.parametrize(
    "region", ["us-zz", "us-", "US-CA", "ca", "us-ca-", "xx-ca", "all ", "%2e%2e"]
)
def test_an_unknown_region_is_not_found(town: Town, region: str) -> None:
    assert town.get(f"/calendar/{region}.ics").status_code == 404


def test_a_calendar_says_what_it_is_and_how_often_to_ask(town: Town) -> None:
    answer = town.get("/calendar/us-ca.ics?lang=es")
    calendar: Any = Calendar.from_ical(answer.content)

    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert "content-disposition" not in answer.headers
    assert calendar["X-WR-CALNAME"] == "Acciones en California · Your coalition"
    assert calendar["NAME"] == calendar["X-WR-CALNAME"]
    assert calendar["REFRESH-INTERVAL"].dt == timedelta(hours=1)
    assert calendar["X-PUBLISHED-TTL"] == "PT1H"
    assert calendar["SOURCE"].endswith("/calendar/us-ca.ics?lang=es")
    assert calendar["METHOD"] == "PUBLISH"


def test_a_change_moves_the_event_that_a_calendar_has_already(town: Town) -> None:
    before = town.events()["Denver"]
    town.now += DAY
    town.tell(SAN_DIEGO, draft("Denver", 14, external_id="2", start_time=NINE), NEWARK)
    after = town.events()["Denver"]

    assert after["UID"] == before["UID"]
    assert after["SEQUENCE"] > before["SEQUENCE"]
    assert before["DTSTAMP"].dt == before["LAST-MODIFIED"].dt == MONDAY
    assert after["DTSTAMP"].dt == after["LAST-MODIFIED"].dt == MONDAY + DAY
    assert after["CREATED"].dt == MONDAY
    assert (before["DTSTART"].dt.day, after["DTSTART"].dt.day) == (13, 14)
    assert after["DTSTART"].params["TZID"] == "America/Denver"


def test_a_cancellation_stays_for_a_month_and_then_goes(town: Town) -> None:
    town.now += DAY
    town.tell(SAN_DIEGO, off(), NEWARK)

    event = town.events()["Denver"]
    assert event["STATUS"] == "CANCELLED"
    assert event["SUMMARY"].startswith("Cancelled: ")

    town.now += timedelta(days=29)
    assert set(town.events()) == {"Denver"}
    town.now += 2 * DAY
    assert town.events() == {}


def test_one_answer_is_the_same_bytes_however_often_it_is_asked_for(
    town: Town,
) -> None:
    first = town.get("/calendar/all.ics")
    town.now += timedelta(hours=3)
    second = town.get("/calendar/all.ics")

    assert first.content == second.content
    assert max(map(len, first.content.split(b"\r\n"))) <= 75
    assert b"\n" not in first.content.replace(b"\r\n", b"")
    assert first.content.count(b"BEGIN:VTIMEZONE") == 1


def test_a_calendar_is_drawn_anew_when_an_action_has_passed(town: Town) -> None:
    first = town.get("/calendar/all.ics")
    town.now = datetime(2019, 10, 13, 12, tzinfo=UTC)
    since = first.headers["last-modified"]

    assert town.get("/calendar/all.ics", If_Modified_Since=since).status_code == 200
    assert set(town.events()) == {"Denver", "Newark"}


def test_nothing_that_people_wrote_breaks_a_calendar(town: Town) -> None:
    nasty = f"{NASTY}\r\nEND:VEVENT\r\nBEGIN:VALARM"
    town.tell(draft("Denver", external_id="2", title=nasty, description=nasty), NEWARK)

    raw = town.get("/calendar/all.ics").content
    calendar = Calendar.from_ical(raw)

    assert len(calendar.walk("VEVENT")) == 3  # San Diego is missing, not cancelled
    assert not calendar.walk("VALARM")
    assert not any(bad in raw.decode() for bad in "\x00\x0b\u202e\u2028")


# --- Atom -----------------------------------------------------------------------


def read(town: Town, path: str = "/feeds/actions.atom") -> Any:
    answer = town.get(path)
    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    feed = feedparser.parse(answer.content)
    assert not feed.bozo, feed.get("bozo_exception")
    return feed


def test_the_feed_of_actions_reads_back(town: Town) -> None:
    feed = read(town)
    entries = {entry.title: entry for entry in feed.entries}

    assert feed.version == "atom10"
    assert feed.feed.title == "Actions · Your coalition"
    assert feed.feed.id == feed.feed.links[0].href
    assert feed.feed.author == "Your coalition"
    march = entries["San Diego, CA, Saturday, October 12, 2019: March to the gates"]
    assert march.ev_startdate == "2019-10-12"
    assert march.ev_location == "San Diego, CA"
    assert march.author == "Unión del Barrio"
    assert "Sponsors: Unión del Barrio" in march.summary
    assert town.get("/" + march.link.split("/", 3)[3]).status_code == 200


def test_an_update_keeps_the_entry_and_comes_first(town: Town) -> None:
    before = {entry.ev_location: entry for entry in read(town).entries}
    town.now += DAY
    town.tell(SAN_DIEGO, off(), NEWARK)
    first = read(town).entries[0]
    was = before[first.ev_location]

    assert first.title.startswith("Cancelled: Denver, CO")
    assert first.id == was.id
    assert first.published == was.published
    assert time.mktime(first.updated_parsed) > time.mktime(was.updated_parsed)
    assert read(town).feed.updated == first.updated


def test_the_feed_ends_with_the_future(town: Town) -> None:
    town.now = datetime(2020, 1, 1, tzinfo=UTC)

    feed = read(town)

    assert feed.entries == []
    assert feed.feed.updated


def test_the_feed_of_editions_reads_back_and_tells_of_corrections(town: Town) -> None:
    town.settle()
    town.send()
    [before] = read(town, "/feeds/editions.atom").entries
    town.now += DAY
    town.tell(SAN_DIEGO, off(), NEWARK)
    [after] = read(town, "/feeds/editions.atom?lang=es").entries

    assert before.title == "Weekly actions, October 7, 2019"
    assert after.title == "Acciones de la semana, 7 de octubre de 2019"
    assert before.id == after.id
    assert after.updated > before.updated
    assert town.get("/" + after.link.split("/", 3)[3]).status_code == 200


def test_nothing_that_people_wrote_breaks_a_feed(town: Town) -> None:
    sponsors = (Sponsor(name=NASTY),)
    town.tell(
        draft("Denver", external_id="2", title=NASTY, target=NASTY, sponsors=sponsors)
    )

    raw = town.get("/feeds/actions.atom").content
    [denver] = [e for e in read(town).entries if "Denver" in e.title]

    ET.fromstring(raw)  # noqa: S314 - our own, and it must parse as it stands
    assert denver.title.endswith('</script><b>&]]>" 💀gnilrad')
    assert "\u202e" not in raw.decode()


@pytest.mark.parametrize("path", ["/actions", "/feeds", "/editions"])
def test_pages_lead_programs_to_the_feeds(town: Town, path: str) -> None:
    page = feedparser.parse(town.get(path).content)
    found = {
        link.href.partition("?")[0]
        for link in page.feed.links
        if link.rel == "alternate"
    }

    assert found == {
        "/feeds/actions.atom",
        "/feeds/editions.atom",
        "/calendar/all.ics",
    }


# --- both -----------------------------------------------------------------------

PROGRAMS = ["/calendar/all.ics", "/calendar/us-co.ics", "/feeds/actions.atom"]


@pytest.mark.parametrize("path", [*PROGRAMS, "/feeds/editions.atom"])
def test_what_a_program_has_already_is_not_sent_again(town: Town, path: str) -> None:
    first = town.get(path)
    tag, since = first.headers["etag"], first.headers["last-modified"]

    assert first.headers["cache-control"] == "public, max-age=300"
    for known in (
        {"If_None_Match": tag},
        {"If_None_Match": f'"other", W/{tag}'},
        {"If_None_Match": "*"},
        {"If_Modified_Since": since},
    ):
        again = town.get(path, **known)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
        assert again.headers["cache-control"] == "public, max-age=300"
    for unknown in (
        {"If_None_Match": '"other"'},
        {"If_None_Match": '"other"', "If_Modified_Since": since},
        {"If_Modified_Since": "Mon, 07 Oct 2019 14:59:59 GMT"},
        {"If_Modified_Since": "yesterday"},
    ):
        assert town.get(path, **unknown).status_code == 200


@pytest.mark.parametrize("path", PROGRAMS)
def test_the_language_is_asked_for_and_never_guessed(town: Town, path: str) -> None:
    plain = town.get(path).content

    assert town.get(path, Accept_Language="es").content == plain
    assert town.get(f"{path}?lang=xx").content == plain
    assert town.get(f"{path}?lang=es").content != plain


@pytest.mark.parametrize("path", PROGRAMS)
def test_head_tells_the_same_without_the_body(town: Town, path: str) -> None:
    head, get = plain.head(town.url + path), town.get(path)

    assert head.status_code == 200
    assert head.content == b""
    for name in ("etag", "last-modified", "content-type", "content-length"):
        assert head.headers[name] == get.headers[name]


@pytest.mark.parametrize("path", PROGRAMS)
def test_a_hidden_place_stands_in_no_calendar_and_no_feed(
    town: Town, path: str
) -> None:
    town.tell(
        draft(
            "Denver",
            external_id="2",
            venue="Ana's kitchen",
            address="1 Elm St",
            location_visibility=LocationVisibility.CITY_ONLY,
        )
    )

    words = town.get(path).text

    assert "Denver" in words
    assert "kitchen" not in words
    assert "Elm" not in words


# --- JSON-LD --------------------------------------------------------------------

_TEXT = ("name", "description", "startDate", "url")


def event(town: Town, city: str = "Denver") -> dict[str, Any]:
    """The event of a page, with what schema.org and Google require of every one."""
    found = json_ld(town.get(f"/actions/{town.id_of(city)}").text)
    assert found["@context"] == "https://schema.org"
    assert found["@type"] == "Event"
    assert all(isinstance(found[name], str) and found[name] for name in _TEXT)
    assert date.fromisoformat(found["startDate"][:10]).year == 2019
    assert found["eventStatus"].startswith("https://schema.org/Event")
    assert found["eventAttendanceMode"].startswith("https://schema.org/")
    assert found["location"]["@type"] == "Place"
    assert found["location"]["name"]
    assert found["location"]["address"]["@type"] == "PostalAddress"
    assert found["location"]["address"]["addressCountry"] == "US"
    return found


def test_an_action_is_an_event_with_all_that_search_engines_require(
    town: Town,
) -> None:
    found = event(town)

    assert found["eventStatus"] == "https://schema.org/EventScheduled"
    assert found["startDate"] == "2019-10-13T09:00:00-06:00"
    assert "previousStartDate" not in found
    assert event(town, "Newark")["startDate"] == "2019-10-25"


def test_whoever_leads_comes_first_among_the_organizers(town: Town) -> None:
    sponsors = (
        Sponsor(name="Mijente"),
        Sponsor(name="Unidos", role=SponsorRole.LEAD),
    )
    town.tell(draft("Denver", external_id="2", sponsors=sponsors))

    assert event(town)["organizer"] == [
        {"@type": "Organization", "name": "Unidos"},
        {"@type": "Organization", "name": "Mijente"},
    ]


def test_a_moved_action_says_from_when(town: Town) -> None:
    town.tell(SAN_DIEGO, draft("Denver", 14, external_id="2", start_time=NINE), NEWARK)

    found = event(town)

    assert found["eventStatus"] == "https://schema.org/EventRescheduled"
    assert found["startDate"] == "2019-10-14T09:00:00-06:00"
    assert found["previousStartDate"] == "2019-10-13T09:00:00-06:00"


def test_an_hour_that_is_told_later_is_no_move(town: Town) -> None:
    town.tell(SAN_DIEGO, DENVER, draft("Newark", 25, external_id="3", start_time=NINE))

    found = event(town, "Newark")

    assert found["eventStatus"] == "https://schema.org/EventScheduled"
    assert "previousStartDate" not in found


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (ActionStatus.CANCELLED, "EventCancelled"),
        (ActionStatus.POSTPONED, "EventPostponed"),
    ],
)
def test_an_action_that_is_off_keeps_the_day_that_it_had(
    town: Town, status: ActionStatus, told: str
) -> None:
    town.tell(SAN_DIEGO, off(status), NEWARK)

    found = event(town)

    assert found["eventStatus"] == f"https://schema.org/{told}"
    assert found["startDate"] == "2019-10-13T09:00:00-06:00"
    assert "previousStartDate" not in found
