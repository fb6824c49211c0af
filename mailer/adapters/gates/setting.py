"""How each element is set: colours, size and weight, after cascade and inheritance.

Reckoned from the styles alone, without a browser: what stands in style attributes,
and what media queries put in its place.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from cssselect import SelectorError, parse
from lxml import etree
from lxml.cssselect import CSSSelector
from tinycss2 import parse_component_value_list
from tinycss2.color3 import RGBA, parse_color

from mailer.adapters.gates.css import Declaration, sheet, sheets, styled
from mailer.adapters.gates.media import DESK, PHONE, Look, applies
from mailer.adapters.gates.message import Element, elements
from mailer.core.colours import Colour

_WHITE, _BLACK = Colour(255, 255, 255), Colour(0, 0, 0)
_BOLD = frozenset({"bold", "bolder", "600", "700", "800", "900"})
_PAINT = frozenset({"color", "background", "background-color", "opacity"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """How one element is set."""

    colour: Colour
    ground: Colour
    size: float  # pixels
    bold: bool
    hidden: bool
    opacity: float  # 0 to 1, with what is around it
    style: Mapping[str, str]  # declared for this element, the weightiest of each

    @property
    def seen(self) -> Colour:
        """Return the colour of the words as one sees it over the ground."""
        return _mixed(self.colour, self.ground, self.opacity)


# Important, in a style attribute, specificity, order.
_Weight = tuple[bool, bool, tuple[int, int, int], int]


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


@lru_cache(maxsize=8)
def settings(page: Element, look: Look, width: int) -> Mapping[Element, Setting]:
    """Return how each element of the body is set on such a screen."""
    cascade = _cascaded(page, look, width)
    known: dict[Element, Setting] = {}
    for node in elements(page.find("body")):
        known[node] = _set(node, cascade.of(node), known)
    return known


def screens(page: Element) -> Iterator[tuple[Look, int]]:
    """Yield the screens on which a message may look different to the eye."""
    yield from ((look, DESK) for look in Look)
    # Most pages are painted alike at any width, and each look takes its time.
    if any(
        rule.media and "width" in rule.media and one.name in _PAINT
        for _, css in sheets(page)
        for rule in sheet(css)[0]
        for one in rule.declarations
    ):
        yield from ((look, PHONE) for look in Look)


def speaks(node: Element) -> bool:
    """Say whether an element has words of its own, and not only its children's."""
    own = [node.text, *(child.tail for child in node)]
    return any(words and words.strip() for words in own)


def _cascaded(page: Element, look: Look, width: int) -> _Cascade:
    cascade = _Cascade()
    for _, css in sheets(page):
        for rule in sheet(css)[0]:
            if applies(rule.media, look, width):
                for specificity, select in _selectors(rule.selectors):
                    for node in _selected(select, page):
                        cascade.take(node, rule.declarations, specificity)
    for node, declared in styled(page):
        cascade.take(node, declared, None)
    return cascade


def _selected(select: CSSSelector, page: Element) -> Iterable[Element]:
    try:
        return list(select(page))
    except etree.XPathError:  # a namespace, as in svg|a: nothing in mail has one
        return ()


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
    node: Element, style: Mapping[str, str], known: Mapping[Element, Setting]
) -> Setting:
    above = known.get(node.getparent()) or _ROOT
    painted = style.get("background-color") or node.get("bgcolor")
    ground = _colour(painted, above.ground) or above.ground
    weight = style.get("font-weight") or (
        "bold" if node.tag in ("b", "strong", "th", "h1", "h2", "h3") else None
    )
    size = _pixels(style.get("font-size"), above.size)
    opacity = above.opacity * _share(style.get("opacity"))
    said = style.get("color") or (node.get("color") if node.tag == "font" else None)
    colour = _clear(said, ground) or _colour(said, ground) or above.colour
    return Setting(
        colour=colour,
        ground=ground,
        size=size,
        bold=above.bold if weight is None else weight in _BOLD,
        hidden=above.hidden
        or style.get("display") == "none"
        or style.get("visibility") == "hidden"
        or node.get("hidden") is not None
        or size == 0
        or opacity == 0,
        opacity=opacity,
        style=style,
    )


def _clear(words: str | None, ground: Colour) -> Colour | None:
    """Return the ground for words that are transparent: one sees nothing else."""
    found = parse_color(words) if words else None
    return ground if found and found != "currentColor" and not found.alpha else None


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
    channels = (round(255 * channel) for channel in found[:3])
    return _mixed(Colour(*channels), ground, found.alpha)


def _mixed(above: Colour, below: Colour, share: float) -> Colour:
    pairs = zip(
        (above.red, above.green, above.blue),
        (below.red, below.green, below.blue),
        strict=True,
    )
    return Colour(*(round(over * share + under * (1 - share)) for over, under in pairs))


def _share(words: str | None) -> float:
    try:
        share = float(words.removesuffix("%")) if words else 1.0
    except ValueError:
        return 1.0
    return min(max(share / 100 if words and "%" in words else share, 0.0), 1.0)


def _pixels(words: str | None, above: float) -> float:
    size = _SIZE.fullmatch(words or "")
    if size is None:  # "large", "inherit": near enough what stands around it
        return above
    number = float(size[1])
    units = {"px": 1, "pt": 4 / 3, "em": above, "rem": 16, "%": above / 100, "": 1}
    return number * units[size[2]]


_SIZE = re.compile(r"(\d+(?:\.\d+)?|\.\d+)\s*(px|pt|em|rem|%|)")
_ROOT = Setting(
    colour=_BLACK, ground=_WHITE, size=16, bold=False, hidden=False, opacity=1, style={}
)
