"""Names of another direction in a row of names, kept from turning their neighbours.

Without it, commas and "and" between two Arabic names are read as part of them, and the
names change places (Unicode Bidirectional Algorithm, UAX #9). Plain text has no such
marks: mail programs set them by themselves, and characters for it are hidden text.
"""

import unicodedata
from collections.abc import Callable, Sequence

from markupsafe import Markup, escape

_RIGHT_TO_LEFT = frozenset({"R", "AL"})
Listed = Callable[[Sequence[str]], str]


def isolated(names: Sequence[str]) -> list[Markup]:
    """Return names for HTML, those from right to left in an element of their own.

    A span with `dir`, because mail clients keep that and drop `bdi`.
    """
    return [
        Markup('<span dir="rtl">{}</span>').format(name)
        if _turns(name)
        else escape(name)
        for name in names
    ]


def in_html(listed: Listed) -> Listed:
    """Return the filter that joins names, for HTML: what is escaped stays as it is."""
    return lambda names: Markup(listed([escape(name) for name in names]))  # noqa: S704 - each is escaped


def _turns(words: str) -> bool:
    return any(unicodedata.bidirectional(letter) in _RIGHT_TO_LEFT for letter in words)
