# ruff: noqa: INP001 - a script, not a module
"""Writes what mail clients cannot show: `python docs/caniemail.py FILE`.

FILE is `dist/data/caniemail.json` of the npm package caniemail (`npm pack caniemail`),
a copy of https://www.caniemail.com/api/data.json. Of its 300 features in 45 clients
this keeps the CSS properties, values and HTML elements, each with those of the
clients below that do not show it. The result is committed, because tests and
`mailer preview` read it without a network.
"""

import argparse
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

OUT = Path(__file__).parent.parent / "mailer" / "adapters" / "gates" / "caniemail.json"
# Whoever a coalition writes to reads with one of these. The words are for people.
CLIENTS = {
    ("apple-mail", "macos"): "Apple Mail",
    ("apple-mail", "ios"): "Mail on iPhone",
    ("gmail", "desktop-webmail"): "Gmail",
    ("gmail", "ios"): "Gmail on iPhone",
    ("gmail", "android"): "Gmail on Android",
    ("outlook", "windows"): "Outlook for Windows",
    ("outlook", "outlook-com"): "Outlook.com",
    ("yahoo", "desktop-webmail"): "Yahoo Mail",
    ("samsung-email", "android"): "Samsung Email",
    ("thunderbird", "macos"): "Thunderbird",
}
# Titles that name several things, or name one in words of their own.
PROPERTIES = {
    "css-at-import": (),
    "css-block-inline-size": ("block-size", "inline-size"),
    "css-color-scheme": ("color-scheme",),
    "css-column-layout-properties": ("columns", "column-count", "column-width"),
    "css-flex-direction": ("flex-direction",),
    "css-flex-wrap": ("flex-wrap",),
    "css-font": ("font",),
    "css-gap": ("gap", "column-gap", "row-gap"),
    "css-grid-template": (
        "grid-template",
        "grid-template-areas",
        "grid-template-columns",
        "grid-template-rows",
    ),
    "css-left-right-top-bottom": ("left", "right", "top", "bottom"),
    "css-margin-inline-block": ("margin-inline", "margin-block"),
    "css-padding-inline-block": ("padding-inline", "padding-block"),
}
SIDES = ("top", "right", "bottom", "left")
LONGHANDS = {
    "padding": [f"padding-{side}" for side in SIDES],
    "margin": [f"margin-{side}" for side in SIDES],
    "border": [
        f"border-{part}" for part in (*SIDES, "color", "width", "style", "spacing")
    ],
}
VALUES = {
    "css-display-flex": ("display:flex", "display:inline-flex"),
    "css-display-grid": ("display:grid", "display:inline-grid"),
    "css-variables": ("var()",),
    "css-unit-calc": ("calc()",),
    "css-function-clamp": ("clamp()",),
    "css-function-light-dark": ("light-dark()",),
    "css-function-max": ("max()",),
    "css-function-min": ("min()",),
    "css-linear-gradient": ("linear-gradient()",),
    "css-radial-gradient": ("radial-gradient()",),
    "css-conic-gradient": ("conic-gradient()",),
    "css-rgb": ("rgb()",),
    "css-rgba": ("rgba()",),
    "css-modern-color": ("lch()", "oklch()", "lab()", "oklab()"),
    **{
        f"css-unit-{unit}": (unit,)
        for unit in ("rem", "vh", "vw", "vmin", "vmax", "ch", "em", "px", "pt")
    },
    "css-unit-percent": ("%",),
}
ELEMENTS = {
    "html-address": ("address",),
    "html-base": ("base",),
    "html-h1-h6": ("h1", "h2", "h3", "h4", "h5", "h6"),
    "html-lists": ("ul", "ol", "li", "dl", "dt", "dd"),
    "html-semantics": (
        *("article", "aside", "details", "figcaption", "figure", "footer", "header"),
        *("main", "mark", "nav", "section", "summary", "time"),
    ),
    "html-strong": ("strong", "b", "em", "i"),
    "html-svg": ("svg",),
    "html-table": ("table", "tbody", "thead", "tfoot", "tr", "td", "th"),
    "html-image-maps": ("map", "area"),
}


def main() -> None:
    """Read the data and write what the gates need of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    data = json.loads(parser.parse_args().file.read_text("utf-8"))
    found: dict[str, dict[str, list[str]]] = {"css": {}, "values": {}, "html": {}}
    for feature in data["data"]:
        missing = list(_missing(feature["stats"]))
        for kind, name in _names(feature):
            found[kind].setdefault(name, missing)
    for short, longs in LONGHANDS.items():
        for name in longs:
            found["css"].setdefault(name, found["css"][short])
    shown = {
        "source": "https://www.caniemail.com, by Rémi Parmentier and contributors",
        "licence": "MIT; https://github.com/hteumeuleu/caniemail/blob/main/LICENSE",
        "updated": data["last_update_date"][:10],
        "made_by": "docs/caniemail.py",
        "clients": list(CLIENTS.values()),
        **{kind: dict(sorted(names.items())) for kind, names in found.items()},
    }
    OUT.write_text(_compact(shown), "utf-8")


def _missing(stats: Mapping[str, Any]) -> Iterator[str]:
    """Yield the clients whose newest tested version does not show a feature."""
    for (family, platform), name in CLIENTS.items():
        versions = stats.get(family, {}).get(platform, {})
        newest = list(versions.values())[-1] if versions else "u"
        if newest.startswith("n"):
            yield name


def _names(feature: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    slug, title = feature["slug"], feature["title"]
    yield from (("values", name) for name in VALUES.get(slug, ()))
    if slug in ELEMENTS:
        yield from (("html", name) for name in ELEMENTS[slug])
    elif element := re.fullmatch(r"(?:Embedded )?<(\w+)>(?: element)?", title):
        yield "html", element[1]
    if slug in PROPERTIES:
        yield from (("css", name) for name in PROPERTIES[slug])
    elif slug not in VALUES and slug.startswith("css-"):
        words = re.sub(r" (property|CSS property)$", "", title.strip())
        if re.fullmatch(r"[a-z-]+", words):
            yield "css", words


def _compact(shown: Mapping[str, Any]) -> str:
    """Write one name a line, so that a new edition of the data reads as a diff."""
    return re.sub(
        r"\[\s+([^\]]*?)\s+\]",
        lambda found: "[" + re.sub(r"\s+", " ", found[1]) + "]",
        json.dumps(shown, ensure_ascii=False, indent=1) + "\n",
    )


if __name__ == "__main__":
    main()
