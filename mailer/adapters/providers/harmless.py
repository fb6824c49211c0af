"""Words that look like a vendor's variables, written so that they stay words.

Vendors replace variables wherever they stand, and know no escape for them. A title
with one in it would show a reader another one's link, or the vendor's own. So its
first character is taken apart from the rest: in HTML as a character reference, in a
style sheet by an empty comment, and in plain text by a word joiner, which no reader
sees.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

_STYLE = re.compile(r"(<style\b.*?</style\s*>)", re.DOTALL | re.IGNORECASE)
_WORD_JOINER = "\u2060"


@dataclass(frozen=True, slots=True, eq=False)  # one per vendor: known by itself
class Harmless:
    """Takes apart what a vendor would replace."""

    opening: str  # the characters that a variable can begin with
    variable: re.Pattern[str]  # matches the first character of what looks like one

    def plain(self, text: str) -> str:
        """Return plain text in which nothing is a variable."""
        return self._apart(text, lambda found: f"{found[0]}{_WORD_JOINER}")

    def markup(self, html: str) -> str:
        """Return HTML in which nothing is a variable and everything looks the same."""
        if not self._possible(html):
            return html
        pieces = _STYLE.split(html)
        pieces[0::2] = [self._apart(piece, _reference) for piece in pieces[0::2]]
        pieces[1::2] = [self._apart(style, _comment) for style in pieces[1::2]]
        return "".join(pieces)

    def found(self, text: str) -> bool:
        """Whether something in it looks like a variable."""
        return self._possible(text) and self.variable.search(text) is not None

    def _apart(self, text: str, write: Callable[[re.Match[str]], str]) -> str:
        return self.variable.sub(write, text) if self._possible(text) else text

    def _possible(self, text: str) -> bool:
        return any(character in text for character in self.opening)


def _reference(found: re.Match[str]) -> str:
    return f"&#{ord(found[0])};"


def _comment(found: re.Match[str]) -> str:
    return f"{found[0]}/**/"


NOTHING = Harmless("", re.compile(r"(?!)"))  # where no word can be a variable
