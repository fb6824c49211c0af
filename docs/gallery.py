# ruff: noqa: INP001 - a script, not a module
"""The gallery: every message in every mode, on one page: `python docs/gallery.py`.

Draws what docs/pictures.py lists, and sets the four looks of each message side by
side: in light, in dark, darkened by an app, and with images and style blocks gone.
Needs Chromium and the test dependencies; fetches nothing.
"""

import argparse
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby, product
from pathlib import Path
from typing import cast

import pictures
from PIL import Image
from playwright.sync_api import Browser, sync_playwright

OUT = Path(__file__).parent / "gallery"
LANGUAGES = {"en": "English", "es": "Spanish"}
SIZES = {375: ("phone", 300), 600: ("desk", 340)}  # how wide it is, and in the sheet
TALL, WHOLE, GAP = 1100, 5000, 16  # pixels of a sheet; what is longer is cut off
UNCUT = ("digest-en", "blast-urgent-es")  # shown to their end, at phone width
GROUND = "#857A6E"
Colour = tuple[int, int, int]
FEW, GROUND_PIXELS = 12, 700  # pixels; the latter before scaling
COLOURS, DISTINCT = 56, 10  # of a sheet; how far apart, of 255
MEBIBYTE = 1 << 20
LIMIT = 8 * MEBIBYTE
LOOKS = {
    "light": "light",
    "dark": "dark",
    "forced": "darkened by an app",
    "blocked": "images off and style blocks gone",
}
NOTE, NOTE_LOOKS = "note-", ("light", "dark")  # short letters, all of one design
RARER = {
    "teal": "in a coalition's own dark colour, with logo and footer",
    "leaf": "in a coalition's own light colour",
    "red": "in a coalition's own red",
    "rtl": "from right to left: English words, Arabic dates",
    "one": "with a single action",
    "first": "a reader's first",
    "nowhere": "for readers whose place is not known",
    "later": "in a week without actions, with some to come",
}
INTRODUCTION = f"""\
# Every message, in every mode

Made by `make gallery` from the sample data beside the templates. Each picture shows,
from left to right: {", ".join(LOOKS.values())}. Long messages are cut off at the
bottom, but for {" and ".join(UNCUT)} at phone width. Notes are shown at phone width
alone, in light and in dark, first in English and then in Spanish.

Chromium drew them. Outlook's Word engine, Gmail's rewriting and real phones it cannot
show: look there as well before a changed design is sent.
"""


def sheet(shots: Sequence[Path], width: int, tall: int = TALL) -> Image.Image:
    """Set pictures side by side, each this wide and at most so tall."""
    whole = [_cropped(Image.open(shot).convert("RGB"), width, tall) for shot in shots]
    heights = [round(one.height * width / one.width) for one in whole]
    wide = (width + GAP) * len(whole) + GAP
    made = Image.new("RGB", (wide, max(heights) + 2 * GAP), GROUND)
    for number, (one, height) in enumerate(zip(whole, heights, strict=True)):
        scaled = one.resize((width, height), Image.Resampling.LANCZOS)
        made.paste(scaled, (GAP + number * (width + GAP), GAP))
    return made.quantize(palette=_palette(made, whole), dither=Image.Dither.NONE)


def _cropped(picture: Image.Image, width: int, tall: int) -> Image.Image:
    lowest = round(tall * picture.width / width)
    return picture.crop((0, 0, picture.width, min(picture.height, lowest)))


def _palette(made: Image.Image, whole: Iterable[Image.Image]) -> Image.Image:
    """Return the colours of grounds, then those that are used most and differ.

    Grounds come from the pictures before they were scaled, where they are still of one
    colour. Pillow's own choice gives a small badge the colour of its neighbours.
    """
    grounds = [_counted(one, GROUND_PIXELS) for one in whole]
    largest = dict.fromkeys(colour for found in grounds for colour in found[:2])
    others = {colour for found in grounds for colour in found} - largest.keys()
    chosen = _farthest([*largest], sorted(others))
    for colour in _counted(made, FEW):
        if len(chosen) < COLOURS and _from(colour, chosen) >= DISTINCT:
            chosen.append(colour)
    palette = Image.new("P", (1, 1))
    palette.putpalette([octet for colour in chosen for octet in colour])
    return palette


def _counted(picture: Image.Image, least: int) -> list[Colour]:
    """Return the colours of at least so many pixels, the one with most first."""
    counted = picture.getcolors(1 << 24) or []
    found = [(count, colour) for count, colour in counted if count >= least]
    found.sort(key=lambda one: one[0], reverse=True)
    return [cast("Colour", colour) for _, colour in found]


def _farthest(chosen: list[Colour], left: list[Colour]) -> list[Colour]:
    """Add those that differ most from what is there, up to half of the palette."""
    while left and len(chosen) < COLOURS // 2:
        chosen.append(max(left, key=lambda colour: _from(colour, chosen)))
        left.remove(chosen[-1])
    return chosen


def _from(colour: Colour, others: Iterable[Colour]) -> int:
    """Return how far a colour is from the nearest of the others, 0 to 255."""
    return min(
        max(abs(one - two) for one, two in zip(colour, other, strict=True))
        for other in others
    )


def draw(folder: Path, names: Sequence[str]) -> None:
    """Photograph every message in every look and at every width."""
    with sync_playwright() as playwright:
        for forced in (False, True):
            browser = playwright.chromium.launch(
                executable_path=pictures.CHROMIUM,
                args=[
                    "--no-sandbox",
                    "--hide-scrollbars",
                    *(pictures.FORCED if forced else []),
                ],
            )
            looks = [look for look in LOOKS if (look == "forced") is forced]
            _draw(browser, folder, names, looks)
            browser.close()


def _draw(
    browser: Browser, folder: Path, names: Iterable[str], looks: Sequence[str]
) -> None:
    for name in names:
        mine = [look for look in looks if look in _looks(name)]
        for width, look in product(_widths(name), mine):
            pictures.photograph(browser, folder / f"{name}.html", width, look)


def _widths(name: str) -> Sequence[int]:
    """Return how wide a message is drawn: notes and what is rare, as on a phone."""
    common = name.rpartition("-")[2] in LANGUAGES and not name.startswith(NOTE)
    return tuple(SIZES) if common else (375,)


def _looks(name: str) -> Sequence[str]:
    return NOTE_LOOKS if name.startswith(NOTE) else tuple(LOOKS)


def _notes(names: Iterable[str]) -> Mapping[str, Sequence[str]]:
    """Return each note with its pictures' names, one for each language."""
    notes = sorted(name for name in names if name.startswith(NOTE))
    by_message = groupby(notes, key=lambda name: name.rpartition("-")[0])
    return {message: tuple(several) for message, several in by_message}


def readme(subjects: Mapping[str, str]) -> str:
    """Return the page that shows all sheets, a heading for each message."""
    parts = [INTRODUCTION]
    named = [name for name in subjects if name.rpartition("-")[2] in LANGUAGES]
    common = [name for name in named if not name.startswith(NOTE)]
    for message, several in groupby(common, key=lambda name: name.rpartition("-")[0]):
        parts.append(f"## {_words(message)}\n")
        for name in several:
            language = LANGUAGES[name.rpartition("-")[2]]
            parts.append(f"{language}: “{subjects[name]}”\n")
            parts += [_shown(name, size, language) for size, _ in SIZES.values()]
    parts.append("## Notes\n")
    for message, several in _notes(subjects).items():
        said = (
            f"{LANGUAGES[name.rpartition('-')[2]]}: “{subjects[name]}”"
            for name in several
        )
        parts.append(f"### {_words(message.removeprefix(NOTE))}\n")
        parts.append("  \n".join(said) + "\n")
        parts.append(_shown_note(message))
    parts.append("## Rarer ones\n")
    for name in (name for name in subjects if name not in named):
        parts.append(f"{_words(name)}: “{subjects[name]}”\n")
        parts.append(_shown(name, "phone", _words(name)))
    return "\n".join(parts)


def _words(name: str) -> str:
    message, _, kind = name.rpartition("-")
    if kind in RARER:
        return f"{_words(message)}, {RARER[kind]}"
    return name.replace("-", " ").capitalize()


def _shown(name: str, size: str, what: str) -> str:
    looks = ", ".join(LOOKS.values())
    alt = f"{_words(name)} at {size} width, {what}: {looks}"
    return f"![{alt}]({name}-{size}.png)\n"


def _shown_note(message: str) -> str:
    looks = ", ".join(LOOKS[look] for look in NOTE_LOOKS)
    alt = f"{_words(message)} at phone width, {looks}, in English and in Spanish"
    return f"![{alt}]({message}.png)\n"


def main() -> None:
    """Draw all of it; fails when it has become too large to keep with the code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--only", default="", help="those whose name begins with this")
    options = parser.parse_args()
    out: Path = options.out
    out.mkdir(parents=True, exist_ok=True)
    for old in out.glob(f"{options.only}*.png"):
        old.unlink()
    subjects: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for picture in pictures.pictures():
            if not picture.name.startswith(options.only):
                continue
            page = folder / f"{picture.name}.html"
            page.write_text(picture.letter.html, "utf-8")
            subjects[picture.name] = picture.letter.subject
        draw(folder, list(subjects))
        for message, several in _notes(subjects).items():
            shots = [
                folder / f"{name}-375-{look}.png"
                for name, look in product(several, NOTE_LOOKS)
            ]
            made = sheet(shots, SIZES[375][1])
            made.save(out / f"{message}.png", optimize=True)
        for name in (name for name in subjects if not name.startswith(NOTE)):
            for width in _widths(name):
                size, in_sheet = SIZES[width]
                shots = [folder / f"{name}-{width}-{look}.png" for look in LOOKS]
                tall = WHOLE if name in UNCUT and size == "phone" else TALL
                made = sheet(shots, in_sheet, tall)
                made.save(out / f"{name}-{size}.png", optimize=True)
    if not options.only:
        (out / "README.md").write_text(readme(subjects), "utf-8")
    size = sum(file.stat().st_size for file in out.iterdir())
    print(f"{len(subjects)} messages in {out}, {size / MEBIBYTE:.1f} MiB")  # noqa: T201 - a script
    if size > LIMIT:
        parser.exit(1, "gallery: more than 8 MiB; draw fewer, or with fewer colours\n")


if __name__ == "__main__":
    main()
