"""A visitor's browser: narrow or wide, with scripts or without, and its complaints."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.test_gates_in_chromium import AXE, faint, violations

WIDTHS = (375, 1280)
KINDS = [(width, script) for width in WIDTHS for script in (False, True)]


def kind(one: tuple[int, bool]) -> str:
    """Name a kind of browser in a test's id."""
    return f"{one[0]}-{'with' if one[1] else 'no'}-script"


@contextmanager
def visiting(
    chromium: Browser, url: str, width: int, *, script: bool
) -> Iterator[Page]:
    """Open a page; at the end it has set no cookie and broken nothing."""
    context = chromium.new_context(
        viewport={"width": width, "height": 800},
        java_script_enabled=script,
        locale="en-US",
    )
    context.set_default_timeout(10_000)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda line: complaints.append(line.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(url)
    yield page
    unexpected = [words for words in complaints if "status of 422" not in words]
    assert unexpected == []
    assert not context.cookies()
    context.close()


def press(page: Page, words: str) -> None:
    """Press a button and wait for what it leads to."""
    with page.expect_navigation(wait_until="load"):
        page.get_by_role("button", name=words, exact=True).click()


def look(page: Page) -> None:
    """Hold the page to the width of its screen."""
    wide, seen = page.evaluate(
        "() => [document.documentElement.scrollWidth, innerWidth]"
    )
    beyond = page.evaluate(
        """() => [...document.querySelectorAll('body *:not(nav *)')]
          .filter(node => node.getBoundingClientRect().right > innerWidth + 1)
          .slice(0, 5).map(node => node.outerHTML.slice(0, 120))"""
    )
    assert wide <= seen, (page.url, beyond)


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


def obstacles(page: Page, scheme: Literal["light", "dark"]) -> list[str]:
    """Return what axe-core finds in this light.

    All its rules but that of contrast see the same page in every light: in the dark
    that one is left.
    """
    if scheme == "light":
        return violations(page)
    page.evaluate(AXE)
    return faint(page)


def barred(
    chromium: Browser, urls: list[str], width: int, scheme: Literal["light", "dark"]
) -> list[str]:
    """Return what axe-core finds on these pages."""
    context = chromium.new_context(
        viewport={"width": width, "height": 800},
        color_scheme=scheme,
        bypass_csp=True,  # axe-core itself is a script
    )
    page = context.new_page()
    found: list[str] = []
    for url in urls:
        page.goto(url)
        found += obstacles(page, scheme)
    context.close()
    return found
