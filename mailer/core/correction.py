"""A message to whoever got one that was wrong: its name, and what it begins with."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from mailer.core.draft import LONGEST_LINE, MOST_LINES, Draft, Wording

LONGEST_NAME = 40  # characters
_ENDING = "-corrected"
_MARKS: Mapping[str, str] = {"en": "Correction:", "es": "Corrección:"}


def name(edition: str) -> str:
    """Return the edition of a correction; what is too long ends with a whole word."""
    edition = edition.lower()
    most = LONGEST_NAME - len(_ENDING)
    kept = edition[:most]
    if len(edition) > most and edition[most] != "-" and "-" in kept:
        kept = kept.rpartition("-")[0]
    return f"{kept.rstrip('-')}{_ENDING}"


def begun(wrong: Draft, at: datetime) -> Draft:
    """Return a draft like the one that was wrong, each headline marked.

    It keeps what makes it reach the same people: that it is urgent, so that no cap keeps
    it back. A last moment that has passed is not kept, and nobody is woken for the reason
    of the other.
    """
    last = wrong.not_after
    return replace(
        wrong,
        edition=name(wrong.edition),
        corrects=wrong.name,
        wordings=tuple(_marked(each) for each in wrong.wordings),
        not_after=last if last is None or last > at else None,
        despite_quiet_hours=None,
    )


def _marked(wording: Wording) -> Wording:
    mark = _MARKS.get(wording.language, _MARKS["en"])
    if wording.subject.startswith(mark):
        return wording
    return replace(wording, headline=tuple(_begun(mark, wording.headline)))


def _begun(mark: str, lines: Sequence[str]) -> Sequence[str]:
    """Return a headline with a mark before it, where there is room for that."""
    if len(lines) < MOST_LINES:
        return [mark, *lines]
    first = f"{mark} {lines[0]}"
    return [first, *lines[1:]] if len(first) <= LONGEST_LINE else lines
