"""Choices as the pages say them: places by name, distances in the reader's measure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from mailer.core import scope
from mailer.core.preferences import Value
from mailer.core.scope import Scope
from mailer.core.states import STATES, state_name
from mailer.ports import Reader

_KM_PER_MILE = 1.609344
_IN_MILES = (40, 80, 161, 402)  # km: 25, 50, 100, 250 miles
_ABBREVIATED = 3  # letters of a code, at most
_IN_KM = (50, 100, 200, 500)


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A region to tick."""

    slug: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Distance:
    """So far, in kilometres and as the reader's country measures."""

    km: int
    amount: int
    unit: str  # "mile", "km"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What somebody wants to hear of."""

    distance: Distance | None = None
    around: str | None = None  # the place that it is measured from
    regions: Sequence[str] = ()  # their names


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """One thing that was chosen, and how it is now."""

    name: str  # "language", "frequency", "scope", "quiet_weeks", "paused_until"
    value: str | bool | date | Reach | None


def reach(wanted: Scope, reader: Reader) -> Reach:
    """Return what a scope says."""
    if wanted.km is not None:
        around = reader.place.label if reader.place else None
        return Reach(distance=distance(wanted.km, reader), around=around)
    return Reach(regions=[region(slug).name for slug in wanted.regions])


def distances(chosen: str, reader: Reader) -> Sequence[Distance]:
    """Return the distances to choose from, the chosen one among them."""
    usual = _IN_MILES if _measures_in_miles(reader) else _IN_KM
    more = [int(chosen)] if chosen.isdecimal() and 0 < int(chosen) < 10**5 else []
    return [distance(km, reader) for km in sorted({*usual, *more})]


def distance(km: int, reader: Reader) -> Distance:
    """Return a distance as the reader's country measures it."""
    if _measures_in_miles(reader):
        miles = max(1, round(km / _KM_PER_MILE))
        return Distance(km=km, amount=miles, unit="mile")
    return Distance(km=km, amount=km, unit="km")


def regions(chosen: Sequence[str], reader: Reader) -> tuple[list[Region], list[Region]]:
    """Return the regions to tick: their own and the chosen first, then the others."""
    own = scope.region_of(reader.place) if reader.place else None
    first = dict.fromkeys([*([own] if own else []), *sorted(chosen)])
    states = [f"us-{code.lower()}" for code in STATES]
    others = sorted((region(slug) for slug in states if slug not in first), key=_name)
    return [region(slug) for slug in first], others


def region(slug: str) -> Region:
    """Return a region under its name; what has none is its code."""
    country, _, code = slug.partition("-")
    plain = (
        code.upper() if len(code) <= _ABBREVIATED else code.replace("-", " ").title()
    )
    name = state_name(plain, country.upper()) or plain
    return Region(slug=slug, name=name)


def each(
    values: Mapping[str, Value], reader: Reader, zone: ZoneInfo
) -> Sequence[Changed]:
    """Return how each of these is now."""
    said = []
    for name, value in values.items():
        shown: str | bool | date | Reach | None = value
        if name == "scope":
            shown = reach(scope.parse(str(value)), reader)
        elif name == "paused_until" and value is not None:
            shown = datetime.fromisoformat(str(value)).astimezone(zone).date()
        said.append(Changed(name=name, value=shown))
    return said


def _measures_in_miles(reader: Reader) -> bool:
    return reader.place is None or reader.place.country == "US"


def _name(one: Region) -> str:
    return one.name
