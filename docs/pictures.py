# ruff: noqa: INP001 - a script, not a module
"""Pictures of every message in every mode: `python docs/pictures.py [--out DIR]`.

Needs Chromium and the test dependencies; fetches nothing. Also writes the HTML and
the plain text that the pictures show, and `index.html` to look at all of them.
"""

import argparse
import os
import shutil
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from itertools import product
from pathlib import Path

from playwright.sync_api import Browser, Route, sync_playwright

from mailer.adapters.renderer.mail import MailRenderer
from mailer.adapters.renderer.sample import Sample
from mailer.adapters.renderer.specimen import Specimen
from mailer.adapters.renderer.specimens import digest_specimen, specimens
from mailer.core.branding import Branding, Logo
from mailer.core.colours import Colour
from mailer.core.digest import Digest, Section, SectionKind
from mailer.ports import Rendered

TEMPLATES = Path(__file__).parent.parent / "templates"
CHROMIUM = (
    os.environ.get("CHROMIUM")
    or shutil.which("chromium")
    or shutil.which("chromium-headless-shell")
    or "/usr/bin/chromium"
)
BASE = "https://mail.example.org"
WIDTHS = (600, 375)
# What apps do that darken messages by themselves.
FORCED = ["--enable-features=WebContentsForceDark"]
LOOKS = ("light", "dark", "forced", "blocked")  # blocked: images off, style blocks gone
OWN_COLOURS = {"teal": "#174F6B", "leaf": "#BFE3B4", "red": "#B3261E"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A message as one reader gets it."""

    name: str
    letter: Rendered


def pictures() -> Iterator[Picture]:
    """Return every message in both languages, then the rarer ones."""
    found = specimens(TEMPLATES)
    for specimen in found.values():
        for language in ("en", "es"):
            yield _picture(f"{specimen.name}-{language}", specimen, language)
    for colour, code in OWN_COLOURS.items():
        own = Branding(
            colour=Colour.read(code),
            logo=Logo(png=logo(), width=120, height=48),
            footer={"en": "Member of the statewide network."},
        )
        for name in ("digest", "blast-urgent", "confirm"):
            yield _picture(f"{name}-{colour}", found[name], "en", own)
    yield _picture("digest-rtl", found["digest"], "ar")
    yield _picture("blast-urgent-rtl", found["blast-urgent"], "ar")
    sample = found["digest"].sample
    for name, digest in _digests(sample).items():
        yield _digest(name, found["digest"], digest)


def _digests(sample: Sample) -> Mapping[str, Digest]:
    whole = sample.digest
    home = [section for section in whole.sections if section.kind is SectionKind.NEAR]
    one = Section(kind=SectionKind.NEAR, items=home[0].items[:1])
    return {
        "digest-one": replace(whole, sections=(one,)),
        "digest-first": replace(whole, first=True),
        "digest-nowhere": _moved(whole),
        "digest-later": replace(whole, week_of=whole.week_of - timedelta(days=14)),
    }


def _moved(digest: Digest) -> Digest:
    """Return the digest as readers get it whose place is not known."""
    items = tuple(replace(item, distance_km=None) for item in digest.upcoming)
    section = Section(kind=SectionKind.COUNTRY, items=items)
    return replace(digest, reader=None, sections=(section,))


def _picture(
    name: str, specimen: Specimen, language: str, own: Branding | None = None
) -> Picture:
    brand = specimen.sample.brand
    mail = MailRenderer(TEMPLATES, replace(brand, own=own) if own else brand, BASE)
    return Picture(name=name, letter=specimen.letter(mail, language))


def _digest(name: str, specimen: Specimen, digest: Digest) -> Picture:
    other = digest_specimen(name, replace(specimen.sample, digest=digest))
    return _picture(name, other, digest.language)


@cache
def logo() -> bytes:
    """Return a logo of 240 by 96 pixels: a ring and two bars on white."""

    def pixel(x: int, y: int) -> bytes:
        distance = ((x - 48) ** 2 + (y - 48) ** 2) ** 0.5
        on = 26 <= distance <= 44 or (104 <= x < 236 and y // 16 in {1, 4})
        return b"\x1e\x17\x12" if on else b"\xff\xff\xff"

    rows = b"".join(
        b"\0" + b"".join(pixel(x, y) for x in range(240)) for y in range(96)
    )
    header = struct.pack(">IIBBBBB", 240, 96, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + _crc(kind + data)
        for kind, data in chunks
    )


def _crc(data: bytes) -> bytes:
    return struct.pack(">I", zlib.crc32(data))


def photograph(browser: Browser, page: Path, width: int, look: str) -> None:
    """Write one picture beside the page."""
    context = browser.new_context(
        viewport={"width": width, "height": 600},
        device_scale_factor=2 if width < WIDTHS[0] else 1.5,
        color_scheme="dark" if look == "dark" else "light",
        offline=True,
    )
    tab = context.new_page()

    def answer(route: Route) -> None:
        route.fulfill(body=logo(), content_type="image/png")

    if look != "blocked":
        tab.route(f"{BASE}/brand/logo.png", answer)
    tab.goto(page.resolve().as_uri())
    if look == "blocked":
        tab.evaluate("document.querySelectorAll('style').forEach(s => s.remove())")
    tab.screenshot(
        path=page.with_name(f"{page.stem}-{width}-{look}.png"), full_page=True
    )
    context.close()


def index(folder: Path) -> None:
    """Write a page that shows every picture in the folder, message by message."""
    images = "".join(
        f'<figure><img src="{file.name}" alt="{file.stem}" height="900">'
        f"<figcaption>{file.stem}</figcaption></figure>\n"
        for file in sorted(folder.glob("*.png"))
    )
    style = "body{font:16px sans-serif}figure{display:inline-block;margin:12px}"
    (folder / "index.html").write_text(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Every message'
        f"</title><style>{style}</style><h1>Every message</h1>{images}</html>\n",
        "utf-8",
    )


def main() -> None:
    """Write pages and pictures into a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("pictures"))
    parser.add_argument("--only", help="those whose name begins with this")
    parser.add_argument("--looks", nargs="+", choices=LOOKS, default=LOOKS)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    pages = []
    for picture in pictures():
        if picture.name.startswith(options.only or ""):
            letter = picture.letter
            page = options.out / f"{picture.name}.html"
            page.write_text(letter.html, "utf-8")
            text = f"Subject: {letter.subject}\n\n{letter.text}"
            page.with_suffix(".txt").write_text(text, "utf-8")
            pages.append(page)
    with sync_playwright() as playwright:
        for forced in (False, True):
            looks = [look for look in options.looks if (look == "forced") is forced]
            browser = playwright.chromium.launch(
                executable_path=CHROMIUM,
                args=["--no-sandbox", "--hide-scrollbars", *(FORCED if forced else [])],
            )
            for page, width, look in product(pages, WIDTHS, looks):
                photograph(browser, page, width, look)
            browser.close()
    index(options.out)


if __name__ == "__main__":
    main()
