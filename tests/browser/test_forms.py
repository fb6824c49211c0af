"""Asking, endorsing and confirming, as people do it in every browser."""

from collections.abc import Iterator

import pytest
from limits import parse
from playwright.sync_api import Browser, Page

from mailer.core.requests import Kind
from mailer.core.tokens import Purpose
from mailer.web.guard import Guard
from tests.browser.visiting import (
    KINDS,
    barred,
    kind,
    look,
    press,
    tab_to,
    visiting,
)
from tests.e2e.test_web_asking import a_request
from tests.fakes.site import UID, WEEKLY, Site, a_site, served

PLENTY = Guard(network=parse("10000/hour"), every=parse("10000/hour"))


@pytest.fixture(scope="module")
def running() -> Iterator[Site]:
    with served(a_site(base_url="http://127.0.0.1", guard=PLENTY)) as site:
        yield site


@pytest.fixture
def site(running: Site) -> Site:
    running.forget()
    running.requests.add(UID, a_request())
    return running


@pytest.fixture(params=KINDS, ids=kind)
def page(
    chromium: Browser, site: Site, request: pytest.FixtureRequest
) -> Iterator[Page]:
    """The form for mail, open in each kind of browser."""
    width, script = request.param
    with visiting(chromium, f"{site.url}/subscribe", width, script=script) as page:
        yield page


def confirming(site: Site) -> str:
    return f"{site.url}/c/{site.keyring.sign(Purpose.CONFIRM, UID, 7)}"


def test_nothing_bars_people_from_asking(chromium: Browser, site: Site) -> None:
    urls = [
        f"{site.url}/subscribe",
        f"{site.url}/endorse?lang=es",
        f"{site.url}/endorsers",
        confirming(site),
    ]

    assert barred(chromium, urls) == []


def test_asking_for_mail_by_hand(page: Page, site: Site) -> None:
    page.get_by_label("Your email address").fill("ana@union.example")
    page.get_by_label("City or town").fill("San Diego")
    page.get_by_label("Weekly actions").check()
    page.get_by_label("Español").check()
    look(page)
    press(page, "Ask for the mail")
    look(page)

    assert "ana@union.example" in page.inner_text("main")
    [ask] = site.requests.asked
    assert (ask.joins, ask.language) == ((WEEKLY,), "es")


def test_a_mistake_is_marked_and_mended_where_it_is(page: Page, site: Site) -> None:
    page.get_by_label("Your email address").fill("ana at union.example")
    press(page, "Ask for the mail")
    look(page)

    field = page.get_by_label("Your email address")
    assert field.input_value() == "ana at union.example"
    assert field.get_attribute("aria-invalid") == "true"
    assert page.get_by_text("Choose at least one.").is_visible()
    field.fill("ana@union.example")
    page.get_by_label("Urgent calls").check()
    press(page, "Ask for the mail")
    assert len(site.requests.asked) == 1


def test_endorsing_by_the_keyboard_alone(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/endorse")
    for name, words in (
        ("organization", "Border Angels"),
        ("city", "San Diego"),
        ("state", "CA"),
    ):
        tab_to(page, name)
        page.keyboard.type(words)
    tab_to(page, "public")
    page.keyboard.press("Space")
    tab_to(page, "pledge")
    page.keyboard.press("Space")
    tab_to(page, "contact")
    page.keyboard.type("Ana Ruiz")
    tab_to(page, "email")
    page.keyboard.type("ana@union.example")
    tab_to(page, "Endorse the call")
    with page.expect_navigation(wait_until="load"):
        page.keyboard.press("Enter")

    [ask] = site.requests.asked
    assert ask.kind is Kind.ENDORSE
    assert ask.facts["public"] is True
    assert ask.facts["pledges"] == ["plan"]


def test_confirming_and_seeing_that_it_is_done(page: Page, site: Site) -> None:
    page.goto(confirming(site))
    assert "to get “Weekly actions”" in page.inner_text("main")
    look(page)
    press(page, "Yes, that was me")
    look(page)

    assert page.get_by_role("link", name="Choose what I get").is_visible()
    page.goto(confirming(site))
    assert "You have said yes already" in page.inner_text("h1")


def test_forbidding_us_to_write(page: Page, site: Site) -> None:
    page.goto(confirming(site))
    press(page, "Never write to this address")
    look(page)

    assert site.requests.refused == [UID]
