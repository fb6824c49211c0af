"""Choosing what comes, as people do it: by mouse, finger or keyboard, in every browser."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Page

from mailer.core.preferences import Choices, Frequency
from mailer.core.scope import Scope
from tests.browser.barriers import barriers
from tests.browser.visiting import (
    KINDS,
    kind,
    look,
    press,
    tab_to,
    visiting,
    window,
)
from tests.fakes.site import URGENT, Site, a_reader, a_site, served


@pytest.fixture(scope="module")
def running() -> Iterator[Site]:
    with served(a_site(base_url="http://127.0.0.1")) as site:
        yield site


@pytest.fixture
def site(running: Site) -> Site:
    running.forget()
    running.readers.add(a_reader())
    running.readers.add(a_reader(list_number=URGENT))
    return running


@pytest.fixture(params=KINDS, ids=kind)
def page(
    chromium: Browser, site: Site, request: pytest.FixtureRequest
) -> Iterator[Page]:
    """The page, open in each kind of browser."""
    width, script = request.param
    url = site.url + site.preferences
    with visiting(chromium, url, width, script=script) as page:
        yield page


def test_nothing_bars_people_from_choosing(chromium: Browser, site: Site) -> None:
    found: list[str] = []
    with window(chromium) as page:
        page.goto(f"{site.url}{site.preferences}?lang=es")
        found += barriers(page)
        page.goto(site.url + site.preferences)
        page.get_by_text("Only some states").click()
        page.get_by_text("Other states").click()
        page.get_by_text("Until a day that I choose").click()
        found += barriers(page)
        press(page, "Save")
        found += barriers(page)
        press(page, "Rest four weeks")
        found += barriers(page)
        press(page, "Leave all lists")
        found += barriers(page)

    assert found == []


def test_choosing_saving_and_taking_it_back(page: Page, site: Site) -> None:
    assert not page.get_by_label("California").is_visible()
    page.get_by_text("Every second week").click()
    page.get_by_text("Only some states").click()
    page.get_by_label("California").check()
    page.get_by_text("Other states").click()
    page.get_by_label("Nevada").check()
    look(page)
    press(page, "Save")
    look(page)

    saved = page.get_by_role("status").inner_text()
    assert "every second week. Places: in California and Nevada." in saved
    assert site.here.choices == Choices(
        language="en",
        frequency=Frequency.FORTNIGHTLY,
        scope=Scope(regions=("us-ca", "us-nv")),
    )
    press(page, "Undo")
    look(page)
    assert site.here.choices == Choices(language="en")


def test_pausing_until_a_day_and_coming_back_later(page: Page, site: Site) -> None:
    page.get_by_text("Until a day that I choose").click()
    page.get_by_label("Mail comes again on").fill("2019-11-04")
    press(page, "Save")

    assert "This list rests until Monday, November 4." in page.inner_text("main")
    assert site.here.choices.paused_until == datetime(2019, 11, 4, 8, tzinfo=UTC)
    page.reload()
    page.goto(site.url + site.preferences)
    assert page.get_by_label("Mail comes again on").input_value() == "2019-11-04"


def test_a_day_that_cannot_be_is_said_where_it_stands_and_a_change_of_mind_saves(
    page: Page,
) -> None:
    page.get_by_text("Until a day that I choose").click()
    page.get_by_label("Mail comes again on").fill("2019-10-01")
    press(page, "Save")

    look(page)
    assert "Choose a day from Wednesday, October 9" in page.inner_text("main")
    page.get_by_text("No pause").click()
    press(page, "Save")
    assert "All is as it was before." in page.get_by_role("status").inner_text()


def test_resting_and_leaving_everything_and_taking_both_back(
    page: Page, site: Site
) -> None:
    press(page, "Rest four weeks")
    assert (
        "This list rests until Tuesday, November 5."
        in page.get_by_role("status").inner_text()
    )
    press(page, "Leave all lists")
    look(page)
    assert not any(reader.active for reader in site.readers.people.values())

    press(page, "Undo, keep the lists coming")
    assert all(reader.active for reader in site.readers.people.values())
    press(page, "Undo this too")
    assert site.here.choices.paused_until is None


def test_everything_is_done_by_the_keyboard_alone(page: Page, site: Site) -> None:
    tab_to(page, "frequency")
    page.keyboard.press("ArrowDown")
    tab_to(page, "where")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    tab_to(page, "region")
    page.keyboard.press("Space")
    tab_to(page, "pause")
    page.keyboard.press("ArrowDown")
    tab_to(page, "Save")
    with page.expect_navigation(wait_until="load"):
        page.keyboard.press("Enter")

    choices = site.here.choices
    assert choices.frequency is Frequency.FORTNIGHTLY
    assert choices.scope == Scope(regions=("us-ca",))
    assert choices.paused_until is not None
    tab_to(page, "Undo")
    with page.expect_navigation(wait_until="load"):
        page.keyboard.press("Enter")
    assert site.here.choices == Choices(language="en")


def test_the_same_in_spanish(page: Page, site: Site) -> None:
    page.goto(f"{site.url}{site.preferences}?lang=es")
    page.get_by_text("Cerca de mí").click()
    page.get_by_label("Hasta qué distancia").select_option("100 millas")
    look(page)
    press(page, "Guardar")
    look(page)

    saved = page.get_by_role("status").inner_text()
    assert "Lugares: a menos de 100 millas de San Diego, CA." in saved
