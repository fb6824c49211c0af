"""What has no business in mail: scripts, forms, frames, and anything fetched."""

import re
from collections.abc import Iterator

from mailer.adapters.gates.css import AtRule, declarations, sheet, sheets
from mailer.adapters.gates.message import Finding, Gate, Message, elements, place

FORBIDDEN = {
    "script": "mail clients remove scripts, and filters distrust the message",
    "form": "Outlook shows no forms, and filters distrust them; link to a page",
    "input": "forms do not work in mail; link to a page",
    "button": "a <button> does nothing in mail; draw a link as a button",
    "select": "forms do not work in mail; link to a page",
    "textarea": "forms do not work in mail; link to a page",
    "iframe": "mail clients remove frames; link to a page",
    "frame": "mail clients remove frames; link to a page",
    "object": "mail clients remove it; link to a page",
    "embed": "mail clients remove it; link to a page",
    "applet": "mail clients remove it; link to a page",
    "link": "what it fetches tells who opens the mail, and most clients remove it;"
    " write the styles into the page",
    "base": "it would turn every link; write whole addresses",
}
_FETCHED = re.compile(r"url\(", re.IGNORECASE)


def foreign(message: Message) -> Iterator[Finding]:
    """Find what mail clients throw away, or what would tell who opens the mail."""
    for node in elements(message.page):
        if node.tag in FORBIDDEN:
            yield _found(f"<{node.tag}>: {FORBIDDEN[node.tag]}.", place(node))
        if node.tag == "meta" and (node.get("http-equiv") or "").lower() == "refresh":
            yield _found(
                "<meta http-equiv=refresh> leads readers away: remove it.", place(node)
            )
        for name in node.keys():  # noqa: SIM118 - an element iterates its children
            if name.startswith("on"):
                yield _found(
                    f"{name}=…: mail clients run no scripts; remove it.", place(node)
                )
        if _FETCHED.search(node.get("style") or "") and declarations(node.get("style")):
            yield _found(_URL, place(node))
    for style, css in sheets(message.page):
        if _FETCHED.search(css):
            yield _found(_URL, place(style)[: place(style).index(">") + 1])
        for rule in sheet(css)[1]:
            yield from _imported(rule, style.sourceline)


_URL = (
    "url(…) in the styles: it fetches something whenever the mail is opened, which"
    " tells who opened it, and Outlook shows none of it. Use a colour."
)


def _imported(rule: AtRule, line: int) -> Iterator[Finding]:
    if rule.name == "import":
        yield _found(
            "@import fetches a style sheet whenever the mail is opened; most clients"
            " drop it. Write the styles into the page.",
            f"HTML, line {line + rule.line - 1}: <style>",
        )


def _found(words: str, where: str) -> Finding:
    return Finding(gate=Gate.FOREIGN, words=words, where=where)
