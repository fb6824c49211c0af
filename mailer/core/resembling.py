"""Names that may mean one organization because they share words; a person decides."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from mailer.core.sponsors import SMALL, name_key

_MOST = 0.5  # of all words of two names: whoever shares more may be one
_FEW = 2  # words; one alone, such as "peace", is in half of all names
_WORD = re.compile(r"[^\W_]+")


def resembling(name: str, names: Iterable[str]) -> Sequence[str]:
    """Return those of `names` that hold this one's words, are held by it, or share most.

    Accents, case and small words ("de", "of") do not count, nor does the order.
    """
    mine = _words(name)
    return [other for other in names if _is_like(mine, _words(other))]


def _is_like(one: frozenset[str], other: frozenset[str]) -> bool:
    shared = len(one & other)
    if shared < _FEW:
        return False
    return shared == min(len(one), len(other)) or shared > _MOST * len(one | other)


def _words(name: str) -> frozenset[str]:
    bare = "".join(
        letter
        for letter in unicodedata.normalize("NFD", name_key(name))
        if not unicodedata.combining(letter)
    )
    return frozenset(_WORD.findall(bare)) - SMALL
