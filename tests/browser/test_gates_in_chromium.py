"""What only a browser can tell of a message: axe-core, widths and dark mode."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from mailer.adapters import specimens
from mailer.adapters.gates import Message
from tests.browser import looking
from tests.browser.barriers import faint, violations
from tests.browser.looking import Scheme, opened
from tests.unit.gates.messages import EXTREMES, TEMPLATES, good, rendered

SAMPLES = [
    (name, language) for name in specimens.names(TEMPLATES) for language in ("en", "es")
]

GROUNDS = """() => [...document.querySelectorAll('.paper, .board, .badge, .button')]
  .filter((e) => e.getClientRects().length)
  .map((e) => [e.className, getComputedStyle(e).backgroundColor, getComputedStyle(e).color])"""


@cache
def sample(name: str, language: str) -> Message:
    return specimens.message(TEMPLATES, name, language)


@pytest.mark.parametrize(("name", "language"), SAMPLES)
def test_axe_finds_nothing_that_bars_people_from_reading(
    chromium: Browser, name: str, language: str
) -> None:
    english = language == "en"
    width = 600 if english else 375
    with opened(chromium, sample(name, language).html, width=width) as seen:
        assert violations(seen.page, contrast=english) == []
        if english:
            seen.light("dark")
            assert looking.faint(seen.page) == []
        assert seen.asked == []


@pytest.mark.parametrize("extreme", ["hostile", "right to left", "nothing optional"])
def test_axe_finds_nothing_at_the_ends_of_what_can_be(
    chromium: Browser, extreme: str
) -> None:
    message = rendered(EXTREMES[extreme](), "en")
    with opened(chromium, message.html, width=375) as seen:
        assert violations(seen.page) == []
        seen.light("dark")
        assert faint(seen.page) == []


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
    with opened(chromium, broken.html) as seen:
        assert {found.partition(":")[0] for found in violations(seen.page)} == {rule}


@pytest.mark.parametrize("extreme", EXTREMES)
def test_nothing_hangs_over_the_edge_and_all_words_stand_out_in_every_light(
    chromium: Browser, extreme: str
) -> None:
    message = rendered(EXTREMES[extreme](), "es")
    with opened(chromium, message.html) as seen:
        assert seen.fits(320, 375, 600)
        light = seen.page.evaluate(GROUNDS)
        assert looking.faint(seen.page) == []
        seen.light("dark")
        assert looking.faint(seen.page) == []
        all_turn_dark(light, seen.page.evaluate(GROUNDS))
        assert seen.asked == []


@pytest.mark.parametrize(("name", "language"), SAMPLES)
def test_large_text_is_neither_cut_off_nor_wider_than_the_screen(
    chromium: Browser, name: str, language: str
) -> None:
    html = sample(name, language).html
    with opened(chromium, html, width=375, zoomed=True) as seen:
        for width in (375, 600):
            assert seen.fits(width)
            assert clipped(seen.page) == []


def test_a_line_that_hangs_over_is_noticed(chromium: Browser) -> None:
    wide = '<p style="width:700px">wide</p></body>'
    broken = replace(good(), html=good().html.replace("</body>", wide))
    with opened(chromium, broken.html) as seen:
        assert seen.width == 700


def test_words_that_are_cut_off_and_links_too_small_for_a_thumb_are_noticed(
    chromium: Browser,
) -> None:
    low = '<p style="height:20px;overflow:hidden">Two lines<br>of words</p>'
    small = '<a href="https://example.org/" style="display:block;height:20px">tiny</a>'
    broken = good().html.replace("</body>", f"{low}{small}</body>")
    with opened(chromium, broken, width=375) as seen:
        assert clipped(seen.page) == ["Two lines\nof words"]
        assert seen.page.evaluate(looking.SMALL_TARGETS) == ["tiny"]


def test_a_picture_from_elsewhere_is_noticed(chromium: Browser) -> None:
    picture = '<img src="https://example.org/pixel.gif" alt=""></body>'
    with opened(chromium, good().html.replace("</body>", picture)) as seen:
        assert seen.asked == ["https://example.org/pixel.gif"]


def clipped(page: Page) -> list[str]:
    """Words that their own element cuts off."""
    found: list[str] = page.evaluate("""() => [...document.body.querySelectorAll('*')]
      .filter((e) => getComputedStyle(e).overflow !== 'visible' && e.offsetParent)
      .filter((e) => e.scrollHeight > e.clientHeight + 1 && e.innerText.trim())
      .map((e) => e.innerText.slice(0, 40))""")
    return found


@pytest.mark.parametrize("name", specimens.names(TEMPLATES))
def test_dark_mode_is_the_templates_own_and_really_applied(
    chromium: Browser, name: str
) -> None:
    grounds = {}
    looks: list[Scheme] = ["light", "dark"]
    with opened(chromium, sample(name, "en").html) as seen:
        for look in looks:
            seen.light(look)
            grounds[look] = seen.page.evaluate(GROUNDS)

    all_turn_dark(grounds["light"], grounds["dark"])


def all_turn_dark(light: Sequence[Any], dark: Sequence[Any]) -> None:
    """Every ground and its words have another colour in the dark."""
    assert len(dark) == len(light) >= 2
    for before, after in zip(light, dark, strict=True):
        assert before[0] == after[0]
        assert before[1:] != after[1:], f"“{before[0]}” is the same in the dark"


def test_dark_rules_that_lose_to_a_style_attribute_are_noticed(
    chromium: Browser,
) -> None:
    weak = replace(good(), html=good().html.replace(" !important", ""))
    with opened(chromium, weak.html, scheme="dark") as seen:
        paper = next(g for g in seen.page.evaluate(GROUNDS) if "paper" in g[0])
    assert paper[1] == "rgb(255, 255, 255)"
