"""What the names in a rule stand for in this database: numbers, read before it is asked.

A name that nobody knows is an error with its path. A misspelt organization would
otherwise be nobody, and to exclude nobody is to mail everybody.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import cos, radians
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, func, select

from mailer.adapters.database.engine import Database
from mailer.adapters.database.places import to_place
from mailer.adapters.database.schema import (
    actions,
    calls,
    lists,
    mailings,
    organization_aliases,
    organizations,
    places,
    subscriber_tags,
)
from mailer.adapters.database.sets import one_of
from mailer.core.assembly import distance_km
from mailer.core.errors import InputError
from mailer.core.model import Place
from mailer.core.rule import (
    Got,
    InRegion,
    Knows,
    Near,
    OnList,
    Rule,
    Seated,
    Tagged,
    leaves,
)
from mailer.core.rule.nodes import Leaf
from mailer.core.saying import says
from mailer.core.scope import region_of
from mailer.core.sponsors import name_key
from mailer.core.states import STATES

_KM_OF_A_DEGREE = 110.0  # of latitude; a little less than it is anywhere
Name = str | int
_STATES = tuple(f"us-{code.lower()}" for code in STATES)
_AT_ONCE = 200  # words that one statement asks about
_MOST_KNOWN = 12  # names that an error lists


@dataclass(slots=True)
class Meaning:
    """The numbers behind the names of one rule."""

    places: dict[Leaf, Sequence[int]] = field(default_factory=dict)
    lists: dict[Name, int] = field(default_factory=dict)
    mailings: dict[Name, int] = field(default_factory=dict)
    actions: dict[Name, int] = field(default_factory=dict)
    calls: dict[Name, int] = field(default_factory=dict)


def read(database: Database, connection: Connection, rule: Rule) -> Meaning:
    """Look up what a rule names, each kind by one statement; raises InputError."""
    return _Looking(database, connection, list(leaves(rule))).meaning()


_NOBODY = {
    "kind": says("no organization has this kind"),
    "tag": says("no subscriber has this tag"),
}


@dataclass(frozen=True, slots=True)
class _Looking:
    database: Database
    connection: Connection
    leaves: Sequence[tuple[str, Leaf]]
    found: Meaning = field(default_factory=Meaning)

    def meaning(self) -> Meaning:
        self._look_up_places()
        self._check_organizations()
        self._look_up_lists()
        self._look_up_mailings()
        self._look_up_actions()
        self._look_up_calls()
        self._check_words("kind", organizations.c.kind, _kinds)
        self._check_words("tag", subscriber_tags.c.tag, _tags)
        return self.found

    def _named(
        self, names: Callable[[Leaf], Mapping[str, Iterable[Name]]]
    ) -> dict[Name, str]:
        """Return what the leaves name, with the path at which each stands first."""
        paths: dict[Name, str] = {}
        for path, leaf in self.leaves:
            for key, values in names(leaf).items():
                for value in values:
                    paths.setdefault(value, f"{path}.{key}")
        return paths

    def _rows(self, query: Select[Any]) -> Sequence[Row[Any]]:
        return self.connection.execute(query).all()

    def _among(self, column: ColumnElement[Any], names: Iterable[Name]) -> Any:
        return one_of(self.database, column, list(names))

    # --- places

    def _look_up_places(self) -> None:
        wanted = [(p, e) for p, e in self.leaves if isinstance(e, InRegion | Near)]
        if not wanted:
            return
        rows = self.connection.execute(select(places)).mappings()
        stored = [(row["id"], to_place(row)) for row in rows]
        regions: dict[str | None, list[int]] = {each: [] for each in _STATES}
        for number, place in stored:
            regions.setdefault(region_of(place), []).append(number)
        for path, leaf in wanted:
            if isinstance(leaf, InRegion):
                self._refuse_unknown(
                    dict.fromkeys(leaf.regions, f"{path}.region"),
                    regions,
                    says("is no state of the United States, and of nobody's place"),
                    known_names=[
                        slug for slug, some in regions.items() if slug and some
                    ],
                )
                within = (each for slug in leaf.regions for each in regions[slug])
                self.found.places[leaf] = sorted(within)
            elif isinstance(leaf, Near):
                self.found.places[leaf] = _near(path, leaf, stored)

    # --- what has a name and a number

    def _check_organizations(self) -> None:
        """Refuse unknown ones; who is meant is asked when it counts: two may merge."""
        paths = self._named(_organizations)
        keys = {name_key(name): name for name in paths if isinstance(name, str)}
        numbers = [name for name in paths if isinstance(name, int)]
        known: set[Name] = set()
        if keys:
            key = organization_aliases.c.key
            known |= {
                r.key for r in self._rows(select(key).where(self._among(key, keys)))
            }
        if numbers:
            number = organizations.c.id
            query = select(number).where(self._among(number, numbers))
            known |= {row.id for row in self._rows(query)}
        self._refuse_unknown(
            paths,
            {
                name: name
                for name in paths
                if (name_key(name) if isinstance(name, str) else name) in known
            },
            says("there is no such organization; mailer organizations lists them"),
        )

    def _look_up_lists(self) -> None:
        paths = self._named(
            lambda e: {"list": e.lists} if isinstance(e, OnList) else {}
        )
        if not paths:
            return
        rows = self._rows(select(lists.c.slug, lists.c.number))
        for row in rows:
            self.found.lists |= {row.slug: row.number, row.number: row.number}
        known = [row.slug for row in rows]
        self._refuse_unknown(
            paths, self.found.lists, says("there is no such list"), known_names=known
        )

    def _look_up_mailings(self) -> None:
        paths = self._named(lambda e: {"got": e.mailings} if isinstance(e, Got) else {})
        if not paths:
            return
        editions = {str(name).partition("/")[2] for name in paths}
        query = (
            select(
                lists.c.slug, mailings.c.edition, mailings.c.id, mailings.c.pruned_at
            )
            .join(lists, lists.c.number == mailings.c.list_number)
            .where(self._among(mailings.c.edition, editions))
        )
        rows = {f"{row.slug}/{row.edition}": row for row in self._rows(query)}
        self._refuse_unknown(
            paths,
            rows,
            says(
                "there is no such mailing; write LIST/EDITION as mailer status shows it"
            ),
        )
        for name, path in paths.items():
            if rows[str(name)].pruned_at is not None:
                raise InputError(
                    says(
                        '%(path)s: "%(name)s": who got it is not on record any more;'
                        " see delivery.keep in mailer.toml",
                        path=path,
                        name=str(name),
                    )
                )
            self.found.mailings[name] = rows[str(name)].id

    def _look_up_actions(self) -> None:
        paths = self._named(_actions)
        if paths:
            query = select(actions.c.public_id, actions.c.id).where(
                self._among(actions.c.public_id, paths)
            )
            self.found.actions |= {row.public_id: row.id for row in self._rows(query)}
        self._refuse_unknown(
            paths,
            self.found.actions,
            says("there is no such action; mailer actions --all shows their IDs"),
        )

    def _look_up_calls(self) -> None:
        paths = self._named(_calls)
        if not paths:
            return
        rows = self._rows(select(calls.c.slug, calls.c.id))
        self.found.calls |= {row.slug: row.id for row in rows}
        self._refuse_unknown(
            paths,
            self.found.calls,
            says("there is no such call"),
            known_names=[r.slug for r in rows],
        )

    def _check_words(
        self,
        what: str,
        column: ColumnElement[Any],
        names: Callable[[Leaf], Mapping[str, Iterable[Name]]],
    ) -> None:
        paths = self._named(names)
        waiting = list(paths)
        while some := waiting[:_AT_ONCE]:
            del waiting[:_AT_ONCE]
            there = (select(column).where(column == name).exists() for name in some)
            found = self.connection.execute(select(*there)).one()
            for name, is_there in zip(some, found, strict=True):
                if not is_there:
                    raise _unknown(
                        paths[name],
                        name,
                        _NOBODY[what],
                        self._commonest(column),
                    )

    def _commonest(self, column: ColumnElement[Any]) -> Iterable[str]:
        every = select(column).where(column.is_not(None)).group_by(column)
        most = every.order_by(func.count().desc(), column).limit(_MOST_KNOWN + 1)
        return self.connection.scalars(most)

    def _refuse_unknown(
        self,
        paths: Mapping[Any, str],
        known: Mapping[Any, Any],
        hint: str,
        *,
        known_names: Sequence[str] = (),
    ) -> None:
        for name, path in paths.items():
            if name not in known:
                raise _unknown(path, name, hint, known_names)


def _unknown(path: str, name: Name, hint: str, known: Iterable[str]) -> InputError:
    listed = list(known)
    if len(listed) > _MOST_KNOWN:
        listed = [*listed[:_MOST_KNOWN], "…"]
    shown = f"№ {name}" if isinstance(name, int) else f'"{name}"'
    if not listed:
        words = says("%(path)s: %(name)s: %(hint)s", path=path, name=shown, hint=hint)
        return InputError(words)
    return InputError(
        says(
            "%(path)s: %(name)s: %(hint)s; there is %(known)s",
            path=path,
            name=shown,
            hint=hint,
            known=tuple(listed),
        )
    )


def _near(path: str, leaf: Near, stored: Sequence[tuple[int, Place]]) -> list[int]:
    """Return the places within reach; the box spares most of them the great circle."""
    if leaf.latitude is None or leaf.longitude is None:
        raise InputError(
            f'{path}.near.place: "{leaf.place}" was not looked up yet; write its'
            " latitude and longitude"
        )
    centre = Place(
        label=leaf.place,
        locality=leaf.place,
        latitude=leaf.latitude,
        longitude=leaf.longitude,
    )
    high = leaf.km / _KM_OF_A_DEGREE
    widest = min(abs(leaf.latitude) + high, 90.0)
    narrow = cos(radians(widest))
    wide = high / narrow if narrow * 180 > high else 180.0
    near = []
    for number, place in stored:
        if place.latitude is None or place.longitude is None:
            continue
        if abs(place.latitude - leaf.latitude) > high:
            continue
        around = abs(place.longitude - leaf.longitude)
        if min(around, 360 - around) > wide:
            continue
        distance = distance_km(centre, place)
        if distance is not None and distance <= leaf.km:
            near.append(number)
    return near


def _organizations(leaf: Leaf) -> Mapping[str, Iterable[Name]]:
    return _of_a_seat(leaf, "organization", lambda seat: seat.organizations)


def _kinds(leaf: Leaf) -> Mapping[str, Iterable[Name]]:
    return _of_a_seat(leaf, "kind", lambda seat: seat.kinds)


def _calls(leaf: Leaf) -> Mapping[str, Iterable[Name]]:
    return _of_a_seat(leaf, "endorses", lambda seat: seat.endorses)


def _actions(leaf: Leaf) -> Mapping[str, Iterable[Name]]:
    if isinstance(leaf, Knows):
        return {"knows.action": [leaf.action]}
    return _of_a_seat(leaf, "sponsors", lambda seat: seat.sponsors)


def _tags(leaf: Leaf) -> Mapping[str, Iterable[Name]]:
    return {"tag": leaf.tags} if isinstance(leaf, Tagged) else {}


def _of_a_seat(
    leaf: Leaf, key: str, values: Callable[[Seated], Iterable[Name]]
) -> Mapping[str, Iterable[Name]]:
    if not isinstance(leaf, Seated):
        return {}
    return {(key if alone(leaf) else f"seat.{key}"): values(leaf)}


def alone(seat: Seated) -> bool:
    """Tell whether only one thing is said of a seat, so that it stands by itself."""
    said = (seat.organizations, seat.kinds, seat.roles, seat.endorses, seat.sponsors)
    return sum(map(bool, said)) == 1
