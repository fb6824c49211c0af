"""The page beside which templates are edited, as its user sees it."""

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page, Request

from mailer.adapters import specimens
from mailer.adapters.gates import Finding, Gate, check
from mailer.web.preview.app import create
from mailer.web.preview.desk import Choice, Shown, Trouble
from mailer.web.server import server
from tests.browser.barriers import barriers
from tests.browser.looking import SCHEMES, Scheme
from tests.browser.visiting import window
from tests.unit.gates.messages import TEMPLATES

GROUND = "n => n.contentWindow.getComputedStyle(n.contentDocument.querySelector('.paper')).backgroundColor"
SCROLLED = "() => [...document.querySelectorAll('iframe')].map(f => f.contentDocument?.scrollingElement?.scrollTop ?? 0)"


@dataclass
class Table:
    """A desk whose edits are made by the test."""

    edits: int = 0
    findings: Sequence[Finding] = ()
    url: str = ""
    shown: list[str] = field(default_factory=list)

    def stamp(self) -> str:
        return str(self.edits)

    def choices(self) -> tuple[Sequence[Choice], str | None]:
        keys = ("digest", "trouble", *(f"place{n}" for n in range(12)))
        return [Choice(key=key, title=key, group="Samples") for key in keys], None

    def logo(self) -> bytes | None:
        return None

    def show(self, key: str, language: str) -> Shown:
        self.shown.append(key)
        if key == "trouble":
            excerpt = ((6, "{{ view." + "nothing" * 20 + " }}", True),)
            return Shown(trouble=Trouble(words="body.html, line 6", excerpt=excerpt))
        message = specimens.message(TEMPLATES, "digest", language)
        return Shown(message=message, findings=(*check(message), *self.findings))


@pytest.fixture
def table() -> Iterator[Table]:
    desk = Table()
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    running = server(
        create(desk, stopping=lambda: running.should_exit), "127.0.0.1", port
    )
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        while not running.started:
            assert thread.is_alive()
            threading.Event().wait(0.005)
        desk.url = f"http://127.0.0.1:{port}"
        yield desk
    finally:
        running.should_exit = True
        thread.join(10)
        listening.close()


@contextmanager
def opened(
    browser: Browser,
    table: Table,
    of: str = "digest",
    *,
    width: int = 1280,
    scheme: Scheme = "light",
    quiet: tuple[str, ...] = (),
) -> Iterator[Page]:
    with window(browser, width=width, scheme=scheme, quiet=quiet) as page:
        page.goto(f"{table.url}/?of={of}", wait_until="load")
        yield page


def scrolled(page: Page) -> list[float]:
    """How far each frame is scrolled, once all are."""
    far: list[float] = []
    for _ in range(100):
        far = page.evaluate(SCROLLED)
        if min(far) > 1000:
            return far
        page.wait_for_timeout(100)
    pytest.fail(f"some frames stayed behind: {far}")


FOUND = Finding(gate=Gate.LINKS, words=f"{'W' * 60}: here", where=f"HTML, {'x' * 60}")


@pytest.mark.parametrize("of", ["digest", "trouble"])
def test_everybody_can_use_the_page(chromium: Browser, table: Table, of: str) -> None:
    table.findings = (FOUND,)
    with opened(chromium, table, of) as page:
        assert barriers(page) == []


def test_frames_are_as_wide_as_they_say_where_there_is_room(
    chromium: Browser, table: Table
) -> None:
    wide = "n => n.getBoundingClientRect().width"
    with opened(chromium, table, width=1280) as page:
        frames = [frame.evaluate(wide) for frame in page.query_selector_all("iframe")]
        assert frames == [375, 600, 375, 600]


@pytest.mark.parametrize("width", [375, 1280])
def test_what_one_looks_at_is_visible_among_all_there_is(
    chromium: Browser, table: Table, width: int
) -> None:
    with opened(chromium, table, "place11", width=width) as page:
        chosen, there = (
            page.locator(name).bounding_box() for name in ("nav [aria-current]", "nav")
        )
        assert chosen is not None
        assert there is not None
        assert there["y"] <= chosen["y"]
        assert chosen["y"] + chosen["height"] <= there["y"] + there["height"]
        assert chosen["y"] + chosen["height"] <= 900


def test_each_frame_has_its_own_light_whatever_the_machine_prefers(
    chromium: Browser, table: Table
) -> None:
    for scheme in SCHEMES:
        with opened(chromium, table, scheme=scheme) as page:
            grounds = [
                frame.evaluate(GROUND) for frame in page.query_selector_all("iframe")
            ]
            assert grounds == ["rgb(255, 255, 255)"] * 2 + ["rgb(26, 22, 19)"] * 2


def test_frames_scroll_together_and_an_edit_finds_the_place_again(
    chromium: Browser, table: Table
) -> None:
    with opened(chromium, table) as page:
        page.evaluate(
            "document.querySelectorAll('iframe')[1].contentDocument.scrollingElement"
            ".scrollTop = 1500"
        )
        before = scrolled(page)

        table.findings, table.edits = (FOUND,), 1
        page.wait_for_selector(".findings li")

        assert scrolled(page) == pytest.approx(before, rel=0.02)


def test_a_link_in_a_message_opens_nothing(chromium: Browser, table: Table) -> None:
    asked: list[str] = []

    def ask(request: Request) -> None:
        asked.append(request.url)

    with opened(chromium, table, quiet=("Blocked opening",)) as page:
        page.context.on("request", ask)
        page.frames[1].locator("a").first.click()
        page.wait_for_timeout(300)

        assert len(page.context.pages) == 1
        page.context.remove_listener("request", ask)
    assert not [url for url in asked if not url.startswith(table.url)]
