"""Sponsor lines as people print them: names, oddities, and who may be the same."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import combinations

# --- one line, taken apart ----------------------------------------------------


class Oddity(StrEnum):
    """What was unusual about a line and handled; a person may want to look."""

    SEMICOLONS = "semicolons"
    TRAILING_SEPARATOR = "trailing-separator"
    TRAILING_PERIOD = "trailing-period"
    ODD_SPACES = "odd-spaces"
    EDITORIAL_NOTE = "editorial-note"
    UNBALANCED = "unbalanced-parenthesis"
    REPEATED = "repeated-sponsor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A sponsor line's names in order, with its bracketed note, if any."""

    names: tuple[str, ...]
    oddities: tuple[Oddity, ...] = ()
    note: str | None = None


_NOTE = re.compile(r"\[([^\[\]]*)(?:\]|$)")  # one that never closes ends with the line
_ODD_SPACE = re.compile(r"[^\S \n]|  ")
_PERIOD = re.compile(r"[^\W\d_]{5,}\.")  # "America." but neither "Inc." nor "D.C."


def split(line: str) -> Line:
    """Take a printed sponsor line apart.

    Commas part names, but semicolons do when the line has any; neither does inside
    parentheses. A slash stays in its name. What stands in square brackets is the
    editor speaking and comes back as `note`.
    """
    odd: dict[Oddity, None] = {}
    if _ODD_SPACE.search(line.strip()):
        odd[Oddity.ODD_SPACES] = None
    notes = [_spaced(words) for words in _NOTE.findall(line)]
    note = " ".join(filter(None, notes)) or None
    if note:
        odd[Oddity.EDITORIAL_NOTE] = None
    plain = _spaced(_NOTE.sub(" ", line) if notes else line)
    separator = ","
    balanced = _is_balanced(plain)
    if not balanced:
        odd[Oddity.UNBALANCED] = None
    if ";" in _outside(plain, nested=balanced):
        odd[Oddity.SEMICOLONS] = None
        separator = ";"
    pieces = [each.strip() for each in _pieces(plain, separator, nested=balanced)]
    if len(pieces) > 1 and not pieces[-1]:
        odd[Oddity.TRAILING_SEPARATOR] = None
    names = list(filter(None, pieces))
    if names and _PERIOD.fullmatch(names[-1].rsplit(" ", 1)[-1]):
        odd[Oddity.TRAILING_PERIOD] = None
        names[-1] = names[-1][:-1]
    unique: dict[str, str] = {}
    for name in names:
        unique.setdefault(name_key(name), name)
    if len(unique) < len(names):
        odd[Oddity.REPEATED] = None
    return Line(names=tuple(unique.values()), oddities=tuple(odd), note=note)


def _spaced(words: str) -> str:
    return " ".join(words.split())


def _is_balanced(words: str) -> bool:
    depth = 0
    for character in words:
        depth += (character == "(") - (character == ")")
        if depth < 0:
            return False
    return depth == 0


def _pieces(words: str, separator: str, *, nested: bool) -> Iterator[str]:
    """Cut at the separators; `nested` spares those inside parentheses."""
    depth = start = 0
    for index, character in enumerate(words):
        if nested:
            depth += (character == "(") - (character == ")")
        if character == separator and depth == 0:
            yield words[start:index]
            start = index + 1
    yield words[start:]


def _outside(words: str, *, nested: bool) -> str:
    """Return what stands outside of parentheses."""
    if not nested:
        return words
    depth, kept = 0, []
    for character in words:
        depth += (character == "(") - (character == ")")
        if depth == 0:
            kept.append(character)
    return "".join(kept)


# --- the same spelling --------------------------------------------------------

_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"), "-")
_QUOTES = {
    **dict.fromkeys(map(ord, "\u2018\u2019\u201b\u02bc\u0060\u00b4"), "'"),
    **dict.fromkeys(map(ord, "\u201c\u201d\u201e\u201f"), '"'),
}


def name_key(name: str) -> str:
    """Return the key by which one spelling of a name is recognized.

    Width, case, spaces and the shape of quotes and dashes do not count; words do.
    Two names of one organization are brought together by a person, never by this.
    """
    # Quotes first: NFKC would turn a lone acute accent into a space and a mark.
    unified = unicodedata.normalize("NFKC", name.translate(_QUOTES))
    folded = unified.translate(_QUOTES).translate(_DASHES).casefold()
    return _spaced(re.sub(r"\s*-\s*", "-", unicodedata.normalize("NFKC", folded)))


# --- perhaps the same organization --------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """Two names that may be one organization; only a person can tell."""

    first: str
    second: str
    reason: str  # "acronym", "initials", "number", "spelling"


SMALL = frozenset(
    [
        "a",
        "and",
        "at",
        "de",
        "del",
        "e",
        "el",
        "en",
        "for",
        "in",
        "la",
        "las",
        "los",
        "of",
        "on",
        "por",
        "the",
        "to",
        "y",
    ]
)
_PARENTHESIS = re.compile(r"\(([^()]*)\)")
_NEAR = 0.75  # of two words: "lives" and "live" are, "anchorage" and "chicago" are not
_CROWD = 40  # a trait that more names share says nothing about any two of them


def similar(names: Iterable[str]) -> tuple[Suggestion, ...]:
    """Suggest which names may mean one organization, most telling reason first.

    Looks at acronyms ("MIRAC" and "… Action Committee (MIRAC)"), at initials ("NNJ
    DSA"), at numbers of locals and at single misspelt words. It misses some and is
    wrong about others, so that nothing may be merged by it.
    """
    buckets: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name in {name_key(name): name for name in names}.values():
        for trait in dict.fromkeys(_traits(name)):
            buckets[trait].append(name)
    found: dict[tuple[str, str], str] = {}
    for reason in ("acronym", "initials", "number", "spelling"):
        for (kind, _), alike in buckets.items():
            if kind != reason or not 1 < len(alike) <= _CROWD:
                continue
            for first, second in combinations(alike, 2):
                if kind != "spelling" or _near(first, second):
                    found.setdefault((first, second), reason)
    return tuple(
        Suggestion(first=first, second=second, reason=reason)
        for (first, second), reason in found.items()
    )


def _traits(name: str) -> Iterator[tuple[str, str]]:
    """Yield what a name shares with other names of its organization."""
    words = _words(_PARENTHESIS.sub(" ", name))
    yield "acronym", " ".join(map(str.casefold, words))
    for inside in _PARENTHESIS.findall(name):
        if _is_acronym(inside):
            yield "acronym", inside.casefold()
    if len(initials := _initials(words)) > 2:
        yield "initials", initials
    every = _words(name.replace("(", " ").replace(")", " "))
    for word in every:
        if word.isdigit() and len(word) > 2 and words:
            yield "number", f"{word} {words[0][0].casefold()}"
    folded = [word.casefold() for word in words]
    for index in range(len(folded) if len(folded) > 2 else 0):
        yield "spelling", f"{index} {' '.join(folded[:index] + folded[index + 1 :])}"


def _words(name: str) -> list[str]:
    words = re.findall(r"[^\W_]+(?:'[^\W_]+)?", name.translate(_QUOTES))
    return [word for word in words if word not in SMALL]


def _is_acronym(word: str) -> bool:
    return len(word) > 1 and word.isalnum() and word.isupper()


def _initials(words: Sequence[str]) -> str:
    """Return first letters, but acronyms whole: NNJDSA for "North NJ Democratic …"."""
    return "".join(
        word if _is_acronym(word) else word[0] for word in words if not word.isdigit()
    ).casefold()


def _near(first: str, second: str) -> bool:
    """Tell whether the one word in which two names differ is nearly the same."""
    pairs = zip(_words(first), _words(second), strict=False)
    different = [(a, b) for a, b in pairs if a.casefold() != b.casefold()]
    return all(
        SequenceMatcher(None, a.casefold(), b.casefold()).ratio() >= _NEAR
        for a, b in different
    )
