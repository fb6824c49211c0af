"""The outbox in a real browser, opened from the disk as people open it."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from mailer.core.envelope import Segments
from tests.contract.providers.carriers import build
from tests.contract.providers.letters import letter, outgoing, recipient

HOSTILE = '"><script>top.document.title="owned"</script><img src=//x.example/t.gif>'
DANGEROUS = """<html><head></head><body onload="top.document.title='owned'">
<h1>News</h1><script>top.document.title="owned"</script>
<img src="{site}/pixel.gif">
<form action="{site}/form"><button>Go</button></form>
<a href="{site}/u/"""


class Site(ThreadingHTTPServer):
    """Where the links and the pixels of a message lead; remembers who came."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Welcoming)
        self.visited: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Welcoming(BaseHTTPRequestHandler):
    server: Site

    def do_GET(self) -> None:
        self.server.visited.append(self.path)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"The page to leave")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Print nothing."""


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def outbox(tmp_path: Path, site: Site) -> Path:
    provider = build("outbox", tmp_path)
    readers = [recipient(n, reason=HOSTILE) for n in range(15)]
    words = (DANGEROUS.format(site=site.url), '">Leave this list</a></body></html>')
    hostile = letter(subject=HOSTILE, html=Segments(words, ("leave",)))
    provider.send(outgoing(*readers, letter=hostile))
    provider.close()
    return tmp_path / "outbox" / "index.html"


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 375, "height": 700})
    yield context.new_page()
    context.close()


def test_nothing_in_a_message_runs_or_loads(
    page: Page, outbox: Path, site: Site
) -> None:
    page.goto(outbox.as_uri())
    page.locator("tbody a").first.click()
    page.frame_locator("iframe").get_by_role("heading", name="News").wait_for()
    page.wait_for_load_state("networkidle")

    assert page.title() == HOSTILE
    assert site.visited == []


def test_the_leave_link_of_a_message_opens_beside_it(
    page: Page, outbox: Path, site: Site
) -> None:
    page.goto(outbox.as_uri())
    page.locator("tbody a").first.click()

    with page.expect_popup() as opened:
        page.frame_locator("iframe").get_by_text("Leave this list").click()

    assert opened.value.url.startswith(f"{site.url}/u/")
    assert opened.value.inner_text("body") == "The page to leave"


def test_the_plain_text_is_one_choice_away(page: Page, outbox: Path) -> None:
    page.goto(outbox.as_uri())
    page.locator("tbody a").first.click()
    assert page.locator("iframe").is_visible()

    page.get_by_text("Plain text").click()

    assert not page.locator("iframe").is_visible()
    assert HOSTILE in page.locator("pre").inner_text()


@pytest.mark.parametrize("width", [320, 375, 1280])
def test_no_page_is_wider_than_the_screen(page: Page, outbox: Path, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 700})
    views = sorted(outbox.parent.glob("*/*.html"))[:3]

    for path in [outbox, *views]:
        page.goto(path.as_uri())
        across = page.evaluate("document.documentElement.scrollWidth")
        assert across <= width, path.name
