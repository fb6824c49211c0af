"""The archive and its neighbours as a person with a browser meets them."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, Request

from mailer.core.model import ActionStatus, Sponsor
from tests.browser.visiting import barred, read, visiting
from tests.e2e.conftest import Shell, copied, initial
from tests.e2e.town import Town
from tests.factories import NINE, draft

__all__ = ["initial"]
LONG = "Organizationsofthetwincitiesandbeyondforjusticeandfreedomofmovement"
EDITION = "/editions/weekly/2019-10-07"
PAGES = (EDITION, "/editions/urgent/raid", "/editions", "/feeds", "/actions")


@pytest.fixture(scope="module")
def town(initial: Shell, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """An edition of which one action moved and one was cancelled, and an urgent call."""
    shell = copied(initial, tmp_path_factory.mktemp("public"))
    for name, kind in (("weekly", "digest"), ("urgent", "blast")):
        line = f'kind = "{kind}"'
        shell.edit(f"lists/{name}.toml", line, f"{line}\narchive = true")
    with Town(shell.folder).open() as town:
        march = draft("San Diego", title=LONG, sponsors=(Sponsor(name=LONG),))
        town.settle()
        town.tell(march, draft("Denver", external_id="2"), draft("Newark", 25))
        town.send()
        town.blast("raid", "blast-urgent")
        town.now += timedelta(days=1)
        off = draft("Denver", external_id="2", status=ActionStatus.CANCELLED)
        town.tell(march, off, draft("Newark", 24, start_time=NINE))
        yield town


class Visitor:
    """A page of the browser, and what it asked for."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self._url = page, url
        self.asked: list[str] = []

    def ask(self, request: Request) -> None:
        self.asked.append(request.url)

    def open(self, path: str) -> Page:
        self.page.goto(self._url + path)
        return self.page


@pytest.fixture
def visitor(
    chromium: Browser, town: Town, request: pytest.FixtureRequest
) -> Iterator[Visitor]:
    width: int = getattr(request, "param", 1280)
    with visiting(chromium, None, width, script=False) as page:
        visitor = Visitor(page, town.url)
        page.on("request", visitor.ask)
        yield visitor
        page.remove_listener("request", visitor.ask)


def test_every_public_page_fits_and_can_be_read_without_a_script(
    visitor: Visitor, town: Town
) -> None:
    for path in PAGES:
        for language in ("en", "es"):
            read(visitor.open(f"{path}?lang={language}"))

    assert all(url.startswith(town.url) for url in visitor.asked)


def test_nothing_bars_people_from_the_public_pages(
    chromium: Browser, town: Town
) -> None:
    assert barred(chromium, [town.url + path for path in PAGES]) == []


def test_a_copy_looks_as_the_mail_does(visitor: Visitor) -> None:
    page = visitor.open(EDITION)

    board = page.locator("main h1").locator("xpath=ancestor::td[1]")
    style = (
        "e => { const s = getComputedStyle(e); return [s.backgroundColor, s.padding] }"
    )
    assert board.evaluate(style) == ["rgb(255, 208, 84)", "26px 32px 22px"]
    sized = "e => getComputedStyle(e).fontWeight"
    assert page.locator("main h1").evaluate(sized) == "900"


def test_a_copy_is_dark_where_the_reader_s_screen_is(visitor: Visitor) -> None:
    page = visitor.open(EDITION)
    page.emulate_media(color_scheme="dark")

    ground = page.locator("main > div").evaluate(
        "e => getComputedStyle(e).backgroundColor"
    )
    assert ground == "rgb(26, 22, 19)"


def test_what_was_put_right_is_reached_by_keyboard_alone(visitor: Visitor) -> None:
    page = visitor.open(EDITION)
    for _ in range(12):
        page.keyboard.press("Tab")
        focus = "() => [document.activeElement.textContent.trim(), getComputedStyle(document.activeElement).outlineWidth]"
        words, outline = page.evaluate(focus)
        assert outline == "3px", words
        if words == "Denver, CO":
            break
    page.keyboard.press("Enter")

    page.get_by_role("alert").wait_for()
    assert "Cancelled." in page.get_by_role("alert").inner_text()


def test_a_visitor_finds_the_calendars_and_the_editions_from_the_actions(
    visitor: Visitor,
) -> None:
    page = visitor.open("/actions")

    page.get_by_role("link", name="Calendars and feeds").click()
    page.get_by_role("heading", name="Calendars and feeds").wait_for()
    assert page.get_by_role("link", name="California").count() == 1
    page.get_by_role("link", name="Past editions").last.click()
    page.get_by_role("link", name="Monday, October 7, 2019").click()
    page.get_by_text("Put right since.").wait_for()


@pytest.mark.parametrize("visitor", [375], indirect=True)
def test_links_of_our_own_are_large_enough_for_a_finger(visitor: Visitor) -> None:
    for path in PAGES:
        page = visitor.open(path)
        links = page.locator("header a, .links a, footer a")
        assert links.count() > 1
        for number in range(links.count()):
            box = links.nth(number).bounding_box()
            assert box is not None
            assert box["height"] >= 40, links.nth(number).inner_text()
