"""Where links lead, and what they say of it."""

import re
from collections.abc import Iterator
from urllib.parse import unquote

from mailer.adapters.gates.addresses import DOTS, NUMBERS, ascii_host, fault, target
from mailer.adapters.gates.message import (
    Element,
    Finding,
    Gate,
    Message,
    folded,
    place,
    words_of,
)
from mailer.adapters.gates.outlook import for_outlook

# A name with dots as people write one, in any script: "example.org", "münchen.de".
_HOST = re.compile(
    r"(?<![\w@.\-])(?:https?://)?((?:[^\W_][\w\-]*\.)+(?:[a-z]{2,24}|[A-Z]{2,24}|"
    r"xn--[a-z0-9\-]+|[^\W\d_a-zA-Z]{2,24}))(?![\w\-]|\.\w)"
)
_ADDRESS = re.compile(r"[\w.+\-]+@[\w.\-]+\w")
# Initial capitals count only before endings that are no words: "St.Louis" is a city.
_CAPITALIZED = re.compile(
    r"(?<![\w@.\-])((?:[\w\-]+\.)+(?i:com|org|net|edu|gov|info|io|app))(?![\w\-]|\.\w)"
)
_FILES = re.compile(
    r"\.(?:csv|docx?|gif|html?|ics|jpe?g|js|mp[34]|pdf|png|pptx?|txt|xlsx?)$"
)
_VAGUE = frozenset(
    [
        "here",
        "click",
        "right here",
        "tap here",
        "press here",
        "go",
        "details",
        "learn more",
        "see more",
        "find out more",
        "more info",
        "more information",
        "this page",
        "click here",
        "this",
        "link",
        "this link",
        "more",
        "read more",
        "aquí",
        "aqui",
        "aquí mismo",
        "clic aquí",
        "da clic aquí",
        "dé clic aquí",
        "haz clic",
        "haz clic aquí",
        "haga clic",
        "pulse aquí",
        "oprima aquí",
        "ver más",
        "más información",
        "saber más",
        "esta página",
        "haga clic aquí",
        "más",
        "leer más",
        "enlace",
        "este enlace",
    ]
)


def links(message: Message) -> Iterator[Finding]:
    """Find links that lead nowhere, say nothing, or say another host than they open."""
    for link in message.body.iter("a", "area"):
        said = folded(words_of(link)) or folded(link.get("alt") or "")
        for words in _complaints(_href(link), said, _beside(link)):
            yield Finding(gate=Gate.LINKS, words=words, where=place(link))
    for inside, line in for_outlook(message):
        for link in inside.iter():
            href = _href(link)
            if href and (wrong := fault(href)):
                yield Finding(
                    gate=Gate.LINKS,
                    words=wrong,
                    where=f"HTML, line {line}: <!--[if mso]>",
                )


def _href(link: Element) -> str:
    return (link.get("href") or "").strip(" ")


def _beside(link: Element) -> str:
    """Return what is read out instead of a link's words, or shown beside them."""
    said = (link.get(name) or "" for name in ("aria-label", "title"))
    return folded(" ".join(said))


def _complaints(href: str, said: str, label: str) -> Iterator[str]:
    scheme, host = target(href)
    if wrong := fault(href):
        yield wrong
    if not said and not label:
        yield "A link without words cannot be seen or read out. Say what it opens."
    elif _bare(label or said) in _VAGUE:
        yield (
            f"The link says only “{label or said}”. Read out of its place it tells"
            " nothing: name what it opens, as in “See Saturday in San Diego”."
        )
    for named in _named(f"{said} {label}"):
        if scheme != "mailto" and not _within(host, named):
            yield (
                f"The link's words name {named}, and it opens {host or href[:40]}."
                " That is what phishing looks like, and filters treat it so. Name the"
                " host that it opens, or none."
            )
    if scheme == "mailto":
        address = unquote(href[7:].partition("?")[0]).casefold()
        for written in _ADDRESS.findall(said):
            if written.casefold() != address:
                yield (
                    f"The link's words name another address than it writes to"
                    f" ({address.rpartition('@')[2] or 'none'}). Name that one."
                )


def _bare(words: str) -> str:
    """Return words without what stands around them: "Click here! →" is "click here"."""
    return re.sub(r"^\W+|\W+$", "", words.casefold())


def _named(words: str) -> set[str]:
    """Return the hosts that words name."""
    words = words.translate(DOTS)
    found = {
        one[1]
        for pattern in (_HOST, _CAPITALIZED, NUMBERS)
        for one in pattern.finditer(words)
    }
    return {ascii_host(one) for one in found if not _FILES.search(one.casefold())}


def _within(host: str, named: str) -> bool:
    """Say whether a host is the one that was named, or belongs to it."""
    named = named.removeprefix("www.")
    return host == named or host.endswith(f".{named}")
