"""The words themselves: nothing left over, nothing hidden, the same in both parts."""

import re
import unicodedata
from collections.abc import Iterator
from html import unescape
from html.entities import html5
from urllib.parse import unquote

from mailer.adapters.gates.message import Finding, Gate, Message, line_of, words_of

_LEFT = re.compile(
    r"\{\{.*?(?:\}\}|$)|\{%.*?(?:%\}|$)|\{#.*?(?:#\}|$)"  # template language
    r"|%\(\w+\)[sd]"  # a translation whose name was not filled in
    r"|zq[0-9a-f]{4,}-[a-z_]+-qz",  # a slot
    re.MULTILINE,
)
# One brace too few, and Jinja prints what it should have run. No sentence has braces.
_HALF = re.compile(
    r"\{{1,2}\s*[A-Za-z_][\w.]*\s*(?:\([^\n{}]*\)?|\|[^\n{}]*)?\s*\}{1,2}|\}\}|%\}|#\}"
)
_STYLE = re.compile(r"<style\b.*?</style>", re.DOTALL | re.IGNORECASE)
_CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]"
)
_URL = re.compile(r"https?://[^\s<>\"]+")
_OPENED = ("https://", "http://", "mailto:")
_TAG = re.compile(
    r"</?(?:a|b|br|div|em|font|h[1-6]|html|i|img|li|p|s|span|strong|style|table|tbody|td"
    r"|tr|ul)\b[^<>]*>",
    re.IGNORECASE,
)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-fA-F]{1,6}|([A-Za-z]\w{1,30}));")


def leftovers(message: Message) -> Iterator[Finding]:
    """Find what the template should have filled; not what somebody wrote so."""
    for part, content in _parts(message):
        for found in _unfilled(content):
            if not message.wrote(unescape(found[0])):
                yield Finding(
                    gate=Gate.LEFTOVERS,
                    words=f"“{found[0][:60]}” was not filled in, and readers would see"
                    " it. Mend the template or the translation; if somebody wrote it,"
                    " mend their words.",
                    where=f"{part}, line {line_of(content, found.start())}",
                )


def _unfilled(content: str) -> Iterator[re.Match[str]]:
    """Yield what is left of template language, once each, in its order of kinds."""
    whole = list(_LEFT.finditer(content))
    yield from whole
    plain = _STYLE.sub(lambda css: re.sub(r"[^\n]", " ", css[0]), content)
    for half in _HALF.finditer(plain):
        if not any(
            one.start() < half.end() and half.start() < one.end() for one in whole
        ):
            yield half


def controls(message: Message) -> Iterator[Finding]:
    """Find characters that nobody sees and that turn or cut what follows."""
    for part, content in _parts(message):
        for found in _CONTROLS.finditer(content):
            name = unicodedata.name(found[0], "a control character")
            yield Finding(
                gate=Gate.CONTROLS,
                words=f"U+{ord(found[0]):04X} ({name.lower()}) cannot be seen, and can"
                " turn the words after it around or make Gmail cut the message. Take"
                " it out.",
                where=f"{part}, line {line_of(content, found.start())}",
            )


def text(message: Message) -> Iterator[Finding]:
    """Find a plain text that says less than the HTML, or still is HTML."""
    if not message.text.strip():
        yield _found("The plain text is empty. Write body.txt.", 1)
        return
    hrefs = (link.get("href") or "" for link in message.body.iter("a"))
    linked = {href for href in hrefs if href.startswith(_OPENED)}
    written = {url.rstrip(".,;:)") for url in _URL.findall(message.text)}
    written |= set(_URL.findall(message.text))
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
    for url in sorted(url for url in written if url.rstrip(".,;:)") not in linked):
        yield _found(
            f"The text names {_plain(url)}, and the HTML has no link to it. Both must"
            " say the same.",
            line_of(message.text, message.text.index(url)),
        )
    yield from _html_in(message)


def _html_in(message: Message) -> Iterator[Finding]:
    # Whoever writes "<b>" in a title has it printed: the HTML then shows it as well.
    shown = words_of(message.page)
    for pattern in (_TAG, _ENTITY):
        for found in pattern.finditer(message.text):
            named = pattern is _ENTITY and found[1]
            if found[0] in shown or (named and f"{found[1]};" not in html5):
                continue
            yield _found(
                f"“{found[0][:40]}” is HTML, which plain text shows as it stands. Write"
                " the character, or take it out.",
                line_of(message.text, found.start()),
            )


def _plain(url: str) -> str:
    """Return a URL without what is one reader's own."""
    return re.sub(r"(/[up]/)[^/?#]+", r"\1…", url)[:120]


def _parts(message: Message) -> Iterator[tuple[str, str]]:
    yield "Subject", message.subject
    yield "Preheader", message.preheader
    yield "HTML", message.html
    yield "Text", message.text


def _found(words: str, line: int | None) -> Finding:
    where = f"Text, line {line}" if line else "Text"
    return Finding(gate=Gate.TEXT, words=words, where=where)
