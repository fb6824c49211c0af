"""Colours that text can be read on: contrast, lightness, and the nearest that serve.

Contrast is WCAG 2.2's (https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio, read
2026-11-20); brightness is the one that mail programs look at before they darken a
message by themselves (https://www.w3.org/TR/AERT/#color-contrast, same day).
"""

import colorsys
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

READABLE = 4.5  # contrast of text of any size, WCAG 2.2 AA
_COMFORTABLE = 7.0  # what a neighbour with dark text is lightened to
_BRIGHT = 205  # apps turn what is brighter dark, together with the text on it
_HEX = re.compile(r"#[0-9A-Fa-f]{6}")
_STEP = 1 / 510  # of lightness: half of what eight bits tell apart
_TINTED = 48  # of 255; a colour with less between its channels has no hue to name


@dataclass(frozen=True, slots=True)
class Colour:
    """An opaque sRGB colour, eight bits a channel; prints as "#A3261B"."""

    red: int
    green: int
    blue: int

    def __str__(self) -> str:
        return f"#{self.red:02X}{self.green:02X}{self.blue:02X}"

    @classmethod
    def read(cls, words: str) -> Self | None:
        """Return the colour written as "#RRGGBB", else None."""
        if not _HEX.fullmatch(words):
            return None
        return cls(*bytes.fromhex(words[1:]))

    @property
    def brightness(self) -> float:
        """Return how bright an app takes it for, 0 to 255."""
        return 0.299 * self.red + 0.587 * self.green + 0.114 * self.blue

    @property
    def hue(self) -> float:
        """Return the hue in degrees; 0 for greys."""
        return self._hls[0] * 360

    @property
    def lightness(self) -> float:
        """Return HSL's lightness, 0 to 100."""
        return self._hls[1] * 100

    @property
    def is_tinted(self) -> bool:
        """Tell whether a person would name its hue."""
        channels = (self.red, self.green, self.blue)
        return max(channels) - min(channels) >= _TINTED

    @property
    def luminance(self) -> float:
        """Return the relative luminance, 0 to 1."""
        red, green, blue = map(_linear, (self.red, self.green, self.blue))
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    @property
    def _hls(self) -> tuple[float, float, float]:
        return colorsys.rgb_to_hls(self.red / 255, self.green / 255, self.blue / 255)

    def contrast(self, other: "Colour") -> float:
        """Return the contrast between the two, 1 to 21."""
        low, high = sorted((self.luminance, other.luminance))
        return (high + 0.05) / (low + 0.05)

    def at(self, lightness: float) -> "Colour":
        """Return it at another lightness (0 to 100, kept within), of the same hue."""
        hue, _, saturation = self._hls
        level = min(max(lightness / 100, 0.0), 1.0)
        channels = colorsys.hls_to_rgb(hue, level, saturation)
        return Colour(*(round(channel * 255) for channel in channels))

    def apart(self, other: "Colour") -> float:
        """Return how many degrees lie between the two hues, 0 to 180."""
        turn = abs(self.hue - other.hue)
        return min(turn, 360 - turn)


INK = Colour(0x1E, 0x17, 0x12)
WHITE = Colour(0xFF, 0xFF, 0xFF)
BRICK = Colour(0xA3, 0x26, 0x1B)  # of urgent calls


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """The nearest colours of the same hue that text can be read on."""

    lighter: Colour  # takes ink
    darker: Colour  # takes white
    nearer: Colour  # one of the two


def text_on(ground: Colour) -> Colour | None:
    """Return ink or white, whichever a board of this colour takes; None: neither.

    Ink only on what apps would darken together with it: on a mid-tone they turn the
    text pale and leave the ground.
    """
    if ground.brightness > _BRIGHT and ground.contrast(INK) >= READABLE:
        return INK
    return WHITE if ground.contrast(WHITE) >= READABLE else None


def neighbours(colour: Colour) -> Neighbours:
    """Return what to offer instead of a colour that takes neither ink nor white."""
    lighter = next(
        near
        for near in _towards(colour, 100.0)
        if near.brightness > _BRIGHT + 3 and near.contrast(INK) >= _COMFORTABLE
    )
    darker = next(
        near for near in _towards(colour, 0.0) if near.contrast(WHITE) >= READABLE
    )
    nearer = min(
        (lighter, darker), key=lambda near: abs(near.lightness - colour.lightness)
    )
    return Neighbours(lighter=lighter, darker=darker, nearer=nearer)


def _towards(colour: Colour, end: float) -> Iterator[Colour]:
    start = colour.lightness
    steps = max(int(abs(end - start) / 100 / _STEP), 1)
    for step in range(1, steps + 1):
        yield colour.at(start + (end - start) * step / steps)


def _linear(channel: int) -> float:
    value = channel / 255
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
