# ruff: noqa: INP001 - a script, not a module
"""Pictures of the sample digest: `python docs/pictures.py [--out DIR]`.

Needs Chromium and the test dependencies; fetches nothing. Also writes the HTML and
the plain text that the pictures show.
"""

import argparse
import os
from dataclasses import replace
from datetime import timedelta
from itertools import product
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from mailer.adapters.renderer.mail import MailRenderer
from mailer.adapters.renderer.sample import Sample, read_sample
from mailer.core import lists
from mailer.core.digest import Digest, Section, SectionKind
from mailer.core.envelope import markers

TEMPLATES = Path(__file__).parent.parent / "templates"
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
WIDTHS = (600, 375)
# What apps do that darken messages by themselves.
FORCED = ["--enable-features=WebContentsForceDark"]
LIST = lists.parse({"title": "Weekly actions"}, file="(pictures)", slug="weekly")


def digests(sample: Sample) -> dict[str, Digest]:
    """Return the digests to look at, by the name of their pictures."""
    whole = sample.digest
    home = [section for section in whole.sections if section.kind is SectionKind.NEAR]
    one = Section(kind=SectionKind.NEAR, items=home[0].items[:1])
    return {
        "english": whole,
        "spanish": sample.in_language("es"),
        "one": replace(whole, sections=(one,)),
        "first": replace(whole, first=True),
        "nowhere": _moved(sample.in_language("en")),
        "quiet": replace(whole, sections=()),
        "quiet-spanish": replace(sample.in_language("es"), sections=()),
        "later": replace(whole, week_of=whole.week_of - timedelta(days=14)),
    }


def _moved(digest: Digest) -> Digest:
    """Return the digest as readers get it whose place is not known."""
    items = tuple(replace(item, distance_km=None) for item in digest.upcoming)
    section = Section(kind=SectionKind.COUNTRY, items=items)
    return replace(digest, reader=None, sections=(section,))


def render(sample: Sample, digest: Digest) -> tuple[str, str]:
    """Return HTML and text as one reader gets them."""
    brand = sample.brand if digest.sections else replace(sample.brand, note={})
    renderer = MailRenderer(TEMPLATES, brand, "https://mail.example.org")
    slots = markers("pictures")
    rendered = renderer.digest(digest, mailing_list=LIST, shown=35, slots=slots)
    reason = renderer.reason(digest.language, sample.organization, sample.consented_on)
    html, text = rendered.html, f"Subject: {rendered.subject}\n{rendered.text}"
    for name, marker in slots.items():
        value = reason if name.startswith("reason") else "token"
        html, text = html.replace(marker, value), text.replace(marker, value)
    return html, text


def photograph(browser: Browser, page: Path, width: int, look: str) -> None:
    """Write one picture beside the page; the look is "light", "dark" or "forced"."""
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        device_scale_factor=2 if width < WIDTHS[0] else 1.5,
        color_scheme="dark" if look == "dark" else "light",
        offline=True,
    )
    tab = context.new_page()
    tab.goto(page.resolve().as_uri())
    tab.screenshot(
        path=page.with_name(f"{page.stem}-{width}-{look}.png"), full_page=True
    )
    context.close()


def main() -> None:
    """Write pages and pictures into a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("pictures"))
    parser.add_argument("--only", help="one of the digests")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    sample = read_sample(TEMPLATES / "email" / "digest" / "sample.json")
    pages = []
    for name, digest in digests(sample).items():
        if options.only in (None, name):
            html, text = render(sample, digest)
            page = options.out / f"{name}.html"
            page.write_text(html, "utf-8")
            page.with_suffix(".txt").write_text(text, "utf-8")
            pages.append(page)
    with sync_playwright() as playwright:
        for looks, switches in ((("light", "dark"), []), (("forced",), FORCED)):
            browser = playwright.chromium.launch(
                executable_path=CHROMIUM,
                args=["--no-sandbox", "--hide-scrollbars", *switches],
            )
            for page, width, look in product(pages, WIDTHS, looks):
                photograph(browser, page, width, look)
            browser.close()


if __name__ == "__main__":
    main()
