"""What bars people from a page, as axe-core and our own rules find it, in every look.

A page is loaded once and looked at on a phone and at a desk, by day and in the dark. Each
rule is tried where its answer can differ. All of axe-core's see the phone by day. The
width decides whether lines hang over, how near targets are, what has to be scrolled, and
what is hidden: where the desk shows other elements than the phone, all rules see it, too.
The dark changes colours alone: axe-core, to which they are most of its work, looks at
them on the phone by day and at the desk by night, our own formula in every look.
"""

from importlib.resources import files
from typing import Any

from playwright.sync_api import Page

from tests.browser import looking
from tests.browser.looking import Scheme

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
# Landmarks are the mail client's: it shows a message within its own page.
RULES: dict[str, Any] = {
    "runOnly": [
        "wcag2a",
        "wcag2aa",
        "wcag21a",
        "wcag21aa",
        "wcag22aa",
        "best-practice",
    ],
    "rules": {"landmark-one-main": {"enabled": False}, "region": {"enabled": False}},
}
# What asks where elements stand, and not only which there are.
OF_LAYOUT = [
    "css-orientation-lock",
    "link-in-text-block",
    "scrollable-region-focusable",
    "target-size",
]
PHONE, DESK = 375, 1280
_SHOWN = """() => [...document.querySelectorAll('body *')]
  .map(node => Number(node.checkVisibility({ visibilityProperty: true }))).join('')"""
_BEYOND = """() => document.documentElement.scrollWidth <= innerWidth ? [] :
  [...document.querySelectorAll('body *:not(nav *)')]
    .filter(node => node.getBoundingClientRect().right > innerWidth + 1)
    .slice(0, 5).map(node => node.outerHTML.slice(0, 120))
    .concat('wider than the screen')"""


def barriers(page: Page) -> list[str]:
    """Return what bars people from this page, in every look; it ends as on a phone."""
    found = _seen(page, PHONE, "light") + violations(page)
    shown = page.evaluate(_SHOWN)
    found += _seen(page, PHONE, "dark")
    found += _seen(page, DESK, "dark") + faint(page)
    found += _seen(page, DESK, "light")
    if page.evaluate(_SHOWN) == shown:
        found += _words(_run(page, {"runOnly": OF_LAYOUT}))
    else:
        found += violations(page)
    _look(page, PHONE, "light")
    return found


def _seen(page: Page, width: int, scheme: Scheme) -> list[str]:
    """Look at the page so; returns what hangs over or is faint by our own rules."""
    _look(page, width, scheme)
    found = [*beyond(page), *looking.faint(page, least=4)]
    return [f"{width} wide, {scheme}: {each}" for each in found]


def violations(page: Page, *, contrast: bool = True) -> list[str]:
    """What axe-core finds: rule, and the elements it is about.

    Contrast takes it longer than all other rules together, and no translation
    changes it.
    """
    more = {} if contrast else {"color-contrast": {"enabled": False}}
    chosen = {**RULES, "rules": {**RULES["rules"], **more}}
    found = _run(page, chosen)
    assert found["passes"] > 10, "axe-core looked at next to nothing"
    return _words(found)


def faint(page: Page) -> list[str]:
    """What axe-core finds hard to read for want of contrast."""
    found = _run(page, {"runOnly": ["color-contrast"]})
    assert found["passes"], "axe-core found no words"
    return _words(found)


def beyond(page: Page) -> list[str]:
    """What makes the page wider than its screen."""
    found: list[str] = page.evaluate(_BEYOND)
    return found


def _look(page: Page, width: int, scheme: Scheme) -> None:
    page.emulate_media(
        color_scheme=scheme,
        reduced_motion="reduce",  # a colour on its way to another is neither
    )
    page.set_viewport_size({"width": width, "height": 800})


def _run(page: Page, chosen: dict[str, Any]) -> dict[str, Any]:
    """Run axe-core; but in frames, which hold mail: that is looked at on its own."""
    if page.evaluate("() => typeof axe") == "undefined":
        page.evaluate(AXE)
    options = {"resultTypes": ["violations"], "iframes": False, **chosen}
    found: dict[str, Any] = page.evaluate(
        "options => axe.run(document, options)"
        ".then(({ passes, violations }) => ({ passes: passes.length, violations }))",
        options,
    )
    return found


def _words(found: dict[str, Any]) -> list[str]:
    return [
        f"{one['id']}: {node['html'][:160]} {node['failureSummary']}"
        for one in found["violations"]
        for node in one["nodes"]
    ]
