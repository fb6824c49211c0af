"""A visitor's browser: narrow or wide, with scripts or without, and its complaints."""

from collections.abc import Iterator
from contextlib import contextmanager
from weakref import WeakKeyDictionary

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, Page

from tests.browser.barriers import barriers, beyond
from tests.browser.looking import SCHEMES, Scheme, faint

WIDTHS = (375, 1280)
# Our public pages have no script, and are the same where one could run: each width is
# tried with either. `visiting` holds them to that.
KINDS = [(375, False), (1280, True)]
QUIET = ("status of 422",)

# A context has a process of its own, which costs more than what most tests do in it.
_READY: WeakKeyDictionary[Browser, dict[bool, list[Page]]] = WeakKeyDictionary()


def kind(one: tuple[int, bool]) -> str:
    """Name a kind of browser in a test's id."""
    return f"{one[0]}-{'with' if one[1] else 'no'}-script"


@contextmanager
def window(
    chromium: Browser,
    *,
    width: int = 1280,
    script: bool = True,
    scheme: Scheme = "light",
    fresh: bool = False,
    quiet: tuple[str, ...] = QUIET,
) -> Iterator[Page]:
    """Open a window; at the end no page in it has complained, but `quiet`ly.

    The next one may get the same, without its cookies. It has to be `fresh` for whoever
    leaves something else in it: a clock, a device, an answer to dialogs.
    """
    ready = [] if fresh else _READY.setdefault(chromium, {}).setdefault(script, [])
    page = ready.pop() if ready else _opened(chromium, script=script)
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    complaints: list[str] = []

    def listen(line: ConsoleMessage) -> None:
        complaints.append(line.text)

    def fail(error: Error) -> None:
        complaints.append(str(error))

    page.on("console", listen)
    page.on("pageerror", fail)
    yield page
    loud = [one for one in complaints if not any(words in one for words in quiet)]
    assert not loud, loud
    page.remove_listener("console", listen)
    page.remove_listener("pageerror", fail)
    if fresh:
        page.context.close()
        return
    page.mouse.move(0, 0)
    if script:
        page.goto("about:blank")  # where nothing asks for anything any more
    page.context.clear_cookies()
    ready.append(page)  # unless something has failed in it


def _opened(chromium: Browser, *, script: bool) -> Page:
    context = chromium.new_context(java_script_enabled=script, locale="en-US")
    context.set_default_timeout(20_000)
    return context.new_page()


@contextmanager
def visiting(
    chromium: Browser, url: str | None, width: int, *, script: bool
) -> Iterator[Page]:
    """Open a public page, if one is named; at the end none has a script, or kept a thing."""
    with window(chromium, width=width, script=script) as page:
        if url:
            page.goto(url)
        yield page
        assert not page.context.cookies()
        assert page.evaluate(_KEPT) == 0
        assert page.locator("script:not([type='application/ld+json'])").count() == 0


_KEPT = "() => localStorage.length + sessionStorage.length"


def press(page: Page, words: str) -> None:
    """Press a button and wait for what it leads to."""
    with page.expect_navigation(wait_until="load"):
        page.get_by_role("button", name=words, exact=True).click()


def look(page: Page) -> None:
    """Hold the page to the width of its screen."""
    found = beyond(page)
    assert not found, (page.url, found)


def read(page: Page) -> None:
    """Hold the page to every screen: no line hangs over, all words stand out, one title."""
    for width in (320, *WIDTHS):
        page.set_viewport_size({"width": width, "height": 800})
        look(page)
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            found = faint(page, least=4)
            assert not found, (page.url, width, scheme, found)
    assert page.locator("h1").count() == 1


def tab_to(page: Page, name: str, most: int = 40) -> None:
    """Go on by keyboard to a field of this name, or to a button with these words."""
    for _ in range(most):
        page.keyboard.press("Tab")
        here = page.evaluate(
            "() => [document.activeElement.name, document.activeElement.innerText]"
            ".join(' ')"
        )
        if here.strip() == name:
            return
    pytest.fail(f"the keyboard never reaches {name}")


def barred(chromium: Browser, urls: list[str]) -> list[str]:
    """Return what bars people from these pages."""
    found: list[str] = []
    with window(chromium) as page:
        for url in urls:
            page.goto(url)
            found += barriers(page)
    return found
