"""What has no business in mail: scripts, forms, frames, and anything fetched."""

from collections.abc import Iterable, Iterator

from mailer.adapters.gates.css import AtRule, Token, declarations, sheet, sheets
from mailer.adapters.gates.message import (
    Element,
    Finding,
    Gate,
    Message,
    elements,
    place,
)
from mailer.adapters.gates.outlook import for_outlook

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
_FETCHING = frozenset(["url", "src", "image", "image-set", "-webkit-image-set"])
_SOURCES = ("background", "poster", "srcset")  # attributes
_PIXEL = 2  # pixels; what is no larger is not there to be seen


def foreign(message: Message) -> Iterator[Finding]:
    """Find what mail clients throw away, or what would tell who opens the mail."""
    for node in elements(message.page):
        yield from _unwanted(node)
        yield from _sources(node)
        if any(_fetches(one.tokens) for one in declarations(node.get("style") or "")):
            yield _found(_URL, place(node))
    for style, css in sheets(message.page):
        rules, at_rules = sheet(css)
        if any(_fetches(one.tokens) for rule in rules for one in rule.declarations):
            yield _found(_URL, f"HTML, line {style.sourceline}: <style>")
        for rule in at_rules:
            yield from _imported(rule, style.sourceline)
    for inside, line in for_outlook(message):
        yield from _hidden(inside, line)


def _unwanted(node: Element) -> Iterator[Finding]:
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


def _hidden(inside: Element, line: int) -> Iterator[Finding]:
    """Find the same in a comment that only Outlook reads."""
    for node in elements(inside):
        why = FORBIDDEN.get(node.tag) or (_FETCHED if node.get("src") else None)
        if why:
            yield _found(
                f"<{node.tag}> in a comment for Outlook: {why}.",
                f"HTML, line {line}: <!--[if mso]>",
            )


_FETCHED = "what it fetches tells who opens the mail; draw it with cells and colours"


def _sources(node: Element) -> Iterator[Finding]:
    for name in _SOURCES:
        if node.get(name):
            yield _found(
                f"{name}=…: what it fetches tells who opens the mail, and few clients"
                " show it. Use a colour, or one <img>.",
                place(node),
            )
    sides = (node.get("width"), node.get("height"))
    if node.tag == "img" and any(
        side is not None and side.isdecimal() and int(side) <= _PIXEL for side in sides
    ):
        yield _found(
            "An image that nobody can see: it only tells who opens the mail, and we"
            " promise not to ask. Take it out.",
            place(node),
        )


def _fetches(tokens: Iterable[Token]) -> bool:
    for token in tokens:
        if token.type == "url" or (
            token.type == "function"
            and (token.lower_name in _FETCHING or _fetches(token.arguments))
        ):
            return True
    return False


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
