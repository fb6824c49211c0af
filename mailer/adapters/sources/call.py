"""The call to action at the top of a page: its title, its window, who endorses it."""

import itertools
import re
import unicodedata
from collections.abc import Sequence
from datetime import date

from mailer.adapters.sources.headings import parse_range
from mailer.adapters.sources.text import one_line
from mailer.core.model import CallDraft
from mailer.core.sponsors import name_key, split

_ENDORSED = re.compile(
    r"(?:national(?:ly)? )?(?:endorsed by|endorsers|avalad[oa] por|respaldad[oa] por"
    r"|con el (?:apoyo|respaldo) de)(?: ?: ?(.*))?",
    re.IGNORECASE,
)
_CALL = re.compile(
    r"\b(?:call to action|llamad[oa] a la acci[oó]n|convocatoria)\b", re.IGNORECASE
)
_LONGEST_TITLE = 80  # characters
_LONGEST_SLUG = 40


def read_call(
    lines: Sequence[str], *, slug: str | None, year: int | None
) -> CallDraft | None:
    """Read what stands before the list; None when no call shows and none was named.

    The title is the short line before one that says "call to action", else the first
    short line; the slug is made of it unless given. The window stays open-ended
    without a year.
    """
    clean = [one_line(line) for line in lines]
    endorsers, around = _endorsers(clean)
    opens, closes = _window(clean, year)
    if slug is None and not endorsers and opens is None:
        return None
    title = _title(clean, around)
    made = _slug(title) if title else ""
    slug = slug or made or "call-to-action"
    return CallDraft(
        slug=slug,
        title=title or slug,
        opens_on=opens,
        closes_on=closes,
        endorsers=endorsers,
    )


def _endorsers(lines: Sequence[str]) -> tuple[tuple[str, ...], range]:
    """Return the names below "Endorsed by", and the lines they stand on."""
    for index, line in enumerate(lines):
        match = _ENDORSED.fullmatch(line)
        if match is None:
            continue
        if match[1]:
            return split(match[1]).names, range(index, index + 1)
        start = index + 1
        while start < len(lines) and not lines[start]:
            start += 1
        end = start
        while end < len(lines) and lines[end]:
            end += 1
        names = [line.lstrip("\u2022\u00b7*- ") for line in lines[start:end]]
        if len(names) == 1:
            names = list(split(names[0]).names)
        unique = {name_key(name): name for name in reversed(names) if name}
        return tuple(reversed(unique.values())), range(index, end)
    return (), range(0)


def _window(lines: Sequence[str], year: int | None) -> tuple[date | None, date | None]:
    for line in lines:
        found = parse_range(line)
        if found is None:
            continue
        month, day, last_month, last_day, said = found
        if (said or year) is None:
            return None, None
        first = said or year or 0
        later = (last_month, last_day) < (month, day)
        try:
            return date(first, month, day), date(first + later, last_month, last_day)
        except ValueError:
            continue
    return None, None


def _title(lines: Sequence[str], endorsed: range) -> str | None:
    short = [
        line
        for index, line in enumerate(lines)
        if line
        and index not in endorsed
        and len(line) <= _LONGEST_TITLE
        and not line.endswith((".", ",", ";", ":"))
        and parse_range(line) is None
    ]
    for before, line in itertools.pairwise(short):
        if _CALL.search(line):
            return before
    return short[0] if short else None


def _slug(title: str) -> str:
    decomposed = unicodedata.normalize("NFKD", title.casefold())
    ascii_only = decomposed.encode("ascii", "ignore").decode("ascii")
    words = re.sub(r"[^a-z0-9]+", "-", ascii_only).strip("-")
    if len(words) > _LONGEST_SLUG:
        words = words[: _LONGEST_SLUG + 1].rpartition("-")[0] or words[:_LONGEST_SLUG]
    return words
