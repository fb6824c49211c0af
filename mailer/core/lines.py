"""In which line of a TOML file each key stands, so that an error can name it."""

import re
from collections.abc import Mapping

_BARE = r"[A-Za-z0-9_-]+"
_NAME = rf"(?:{_BARE}|\"[^\"\n]*\"|'[^'\n]*')"
_HEADER = re.compile(rf"\s*\[\[?\s*({_NAME}(?:\s*\.\s*{_NAME})*)\s*\]\]?")
_KEY = re.compile(rf"\s*({_NAME}(?:\s*\.\s*{_NAME})*)\s*=\s*(.*)")
_PART = re.compile(_NAME)
_LONG = ('"""', "'''")


def key_lines(words: str) -> Mapping[str, int]:
    """Return the line of each table and key by its dotted name, from 1.

    Of a name that stands there twice, the first. What stands within a text of several
    lines is no key.
    """
    found: dict[str, int] = {}
    table, inside = "", None
    for number, line in enumerate(words.splitlines(), start=1):
        if inside is not None:
            inside = None if inside in line else inside
            continue
        if header := _HEADER.match(line):
            table = _dotted(header[1])
            found.setdefault(table, number)
        elif key := _KEY.match(line):
            name = _dotted(key[1])
            found.setdefault(f"{table}.{name}" if table else name, number)
            inside = _opened(key[2])
    return found


def _dotted(written: str) -> str:
    return ".".join(part.strip("\"'") for part in _PART.findall(written))


def _opened(value: str) -> str | None:
    """Return the mark that ends a text of several lines, if one begins here."""
    for mark in _LONG:
        if value.startswith(mark) and mark not in value[len(mark) :]:
            return mark
    return None
