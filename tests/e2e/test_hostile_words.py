"""What anybody wrote to us executes on no page: whatever page leads to whatever page."""

import email
import re
from collections.abc import Callable, Iterator
from email.policy import default
from html import unescape
from urllib.parse import urldefrag, urljoin

import httpx
import pytest

from mailer.core.roles import Role
from tests.e2e import plain
from tests.e2e.besieged import besiege
from tests.e2e.conftest import Shell, copied
from tests.e2e.coordinators import House
from tests.hostile import dangers

LINK = re.compile(r'(?:href|hx-get)="([^"]+)"')
_LEAVES = ("sign-out", "static/", ".png", ".ics", ".xml", ".atom", "sign-in")
MOST = 250  # pages


@pytest.fixture(scope="module")
def house(initial: Shell, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    shell = copied(initial, tmp_path_factory.mktemp("besieged"))
    with House(shell.folder).open() as house:
        besiege(house)
        house.person("mighty@union.example", list(Role), codes=True)
        yield house


def walked(
    start: str, get: Callable[[str], httpx.Response]
) -> Iterator[tuple[str, httpx.Response]]:
    """Open a page, and every page of ours that it leads to, and so on."""
    waiting, seen = [start], {start}
    while waiting and len(seen) <= MOST:
        path = waiting.pop(0)
        answer = get(path)
        if "text/html" not in answer.headers.get("content-type", ""):
            continue
        yield path, answer
        for link in LINK.findall(answer.text):
            onward = onward_from(path, link)
            if onward and onward not in seen:
                seen.add(onward)
                waiting.append(onward)


def onward_from(path: str, link: str) -> str | None:
    """Return where a link leads, if that is a page of ours to be looked at."""
    onward = urldefrag(urljoin(path, unescape(link)))[0]
    is_ours = onward.startswith("/") and not onward.startswith("//")
    return onward if is_ours and not any(w in onward for w in _LEAVES) else None


def test_no_page_of_the_console_runs_them(house: House) -> None:
    browser = house.signed_in("mighty@union.example")
    seen = dict(walked("/console", browser.get))

    for path, answer in seen.items():
        assert answer.status_code < 500, path
        assert dangers(answer.text) == [], path
    assert len(seen) > 20  # the overview, requests, accounts, …
    told = " ".join(answer.text for answer in seen.values())
    assert "window.owned" in told  # or nothing of it came through


def test_no_public_page_runs_them(house: House) -> None:
    with plain.Client(base_url=house.url) as client:
        seen = dict(walked("/actions", client.get))

    for path, answer in seen.items():
        assert answer.status_code < 500, path
        assert dangers(answer.text) == [], path
    assert any("window.owned" in answer.text for answer in seen.values())


def test_no_letter_that_left_runs_them(house: House) -> None:
    letters = list((house.project.folder / "outbox").rglob("*.eml"))

    assert letters
    for letter in letters:
        read = email.message_from_bytes(letter.read_bytes(), policy=default)
        page = read.get_body(("html",))
        assert page is not None
        assert dangers(page.get_content()) == [], letter.name
        assert {"Bcc", "X-Evil"}.isdisjoint(read.keys())
