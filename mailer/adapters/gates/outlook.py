"""Comments that only Outlook for Windows reads."""

import re
from collections import Counter
from collections.abc import Iterator

from lxml import etree, html as lxml_html

from mailer.adapters.gates.message import Element, Finding, Gate, Message

_HIDDEN = re.compile(
    r"\[if\s([^\]]*)\]>(.*)<!\[endif\]", re.DOTALL
)  # all others skip it
_SHOWN = re.compile(r"\[if\s[^\]]*\]><!(?:--)?")  # all others read what follows
_END = re.compile(r"<!\[endif\]")
_TAG = re.compile(r"<(/?)([a-z][\w:]*)\b[^>]*?(/?)>", re.IGNORECASE)
_VOID = frozenset(["br", "hr", "img", "input", "link", "meta"])


def outlook(message: Message) -> Iterator[Finding]:
    """Find comments for Outlook that do not end, and ghost tables without an end.

    The rest of a message would be a comment to everybody else, or Outlook would set
    it beside the first half.
    """
    left: Counter[str] = Counter()
    early: set[str] = set()  # closed before they were opened
    opened: int | None = None  # in which line something is shown to others only
    for comment in message.page.iter(etree.Comment):
        words, line = (comment.text or "").strip(), comment.sourceline
        hidden = _HIDDEN.fullmatch(words)
        if hidden and "<!--" not in hidden[2]:
            early |= _count(hidden[2], left)
        elif _SHOWN.fullmatch(words) and opened is None:
            opened = line
        elif _END.fullmatch(words) and opened is not None:
            opened = None
        elif words.startswith("[if") or _END.search(words):
            yield _unbalanced(words, line)
    if opened is not None:
        yield _unbalanced("[if …]><!", opened)
    yield from map(_askew, sorted(early | {tag for tag, more in left.items() if more}))


def for_outlook(message: Message) -> Iterator[tuple[Element, int]]:
    """Yield what each comment holds that only Outlook reads, with its line."""
    for comment in message.page.iter(etree.Comment):
        hidden = _HIDDEN.fullmatch((comment.text or "").strip())
        if hidden:
            inside = lxml_html.fragment_fromstring(hidden[2], create_parent="div")
            yield inside, comment.sourceline


def _count(inside: str, left: Counter[str]) -> set[str]:
    early = set()
    for closing, tag, closed in _TAG.findall(inside):
        name = tag.lower()
        if closed or name in _VOID:
            continue
        left[name] += -1 if closing else 1
        if left[name] < 0:
            early.add(name)
    return early


def _unbalanced(words: str, line: int) -> Finding:
    return Finding(
        gate=Gate.OUTLOOK,
        words=f"“<!--{words[:30]}” has no counterpart: some readers would see nothing"
        " of what follows, others what is for Outlook alone. Write <!--[if mso]> …"
        " <![endif]-->, one after the other.",
        where=f"HTML, line {line}",
    )


def _askew(tag: str) -> Finding:
    return Finding(
        gate=Gate.OUTLOOK,
        words=f"In the comments for Outlook, <{tag}> is not closed as often as it is"
        " opened: Outlook would set the message askew. Close each ghost table in a"
        " comment of its own.",
        where="HTML: <!--[if mso]>",
    )
