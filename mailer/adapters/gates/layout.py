"""Whether the page fits the screen that it is read on."""

from collections.abc import Iterator

from mailer.adapters.gates.media import PHONE, Look
from mailer.adapters.gates.message import (
    Finding,
    Gate,
    Message,
    place,
    words_of,
)
from mailer.adapters.gates.outlook import for_outlook
from mailer.adapters.gates.setting import settings

_WIDEST = 600  # pixels: the mail's own width
_NARROWEST = 320  # CSS pixels; WCAG 2.2, success criterion 1.4.10
_UNBROKEN = 40  # characters of 16 pixels that fit there


def layout(message: Message) -> Iterator[Finding]:
    """Find what is wider than a phone, and pages that phones shrink to a stamp."""
    if not message.html.lstrip().lower().startswith("<!doctype html"):
        yield _found(
            "The page does not begin with <!DOCTYPE html>: mail clients then lay it out"
            " by the rules of 1998. Begin with that line.",
            "HTML, line 1",
        )
    named = {meta.get("name"): meta for meta in message.page.iter("meta")}
    viewport = named.get("viewport")
    if viewport is None or "width=device-width" not in (viewport.get("content") or ""):
        yield _found(
            'There is no <meta name="viewport" content="width=device-width,'
            'initial-scale=1">: phones would show the whole page, tiny. Put it into'
            " <head>.",
            "HTML: <head>",
        )
    for node, one in settings(message.page, Look.LIGHT, PHONE).items():
        if one.hidden:
            continue
        width = _pixels(one.style.get("width", node.get("width")))
        least = _pixels(one.style.get("min-width"))
        if max(width if "max-width" not in one.style else 0, least) > _NARROWEST:
            yield _found(
                f"<{node.tag}> is {max(width, least)} pixels wide whatever the screen,"
                f' and a phone has {_NARROWEST} to show. Write width="100%" and'
                " max-width, as the others have it.",
                place(node),
            )
        unbroken = one.style.get("white-space") in ("nowrap", "pre")
        if unbroken and len(words_of(node)) > _UNBROKEN:
            yield _found(
                "These words may not break, and do not fit on a phone. Take"
                " white-space out, or shorten them.",
                place(node),
            )

    for inside, line in for_outlook(message):
        for box in inside.iter("table", "td", "img"):
            width = _pixels(box.get("width"))
            if width > _WIDEST:
                yield _found(
                    f'For Outlook <{box.tag}> has width="{width}", and its window shows'
                    f" {_WIDEST}. Write that, as the frame of the mail does.",
                    f"HTML, line {line}: <!--[if mso]>",
                )


def _pixels(words: str | None) -> int:
    number = (words or "").removesuffix("px").strip()
    return int(number) if number.isdecimal() else 0


def _found(words: str, where: str) -> Finding:
    return Finding(gate=Gate.LAYOUT, words=words, where=where)
