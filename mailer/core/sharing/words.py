"""Words that people typed, made fit to keep, or refused."""

import re
import unicodedata
from datetime import time
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_CLOCK = re.compile(
    r"(?P<hour>\d{1,2})(?:[:.h](?P<minute>\d{2})(?::\d{2})?)?"
    r"(?:\s*(?P<half>[ap])\.?\s?m\.?)?",
    re.ASCII,
)
_PHONE = re.compile(r"(?=(?:.*\d){3})[0-9A-Za-z+()./# -]+", re.ASCII)
_ADDRESS = re.compile(r"[^@\s<>\"]+@[^@\s<>\"]+\.[^@\s<>\".]+")


def one_line(words: str) -> str:
    """Return words on one line, without characters that nobody can see.

    Those are controls, halves of surrogate pairs, and what turns the direction of text.
    """
    return " ".join("".join(map(_seen, words)).split())


def _seen(letter: str) -> str:
    if letter.isspace():
        return " "
    return "" if unicodedata.category(letter).startswith("C") else letter


def clock(written: str) -> time | None:
    """Read a time of day: "18:30", "6:30 pm", "6 p. m."; None if it is none."""
    found = _CLOCK.fullmatch(written.lower())
    if found is None or (found["minute"] is None and found["half"] is None):
        return None
    hour, minute = int(found["hour"]), int(found["minute"] or 0)
    if found["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if found["half"] == "p" else 0)
    return time(hour, minute) if hour < 24 and minute < 60 else None


def is_zone(name: str) -> bool:
    """Tell whether this names the zone of a place; "EST" knows no summer."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return "/" in name


def is_link(url: str) -> bool:
    """Tell whether this is a web address that may stand in a mail."""
    try:
        parts = urlsplit(url)
        fine = parts.port != 0
    except ValueError:
        return False
    plain = url.isascii() and not any(each.isspace() or each in '<>"\\' for each in url)
    # https://bank.example@evil.example leads to evil.example.
    named = "." in (parts.hostname or "") and "@" not in parts.netloc
    return parts.scheme in ("http", "https") and fine and plain and named


def is_phone(words: str) -> bool:
    """Tell whether somebody could call this."""
    return bool(_PHONE.fullmatch(words))


def is_address(words: str) -> bool:
    """Tell whether this looks like an e-mail address."""
    return bool(_ADDRESS.fullmatch(words))
