"""The pages as a person with a browser meets them: no script, any width, any light.

Chromium comes from the distribution (`apt install chromium`); without it the run ends
by saying that nobody looked at the pages.
"""

from collections.abc import Iterator
from datetime import date

import pytest
from playwright.sync_api import Browser, Page, Request

from mailer.core.model import ActionStatus
from tests.browser.visiting import read, visiting
from tests.fakes.site import Site, a_reader, a_site, an_action, served, some_facts

LONG = "Organizationsofthetwincitiesandbeyondforjusticeandfreedomofmovement"

OUTLINE = """() => {
  const focused = document.activeElement;
  const shown = focused.closest('.option') || focused;
  const style = getComputedStyle(shown);
  return [style.outlineStyle, style.outlineWidth, focused.textContent.trim(),
          focused.name || ''];
}"""


@pytest.fixture(scope="module")
def running() -> Iterator[Site]:
    site = a_site(base_url="http://127.0.0.1")
    site.actions.actions[:] = [
        an_action("on", some_facts(title="March", url="https://sd.example.org/")),
        an_action(
            "off", some_facts(label="Reno, NV", status=ActionStatus.CANCELLED), number=2
        ),
        an_action(
            "long", some_facts(label=LONG, title=LONG, sponsors=(LONG,)), number=3
        ),
        an_action(
            "maybe",
            some_facts(
                label="Austin, TX",
                start_date=date(2019, 10, 20),
                status=ActionStatus.TENTATIVE,
            ),
            number=4,
        ),
    ]
    with served(site):
        yield site


@pytest.fixture
def site(running: Site) -> Site:
    running.forget()
    running.readers.add(a_reader())
    return running


class Visitor:
    """A page of the browser that remembers what it asked for."""

    def __init__(self, page: Page, site: Site) -> None:
        self.page = page
        self.site = site
        self.asked: list[str] = []

    def ask(self, request: Request) -> None:
        self.asked.append(request.url)

    def open(self, path: str) -> Page:
        self.page.goto(self.site.url + path)
        return self.page

    def tab_to(self, words: str) -> None:
        for _ in range(20):
            self.page.keyboard.press("Tab")
            style, width, text, name = self.page.evaluate(OUTLINE)
            assert (style, width) == ("solid", "3px"), text or name
            if words in (text, name):
                return
        pytest.fail(f"the keyboard never reaches {words}")


@pytest.fixture
def visitor(
    chromium: Browser, site: Site, request: pytest.FixtureRequest
) -> Iterator[Visitor]:
    width: int = getattr(request, "param", 1280)
    with visiting(chromium, None, width, script=False) as page:
        visitor = Visitor(page, site)
        page.on("request", visitor.ask)
        yield visitor
        page.remove_listener("request", visitor.ask)


def test_every_page_fits_and_can_be_read(visitor: Visitor, site: Site) -> None:
    paths = [site.leave, site.preferences, "/u/forged", "/actions"]
    paths += [f"/actions/{name}" for name in ("on", "off", "long")]

    for path in paths:
        for language in ("en", "es"):
            read(visitor.open(f"{path}?lang={language}"))

    assert all(url.startswith(site.url) for url in visitor.asked)


def test_the_answers_to_a_press_fit_and_can_be_read(
    visitor: Visitor, site: Site
) -> None:
    page = visitor.open(site.preferences)
    _press(page, "Save")
    read(page)
    _press(page, "Leave this list")
    read(page)
    assert not site.is_on()
    _press(page, "Undo")
    read(page)
    assert site.is_on()


def _press(page: Page, words: str) -> None:
    """Press a button and wait for the answer, all of it."""
    with page.expect_navigation(wait_until="load"):
        page.get_by_role("button", name=words).click()


def test_the_stylesheet_is_applied(visitor: Visitor, site: Site) -> None:
    page = visitor.open(site.leave)

    board = page.locator(".board").evaluate("e => getComputedStyle(e).backgroundColor")

    assert board == "rgb(255, 208, 84)"


def test_leaving_needs_only_the_keyboard(visitor: Visitor, site: Site) -> None:
    page = visitor.open(site.leave)

    visitor.tab_to("Leave this list")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="You have left.").wait_for()
    assert not site.is_on()

    visitor.tab_to("Undo, keep the list coming")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="You are back.").wait_for()
    assert site.is_on()


def test_choosing_needs_only_the_keyboard(visitor: Visitor, site: Site) -> None:
    page = visitor.open(site.preferences)

    visitor.tab_to("language")
    page.keyboard.press("ArrowDown")
    visitor.tab_to("quiet_weeks")
    page.keyboard.press("ArrowDown")
    visitor.tab_to("Save")
    page.keyboard.press("Enter")

    page.get_by_role("status").wait_for()
    assert "Idioma: español." in page.get_by_role("status").inner_text()
    assert site.here.language == "es"
    assert site.here.choices.quiet_weeks


def test_what_can_be_pressed_is_large_enough_for_a_finger(
    visitor: Visitor, site: Site
) -> None:
    for path in (site.leave, site.preferences, "/actions", "/actions/on"):
        page = visitor.open(path)
        targets = page.locator("a, button, label.option")
        for number in range(targets.count()):
            box = targets.nth(number).bounding_box()
            assert box is not None
            assert box["height"] >= 40, targets.nth(number).inner_text()


@pytest.mark.parametrize("visitor", [640], indirect=True)
def test_text_at_double_size_still_fits(visitor: Visitor, site: Site) -> None:
    for path in (site.leave, site.preferences, "/actions", "/actions/on"):
        page = visitor.open(path)
        page.evaluate("() => { document.documentElement.style.fontSize = '200%'; }")
        wide, seen = page.evaluate(
            "() => [document.documentElement.scrollWidth, innerWidth]"
        )
        assert wide <= seen, path
