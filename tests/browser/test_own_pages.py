"""Seeing, moving and deleting what is one's own, as people do it in a browser."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from mailer.core.requests import Kind, Moved, Moving, Request, State
from mailer.core.tokens import Purpose
from mailer.web.own import KINDS as KINDS_OF_LINKS
from tests.browser.barriers import barriers
from tests.browser.visiting import KINDS, kind, look, press, visiting, window
from tests.fakes.site import NOW, UID, WEEKLY, Site, a_reader, a_site, served

HELD = {
    "address": "office@aftguild.example",
    "person": {
        "given_name": "Ana",
        "family_name": "Quintanilla",
        "language": "en",
        "place": "San Diego, CA",
    },
    "seats": [{"organization": "American Federation of Teachers", "role": "primary"}],
    "subscriptions": [
        {
            "list": "weekly",
            "state": "active",
            "frequency": "every",
            "paused_until": None,
        }
    ],
    "mailings": [{"list": "weekly", "edition": "2019-10-07", "state": "sent"}],
}
NUMBERS = {one: number for number, one in enumerate(Kind, start=1)}


def request(what: Kind) -> Request:
    return Request(
        number=NUMBERS[what],
        public_id="",
        kind=what,
        state=State.WRITTEN,
        language="en",
        list_number=WEEKLY,
        joins=(),
        about="",
        facts={},
        masked_address="o…@aftguild.example",
        subscriber=UID,
        asked_at=NOW - timedelta(minutes=5),
    )


@pytest.fixture(scope="module")
def running() -> Iterator[Site]:
    with served(a_site(base_url="http://127.0.0.1")) as site:
        yield site


@pytest.fixture
def site(running: Site) -> Site:
    running.forget()
    running.readers.add(a_reader())
    for each in Kind:
        running.requests.add(UID, request(each))
    running.dossiers.held[UID] = HELD
    running.rights.addresses[UID] = "office@aftguild.example"
    running.rights.moved = Moved(what=Moving.DONE, back=(UID, 99))
    return running


@pytest.fixture(params=KINDS, ids=kind)
def page(
    chromium: Browser,
    site: Site,  # noqa: ARG001 - it must be there first
    request: pytest.FixtureRequest,
) -> Iterator[Page]:
    """An empty page in each kind of browser."""
    width, script = request.param
    with visiting(chromium, None, width, script=script) as page:
        yield page


def link(site: Site, what: Kind) -> str:
    token = site.keyring.sign(Purpose.CONFIRM, UID, NUMBERS[what])
    return f"{site.url}/c/{token}"


def test_nothing_bars_people_from_what_is_theirs(chromium: Browser, site: Site) -> None:
    found: list[str] = []
    with window(chromium) as page:
        for each in KINDS_OF_LINKS:
            page.goto(f"{link(site, each)}?lang=es")
            found += barriers(page)
        page.goto(link(site, Kind.READDRESS))
        press(page, "Ask there")
        found += barriers(page)
        page.goto(link(site, Kind.EXPORT))
        press(page, "Show it here")
        found += barriers(page)
        page.goto(link(site, Kind.ERASE))
        press(page, "Delete everything")
        found += barriers(page)
        page.goto(site.url + site.preferences)
        press(page, "See what you keep")
        found += barriers(page)

    assert found == []


def test_asking_for_each_from_the_preferences(page: Page, site: Site) -> None:
    for words, asked in (
        ("See what you keep", Kind.EXPORT),
        ("Change my address", Kind.READDRESS),
        ("Hand over my seat", Kind.HAND_OVER),
        ("Delete everything", Kind.ERASE),
    ):
        page.goto(site.url + site.preferences)
        look(page)
        press(page, words)
        assert "Look at your mail." in page.get_by_role("status").inner_text()
        look(page)
        assert site.rights.asked[-1] == (asked, UID)


def test_seeing_what_is_kept_and_downloading_it(
    page: Page, site: Site, tmp_path: Path
) -> None:
    page.goto(link(site, Kind.EXPORT))
    look(page)
    press(page, "Show it here")
    look(page)

    assert "Ana Quintanilla" in page.inner_text("main")
    with page.expect_download() as loading:
        page.get_by_role("link", name="Download it").click()
    file = tmp_path / loading.value.suggested_filename
    loading.value.save_as(file)

    assert file.name == "what-we-keep.json"
    assert json.loads(file.read_bytes()) == HELD
    page.goto(link(site, Kind.EXPORT))
    assert "You have said yes already" in page.title()


def test_downloading_it_without_looking(page: Page, site: Site, tmp_path: Path) -> None:
    page.goto(link(site, Kind.EXPORT))

    with page.expect_download() as loading:
        page.get_by_role("button", name="Download it").click()
    loading.value.save_as(tmp_path / "held.json")

    assert json.loads((tmp_path / "held.json").read_bytes()) == HELD


def test_a_slip_of_the_finger_is_marked_and_mended(page: Page, site: Site) -> None:
    page.goto(link(site, Kind.READDRESS))
    page.get_by_label("Your new email address").fill("ana at home")
    press(page, "Ask there")

    look(page)
    assert "Write an address that can get mail" in page.inner_text("main")
    page.get_by_label("Your new email address").fill("ana@home.example")
    press(page, "Ask there")
    look(page)
    assert "ana@home.example" in page.inner_text("main")
    assert site.rights.asked_at == ["ana@home.example"]


def test_moving_here_and_back(page: Page, site: Site) -> None:
    page.goto(link(site, Kind.MOVE))
    look(page)
    press(page, "Yes, write to me here")
    assert "We write here now" in page.title()
    assert len(site.notes.posted) == 1

    page.goto(link(site, Kind.MOVE_BACK))
    look(page)
    press(page, "Write to me here again")
    assert "It is as it was" in page.title()


def test_deleting_everything_by_the_keyboard_alone(page: Page, site: Site) -> None:
    page.goto(link(site, Kind.ERASE))
    for _ in range(10):
        page.keyboard.press("Tab")
        if page.evaluate("() => document.activeElement.innerText") == (
            "Delete everything"
        ):
            break
    with page.expect_navigation(wait_until="load"):
        page.keyboard.press("Enter")

    assert "All is deleted" in page.title()
    look(page)
    assert len(site.erasures.erased) == 1


def test_letting_a_link_expire(page: Page, site: Site) -> None:
    page.goto(link(site, Kind.ERASE))
    press(page, "Let this link expire")

    assert "Nothing has happened" in page.title()
    assert site.rights.forgotten == [NUMBERS[Kind.ERASE]]
    assert site.erasures.erased == []
