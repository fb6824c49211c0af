"""Names that may mean one organization because they share words; a person decides."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from mailer.core.sponsors import SMALL, name_key

_MOST = 0.5  # of all words of two names: whoever shares more may be one
_FEW = 2  # words; one alone, such as "peace", is in half of all names
_LEAST = 4  # letters of a word that may be misspelt; "la" and "ma" are two words
_WORD = re.compile(r"[^\W_]+")


def resembling(name: str, names: Iterable[str]) -> Sequence[str]:
    """Return those of `names` that hold this one's words, are held by it, or share most.

    Accents, case and small words ("de", "of") do not count, nor does the order; one
    wrong, missing or swapped letter makes no other word.
    """
    mine = _words(name)
    return [other for other in names if _is_like(mine, _words(other))]


def _is_like(one: frozenset[str], other: frozenset[str]) -> bool:
    shared = len(one & other) + min(_near(one, other), _near(other, one))
    if shared < _FEW:
        return False
    together = len(one) + len(other) - shared
    return shared >= min(len(one), len(other)) or shared > _MOST * together


def _near(one: frozenset[str], other: frozenset[str]) -> int:
    return sum(any(_one_off(a, b) for b in other - one) for a in one - other)


def _one_off(one: str, other: str) -> bool:
    """Tell whether two words differ in one letter, or in two that changed places."""
    short, long = sorted((one, other), key=len)
    if len(short) < _LEAST or len(long) - len(short) > 1:
        return False
    at = next((n for n, letter in enumerate(short) if letter != long[n]), len(short))
    if len(long) > len(short):
        return short[at:] == long[at + 1 :]
    swapped = long[at + 1 : at + 2] + long[at : at + 1] + long[at + 2 :]
    return short[at + 1 :] == long[at + 1 :] or short[at:] == swapped


def _words(name: str) -> frozenset[str]:
    bare = "".join(
        letter
        for letter in unicodedata.normalize("NFD", name_key(name))
        if not unicodedata.combining(letter)
    )
    return frozenset(_WORD.findall(bare)) - SMALL
