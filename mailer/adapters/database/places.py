"""Places as they are stored, and the gazetteer asked only once for each name."""

from collections.abc import Collection

from sqlalchemy import Connection, select
from sqlalchemy.engine import RowMapping

from mailer.adapters.database.engine import Database
from mailer.adapters.database.schema import place_names, places
from mailer.core.model import Place
from mailer.ports import Gazetteer, Resolved

_KEY = 200  # characters; a name grows when it is folded


def place_id(database: Database, connection: Connection, place: Place) -> int:
    """Return the number of a place, keeping it first if it is new."""
    key = place.key[:_KEY]
    values = {
        "key": key,
        "label": place.label,
        "locality": place.locality,
        "region": place.region,
        "country": place.country,
        "latitude": place.latitude,
        "longitude": place.longitude,
        "time_zone": place.time_zone,
    }
    number = connection.scalar(select(places.c.id).where(places.c.key == key))
    if number is None:
        connection.execute(
            database.insert(places).values(values).on_conflict_do_nothing()
        )
        number = connection.scalar(select(places.c.id).where(places.c.key == key))
    return int(number or 0)


def to_place(row: RowMapping) -> Place:
    """Return the place in a row of the `places` table."""
    return Place(
        label=row["label"],
        locality=row["locality"],
        region=row["region"],
        country=row["country"],
        latitude=row["latitude"],
        longitude=row["longitude"],
        time_zone=row["time_zone"],
    )


_MET = 10_000  # names kept in memory: a long import asks the same ones all the time


class RememberingGazetteer:
    """Answers from the database, and asks the real gazetteer only for the rest.

    A place without coordinates is not remembered: an alias in mailer.toml or a newer
    gazetteer may know it next time.
    """

    def __init__(
        self, database: Database, behind: Gazetteer, *, aliases: Collection[str] = ()
    ) -> None:
        """Take the labels that mailer.toml redirects: what it says now counts."""
        self._database = database
        self._behind = behind
        self._aliases = {alias.casefold() for alias in aliases}
        self._met: dict[tuple[str, str | None, str], Resolved] = {}

    def resolve(self, locality: str, region: str | None, country: str) -> Resolved:
        """Find a place; one that is not found comes back without coordinates."""
        asked = (locality, region, country)
        if asked not in self._met:
            if len(self._met) >= _MET:
                self._met.clear()
            self._met[asked] = self._look_up(locality, region, country)
        return self._met[asked]

    def _look_up(self, locality: str, region: str | None, country: str) -> Resolved:
        label = f"{locality}, {region}" if region else locality
        if label.casefold() in self._aliases:
            return self._behind.resolve(locality, region, country)
        key = "|".join((locality, region or "", country)).casefold()[:200]
        remembered = self._remembered(key)
        if remembered is not None:
            return remembered
        resolved = self._behind.resolve(locality, region, country)
        if resolved.place.latitude is not None:
            self._remember(key, resolved)
        return resolved

    def _remembered(self, key: str) -> Resolved | None:
        query = (
            select(places, place_names.c.code, place_names.c.message)
            .join(place_names, place_names.c.place_id == places.c.id)
            .where(place_names.c.key == key)
        )
        with self._database.reading() as connection:
            row = connection.execute(query).mappings().first()
        if row is None:
            return None
        return Resolved(place=to_place(row), code=row["code"], message=row["message"])

    def _remember(self, key: str, resolved: Resolved) -> None:
        with self._database.writing() as connection:
            number = place_id(self._database, connection, resolved.place)
            connection.execute(
                self._database.insert(place_names)
                .values(
                    key=key,
                    place_id=number,
                    code=resolved.code,
                    message=resolved.message,
                )
                .on_conflict_do_nothing()
            )
