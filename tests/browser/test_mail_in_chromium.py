"""The digest in a real browser, offline: what the eye and the thumb meet."""

from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from mailer.adapters.renderer.mail import MailRenderer
from mailer.adapters.renderer.sample import read_sample
from mailer.core import lists
from mailer.core.digest import Digest, Section, SectionKind
from mailer.core.envelope import markers
from mailer.core.model import Sponsor

TEMPLATES = Path(__file__).parents[2] / "templates"
SAMPLE = read_sample(TEMPLATES / "email" / "digest" / "sample.json")
WEEKLY = lists.parse({"title": "Weekly"}, file="weekly.toml", slug="weekly")

# Text and the nearest ground behind it, by WCAG 2.2's formula for contrast.
CONTRASTS = """() => {
  const parts = colour => colour.match(/[\\d.]+/g).map(Number);
  const light = colour => {
    const [r, g, b] = parts(colour).slice(0, 3).map(v => v / 255)
      .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = node => {
    for (; node; node = node.parentElement) {
      const colour = getComputedStyle(node).backgroundColor;
      if ((parts(colour)[3] ?? 1) > 0) return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) {
    const node = walker.currentNode, parent = node.parentElement;
    if (!node.data.trim() || !parent.getClientRects().length) continue;
    const [high, low] = [getComputedStyle(parent).color, ground(parent)]
      .map(light).sort((a, b) => b - a);
    found.push([(high + 0.05) / (low + 0.05), node.data.trim().slice(0, 40)]);
  }
  return found;
}"""
SMALL_TARGETS = """() => [...document.querySelectorAll('a')]
  .filter(a => getComputedStyle(a).display !== 'inline')
  .filter(a => a.getBoundingClientRect().height < 43.5)
  .map(a => a.textContent)"""
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


def opened(
    browser: Browser, digest: str, width: int, *, dark: bool = False
) -> tuple[Page, list[str]]:
    """Open a digest offline; the list names each request that left the page."""
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if dark else "light",
        offline=True,
    )
    page = context.new_page()
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.set_content(page_of(DIGESTS[digest]))
    return page, requests


@pytest.mark.parametrize("width", [320, 375, 600])
@pytest.mark.parametrize("digest", DIGESTS)
def test_nothing_is_wider_than_the_screen(
    chromium: Browser, digest: str, width: int
) -> None:
    page, requests = opened(chromium, digest, width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert requests == []
    page.context.close()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("digest", ["english", "spanish", "quiet"])
def test_all_text_stands_out_from_its_ground(
    chromium: Browser, digest: str, *, dark: bool
) -> None:
    page, _ = opened(chromium, digest, 375, dark=dark)
    contrasts = page.evaluate(CONTRASTS)
    assert len(contrasts) > 10
    assert [found for found in contrasts if found[0] < 4.5] == []
    page.context.close()


def test_dark_mode_changes_ground_text_board_and_buttons(chromium: Browser) -> None:
    page, _ = opened(chromium, "english", 375, dark=True)

    def colour(selector: str, name: str) -> str:
        script = "(n, name) => getComputedStyle(n)[name]"
        return str(page.eval_on_selector(selector, script, name))

    assert colour("td.paper", "backgroundColor") == "rgb(26, 22, 19)"
    assert colour("td.paper", "color") == "rgb(245, 240, 232)"
    assert colour(".board", "backgroundColor") == "rgb(237, 183, 64)"
    assert colour(".headline", "color") == "rgb(30, 23, 18)"
    assert colour(".button", "backgroundColor") == "rgb(237, 183, 64)"
    assert colour(".button a", "color") == "rgb(30, 23, 18)"
    assert colour(".rule", "borderTopColor") == "rgb(245, 240, 232)"
    page.context.close()


@pytest.mark.parametrize("width", [320, 600])
def test_links_of_their_own_are_tall_enough_for_a_thumb(
    chromium: Browser, width: int
) -> None:
    page, _ = opened(chromium, "english", width)
    assert page.evaluate(SMALL_TARGETS) == []
    assert page.evaluate(INLINE_LINKS) == ["Wednesday, October 16"]
    page.context.close()


def test_the_phone_gets_a_smaller_headline_and_a_full_width_button(
    chromium: Browser,
) -> None:
    wide, _ = opened(chromium, "english", 600)
    phone, _ = opened(chromium, "english", 375)
    size = "n => getComputedStyle(n).fontSize"
    assert wide.eval_on_selector(".headline", size) == "54px"
    assert phone.eval_on_selector(".headline", size) == "42px"
    width = "n => n.getBoundingClientRect().width"
    assert phone.eval_on_selector(".button", width) == 271
    for page in (wide, phone):
        page.context.close()


def test_the_layout_stands_where_style_blocks_are_thrown_away(
    chromium: Browser,
) -> None:
    page, _ = opened(chromium, "english", 375)
    page.evaluate("document.querySelectorAll('style').forEach(s => s.remove())")
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    assert [c for c in page.evaluate(CONTRASTS) if c[0] < 4.5] == []
    page.context.close()
