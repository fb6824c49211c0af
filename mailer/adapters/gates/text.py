"""The plain text: it says what the HTML says, and is no HTML."""

import re
from collections.abc import Iterator
from html.entities import html5
from urllib.parse import unquote

from mailer.adapters.gates.message import Finding, Gate, Message, line_of, words_of

_URL = re.compile(r"https?://[^\s<>\"“”„«»]+")
_ENDS = ".,;:!?)]}'\N{RIGHT SINGLE QUOTATION MARK}"  # may end a sentence, or the address itself
_OPENED = ("https://", "http://", "mailto:")
TAG = re.compile(
    r"</?(?:a|b|br|div|em|font|h[1-6]|html|i|img|li|p|s|span|strong|style|table|tbody|td"
    r"|tr|ul)\b[^<>]*>",
    re.IGNORECASE,
)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-fA-F]{1,6}|([A-Za-z]\w{1,30}));")


def text(message: Message) -> Iterator[Finding]:
    """Find a plain text that says less than the HTML, or still is HTML."""
    if not message.text.strip():
        yield _found("The plain text is empty. Write body.txt.", 1)
        return
    hrefs = (link.get("href") or "" for link in message.body.iter("a"))
    linked = {href for href in hrefs if href.startswith(_OPENED)}
    # Whether a bracket after an address belongs to it, only the other part can tell.
    readings = [_readings(url) for url in _URL.findall(message.text)]
    written = {one for several in readings for one in several}
    for href in sorted(linked):
        address = unquote(href.removeprefix("mailto:").partition("?")[0])
        there = (
            address in message.text if href.startswith("mailto:") else href in written
        )
        if not there:
            yield _found(
                f"The HTML links to {_plain(href)}, and the text does not: who reads"
                " the text misses it. Print it in body.txt.",
                None,
            )
    for url in sorted({one[-1] for one in readings if not linked.intersection(one)}):
        yield _found(
            f"The text names {_plain(url)}, and the HTML has no link to it. Both must"
            " say the same.",
            line_of(message.text, message.text.index(url)),
        )
    yield from _html_in(message)


def _readings(url: str) -> list[str]:
    """Return an address with and without what may only end the sentence."""
    readings = [url]
    while readings[-1][-1] in _ENDS:
        readings.append(readings[-1][:-1])
    return readings


def _html_in(message: Message) -> Iterator[Finding]:
    # Whoever writes "<b>" in a title has it printed: the HTML then shows it as well.
    shown = words_of(message.page)
    for pattern in (TAG, _ENTITY):
        for found in pattern.finditer(message.text):
            named = pattern is _ENTITY and found[1]
            if " ".join(found[0].split()) in shown or (
                named and f"{found[1]};" not in html5
            ):
                continue
            yield _found(
                f"“{found[0][:40]}” is HTML, which plain text shows as it stands. Write"
                " the character, or take it out.",
                line_of(message.text, found.start()),
            )


def _plain(url: str) -> str:
    """Return a URL without what is one reader's own."""
    return re.sub(r"(/[up]/)[^/?#]+", r"\1…", url)[:120]


def _found(words: str, line: int | None) -> Finding:
    where = f"Text, line {line}" if line else "Text"
    return Finding(gate=Gate.TEXT, words=words, where=where)
