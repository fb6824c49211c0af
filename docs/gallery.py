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

import pictures
from PIL import Image
from playwright.sync_api import Browser, sync_playwright

OUT = Path(__file__).parent / "gallery"
LANGUAGES = {"en": "English", "es": "Spanish"}
SIZES = {375: ("phone", 300), 600: ("desk", 340)}  # how wide it is, and in the sheet
TALL, GAP = 1100, 16  # pixels of a sheet; what is longer is cut off
GROUND = "#857A6E"
COLOURS = 40
MEBIBYTE = 1 << 20
LIMIT = 6 * MEBIBYTE
LOOKS = {
    "light": "light",
    "dark": "dark",
    "forced": "darkened by an app",
    "blocked": "images off and style blocks gone",
}
INTRODUCTION = f"""\
# Every message, in every mode

Made by `make gallery` from the sample data beside the templates. Each picture shows,
from left to right: {", ".join(LOOKS.values())}. Long messages are cut off at the bottom.

Chromium drew them. Outlook's Word engine, Gmail's rewriting and real phones it cannot
show: look there as well before a changed design is sent.
"""


def sheet(shots: Sequence[Path], width: int) -> Image.Image:
    """Set pictures side by side, each this wide."""
    scaled = [_scaled(Image.open(shot).convert("RGB"), width) for shot in shots]
    tall = max(one.height for one in scaled)
    wide = (width + GAP) * len(scaled) + GAP
    made = Image.new("RGB", (wide, tall + 2 * GAP), GROUND)
    for number, one in enumerate(scaled):
        made.paste(one, (GAP + number * (width + GAP), GAP))
    return made.quantize(COLOURS, dither=Image.Dither.NONE)


def _scaled(picture: Image.Image, width: int) -> Image.Image:
    height = round(picture.height * width / picture.width)
    scaled = picture.resize((width, height), Image.Resampling.LANCZOS)
    return scaled.crop((0, 0, width, min(height, TALL)))


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
        for width, look in product(_widths(name), looks):
            pictures.photograph(browser, folder / f"{name}.html", width, look)


def _widths(name: str) -> Sequence[int]:
    """Return how wide a message is drawn: what is rare, at phone width only."""
    return tuple(SIZES) if name.rpartition("-")[2] in LANGUAGES else (375,)


def readme(subjects: Mapping[str, str]) -> str:
    """Return the page that shows all sheets, a heading for each message."""
    parts = [INTRODUCTION]
    common = [name for name in subjects if name.rpartition("-")[2] in LANGUAGES]
    for message, several in groupby(common, key=lambda name: name.rpartition("-")[0]):
        parts.append(f"## {_words(message)}\n")
        for name in several:
            language = LANGUAGES[name.rpartition("-")[2]]
            parts.append(f"{language}: “{subjects[name]}”\n")
            parts += [_shown(name, size, language) for size, _ in SIZES.values()]
    parts.append("## Rarer ones\n")
    for name in (name for name in subjects if name not in common):
        parts.append(f"{_words(name)}: “{subjects[name]}”\n")
        parts.append(_shown(name, "phone", _words(name)))
    return "\n".join(parts)


def _words(name: str) -> str:
    return name.replace("-", " ").capitalize()


def _shown(name: str, size: str, what: str) -> str:
    looks = ", ".join(LOOKS.values())
    alt = f"{_words(name)} at {size} width, {what}: {looks}"
    return f"![{alt}]({name}-{size}.png)\n"


def main() -> None:
    """Draw all of it; fails when it has become too large to keep with the code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=OUT)
    out: Path = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    for old in out.glob("*.png"):
        old.unlink()
    subjects: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for picture in pictures.pictures():
            page = folder / f"{picture.name}.html"
            page.write_text(picture.letter.html, "utf-8")
            subjects[picture.name] = picture.letter.subject
        draw(folder, list(subjects))
        for name in subjects:
            for width in _widths(name):
                size, in_sheet = SIZES[width]
                shots = [folder / f"{name}-{width}-{look}.png" for look in LOOKS]
                sheet(shots, in_sheet).save(out / f"{name}-{size}.png", optimize=True)
    (out / "README.md").write_text(readme(subjects), "utf-8")
    size = sum(file.stat().st_size for file in out.iterdir())
    print(f"{len(subjects)} messages in {out}, {size / MEBIBYTE:.1f} MiB")  # noqa: T201
    if size > LIMIT:
        parser.exit(1, "gallery: more than 6 MiB; draw fewer, or with fewer colours\n")


if __name__ == "__main__":
    main()
