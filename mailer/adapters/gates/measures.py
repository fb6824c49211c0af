"""Type too small to read, and boxes wider than a screen."""

import re
from collections.abc import Iterator

from lxml import etree

from mailer.adapters.gates.css import Declaration, declarations, sheet, sheets, styled
from mailer.adapters.gates.message import (
    Element,
    Finding,
    Gate,
    Message,
    elements,
    place,
)

_WIDEST = 600  # pixels; look of the mail, and what Outlook's reading pane shows
_SMALLEST = 13.0  # pixels; iOS Mail enlarges what is smaller, and breaks the layout
_LENGTH = re.compile(r"([\d.]+)(px|pt)?", re.IGNORECASE)
_POINT = 4 / 3  # pixels
_BOX = re.compile(r"<(?:table|td|img)\b[^>]*>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"\bwidth\s*=\s*[\"']?(\d+)(?![\d%])", re.IGNORECASE)


def type_size(message: Message) -> Iterator[Finding]:
    """Find words set so small that phones enlarge them or people cannot read them."""
    sizes: dict[Element, float | None] = {}
    told: set[float] = set()
    for node in elements(message.body):
        style = {one.name: one.value for one in declarations(node.get("style") or "")}
        above = sizes.get(node.getparent())
        size = _pixels(style.get("font-size", ""))
        if style.get("display") == "none" or above == 0:
            size = 0.0  # nobody sees it, nor what is in it
        sizes[node] = size = above if size is None else size
        if size and size < _SMALLEST and size not in told and _speaks(node):
            told.add(size)
            yield _small(f"{size:g} pixels", place(node))
    for one, where in _declared(message):
        size = _pixels(one.value) if one.name == "font-size" else None
        if size and size < _SMALLEST:
            yield _small(one.value, where)


def widths(message: Message) -> Iterator[Finding]:
    """Find boxes with a width of their own that no reading pane has room for."""
    for node in elements(message.body):
        width = node.get("width") or ""
        if width.isdecimal() and int(width) > _WIDEST:
            yield _wide(f'width="{width}"', place(node))
    for one, where in _declared(message):
        pixels = _pixels(one.value) if one.name == "width" else None
        if pixels is not None and pixels > _WIDEST:
            yield _wide(f"{one.name}:{one.value}", where)
    for comment in message.page.iter(etree.Comment):
        for box in _BOX.finditer(comment.text or ""):
            found = _ATTRIBUTE.search(box[0])
            if found and int(found[1]) > _WIDEST:
                yield _wide(
                    f'width="{found[1]}"',
                    f"HTML, line {comment.sourceline}: for Outlook",
                )


def _declared(message: Message) -> Iterator[tuple[Declaration, str]]:
    """Yield all that styles declare, with where it stands."""
    for node, declared in styled(message.page):
        yield from ((one, place(node)) for one in declared if one.name == "width")
    for style, css in sheets(message.page):
        for rule in sheet(css)[0]:
            line = style.sourceline + rule.line - 1
            where = f"HTML, line {line}: {rule.selectors}"
            yield from ((one, where) for one in rule.declarations)


def _pixels(words: str) -> float | None:
    """Return a length in pixels; None where it is relative, or no length."""
    found = _LENGTH.fullmatch(words.strip())
    if found is None:
        return None
    unit = (found[2] or "").lower()
    if not unit and found[1].strip("0."):
        return None
    return float(found[1]) * (_POINT if unit == "pt" else 1)


def _speaks(node: Element) -> bool:
    own = [node.text, *(child.tail for child in node)]
    return any(words and words.strip() for words in own)


def _small(size: str, where: str) -> Finding:
    return Finding(
        gate=Gate.TYPE,
        words=f"Words of {size}: phones enlarge what is under {_SMALLEST:g} pixels and"
        " tear the layout, and many people cannot read it. Set it in 14 or more.",
        where=where,
    )


def _wide(what: str, where: str) -> Finding:
    return Finding(
        gate=Gate.WIDTHS,
        words=f"{what}: the mail is {_WIDEST} pixels wide, and a wider box is cut off"
        ' or scrolls sideways. Write width="100%", or leave the width out.',
        where=where,
    )
