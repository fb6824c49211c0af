"""Locations on one line, as calendars write them: venue, street, city, state."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mailer.adapters.placenames import country_name, parse_place, state_code
from mailer.core.model import Place
from mailer.ports import Gazetteer, Resolved

_POSTAL_CODE = re.compile(r"(.*?) ?\b\d{5}(?:-\d{4})?")
_STREET = re.compile(r"\d+\w? |(?:calle|avenida|avda?\.) ", re.IGNORECASE)
_LONGEST = 500  # characters that are looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where an action is: its place, and what was written before it."""

    resolved: Resolved
    venue: str | None = None
    address: str | None = None

    @property
    def place(self) -> Place:
        """Return the place."""
        return self.resolved.place


def take_apart(words: str, gazetteer: Gazetteer) -> Spot:
    """Read "Venue, Street, City, ST 12345, USA" from its end.

    The city stands before the state; without a state it is the last part that the
    gazetteer knows. What stands before the city is venue and street.
    """
    parts = [" ".join(part.split()) for part in re.split(r"[,\n]", words[:_LONGEST])]
    parts = [part for part in parts if part]
    country = "US"
    if len(parts) > 1 and (named := country_name(parts[-1])):
        country = named
        parts.pop()
    if len(parts) > 1 and (match := _POSTAL_CODE.fullmatch(parts[-1])):
        parts[-1:] = [match[1]] if match[1] else []
    if len(parts) > 1 and (region := state_code(parts[-1])):
        *before, city = parts[:-1]
        return _spot(before, gazetteer.resolve(city, region, country))
    *before, last = parts or [""]
    locality, region, _ = parse_place(last)
    resolved = gazetteer.resolve(locality, region, country)
    if region or not before or _is_known(resolved):
        return _spot(before, resolved)
    for index in range(len(before) - 1, -1, -1):
        other = gazetteer.resolve(before[index], None, country)
        if _is_known(other):
            return _spot(before[:index], other)
    return _spot(before, resolved)


def _is_known(resolved: Resolved) -> bool:
    return resolved.place.latitude is not None


def _spot(before: Sequence[str], resolved: Resolved) -> Spot:
    """Tell the venue from the street: the street begins with a number."""
    street = next((i for i, part in enumerate(before) if _STREET.match(part)), None)
    first = (1 if before else 0) if street is None else street
    return Spot(
        resolved=resolved,
        venue=", ".join(before[:first]) or None,
        address=", ".join(before[first:]) or None,
    )
