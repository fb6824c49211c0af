"""Whether text can be read: it stands out from its ground, and is not too small."""

from collections.abc import Iterator

from mailer.adapters.gates.media import DESK, PHONE, Look
from mailer.adapters.gates.message import Finding, Gate, Message, place
from mailer.adapters.gates.setting import screens, settings, speaks
from mailer.core.colours import READABLE, Colour

_LEGIBLE_LARGE = 3.0  # contrast, WCAG 2.2, success criterion 1.4.3
_LARGE, _LARGE_BOLD = 24.0, 18.66  # pixels: 18 and 14 points
_SMALLEST = 13.0  # pixels; the design's own smallest is 14


def contrast(message: Message) -> Iterator[Finding]:
    """Find text that one cannot read against its ground, in light or in dark."""
    told: set[tuple[Look, Colour, Colour]] = set()
    for look, width in screens(message.page):
        for node, one in settings(message.page, look, width).items():
            if one.hidden or not speaks(node):
                continue
            ratio = one.seen.contrast(one.ground)
            large = one.size >= (_LARGE_BOLD if one.bold else _LARGE)
            needed = _LEGIBLE_LARGE if large else READABLE
            if ratio < needed and (look, one.seen, one.ground) not in told:
                told.add((look, one.seen, one.ground))
                yield Finding(
                    gate=Gate.CONTRAST,
                    words=f"In {look} mode {one.seen} on {one.ground} has"
                    f" a contrast of {int(ratio * 100) / 100}, and reading it takes"
                    f" {needed:g}. Make the text or its ground darker or lighter"
                    + (" in the dark block." if look is Look.DARK else "."),
                    where=place(node),
                )


def small(message: Message) -> Iterator[Finding]:
    """Find text so small that many cannot read it, and some are not meant to."""
    told: set[float] = set()
    for width in (DESK, PHONE):
        for node, one in settings(message.page, Look.LIGHT, width).items():
            if one.hidden or one.size >= _SMALLEST or not speaks(node):
                continue
            if one.size not in told:
                told.add(one.size)
                yield Finding(
                    gate=Gate.TYPE,
                    words=f"Words of {one.size:g} pixels are too small to read on a"
                    " phone, and filters take them for hidden text. Set them in 14"
                    " pixels at least.",
                    where=place(node),
                )
