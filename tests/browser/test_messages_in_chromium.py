"""Every message in a real browser, offline: both engines, every width, every light."""

import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from mailer.adapters.renderer.inline import Engine
from mailer.adapters.renderer.mail import MailRenderer
from mailer.adapters.renderer.specimens import specimens
from mailer.core.branding import Branding, Logo
from mailer.core.colours import Colour
from tests.browser.looking import SMALL_TARGETS, Scheme, faint, opened

TEMPLATES = Path(__file__).parents[2] / "templates"
SPECIMENS = specimens(TEMPLATES)
LETTERS = [(name, language) for name in SPECIMENS for language in ("en", "es")]
# Notes have wordings of their own, in English and Spanish alone.
FROM_THE_RIGHT = [(name, "ar") for name in SPECIMENS if not name.startswith("note")]
COLOURS = {"own-dark": "#174F6B", "own-light": "#BFE3B4", "own-red": "#B3261E"}
# Of every element: what it looks like and where it stands. But for the scheme, which
# css-inline moves from :root into <html> as well, and premailer leaves in its block.
COMPUTED = """() => [...document.body.querySelectorAll('*')].map(node => {
  const style = getComputedStyle(node), box = node.getBoundingClientRect();
  const seen = [...style].filter(name => name !== 'color-scheme')
    .map(name => `${name}:${style.getPropertyValue(name)}`).join(';');
  return [node.tagName, box.x, box.y, box.width, box.height, seen].join('|');
})"""
WITHOUT_STYLE_BLOCKS = """() => document.querySelectorAll('style')
  .forEach(block => block.remove())"""
# Outlook's apps mark what they darken; the rules for them must match the rest.
OUTLOOK = """() => [document.documentElement]
  .forEach(root => ['data-ogsc', 'data-ogsb'].forEach(n => root.setAttribute(n, '')))"""


@cache
def page_of(
    name: str, language: str, engine: Engine = Engine.PREMAILER, look: str = ""
) -> str:
    return SPECIMENS[name].letter(renderer(engine, look), language).html


def elements(html: str) -> int:
    """How many elements the body has at least: as many as it closes."""
    seen = re.sub("<!--.*?-->", "", html, flags=re.DOTALL)  # Outlook's own stand there
    body = seen.partition("<body")[2].partition("</body>")[0]
    assert body.count("</") > 10
    return body.count("</")


@cache
def renderer(engine: Engine, look: str) -> MailRenderer:
    brand = SPECIMENS["digest"].sample.brand
    if look:
        own = Branding(
            colour=Colour.read(COLOURS[look]),
            logo=Logo(png=b"", width=120, height=48),
            footer={"en": "Member of the statewide network."},
        )
        brand = replace(brand, own=own)
    return MailRenderer(TEMPLATES, brand, "https://mail.example.org", engine)


@pytest.mark.parametrize(("name", "language"), [*LETTERS, *FROM_THE_RIGHT])
def test_no_message_is_wider_than_any_screen_nor_asks_the_network_for_anything(
    chromium: Browser, name: str, language: str
) -> None:
    with opened(chromium, page_of(name, language)) as seen:
        assert seen.fits(320, 375, 600)
        assert seen.asked == []


@pytest.mark.parametrize("look", COLOURS)
@pytest.mark.parametrize("name", ["digest", "blast-urgent", "confirm"])
def test_text_stands_out_in_a_coalitions_own_colour_however_it_is_darkened(
    chromium: Browser, name: str, look: str
) -> None:
    html = page_of(name, "en", Engine.PREMAILER, look)
    with opened(chromium, html, width=375) as seen:
        assert faint(seen.page) == []
        seen.light("dark")
        assert faint(seen.page) == []
        seen.light("light")
        seen.page.evaluate(OUTLOOK)
        assert faint(seen.page) == []
        assert seen.asked == ["https://mail.example.org/brand/logo.png"]


@pytest.mark.parametrize("name", SPECIMENS)
def test_outlooks_apps_darken_as_the_others_do(chromium: Browser, name: str) -> None:
    def colours(page: Page) -> object:
        return page.evaluate("""() => [...document.body.querySelectorAll('*')]
          .filter(node => node.innerText?.trim())
          .map(node => getComputedStyle(node))
          .map(style => [style.color, style.backgroundColor])""")

    with opened(chromium, page_of(name, "en"), width=375, scheme="dark") as seen:
        by_query = colours(seen.page)
        seen.light("light")
        assert colours(seen.page) != by_query
        seen.page.evaluate(OUTLOOK)
        assert colours(seen.page) == by_query


@pytest.mark.parametrize("name", SPECIMENS)
def test_links_of_their_own_are_tall_enough_for_a_thumb(
    chromium: Browser, name: str
) -> None:
    with opened(chromium, page_of(name, "es"), width=375) as seen:
        assert seen.page.evaluate(SMALL_TARGETS) == []


@pytest.mark.parametrize("name", SPECIMENS)
def test_both_engines_give_every_element_the_same_style(
    chromium: Browser, name: str
) -> None:
    looks = []
    for engine in Engine:
        html = page_of(name, "en", engine)
        with opened(chromium, html, width=375, scheme="dark") as seen:
            dark = seen.page.evaluate(COMPUTED)
            seen.light("light")
            seen.page.evaluate(WITHOUT_STYLE_BLOCKS)  # only attributes count
            looks.append((dark, seen.page.evaluate(COMPUTED)))

    ours, theirs = looks
    assert len(ours[0]) == len(ours[1]) >= elements(page_of(name, "en"))
    assert ours == theirs


def test_the_comparison_of_engines_sees_a_rule_that_was_left_behind(
    chromium: Browser,
) -> None:
    html = page_of("confirm", "en")
    with opened(chromium, html, width=375) as seen:
        page = seen.page
        page.evaluate(WITHOUT_STYLE_BLOCKS)
        whole = page.evaluate(COMPUTED)
        page.evaluate("document.querySelector('h1').removeAttribute('style')")
        assert page.evaluate(COMPUTED) != whole


def test_an_urgent_call_is_brick_and_its_plate_white_in_every_light(
    chromium: Browser,
) -> None:
    ground = "node => getComputedStyle(node).backgroundColor"
    boards: dict[Scheme, str] = {
        "light": "rgb(163, 38, 27)",
        "dark": "rgb(143, 36, 25)",
    }
    with opened(chromium, page_of("blast-urgent", "en"), width=375) as seen:
        for scheme, board in boards.items():
            seen.light(scheme)
            assert seen.page.eval_on_selector(".urgent", ground) == board
            plate = seen.page.eval_on_selector(".plate", ground)
            assert plate == "rgb(255, 255, 255)"


def test_a_fact_stands_beside_its_label_and_on_phones_below_it(
    chromium: Browser,
) -> None:
    tops = """() => ['.label', '.value']
      .map(name => document.querySelector(name).getBoundingClientRect().top)"""
    html = page_of("blast-urgent", "en")
    with opened(chromium, html, width=600) as seen:
        page = seen.page
        label, value = page.evaluate(tops)
        assert label == value
    with opened(chromium, html, width=375) as seen:
        page = seen.page
        label, value = page.evaluate(tops)
        assert label < value


def test_from_right_to_left_everything_begins_on_the_right(chromium: Browser) -> None:
    right = """() => ['.coalition', '.headline', '.rule h2', '.date']
      .map(name => document.querySelector(name))
      .map(node => Math.round(window.innerWidth - node.getBoundingClientRect().right))"""
    with opened(chromium, page_of("digest", "ar"), width=375) as seen:
        page = seen.page
        assert page.evaluate(right) == [20, 20, 20, 20]
        align = "node => getComputedStyle(node).textAlign"
        assert page.eval_on_selector(".calendar", align) == "left"
