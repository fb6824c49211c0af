"""Which rules apply where a message is read: by day or night, at a desk or on a phone.

Knows what mail uses of Media Queries Level 4 (https://www.w3.org/TR/mediaqueries-4/,
read 2026-11-21): types, `not`, `only`, `and`, commas, `prefers-color-scheme`, widths.
"""

import re
from enum import StrEnum
from functools import lru_cache

DESK, PHONE = 600, 375  # CSS pixels
_FEATURE = re.compile(r"\(\s*([\w-]+)\s*(?::\s*([^)]*?)\s*)?\)")
_PIXELS = re.compile(r"(\d+(?:\.\d+)?)px")
_SHOWN = frozenset({"", "all", "screen"})


class Look(StrEnum):
    """In which light a message is read."""

    LIGHT = "light"
    DARK = "dark"


@lru_cache(maxsize=256)
def applies(media: str | None, look: Look, width: int) -> bool:
    """Say whether what stands in these at-rules shows on such a screen.

    `media` is the at-rule with its @, "@media (max-width: 480px)"; None is everywhere.
    """
    if media is None:
        return True
    name, _, queries = media.lower().partition(" ")
    if name != "@media":
        return False
    return any(_holds(query, look, width) for query in queries.split(","))


def _holds(query: str, look: Look, width: int) -> bool:
    features = _FEATURE.findall(query)
    words = [word for word in _FEATURE.sub(" ", query).split() if word != "and"]
    turned = words[:1] == ["not"]
    kind = " ".join(word for word in words if word not in ("not", "only"))
    holds = kind in _SHOWN and all(
        _has(name, value, look, width) for name, value in features
    )
    return holds is not turned


def _has(name: str, value: str, look: Look, width: int) -> bool:
    if name == "prefers-color-scheme":
        return value in ("", look)
    pixels = _PIXELS.fullmatch(value)
    if name == "max-width" and pixels:
        return width <= float(pixels[1])
    if name in ("min-width", "min-device-width") and pixels:
        return width >= float(pixels[1])
    return name == "max-device-width" and bool(pixels)
