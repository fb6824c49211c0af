"""Foreign words made fit to print: one line, no control characters, no tricks."""

import re
import textwrap
from collections.abc import Sequence
from urllib.parse import urlsplit

# C0, C1, line and paragraph separators, and what turns the direction of text:
# U+0092 alone makes Gmail clip a mail, U+202E prints a name backwards. Half a surrogate
# pair, as JSON and CSV can smuggle one in, cannot be written in UTF-8 at all.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u061c\u200b\u200e\u200f"
    "\u202a-\u202e\u2060-\u2069\ud800-\udfff\ufeff\ufff9-\ufffb\ufffe\uffff]"
)
_SPACE = re.compile(r"[^\S\N{NO-BREAK SPACE}]+")
_BLANK = re.compile(r"\n{3,}")
_TRAILING = re.compile(r"(?<!^--)[ \t]+$", re.MULTILINE)
_URL_SAFE = re.compile(r"[!#$%&'()*+,\-./0-9:;=?@A-Z\[\]_a-z~]+")
_WIDE = "\N{SAMARITAN LETTER ALAF}"  # from here on a letter takes three bytes
_LONGEST_URL = (
    900  # a line of mail has 998 octets (RFC 5322 §2.1.1), and never breaks one
)
_WIDTH = 72
_LINE = 16  # characters of the heaviest headline that fit on a phone


def clean(words: str) -> str:
    """Return the words on one line, without control and direction characters."""
    return printable(words).strip()


def printable(words: str) -> str:
    """Return the same, with a space at either end where there was one."""
    return _SPACE.sub(" ", _UNPRINTABLE.sub("", words))


def quoted(names: Sequence[str], marks: str = "“”") -> list[str]:
    """Set each name between marks, the opening and the closing one."""
    return [f"{marks[0]}{name}{marks[1]}" for name in names]


def bound(words: str, most: int = 3, width: int = _LINE) -> str:
    """Bind the last words, at most so many, if they fit into `width` characters.

    A last word alone on its line looks like a mistake. Markup stays markup.
    """
    space, no_break = type(words)(" "), type(words)("\N{NO-BREAK SPACE}")
    parts = words.split(" ")
    for count in range(most, 1, -1):
        tail = parts[-count:]
        if len(parts) > count and len(" ".join(tail)) <= width:
            return space.join((*parts[:-count], no_break.join(tail)))
    return words


def shortened(words: str, limit: int) -> str:
    """Cut at a word's end so that at most `limit` characters remain, with "…".

    A letter of three or four bytes counts for two: Thai and Chinese say more in each,
    and know no spaces at which a line of 998 bytes could break.
    """
    room, kept = limit, 0
    for letter in words:
        room -= 1 if letter < _WIDE else 2
        if room < 0:
            break
        kept += 1
    if kept == len(words):
        return words
    return words[: kept - 1].rsplit(" ", 1)[0].rstrip(" ,;:") + "…"


def https(url: str | None) -> str | None:
    """Return the URL if it may stand in a mail: absolute, https and plain ASCII.

    A name before the host, as in https://trusted.org@elsewhere.net/, only deceives.
    """
    if url is None or len(url) > _LONGEST_URL or not _URL_SAFE.fullmatch(url):
        return None
    try:
        parts = urlsplit(url)
        whole = parts.hostname and "@" not in parts.netloc and parts.port != 0
    except ValueError:  # "https://[" is no address, nor is a port of "x"
        return None
    return url if parts.scheme == "https" and whole else None


def linkable(url: str | None, base_url: str) -> str | None:
    """Return the URL if it leads to our own site, or anywhere by https."""
    if url is None:
        return None
    ours = url.startswith(f"{base_url}/") and _URL_SAFE.fullmatch(url)
    return url if ours else https(url)


def wrapped(words: str, indent: int = 0) -> str:
    """Break prose into lines of at most 72 characters; URLs stay whole."""
    lines = textwrap.wrap(
        words, _WIDTH - indent, break_long_words=False, break_on_hyphens=False
    )
    return f"\n{' ' * indent}".join(lines)


def underlined(words: str, line: str) -> str:
    """Set a heading with a line of this character beneath it, on lines of 72."""
    lines = textwrap.wrap(words, _WIDTH, break_long_words=False) or [""]
    longest = min(_WIDTH, max(map(len, lines)))
    return "\n".join((*lines, line * longest))


def tidied(text: str) -> str:
    """Leave at most one blank line and no trailing space but that of "-- "."""
    return _BLANK.sub("\n\n", _TRAILING.sub("", text)).strip("\n") + "\n"


def capitalized(words: str) -> str:
    """Set the first letter in upper case and leave the others as they are."""
    return words[:1].upper() + words[1:]
