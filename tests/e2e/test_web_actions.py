"""The public pages, the calendar file and every answer's headers, over real HTTP."""

import json
import re
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from icalendar import Calendar

from mailer.core.model import ActionStatus, LocationVisibility
from tests.e2e import plain
from tests.fakes.site import Site, a_reader, a_site, an_action, served, some_facts


@pytest.fixture(scope="module")
def running() -> Iterator[Site]:
    with served(a_site()) as site:
        yield site


@pytest.fixture
def site(running: Site) -> Site:
    running.actions.actions.clear()
    running.readers.add(a_reader())
    return running


@pytest.fixture
def client(site: Site) -> Iterator[httpx.Client]:
    with plain.Client(base_url=site.url) as client:
        yield client


def only_event(file: bytes) -> Any:
    (event,) = Calendar.from_ical(file).walk("VEVENT")
    return event


def json_ld(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', page)
    assert found is not None
    event: dict[str, Any] = json.loads(found[1])
    return event


def test_all_actions_stand_under_their_days_and_what_is_off_is_not_counted(
    site: Site, client: httpx.Client
) -> None:
    site.actions.actions[:] = [
        an_action("b", some_facts(start_date=date(2019, 10, 13), label="Austin, TX")),
        an_action("a", some_facts(label="Zion, IL")),
        an_action(
            "c", some_facts(label="Reno, NV", status=ActionStatus.CANCELLED), number=3
        ),
        an_action("old", some_facts(start_date=date(2019, 10, 1), label="Past, PA")),
    ]

    page = client.get("/actions").text

    assert "<h1>2 actions</h1>" in page
    assert page.count('<section class="day">') == 2
    assert "Saturday, October 12" in page
    assert page.index("Zion, IL") < page.index("Reno, NV") < page.index("Austin, TX")
    assert "Past, PA" not in page
    assert '<span class="badge off">Cancelled</span>' in page
    assert "/actions/c.ics" not in page


def test_one_action_is_counted_in_the_singular_in_both_languages(
    site: Site, client: httpx.Client
) -> None:
    site.actions.actions[:] = [an_action("a")]

    assert "<h1>1 action</h1>" in client.get("/actions").text
    assert "<h1>1 acción</h1>" in client.get("/actions?lang=es").text


def test_a_week_without_actions_is_a_page_too(client: httpx.Client) -> None:
    assert "No actions yet" in client.get("/actions").text


def test_an_action_shows_its_facts_and_all_its_sponsors(
    site: Site, client: httpx.Client
) -> None:
    names = tuple(f"Group {number}" for number in range(28))
    site.actions.actions[:] = [an_action("a", some_facts(sponsors=names))]

    page = client.get("/actions/a").text

    assert all(f"<li>{name}" in page for name in names)
    for fact in ("Chicano Park", "1949 Logan Ave", "Otay Mesa", "10:00\xa0a.m."):
        assert fact in page


def test_a_past_action_still_resolves_and_says_that_it_is_over(
    site: Site, client: httpx.Client
) -> None:
    site.actions.actions[:] = [an_action("a", some_facts(start_date=date(2019, 10, 1)))]

    assert "<strong>Over.</strong>" in client.get("/actions/a").text


@pytest.mark.parametrize(
    ("status", "words", "event_status"),
    [
        (ActionStatus.CANCELLED, "Cancelled.", "EventCancelled"),
        (ActionStatus.POSTPONED, "Postponed.", "EventPostponed"),
        (ActionStatus.TENTATIVE, "Not confirmed yet.", "EventScheduled"),
    ],
)
def test_an_action_that_may_not_take_place_says_so_first(
    site: Site,
    client: httpx.Client,
    status: ActionStatus,
    words: str,
    event_status: str,
) -> None:
    site.actions.actions[:] = [an_action("a", some_facts(status=status))]

    page = client.get("/actions/a").text

    assert f"<strong>{words}</strong>" in page
    shown = page.partition("<main")[2]
    assert shown.index(words) < shown.index("Chicano Park")
    assert json_ld(page)["eventStatus"].endswith(event_status)


@pytest.mark.parametrize(
    "visibility", [LocationVisibility.CITY_ONLY, LocationVisibility.RSVP_ONLY]
)
@pytest.mark.parametrize("path", ["/actions", "/actions/a", "/actions/a.ics"])
def test_a_hidden_place_stands_nowhere(
    site: Site, client: httpx.Client, visibility: LocationVisibility, path: str
) -> None:
    site.actions.actions[:] = [an_action("a", some_facts(visibility=visibility))]

    answer = client.get(path)

    assert answer.status_code == 200
    assert "Chicano" not in answer.text
    assert "Logan" not in answer.text
    assert "San Diego" in answer.text


def test_the_event_for_search_engines_has_what_schema_org_requires(
    site: Site, client: httpx.Client
) -> None:
    site.actions.actions[:] = [an_action("a", some_facts(end_time=time(13)))]

    event = json_ld(client.get("/actions/a").text)

    assert event["@context"] == "https://schema.org"
    assert event["@type"] == "Event"
    assert event["name"] == "March, San Diego, CA"
    assert event["startDate"] == "2019-10-12T10:00:00-07:00"
    assert event["endDate"] == "2019-10-12T13:00:00-07:00"
    assert event["location"]["address"]["addressLocality"] == "San Diego"
    assert event["url"] == "https://mail.example.org/actions/a"


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "//x", "["])
def test_what_people_wrote_cannot_become_code(
    site: Site, client: httpx.Client, url: str
) -> None:
    nasty = "</script><script>alert(1)</script>"
    site.actions.actions[:] = [
        an_action("a", some_facts(title=nasty, venue=nasty, url=url, sponsors=(nasty,)))
    ]

    page = client.get("/actions/a").text

    assert page.count("<script") == 1
    assert "Page of the organizers" not in page
    assert json_ld(page)["location"]["name"] == nasty
    assert "<script" not in client.get("/actions").text


def test_words_of_people_are_marked_with_their_own_language(
    site: Site, client: httpx.Client
) -> None:
    facts = some_facts(description="Traigan agua.", language="es")
    site.actions.actions[:] = [an_action("a", facts)]

    assert '<p class="letter theirs" lang="es">' in client.get("/actions/a").text
    assert '<p class="letter theirs">' in client.get("/actions/a?lang=es").text


# --- the calendar file --------------------------------------------------------


def test_the_calendar_file_reads_back(site: Site, client: httpx.Client) -> None:
    facts = some_facts(title="March; with, commas\nand lines", end_time=time(13))
    site.actions.actions[:] = [an_action("a", facts, version=4)]

    answer = client.get("/actions/a.ics")

    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert "attachment" in answer.headers["content-disposition"]
    event = only_event(answer.content)
    zone = ZoneInfo("America/Los_Angeles")
    assert event["UID"] == "a@mail.example.org"
    assert event["SEQUENCE"] == 4
    assert event["STATUS"] == "CONFIRMED"
    assert event["SUMMARY"] == "March; with, commas and lines, San Diego, CA"
    assert event["LOCATION"] == "Chicano Park, 1949 Logan Ave, San Diego, CA"
    assert event["DTSTART"].dt == datetime(2019, 10, 12, 10, tzinfo=zone)
    assert event["DTEND"].dt == datetime(2019, 10, 12, 13, tzinfo=zone)
    assert "Otay Mesa Detention Center" in event["DESCRIPTION"]


def test_the_calendar_file_of_a_cancelled_action_cancels(
    site: Site, client: httpx.Client
) -> None:
    facts = some_facts(status=ActionStatus.CANCELLED)
    site.actions.actions[:] = [an_action("a", facts, version=5)]

    event = only_event(client.get("/actions/a.ics").content)

    assert event["STATUS"] == "CANCELLED"
    assert event["SEQUENCE"] == 5
    assert event["UID"] == "a@mail.example.org"


# --- what holds for all pages --------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/actions/none", "/actions/none.ics", "/x", "/ux", "/static"]
)
def test_an_unknown_address_is_a_designed_404(client: httpx.Client, path: str) -> None:
    answer = client.get(f"{path}/no?lang=es")

    assert answer.status_code == 404
    assert "No existe esa página." in answer.text
    assert 'class="board"' in answer.text


def test_a_wrong_method_is_a_designed_405_that_names_the_right_ones(
    site: Site, client: httpx.Client
) -> None:
    answer = client.delete(site.leave)

    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD", "POST"}
    assert 'class="board"' in answer.text


def test_every_answer_carries_the_strict_headers(
    site: Site, client: httpx.Client
) -> None:
    site.actions.actions[:] = [an_action("a")]
    paths = ["/", "/actions", "/actions/a", "/actions/a.ics", "/healthz", "/robots.txt"]

    for path in (*paths, "/nothing", site.leave, site.preferences, "/u/forged"):
        headers = client.get(path).headers
        assert headers["content-security-policy"] == (
            "default-src 'none'; style-src 'self'; form-action 'self';"
            " base-uri 'none'; frame-ancestors 'none'"
        )
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "max-age" in headers["strict-transport-security"]
        assert "set-cookie" not in headers
        assert "server" not in headers


def test_pages_behind_tokens_are_kept_by_nobody(
    site: Site, client: httpx.Client
) -> None:
    for path in (site.leave, site.preferences, "/u/forged", "/p/forged"):
        headers = client.get(path).headers
        assert headers["cache-control"] == "no-store"
        assert headers["x-robots-tag"] == "noindex, nofollow"
    assert client.get("/actions").headers["cache-control"] == "public, max-age=300"
    assert client.get("/actions").headers["vary"] == "Accept-Language"


def test_the_stylesheet_may_be_kept_for_ever_under_the_name_that_pages_use(
    client: httpx.Client,
) -> None:
    found = re.search(r'href="(/static/[^"]+)"', client.get("/actions").text)
    assert found is not None

    answer = client.get(found[1])

    assert answer.headers["content-type"].startswith("text/css")
    assert "immutable" in answer.headers["cache-control"]
    assert "url(" not in answer.text
    assert "@import" not in answer.text


def test_the_small_addresses_answer(client: httpx.Client) -> None:
    assert client.get("/healthz").text == "ok"
    assert client.get("/").headers["location"] == "/actions"
    assert client.get("/favicon.ico").status_code == 204
    assert "Disallow: /u/\nDisallow: /p/\n" in client.get("/robots.txt").text


def test_links_keep_the_path_under_which_a_proxy_publishes_us() -> None:
    with served(a_site(base_url="https://example.org/mail")) as site:
        leave = plain.get(site.url + site.leave).text
        home = plain.get(site.url)

    links = re.findall(r'(?:href|action)="(/[^"]*)"', leave)
    assert links
    assert all(link.startswith("/mail/") for link in links)
    assert home.headers["location"] == "/mail/actions"
