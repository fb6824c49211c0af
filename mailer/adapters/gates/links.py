"""Where links lead, and what they say of it."""

import re
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from mailer.adapters.gates.message import Finding, Gate, Message, place, words_of

# A name with dots as people write one, in any script: "example.org", "münchen.de".
_HOST = re.compile(
    r"(?<![\w@.\-])(?:https?://)?((?:[^\W_][\w\-]*\.)+(?:[a-z]{2,24}|[A-Z]{2,24}|"
    r"xn--[a-z0-9\-]+|[^\W\d_a-zA-Z]{2,24}))(?![\w\-]|\.\w)"
)
_ADDRESS = re.compile(r"[\w.+\-]+@[\w.\-]+\w")
_DOTS = str.maketrans("\u3002\uff0e\uff61", "...")  # IDNA 2003 §3.1: also full stops
_VAGUE = frozenset(
    [
        "here",
        "click here",
        "this",
        "link",
        "this link",
        "more",
        "read more",
        "aquí",
        "aqui",
        "haz clic aquí",
        "haga clic aquí",
        "más",
        "leer más",
        "enlace",
        "este enlace",
    ]
)


def links(message: Message) -> Iterator[Finding]:
    """Find links that lead nowhere, say nothing, or say another host than they open."""
    for link in message.body.iter("a"):
        href = (link.get("href") or "").strip()
        said = words_of(link)
        for words in _complaints(href, said, link.get("aria-label") or ""):
            yield Finding(gate=Gate.LINKS, words=words, where=place(link))


def _complaints(href: str, said: str, label: str) -> Iterator[str]:
    scheme, host = _target(href)
    if scheme not in ("https", "mailto") and not (scheme == "http" and _local(host)):
        yield (
            f"A link to “{href[:80]}”: only https:// and mailto: work in every mail"
            " client, and nothing else is safe to open."
        )
    if not said and not label:
        yield "A link without words cannot be seen or read out. Say what it opens."
    elif (label or said).casefold().strip(" .…>»") in _VAGUE:
        yield (
            f"The link says only “{label or said}”. Read out of its place it tells"
            " nothing: name what it opens, as in “See Saturday in San Diego”."
        )
    for named in {_ascii(found[1]) for found in _HOST.finditer(said.translate(_DOTS))}:
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


def _target(href: str) -> tuple[str, str]:
    try:
        parts = urlsplit(href)
        return parts.scheme.lower(), _ascii(parts.hostname or "")
    except ValueError:  # "https://[" is no address
        return "", ""


def _ascii(host: str) -> str:
    """Return a host as the wire has it, so that look-alike letters differ."""
    host = host.translate(_DOTS).casefold().strip(".")
    try:
        return host.encode("idna").decode()
    except UnicodeError:
        return host


def _within(host: str, named: str) -> bool:
    """Say whether a host is the one that was named, or belongs to it."""
    named = named.removeprefix("www.")
    return host == named or host.endswith(f".{named}")


def _local(host: str) -> bool:
    """Say whether links lead to this machine, as they do before a site is public."""
    return host in ("127.0.0.1", "localhost", "::1")
