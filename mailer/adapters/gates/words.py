"""The words themselves: nothing left over, nothing hidden."""

import re
import sys
import unicodedata
from collections.abc import Iterator
from html.entities import html5

from mailer.adapters.gates.message import (
    Element,
    Finding,
    Gate,
    Message,
    elements,
    line_of,
    place,
)
from mailer.adapters.gates.text import TAG

_LEFT = re.compile(
    # template language; what does not end is looked at as far as one can tell it
    r"\{\{(?:[^{}\n]{0,80}?\}\}|[^\n…]{0,12})"
    r"|\{%(?:[^{}\n]{0,80}?%\}|[^\n…]{0,12})|\{#(?:[^{}\n]{0,80}?#\}|[^\n…]{0,12})"
    r"|\}\}|%\}|#\}"
    r"|%\(\w+\)[sd]"  # a translation whose name was not filled in
    r"|(?<!\{)\{ ?[A-Za-z_]\w{1,30} ?\}(?!\})"  # a blank of a note
    r"|zq[0-9a-f]{4,}-[a-z_]+-qz"  # a slot
    r"|\*\|\w+\|\*|%recipient[\w.]*%|<%\w+%>"  # another program's slots
    # what a program calls its own things: a macro without its parentheses
    r"|<(?:Macro|function|bound method|built-in|generator|class) '?\w+|\bat 0x[0-9a-f]{6,}"
)
_EMPTY = frozenset({"None", "Undefined", "undefined", "NaN"})
_TWICE = re.compile(r"&(?:amp|lt|gt|quot|nbsp|#\d{1,7}|#x[0-9a-fA-F]{1,6});")
_CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_IN_A_LINE = re.compile("[\t\n\r]")
_CODED = re.compile(r"&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|(rlm|lrm));")


def leftovers(message: Message) -> Iterator[Finding]:
    """Find what the template should have filled; not what somebody wrote so."""
    told: set[str] = set()
    for where, content in _read(message):
        for found in _left(content):
            if found not in told and not message.wrote(found):
                told.add(found)
                yield _leftover(
                    f"“{found[:60]}” was not filled in, and readers would see it. Mend"
                    " the template or the translation; if somebody wrote it, mend"
                    " their words.",
                    where,
                )
    for node in elements(message.body):
        if node.tag != "style":
            yield from _printed_twice(node, message)


def _left(content: str) -> Iterator[str]:
    yield from (found[0] for found in _LEFT.finditer(content))
    if content.strip() in _EMPTY:
        yield content.strip()


def _printed_twice(node: Element, message: Message) -> Iterator[Finding]:
    """Find markup that was escaped, so that readers see it as it is written."""
    for words in (node.text or "", *(child.tail or "" for child in node)):
        for pattern in (_TWICE, TAG):
            found = pattern.search(words)
            if found and not message.wrote(found[0]):
                yield _leftover(
                    f"Readers would see “{found[0][:40]}”: it was escaped twice, or is"
                    " markup among words. Print words only, and leave the markup to"
                    " the template.",
                    place(node),
                )


def _read(message: Message) -> Iterator[tuple[str, str]]:
    """Yield what can be read, and what stands in attributes, each with its place."""
    for part, content in _parts(message):
        if part != "HTML":
            for number, line in enumerate(content.split("\n"), start=1):
                yield f"{part}, line {number}", line
    for node in elements(message.page):
        if node.tag != "style":
            where = f"HTML, line {node.sourceline}"
            own = (node.text or "", *(child.tail or "" for child in node))
            yield from ((where, words) for words in own if words.strip())
            yield from ((where, value) for value in node.values())


def _leftover(words: str, where: str) -> Finding:
    return Finding(gate=Gate.LEFTOVERS, words=words, where=where)


def controls(message: Message) -> Iterator[Finding]:
    """Find characters that nobody sees and that turn or cut what follows."""
    for part, content in _parts(message):
        for found in _CONTROLS.finditer(content):
            yield _control(found[0], f"{part}, line {line_of(content, found.start())}")
    for part, content in (
        ("Subject", message.subject),
        ("Preheader", message.preheader),
    ):
        if broken := _IN_A_LINE.search(content):
            yield _control(broken[0], part)
    for found in _CODED.finditer(message.html):
        letter = _decoded(found)
        if _CONTROLS.match(letter):
            yield _control(letter, f"HTML, line {line_of(message.html, found.start())}")


def _decoded(found: re.Match[str]) -> str:
    if found[3]:
        return html5[f"{found[3]};"]
    code = int(found[1] or found[2], 10 if found[1] else 16)
    return chr(code) if code <= sys.maxunicode else ""


def _control(letter: str, where: str) -> Finding:
    name = unicodedata.name(letter, "a control character")
    return Finding(
        gate=Gate.CONTROLS,
        words=f"U+{ord(letter):04X} ({name.lower()}) cannot be seen, and can turn the"
        " words after it around, end a line or make Gmail cut the message. Take it"
        " out.",
        where=where,
    )


def _parts(message: Message) -> Iterator[tuple[str, str]]:
    yield "Subject", message.subject
    yield "Preheader", message.preheader
    yield "HTML", message.html
    yield "Text", message.text
