"""Whoever looks for barriers finds each in the one look in which it is."""

import pytest
from playwright.sync_api import Browser

from tests.browser.barriers import barriers
from tests.browser.visiting import window

PAGE = """<!doctype html><html lang="en"><head><title>A page</title>
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<style>
  body { background-color: #fff; color: #111; }
  a { color: #00f; }
  @media (prefers-color-scheme: dark) {
    body { background-color: #111; color: #fff; } a { color: #9cf; }
  }
  %s
</style></head><body>
<header><p>Who we are</p></header>
<main><h1>A page</h1><h2>What it is about</h2><p>It has <a href="#x">links</a>.</p>
<ul><li>One</li><li>Two</li></ul><p id="x">The end is near.</p>%s</main>
<footer><p>Where we are</p></footer></body></html>"""
PHONE, DESK = "(max-width: 720px)", "(min-width: 721px)"
DARK = "(prefers-color-scheme: dark)"
LIGHT = "(prefers-color-scheme: light)"


@pytest.mark.parametrize("where", ["all", PHONE, DESK])
def test_what_hangs_over_is_found_at_each_width(chromium: Browser, where: str) -> None:
    style = f"@media {where} {{ #x {{ width: 1400px }} }}"
    with window(chromium) as page:
        page.set_content(PAGE % (style, ""))
        assert any("wider than the screen" in each for each in barriers(page))


@pytest.mark.parametrize("light", [LIGHT, DARK])
@pytest.mark.parametrize("width", [PHONE, DESK])
def test_faint_words_are_found_at_each_width_and_in_each_light(
    chromium: Browser, width: str, light: str
) -> None:
    style = f"@media {width} and {light} {{ #x {{ color: #777; background: #777 }} }}"
    with window(chromium) as page:
        page.set_content(PAGE % (style, ""))
        assert any("The end is near" in each for each in barriers(page))


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_a_button_without_a_name_is_found_wherever_it_is_shown(
    chromium: Browser, width: str
) -> None:
    style = (
        f"button {{ display: none }} @media {width} {{ button {{ display: block }} }}"
    )
    with window(chromium) as page:
        page.set_content(PAGE % (style, "<button type=button></button>"))
        [found] = barriers(page)
        assert found.startswith("button-name")


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_targets_too_near_each_other_are_found_at_each_width(
    chromium: Browser, width: str
) -> None:
    small = "width: 9px; height: 9px; padding: 0; border: 0; margin: 0; float: left"
    style = "button { width: 80px; height: 40px }"
    style += f"@media {width} {{ button {{ {small} }} }}"
    two = "<button aria-label=one></button><button aria-label=two></button>"
    with window(chromium) as page:
        page.set_content(PAGE % (style, two))
        found = barriers(page)
        assert found
        assert all(each.startswith("target-size") for each in found)


def test_a_page_that_bars_nobody_is_found_to_be_so(chromium: Browser) -> None:
    with window(chromium) as page:
        page.set_content(PAGE % ("", ""))
        assert barriers(page) == []
