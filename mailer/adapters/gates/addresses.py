"""Where an address leads, and what is wrong with it."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

NUMBERS = re.compile(r"(?<![\w.])(\d{1,3}(?:\.\d{1,3}){3})(?![\w.])")
_UNSAFE = re.compile(r"[\s\\<>\"^`{|}\x00-\x1f]")  # RFC 3986 §2 has none of them
DOTS = str.maketrans("\u3002\uff0e\uff61", "...")  # IDNA 2003 §3.1: also full stops


def fault(href: str) -> str | None:
    """Say what is wrong with an address, whatever its link says; None: nothing."""
    return next(_faults(href), None)


def _faults(href: str) -> Iterator[str]:
    scheme, host = target(href)
    local = scheme == "http" and _local(host)
    if scheme not in ("https", "mailto") and not local:
        yield (
            f"A link to “{href[:80]}”: only https:// and mailto: work in every mail"
            " client, and nothing else is safe to open."
        )
    if _UNSAFE.search(href):
        yield (
            f"A link to “{href[:80]}”: programs disagree about where an address with"
            " such characters leads. Write %20 for a space, and no quotation marks or"
            " backslashes."
        )
    if scheme == "mailto":
        if "@" not in href:
            yield "A mailto: link without an address to write to."
        return
    if not host:
        yield f"A link to “{href[:80]}” names no host. Write the whole address."
    if "@" in urlsplit(href).netloc:
        yield (
            f"A link to {host} has another name before an @. That is how phishing"
            " hides where it leads. Take what stands before the @ out."
        )
    if NUMBERS.fullmatch(host) and not local:
        yield (
            f"A link to the number {host} instead of a name: filters take that for"
            " phishing. Give the site a name."
        )


def target(href: str) -> tuple[str, str]:
    """Return scheme and host of an address, both empty if it is none."""
    try:
        parts = urlsplit(href)
        return parts.scheme.lower(), ascii_host(parts.hostname or "")
    except ValueError:  # "https://[" is no address
        return "", ""


def ascii_host(host: str) -> str:
    """Return a host as the wire has it, so that look-alike letters differ."""
    host = host.translate(DOTS).casefold().strip(".")
    try:
        return host.encode("idna").decode()
    except UnicodeError:
        return host


def _local(host: str) -> bool:
    """Say whether links lead to this machine, as they do before a site is public."""
    return host in ("127.0.0.1", "localhost", "::1")
