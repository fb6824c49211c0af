"""What only a browser can tell of a message: axe-core, widths and dark mode."""

import json
from dataclasses import replace
from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from mailer.adapters import specimens
from mailer.adapters.gates import Message
from tests.browser.looking import Scheme, opened
from tests.unit.gates.messages import EXTREMES, TEMPLATES, good, rendered

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
# Landmarks are the mail client's: it shows a message within its own page.
RULES = {
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
SAMPLES = [
    (name, language) for name in specimens.names(TEMPLATES) for language in ("en", "es")
]
LOOKS: list[Scheme] = ["light", "dark"]


def sample(name: str, language: str) -> Message:
    return specimens.message(TEMPLATES, name, language)


def violations(page: Page) -> list[str]:
    """What axe-core finds: rule, and the elements it is about."""
    page.evaluate(AXE)
    found: dict[str, Any] = page.evaluate(f"axe.run(document, {json.dumps(RULES)})")
    assert len(found["passes"]) > 10, "axe-core looked at next to nothing"
    return [
        f"{one['id']}: {node['html'][:160]} {node['failureSummary']}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize(("name", "language"), SAMPLES)
def test_axe_finds_nothing_that_bars_people_from_reading(
    chromium: Browser, name: str, language: str, look: Scheme
) -> None:
    width = 375 if language == "es" else 600
    with opened(chromium, sample(name, language), width=width, scheme=look) as seen:
        assert violations(seen.page) == []
        assert seen.asked == []


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("extreme", ["hostile", "right to left", "nothing optional"])
def test_axe_finds_nothing_at_the_ends_of_what_can_be(
    chromium: Browser, extreme: str, look: Scheme
) -> None:
    message = rendered(EXTREMES[extreme](), "en")
    with opened(chromium, message, width=375, scheme=look) as seen:
        assert violations(seen.page) == []


@pytest.mark.parametrize(
    ("rule", "old", "new"),
    [
        ("color-contrast", "</body>", '<p style="color:#999999">faint</p></body>'),
        ("image-alt", "</body>", '<img src="x.png" width="9" height="9"></body>'),
        ("html-has-lang", '<html lang="en"', "<html"),
        ("link-name", "</body>", '<a href="https://example.org/"></a></body>'),
    ],
)
def test_axe_does_find_what_is_broken(
    chromium: Browser, rule: str, old: str, new: str
) -> None:
    assert old in good().html
    broken = replace(good(), html=good().html.replace(old, new, 1))
    with opened(chromium, broken) as seen:
        assert {found.partition(":")[0] for found in violations(seen.page)} == {rule}


@pytest.mark.parametrize("width", [320, 375, 600])
@pytest.mark.parametrize("extreme", EXTREMES)
def test_nothing_hangs_over_the_edge(
    chromium: Browser, extreme: str, width: int
) -> None:
    message = rendered(EXTREMES[extreme](), "es")
    with opened(chromium, message, width=width) as seen:
        assert seen.width <= width
        assert seen.asked == []


@pytest.mark.parametrize(("name", "language"), SAMPLES)
def test_large_text_is_neither_cut_off_nor_wider_than_the_screen(
    chromium: Browser, name: str, language: str
) -> None:
    for width in (375, 600):
        with opened(chromium, sample(name, language), width=width, zoomed=True) as seen:
            assert seen.width <= width
            assert clipped(seen.page) == []


def test_a_line_that_hangs_over_is_noticed(chromium: Browser) -> None:
    wide = '<p style="width:700px">wide</p></body>'
    broken = replace(good(), html=good().html.replace("</body>", wide))
    with opened(chromium, broken) as seen:
        assert seen.width == 700


def clipped(page: Page) -> list[str]:
    """Words that their own element cuts off."""
    found: list[str] = page.evaluate("""() => [...document.body.querySelectorAll('*')]
      .filter((e) => getComputedStyle(e).overflow !== 'visible' && e.offsetParent)
      .filter((e) => e.scrollHeight > e.clientHeight + 1 && e.innerText.trim())
      .map((e) => e.innerText.slice(0, 40))""")
    return found


GROUNDS = """() => [...document.querySelectorAll('.paper, .board, .badge, .button')]
  .filter((e) => e.getClientRects().length)
  .map((e) => [e.className, getComputedStyle(e).backgroundColor, getComputedStyle(e).color])"""


@pytest.mark.parametrize(("name", "language"), SAMPLES)
def test_dark_mode_is_the_templates_own_and_really_applied(
    chromium: Browser, name: str, language: str
) -> None:
    grounds = {}
    for look in LOOKS:
        with opened(chromium, sample(name, language), scheme=look) as seen:
            grounds[look] = seen.page.evaluate(GROUNDS)

    assert len(grounds["dark"]) == len(grounds["light"]) >= 2
    for before, after in zip(grounds["light"], grounds["dark"], strict=True):
        assert before[0] == after[0]
        assert before[1:] != after[1:], f"“{before[0]}” is the same in the dark"


def test_dark_rules_that_lose_to_a_style_attribute_are_noticed(
    chromium: Browser,
) -> None:
    weak = replace(good(), html=good().html.replace(" !important", ""))
    with opened(chromium, weak, scheme="dark") as seen:
        paper = next(g for g in seen.page.evaluate(GROUNDS) if "paper" in g[0])
    assert paper[1] == "rgb(255, 255, 255)"
