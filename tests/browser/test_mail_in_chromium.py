"""The digest in a real browser, offline: what the eye and the thumb meet."""

from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from mailer.adapters.renderer.mail import MailRenderer
from mailer.adapters.renderer.sample import read_sample
from mailer.core import lists
from mailer.core.digest import Digest, Section, SectionKind
from mailer.core.envelope import markers
from mailer.core.model import Sponsor
from tests.browser.looking import SMALL_TARGETS, faint, opened

TEMPLATES = Path(__file__).parents[2] / "templates"
SAMPLE = read_sample(TEMPLATES / "email" / "digest" / "sample.json")
WEEKLY = lists.parse({"title": "Weekly"}, file="weekly.toml", slug="weekly")

INLINE_LINKS = """() => [...document.querySelectorAll('a')]
  .filter(a => getComputedStyle(a).display === 'inline').map(a => a.textContent)"""


def page_of(digest: Digest) -> str:
    slots = markers("browser")
    mail = MailRenderer(TEMPLATES, SAMPLE.brand, "https://mail.example.org")
    html = mail.digest(digest, mailing_list=WEEKLY, shown=35, slots=slots).html
    reason = mail.reason(digest.language, SAMPLE.organization, SAMPLE.consented_on)
    for name, marker in slots.items():
        html = html.replace(marker, reason if "reason" in name else "t" * 50)
    return html


def long_names() -> Digest:
    """The longest words that people may well write."""
    item = SAMPLE.digest.near[0]
    label = "Llanfairpwllgwyngyllgogerychwyrndrobwll, CA"
    place = replace(item.facts.place, label=label, locality=label[:-4])
    sponsors = (Sponsor(name="Coordinadora" * 6), Sponsor(name="W" * 60))
    facts = replace(item.facts, place=place, sponsors=sponsors, venue="V" * 70)
    section = Section(kind=SectionKind.NEAR, items=(replace(item, facts=facts),))
    compact = Section(kind=SectionKind.COUNTRY, items=section.items)
    return replace(SAMPLE.digest, reader=place, sections=(section, compact))


DIGESTS = {
    "english": SAMPLE.digest,
    "spanish": SAMPLE.in_language("es"),
    "quiet": replace(SAMPLE.digest, sections=()),
    "long": long_names(),
}
ENGLISH = page_of(SAMPLE.digest)


@pytest.mark.parametrize("digest", DIGESTS)
def test_nothing_is_wider_than_the_screen_and_all_text_stands_out(
    chromium: Browser, digest: str
) -> None:
    with opened(chromium, page_of(DIGESTS[digest]), width=375) as seen:
        assert faint(seen.page) == []
        seen.light("dark")
        assert faint(seen.page) == []
        assert seen.fits(320, 375, 600)
        assert seen.asked == []


def test_dark_mode_changes_ground_text_board_and_buttons(chromium: Browser) -> None:
    def colour(selector: str, name: str) -> str:
        script = "(n, name) => getComputedStyle(n)[name]"
        return str(seen.page.eval_on_selector(selector, script, name))

    with opened(chromium, ENGLISH, width=375, scheme="dark") as seen:
        assert colour("td.paper", "backgroundColor") == "rgb(26, 22, 19)"
        assert colour("td.paper", "color") == "rgb(245, 240, 232)"
        assert colour(".board", "backgroundColor") == "rgb(237, 183, 64)"
        assert colour(".headline", "color") == "rgb(30, 23, 18)"
        assert colour(".button", "backgroundColor") == "rgb(237, 183, 64)"
        assert colour(".button a", "color") == "rgb(30, 23, 18)"
        assert colour(".rule", "borderTopColor") == "rgb(245, 240, 232)"


@pytest.mark.parametrize("width", [320, 600])
def test_links_of_their_own_are_tall_enough_for_a_thumb(
    chromium: Browser, width: int
) -> None:
    with opened(chromium, ENGLISH, width=width) as seen:
        assert seen.page.evaluate(SMALL_TARGETS) == []
        assert seen.page.evaluate(INLINE_LINKS) == ["Wednesday, October 16"]


def test_the_phone_gets_a_smaller_headline_and_a_full_width_button(
    chromium: Browser,
) -> None:
    size = "n => getComputedStyle(n).fontSize"
    width = "n => n.getBoundingClientRect().width"
    with opened(chromium, ENGLISH, width=600) as seen:
        assert seen.page.eval_on_selector(".headline", size) == "54px"
        assert seen.fits(375)
        assert seen.page.eval_on_selector(".headline", size) == "42px"
        assert seen.page.eval_on_selector(".button", width) == 271


def test_the_layout_stands_where_style_blocks_are_thrown_away(
    chromium: Browser,
) -> None:
    with opened(chromium, ENGLISH, width=375) as seen:
        seen.page.evaluate(
            "document.querySelectorAll('style').forEach(s => s.remove())"
        )
        assert seen.width <= 375
        assert faint(seen.page) == []
