"""Whether text stands out from the ground behind it, by day and by night.

Reckoned from the styles alone, without a browser: what stands in style attributes,
and for dark mode what `@media (prefers-color-scheme: dark)` puts in its place.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from cssselect import SelectorError, parse
from lxml.cssselect import CSSSelector
from tinycss2 import parse_component_value_list
from tinycss2.color3 import RGBA, parse_color

from mailer.adapters.gates.css import Declaration, sheet, sheets, styled
from mailer.adapters.gates.message import (
    Element,
    Finding,
    Gate,
    Message,
    elements,
    place,
)
from mailer.core.colours import READABLE, Colour

_WHITE, _BLACK = Colour(255, 255, 255), Colour(0, 0, 0)
_LEGIBLE_LARGE = 3.0  # contrast, WCAG 2.2, success criterion 1.4.3
_LARGE, _LARGE_BOLD = 24.0, 18.66  # pixels: 18 and 14 points
_BOLD = frozenset({"bold", "bolder", "600", "700", "800", "900"})


class Look(StrEnum):
    """In which light a message is read."""

    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Set:
    """How one element is set, after inheritance."""

    colour: Colour
    ground: Colour
    size: float  # pixels
    bold: bool
    hidden: bool


# Important, in a style attribute, specificity, order.
_Weight = tuple[bool, bool, tuple[int, int, int], int]


def contrast(message: Message) -> Iterator[Finding]:
    """Find text that one cannot read against its ground, in light or in dark."""
    for look in Look:
        told: set[tuple[Colour, Colour]] = set()
        cascade = _cascaded(message.page, look)
        known: dict[Element, _Set] = {}
        for node in elements(message.page.find("body")):
            known[node] = one = _set(node, cascade.of(node), known)
            if one.hidden or not _speaks(node):
                continue
            ratio = one.colour.contrast(one.ground)
            large = one.size >= (_LARGE_BOLD if one.bold else _LARGE)
            needed = _LEGIBLE_LARGE if large else READABLE
            if ratio < needed and (one.colour, one.ground) not in told:
                told.add((one.colour, one.ground))
                yield Finding(
                    gate=Gate.CONTRAST,
                    words=f"In {look} mode {one.colour} on {one.ground} has"
                    f" a contrast of {int(ratio * 100) / 100}, and reading it takes {needed:g}. Make"
                    " the text or its ground darker or lighter"
                    + (" in the dark block." if look is Look.DARK else "."),
                    where=place(node),
                )


class _Cascade:
    """What is declared for each element, the weightiest of each property."""

    def __init__(self) -> None:
        self._found: dict[Element, dict[str, tuple[_Weight, str]]] = {}
        self._order = 0

    def take(
        self,
        node: Element,
        declared: Iterable[Declaration],
        specificity: tuple[int, int, int] | None,
    ) -> None:
        """Note what a rule declares; without a specificity it is a style attribute."""
        kept = self._found.setdefault(node, {})
        self._order += 1
        for one in declared:
            name = "background-color" if one.name == "background" else one.name
            weight = (
                one.important,
                specificity is None,
                specificity or (0, 0, 0),
                self._order,
            )
            if name not in kept or kept[name][0] <= weight:
                kept[name] = (weight, one.value)

    def of(self, node: Element) -> Mapping[str, str]:
        """Return the values that win for an element."""
        kept = self._found.get(node, {})
        return {name: value for name, (_, value) in kept.items()}


def _cascaded(page: Element, look: Look) -> _Cascade:
    cascade = _Cascade()
    for _, css in sheets(page):
        for rule in sheet(css)[0]:
            if _applies(rule.media, look):
                for specificity, select in _selectors(rule.selectors):
                    for node in select(page):
                        cascade.take(node, rule.declarations, specificity)
    for node, declared in styled(page):
        cascade.take(node, declared, None)
    return cascade


def _applies(media: str | None, look: Look) -> bool:
    if media is None:
        return True
    return "prefers-color-scheme" in media and look in media and "width" not in media


@lru_cache(maxsize=512)
def _selectors(words: str) -> tuple[tuple[tuple[int, int, int], CSSSelector], ...]:
    """Read a list of selectors; those that a tree cannot answer, as :hover, fall out."""
    found = []
    try:
        for one in parse(words):
            if one.pseudo_element is None:
                selector = CSSSelector(one.canonical(), translator="html")
                found.append((one.specificity(), selector))
    except SelectorError:
        return ()
    return tuple(found)


def _set(
    node: Element, style: Mapping[str, str], known: Mapping[Element, _Set]
) -> _Set:
    above = known.get(node.getparent()) or _Set(
        colour=_BLACK, ground=_WHITE, size=16, bold=False, hidden=False
    )
    painted = style.get("background-color") or node.get("bgcolor")
    ground = _colour(painted, above.ground) or above.ground
    weight = style.get("font-weight") or (
        "bold" if node.tag in ("b", "strong", "th", "h1", "h2", "h3") else None
    )
    size = _pixels(style.get("font-size"), above.size)
    return _Set(
        colour=_colour(style.get("color"), ground) or above.colour,
        ground=ground,
        size=size,
        bold=above.bold if weight is None else weight in _BOLD,
        hidden=above.hidden
        or style.get("display") == "none"
        or style.get("visibility") == "hidden"
        or size == 0,
    )


def _colour(words: str | None, ground: Colour) -> Colour | None:
    """Return a colour as it looks over this ground.

    None for none, for `inherit`, and for what is no colour.
    """
    for token in parse_component_value_list(words or ""):
        found = parse_color(token)
        if found is not None and found != "currentColor" and found.alpha:
            return _over(found, ground)
    return None


def _over(found: RGBA, ground: Colour) -> Colour:
    below = (ground.red, ground.green, ground.blue)
    red, green, blue = (
        round(255 * above * found.alpha + under * (1 - found.alpha))
        for above, under in zip(found[:3], below, strict=True)
    )
    return Colour(red, green, blue)


def _pixels(words: str | None, otherwise: float) -> float:
    if words is None:
        return otherwise
    number = words.removesuffix("px").strip()
    try:
        return float(number)
    except ValueError:  # em, %, "large": near enough what stands around it
        return otherwise


def _speaks(node: Element) -> bool:
    """Say whether an element has words of its own, and not only its children's."""
    own = [node.text, *(child.tail for child in node)]
    return any(words and words.strip() for words in own)
