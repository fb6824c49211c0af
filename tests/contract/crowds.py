"""A random coalition in the database, and beside it in plain Python: who is meant?

The filter here knows no SQL, and no part of the program that it is held against.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from math import acos, cos, degrees, radians, sin
from random import Random
from typing import Any

from sqlalchemy import Connection, insert

from mailer.adapters.database.engine import Database
from mailer.adapters.database.schema import (
    action_versions,
    actions,
    calls,
    deliveries,
    endorsements,
    lists,
    mailings,
    organization_aliases,
    organizations,
    places,
    seats,
    sponsorships,
    subscriber_tags,
    subscribers,
    subscriptions,
    suppressions,
    variant_items,
    variants,
)
from mailer.core.sponsors import name_key
from mailer.ports.audiences import ConsentAge, LeftOut
from tests.factories import MONDAY, PLACES

LISTS = {"weekly": 1, "urgent": 2, "press": 3}
TAGS = ("press", "legal team", "conductor")
KINDS = ("union", "faith", "student")
ROLES = ("primary", "comms", "regional")
CALLS = ("october", "march")
ACTIONS = ("first-action", "second-action")
REGIONS = ("us-ca", "us-nj", "us-co", "us-ak", "us-wy", "mx-bcn")
STATES = ("pending", "active", "active", "active", "ended")
DELIVERED = ("pending", "inflight", "sent", "sent", "sent", "unknown", "parked", "failed",
             "skipped", "suppressed")  # fmt: skip
GIVEN = {"pending", "inflight", "sent", "unknown", "parked"}
# Beside real places one whose coordinates nobody knows, and one in no region.
SPOTS: dict[str, tuple[float | None, float | None, str | None, str | None, str]] = {
    **{name: (lat, lon, region, zone, "US") for name, (lat, lon, region, zone) in PLACES.items()},
    "Tijuana": (32.5027, -117.0037, "BCN", "America/Tijuana", "MX"),
    "Nowhere": (None, None, "CA", None, "US"),
    "At sea": (0.0, 179.9, None, "Pacific/Fiji", "US"),
}  # fmt: skip


@dataclass
class Group:
    number: int
    names: tuple[str, ...]
    kind: str | None
    place: str | None
    endorses: set[str]
    sponsors: set[str]


@dataclass
class Agreed:
    state: str
    paused_until: datetime | None
    consented_on: date | None
    known: int | None  # a variant


@dataclass
class Given:
    mailing: int
    variant: int | None
    state: str
    at: datetime


@dataclass
class Person:
    number: int
    language: str
    zone: str | None
    place: str | None
    seats: list[tuple[Group, str]]
    agreed: dict[str, Agreed]
    tags: set[str]
    suppressed: bool
    given: list[Given] = field(default_factory=list)

    @property
    def where(self) -> str | None:
        return self.place or (self.seats[0][0].place if self.seats else None)


@dataclass
class Sent:
    number: int
    slug: str
    edition: str
    kind: str
    urgent: bool
    over: datetime | None
    variants: dict[int, dict[str, int]]  # what each told: action → version

    @property
    def name(self) -> str:
        return f"{self.slug}/{self.edition}"


class Crowd:
    """Random people, organizations and mailings; kept, and filtered by hand."""

    def __init__(self, database: Database, seed: int, size: int = 60) -> None:
        self.chance = Random(seed)  # noqa: S311 - a game, not a secret
        self.groups = [self._group(n) for n in range(1, 9)]
        self.people = [self._person(n) for n in range(1, size + 1)]
        self.sent = [self._mailing(n) for n in range(1, 8)]
        for person in self.people:
            self._history(person)
        self._everything_is_somewhere()
        with database.writing() as connection:
            self._keep(connection)

    # --- who there is

    def _maybe(self, value: Any, share: float = 0.5) -> Any:
        return value if self.chance.random() < share else None

    def _some(self, values: Any, share: float = 0.3) -> set[Any]:
        return {each for each in values if self.chance.random() < share}

    def _group(self, number: int) -> Group:
        return Group(
            number=number,
            names=(f"Unión № {number}", f"U{number}"),
            kind=self._maybe(self.chance.choice(KINDS), 0.8),
            place=self._maybe(self.chance.choice(list(SPOTS)), 0.8),
            endorses=self._some(CALLS),
            sponsors=self._some(ACTIONS),
        )

    def _person(self, number: int) -> Person:
        chance = self.chance
        groups = chance.sample(self.groups, chance.choice([0, 1, 1, 1, 2, 3]))
        return Person(
            number=number,
            language=chance.choice(["en", "en", "es"]),
            zone=self._maybe("America/Chicago", 0.2),
            place=self._maybe(chance.choice(list(SPOTS))),
            seats=[(group, chance.choice(ROLES)) for group in groups],
            agreed={slug: self._subscription() for slug in LISTS if chance.random() < 0.8},
            tags=self._some(TAGS, 0.25),
            suppressed=chance.random() < 0.1,
        )  # fmt: skip

    def _subscription(self) -> Agreed:
        chance = self.chance
        days = chance.choice([0, 100, 364, 365, 366, 500, 730, 731, 1500])
        pause = timedelta(days=chance.choice([-3, 0, 3]))
        return Agreed(
            state=chance.choice(STATES),
            paused_until=self._maybe(MONDAY + pause, 0.25),
            consented_on=self._maybe(MONDAY.date() - timedelta(days=days), 0.9),
            known=self._maybe(10 * chance.randint(1, 7), 0.3),
        )

    def _mailing(self, number: int) -> Sent:
        chance = self.chance
        slug = chance.choice(list(LISTS))
        over = MONDAY - timedelta(hours=chance.choice([1, 20, 30, 100, 300, 1000]))
        told = {each: chance.randint(1, 3) for each in self._some(ACTIONS, 0.7)}
        return Sent(
            number=number,
            slug=slug,
            edition=f"edition-{number}",
            kind="digest" if slug == "weekly" else "blast",
            urgent=slug != "weekly" and chance.random() < 0.3,
            over=self._maybe(over, 0.8),
            variants={10 * number: told, 10 * number + 1: {}},
        )

    def _history(self, person: Person) -> None:
        for mailing in self._some(range(len(self.sent)), 0.5):
            sent = self.sent[mailing]
            latest = sent.over or MONDAY
            state = self.chance.choice(DELIVERED)
            person.given.append(
                Given(
                    mailing=sent.number,
                    variant=None
                    if state in ("skipped", "suppressed")
                    else self.chance.choice(list(sent.variants)),
                    state=state,
                    at=latest - timedelta(hours=self.chance.choice([0, 5, 30])),
                )
            )

    def _everything_is_somewhere(self) -> None:
        """Let every name that rules may use be known: the others are errors."""
        self.people[0].tags = set(TAGS)
        for group, kind in zip(self.groups, KINDS, strict=False):
            group.kind = kind

    # --- kept

    def _keep(self, connection: Connection) -> None:
        def add(table: Any, rows: list[dict[str, Any]]) -> None:
            if rows:
                connection.execute(insert(table), rows)

        numbers = {name: n for n, name in enumerate(SPOTS, start=1)}
        add(places, [
            {"id": numbers[name], "key": name, "label": name, "locality": name,
             "region": region, "country": country, "latitude": lat, "longitude": lon,
             "time_zone": zone}
            for name, (lat, lon, region, zone, country) in SPOTS.items()
        ])  # fmt: skip
        add(lists, [{"number": n, "slug": slug, "first_seen_at": MONDAY} for slug, n in LISTS.items()])  # fmt: skip
        add(calls, [{"id": n, "slug": slug, "title": slug, "created_at": MONDAY} for n, slug in enumerate(CALLS, 1)])  # fmt: skip
        add(actions, [
            {"id": n, "public_id": name, "source": "page", "version": 3, "status": "confirmed",
             "starts_at": MONDAY, "over_at": MONDAY, "contact": {}, "first_seen_at": MONDAY,
             "changed_at": MONDAY} for n, name in enumerate(ACTIONS, 1)
        ])  # fmt: skip
        add(action_versions, [
            {"action_id": n, "version": v, "facts": {}, "recorded_at": MONDAY, "recorded_by": "t"}
            for n in (1, 2) for v in (1, 2, 3)
        ])  # fmt: skip
        self._keep_groups(add, numbers)
        self._keep_people(add, numbers)
        self._keep_mailings(add)
        self._keep_choices(add)

    def _keep_groups(self, add: Any, numbers: dict[str, int]) -> None:
        groups = self.groups
        add(organizations, [
            {"id": g.number, "name": g.names[0], "kind": g.kind, "created_at": MONDAY,
             "place_id": numbers[g.place] if g.place else None} for g in groups
        ])  # fmt: skip
        add(organization_aliases, [
            {"key": name_key(name), "name": name, "organization_id": g.number}
            for g in groups for name in g.names
        ])  # fmt: skip
        add(endorsements, [
            {"call_id": CALLS.index(call) + 1, "organization_id": g.number,
             "recorded_at": MONDAY} for g in groups for call in g.endorses
        ])  # fmt: skip
        add(sponsorships, [
            {"action_id": ACTIONS.index(action) + 1, "position": g.number, "role": "lead",
             "organization_id": g.number} for g in groups for action in g.sponsors
        ])  # fmt: skip

    def _keep_people(self, add: Any, numbers: dict[str, int]) -> None:
        add(subscribers, [
            {"id": p.number, "uid": hashed(p), "address": f"reader{p.number}@example.org",
             "address_hash": hashed(p), "language": p.language, "time_zone": p.zone,
             "place_id": numbers[p.place] if p.place else None, "created_at": MONDAY}
            for p in self.people
        ])  # fmt: skip
        add(seats, [
            {"subscriber_id": p.number, "organization_id": group.number, "role": role}
            for p in self.people for group, role in p.seats
        ])  # fmt: skip
        add(subscriber_tags, [
            {"subscriber_id": p.number, "tag": tag} for p in self.people for tag in sorted(p.tags)
        ])  # fmt: skip
        add(suppressions, [
            {"address_hash": hashed(p), "reason": "bounced", "since": MONDAY}
            for p in self.people if p.suppressed
        ])  # fmt: skip

    def _keep_mailings(self, add: Any) -> None:
        add(mailings, [
            {"id": m.number, "key": bytes(16), "list_number": LISTS[m.slug], "edition": m.edition,
             "kind": m.kind, "urgent": m.urgent, "state": "finished" if m.over else "sending",
             "due_at": MONDAY, "as_of": MONDAY, "until": MONDAY, "planned_at": MONDAY,
             "finished_at": m.over} for m in self.sent
        ])  # fmt: skip
        add(variants, [
            {"id": n, "mailing_id": m.number, "content_hash": bytes([n]), "language": "en",
             "subject": "", "preheader": "", "html": "", "text": ""}
            for m in self.sent for n in m.variants
        ])  # fmt: skip
        add(variant_items, [
            {"variant_id": n, "action_id": ACTIONS.index(action) + 1, "version": version,
             "kind": "new"}
            for m in self.sent for n, told in m.variants.items() for action, version in told.items()
        ])  # fmt: skip

    def _keep_choices(self, add: Any) -> None:
        add(subscriptions, [
            {"subscriber_id": p.number, "list_number": LISTS[slug], "state": a.state,
             "paused_until": a.paused_until, "consented_on": a.consented_on,
             "known_variant": a.known, "changed_at": MONDAY}
            for p in self.people for slug, a in p.agreed.items()
        ])  # fmt: skip
        add(deliveries, [
            {"mailing_id": g.mailing, "subscriber_id": p.number, "address_hash": hashed(p),
             "variant_id": g.variant, "state": g.state, "changed_at": g.at}
            for p in self.people for g in p.given
        ])  # fmt: skip

    # --- filtered by hand

    def means(self, rule: dict[str, Any], person: Person) -> bool:
        if not any(self._holds(each, person) for each in rule["include"]):
            return False
        return not any(self._holds(each, person) for each in rule.get("exclude", []))

    def _holds(  # noqa: C901, PLR0911, PLR0912 - one return per kind
        self, condition: dict[str, Any], person: Person
    ) -> bool:
        ((key, said),) = condition.items()
        if key == "all":
            return all(self._holds(each, person) for each in said)
        if key == "any":
            return any(self._holds(each, person) for each in said)
        if key == "not":
            return not self._holds(said, person)
        values = said if isinstance(said, list) else [said]
        match key:
            case "region":
                return any(_region(person.where) == each for each in values)
            case "near":
                return _distance(person.where, said) <= int(said["km"])
            case "seat":
                return any(self._seat(said, *seat) for seat in person.seats)
            case "organization" | "kind" | "role" | "endorses" | "sponsors":
                return any(self._seat({key: said}, *seat) for seat in person.seats)
            case "language":
                return any(person.language == each for each in values)
            case "list":
                on = {s for s, a in person.agreed.items() if a.state == "active"}
                return bool((on | {LISTS[slug] for slug in on}) & set(values))
            case "got":
                return any(
                    g.state == "sent" and self.sent[g.mailing - 1].name in values
                    for g in person.given
                )
            case "knows":
                return self._knows(said, person)
            case "tag":
                return bool(person.tags & set(values))
            case "subscriber":
                return person.number in values
        raise AssertionError(key)

    def _seat(self, said: dict[str, Any], group: Group, role: str) -> bool:
        def fits(key: str, *facts: Any) -> bool:
            wanted = said.get(key)
            if wanted is None:
                return True
            return bool(
                {*facts} & set(wanted if isinstance(wanted, list) else [wanted])
            )

        return (
            fits("organization", group.number, *group.names)
            and fits("kind", group.kind)
            and fits("role", role)
            and fits("endorses", *group.endorses)
            and fits("sponsors", *group.sponsors)
        )

    def _knows(self, said: dict[str, Any], person: Person) -> bool:
        told = {n: t for m in self.sent for n, t in m.variants.items()}
        read = [g.variant for g in person.given if g.state == "sent" and g.variant]
        read += [a.known for a in person.agreed.values() if a.known]
        versions = [told[n][said["action"]] for n in read if said["action"] in told[n]]
        if "version" not in said:
            return bool(versions)
        return bool(versions) and max(versions) == said["version"]

    def reason(
        self, person: Person, slug: str, caps: list[tuple[int, int]]
    ) -> LeftOut | None:
        """Say why somebody gets no blast; `caps`: so many in so many days."""
        agreed = person.agreed.get(slug)
        if person.suppressed:
            return LeftOut.SUPPRESSED
        if agreed is None or agreed.state != "active":
            return LeftOut.NO_CONSENT
        if agreed.paused_until is not None and agreed.paused_until > MONDAY:
            return LeftOut.PAUSED
        for times, days in caps:
            since = MONDAY - timedelta(days=days)
            had = [
                g
                for g in person.given
                if g.state in GIVEN
                and g.at > since
                and self.sent[g.mailing - 1].kind == "blast"
                and not self.sent[g.mailing - 1].urgent
            ]
            if len(had) >= times:
                return LeftOut.CAPPED
        return None

    def mailed_lately(self, person: Person) -> bool:
        return any(
            g.state in GIVEN - {"pending"} and g.at > MONDAY - timedelta(hours=24)
            for g in person.given
        )

    # --- random rules

    def rule(self) -> dict[str, Any]:
        chance = self.chance
        made = {
            "include": [
                self._condition(3) for _ in range(chance.choice([0, 1, 1, 2, 3]))
            ]
        }
        if chance.random() < 0.6:
            made["exclude"] = [
                self._condition(2) for _ in range(chance.choice([0, 1, 2]))
            ]
        return made

    def _condition(self, depth: int) -> dict[str, Any]:
        chance = self.chance
        kind = chance.choice(["all", "any", "not", *["leaf"] * 5]) if depth else "leaf"
        if kind == "not":
            return {"not": self._condition(depth - 1)}
        if kind in ("all", "any"):
            return {
                kind: [self._condition(depth - 1) for _ in range(chance.randint(1, 3))]
            }
        return self._leaf()

    def _leaf(self) -> dict[str, Any]:
        chance = self.chance
        key = chance.choice([
            "region", "near", "seat", "organization", "kind", "role", "endorses", "sponsors",
            "language", "list", "got", "knows", "tag", "subscriber",
        ])  # fmt: skip
        return {key: self._value(key)}

    def _value(self, key: str) -> Any:
        chance = self.chance
        names = [
            *(n for g in self.groups for n in g.names),
            *(g.number for g in self.groups),
        ]
        words: dict[str, list[Any]] = {
            "region": list(REGIONS),
            "organization": names,
            "kind": list(KINDS),
            "role": list(ROLES),
            "endorses": list(CALLS),
            "sponsors": list(ACTIONS),
            "language": ["en", "es"],
            "list": [*LISTS, 1, 2],
            "got": [sent.name for sent in self.sent],
            "tag": list(TAGS),
            "subscriber": [person.number for person in self.people],
        }
        if key in words:
            some = chance.sample(words[key], chance.randint(1, 2))
            return some if chance.random() < 0.5 else some[0]
        if key == "near":
            spot = chance.choice([name for name in SPOTS if SPOTS[name][0] is not None])
            lat, lon = SPOTS[spot][:2]
            km = chance.choice([1, 30, 200, 1500, 9000, 20000])
            return {"place": spot, "km": km, "latitude": lat, "longitude": lon}
        if key == "knows":
            version = {"version": chance.randint(1, 3)} if chance.random() < 0.7 else {}
            return {"action": chance.choice(ACTIONS), **version}
        keys = chance.sample(
            ["organization", "kind", "role", "endorses", "sponsors"], 2
        )
        return {each: self._value(each) for each in keys}


def hashed(person: Person) -> bytes:
    return person.number.to_bytes(16, "big")


def region_of(place: str | None) -> str | None:
    return _region(place)


def age(agreed: Agreed) -> ConsentAge:
    """Say how old a consent is on the day of MONDAY, the 7th of October 2019."""
    on = agreed.consented_on
    if on is None:
        return ConsentAge.UNKNOWN
    if on > date(2018, 10, 7):
        return ConsentAge.FRESH
    return ConsentAge.OLDER if on > date(2017, 10, 7) else ConsentAge.OLD


def _region(place: str | None) -> str | None:
    if place is None or SPOTS[place][2] is None:
        return None
    return f"{SPOTS[place][4]}-{SPOTS[place][2]}".lower()


def _distance(place: str | None, centre: dict[str, Any]) -> float:
    """Return kilometres by the law of cosines; what is nowhere is far away."""
    if place is None or SPOTS[place][0] is None:
        return float("inf")
    lat, lon = radians(SPOTS[place][0] or 0), radians(SPOTS[place][1] or 0)
    lat0, lon0 = radians(centre["latitude"]), radians(centre["longitude"])
    angle = sin(lat) * sin(lat0) + cos(lat) * cos(lat0) * cos(lon - lon0)
    return degrees(acos(max(-1.0, min(1.0, angle)))) * 111.19
