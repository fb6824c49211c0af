"""What only shows when a whole page is read: repeats, neighbours, contradictions."""

import itertools
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from mailer.adapters.sources.dates import MONTHS, month_number, spoken
from mailer.core.model import Draft, Flag
from mailer.core.sponsors import name_key


def without_repeats(
    drafts: Sequence[Draft],
) -> tuple[list[Draft], list[Flag]]:
    """Leave out what says the same as a line above, and tell."""
    seen: dict[object, Draft] = {}
    flags = []
    for draft in drafts:
        names = frozenset(name_key(each.name) for each in draft.facts.sponsors)
        key = (draft.facts.place.key, draft.facts.start_date, names)
        first = seen.setdefault(key, draft)
        if first is not draft:
            flags.append(
                Flag(
                    line=draft.line,
                    field="(line)",
                    code="repeated-action",
                    message=f"says the same as line {first.line} and was left out",
                )
            )
    return list(seen.values()), flags


def same_places(drafts: Sequence[Draft]) -> Iterator[Flag]:
    """Tell where one place has several actions, which may be one that moved."""
    groups: dict[str, list[Draft]] = defaultdict(list)
    for draft in drafts:
        groups[draft.facts.place.key].append(draft)
    for group in groups.values():
        for first, second in itertools.pairwise(group):
            yield Flag(
                line=second.line,
                field="place",
                code="same-place",
                message=f"{second.facts.place.label} has another action, on"
                f" {spoken(first.facts.start_date)} (line {first.line}); both were"
                " kept, remove one if they are the same",
            )


_DATE_IN_NOTE = re.compile(
    r"\b([^\W\d_]{3,10})\.? (\d{1,2})\b|\b(\d{1,2}) de ([^\W\d_]{3,10})\b"
)


def contradictions(drafts: Sequence[Draft]) -> Iterator[Flag]:
    """Tell where a note names a city and a day on which the list has nothing there."""
    for draft in drafts:
        for match in _DATE_IN_NOTE.finditer(draft.facts.note or ""):
            name, number = match[1] or match[4], int(match[2] or match[3])
            month = month_number(name) if name.casefold() in MONTHS else None
            there = _named_nearby(draft.facts.note or "", match.start(), drafts)
            days = [
                (each.facts.start_date.month, each.facts.start_date.day)
                for each in there
            ]
            if month is None or not there or (month, number) in days:
                continue
            known = " and ".join(
                f"{spoken(each.facts.start_date)} (line {each.line})" for each in there
            )
            yield Flag(
                line=draft.line,
                field="note",
                code="note-contradicts-list",
                message=f"the note says {there[0].facts.place.locality} {name} {number},"
                f" the list has it on {known}; the list was kept, ask the organizers",
            )


def _named_nearby(note: str, position: int, drafts: Sequence[Draft]) -> list[Draft]:
    """Return the actions in the city that the note names nearest to a position."""
    folded = note.casefold()
    distances: dict[str, int] = {}
    for draft in drafts:
        city = draft.facts.place.locality.casefold()
        found = [match.start() for match in re.finditer(re.escape(city), folded)]
        if found:
            distances[draft.facts.place.key] = min(abs(at - position) for at in found)
    if not distances:
        return []
    nearest = min(distances, key=lambda key: distances[key])
    return [draft for draft in drafts if draft.facts.place.key == nearest]
