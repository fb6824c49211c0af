"""An import's people, kept a lot at a time: a few statements for all of them.

Each lot is a transaction of its own, so that a long import locks no sender out. An
import that is broken off is simply run again: what is kept already is unchanged.
"""

import secrets
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Table, bindparam, update

from mailer.adapters.database import bulk, organizations
from mailer.adapters.database.engine import Database
from mailer.adapters.database.places import place_id
from mailer.adapters.database.schema import (
    consent_events,
    places as places_table,
    seats,
    subscriber_tags,
    subscribers,
    subscriptions,
    suppressions,
)
from mailer.ports import Contacted

SIZE = 1000  # people

Lot = Mapping[bytes, Contacted]  # by the hash of their address
Stored = Mapping[bytes, Sequence[Any]]  # their number, and what describes them
_DESCRIBED = ("given_name", "family_name", "language", "time_zone", "place_id")


@dataclass(frozen=True, slots=True)
class Enlistment:
    """Keeps lots of people, each within the caller's transaction."""

    database: Database
    connection: Connection
    list_number: int
    at: datetime

    def keep(self, lot: Lot) -> Counter[str]:
        """Add or update these people and subscribe them; returns what it counted."""
        places = self._places(lot)
        stored = self._stored(lot)
        added = self._add(lot, stored.keys(), places)
        if len(added) + len(stored) < len(lot):  # another process was faster
            stored = {k: v for k, v in self._stored(lot).items() if k not in added}
        numbers = {hashed: row[0] for hashed, row in stored.items()} | added
        known = [row[0] for row in stored.values()]
        changed = self._describe(lot, stored, places)
        changed |= self._seat(lot, numbers, known)
        changed |= self._tag(lot, numbers, known)
        states, subscribed = self._subscribe(lot, numbers, known)
        changed |= subscribed
        counts = Counter(states)
        return Counter(
            created=len(added),
            updated=len(changed & stored.keys()),
            unchanged=len(stored.keys() - changed),
            pending=counts["pending"],
            left=counts["ended"],
            suppressed=len(self._select(suppressions, ["since"], "address_hash", lot)),
        )

    def _select(
        self,
        table: Table,
        chosen: Sequence[str],
        column: str,
        values: Iterable[Any],
        *,
        lock: bool = False,
    ) -> list[tuple[Any, ...]]:
        return bulk.select(
            self.database,
            self.connection,
            table,
            chosen=chosen,
            column=column,
            values=values,
            lock=lock,
        )

    def _insert(self, table: Table, **columns: Any) -> int:
        return bulk.insert(self.database, self.connection, table, columns)

    # --- the people

    def _stored(self, lot: Lot) -> dict[bytes, Sequence[Any]]:
        """Return who is there already, for this transaction alone to change."""
        chosen = ["address_hash", "id", *_DESCRIBED]
        rows = self._select(subscribers, chosen, "address_hash", lot, lock=True)
        return {row[0]: row[1:] for row in rows}

    def _places(self, lot: Lot) -> dict[int, int]:
        """Return the number of each place, by the identity of the record."""
        met = {id(who.place): who.place for who in lot.values() if who.place}
        keys = {known: place.key for known, place in met.items()}
        found = dict(self._select(places_table, ["key", "id"], "key", keys.values()))
        for known, key in sorted(keys.items(), key=itemgetter(1)):
            if key not in found:
                found[key] = place_id(self.database, self.connection, met[known])
        return {known: found[key] for known, key in keys.items()}

    def _add(
        self, lot: Lot, stored: Iterable[bytes], places: Mapping[int, int]
    ) -> dict[bytes, int]:
        """Add who is new; returns their numbers, less whom another process added."""
        there = set(stored)
        # Whatever is inserted, it is in one order for all imports: two at once would
        # wait for each other, were each ahead with what the other comes to later.
        new = {hashed: lot[hashed] for hashed in sorted(lot) if hashed not in there}
        numbers = bulk.numbers(self.database, self.connection, subscribers, len(new))
        people = new.values()
        added = self._insert(
            subscribers,
            id=list(numbers),
            uid=_unguessable(len(new)),
            address=[who.address for who in people],
            address_hash=list(new),
            given_name=[who.given_name for who in people],
            family_name=[who.family_name for who in people],
            language=[who.language for who in people],
            time_zone=[who.time_zone for who in people],
            place_id=[places[id(who.place)] if who.place else None for who in people],
            created_at=self.at,
        )
        mine = dict(zip(new, numbers, strict=True))
        if added < len(new):
            rows = self._select(subscribers, ["id"], "id", numbers)
            ours = {number for (number,) in rows}
            mine = {hashed: n for hashed, n in mine.items() if n in ours}
        return mine

    def _describe(
        self, lot: Lot, stored: Stored, places: Mapping[int, int]
    ) -> set[bytes]:
        """Update what the import says otherwise; what it does not say stays."""
        changes: dict[bytes, dict[str, Any]] = {}
        for hashed, (number, given, family, language, zone, place) in stored.items():
            who = lot[hashed]
            before = (given, family, language, zone, place)
            wanted = (
                who.given_name or given,
                who.family_name or family,
                who.language,
                who.time_zone or zone,
                places[id(who.place)] if who.place else place,
            )
            if wanted != before:
                values = dict(zip(_DESCRIBED, wanted, strict=True))
                changes[hashed] = {"number": number, **values}
        if changes:
            mine = subscribers.c.id == bindparam("number")
            self.connection.execute(
                update(subscribers).where(mine), list(changes.values())
            )
        return set(changes)

    # --- what they hold

    def _seat(
        self, lot: Lot, numbers: Mapping[bytes, int], known: Sequence[int]
    ) -> set[bytes]:
        """Give people their seats; returns who had not held theirs before."""
        names = dict.fromkeys(w.organization for w in lot.values() if w.organization)
        behind = organizations.ensure(self.database, self.connection, names, at=self.at)
        pair = ["subscriber_id", "organization_id"]
        held = set(self._select(seats, pair, "subscriber_id", known))
        taken: dict[bytes, tuple[int, int, str]] = {}
        for hashed, who in lot.items():
            if who.organization:
                seat = (numbers[hashed], behind[who.organization])
                if seat not in held:
                    taken[hashed] = (*seat, who.role)
        self._insert(
            seats,
            subscriber_id=[seat[0] for seat in taken.values()],
            organization_id=[seat[1] for seat in taken.values()],
            role=[seat[2] for seat in taken.values()],
        )
        return set(taken)

    def _tag(
        self, lot: Lot, numbers: Mapping[bytes, int], known: Sequence[int]
    ) -> set[bytes]:
        """Give people their tags; returns who had not all of theirs before."""
        if not any(who.tags for who in lot.values()):
            return set()
        pair = ["subscriber_id", "tag"]
        had = set(self._select(subscriber_tags, pair, "subscriber_id", known))
        new = [
            (hashed, numbers[hashed], tag)
            for hashed, who in lot.items()
            for tag in who.tags
            if (numbers[hashed], tag) not in had
        ]
        self._insert(
            subscriber_tags,
            subscriber_id=[number for _, number, _ in new],
            tag=[tag for _, _, tag in new],
        )
        return {hashed for hashed, _, _ in new}

    def _subscribe(
        self, lot: Lot, numbers: Mapping[bytes, int], known: Sequence[int]
    ) -> tuple[Iterable[str], set[bytes]]:
        """Subscribe people; returns all their states, and whose has changed.

        Only a pending subscription is ever changed: no import brings back who left.
        """
        chosen = ["subscriber_id", "list_number", "state"]
        stored: dict[int, str] = {
            subscriber: state
            for subscriber, number, state in self._select(
                subscriptions, chosen, "subscriber_id", known
            )
            if number == self.list_number
        }
        states: list[str] = []
        new: dict[bytes, str] = {}
        confirmed: dict[bytes, str] = {}
        for hashed, who in lot.items():
            before = stored.get(numbers[hashed])
            state = "active" if who.consent_basis else "pending"
            if before is None:
                new[hashed] = state
            elif before != "pending":
                state = before
            elif state == "active":
                confirmed[hashed] = state
            states.append(state)
        self._insert(
            subscriptions,
            subscriber_id=[numbers[hashed] for hashed in new],
            list_number=self.list_number,
            state=list(new.values()),
            consented_on=[
                at.date() if (at := lot[hashed].consent_at) else None for hashed in new
            ],
            changed_at=self.at,
        )
        self._confirm(lot, numbers, confirmed)
        changed = [hashed for hashed in lot if hashed in new or hashed in confirmed]
        self._record_consents(
            [(numbers[each], lot[each]) for each in changed if lot[each].consent_basis]
        )
        return states, set(changed)

    def _confirm(
        self, lot: Lot, numbers: Mapping[bytes, int], confirmed: Iterable[bytes]
    ) -> None:
        rows = [
            {"number": numbers[hashed], "on": at.date()}
            for hashed in confirmed
            if (at := lot[hashed].consent_at)
        ]
        if rows:
            self.connection.execute(
                update(subscriptions)
                .where(
                    subscriptions.c.subscriber_id == bindparam("number"),
                    subscriptions.c.list_number == self.list_number,
                    subscriptions.c.state == "pending",  # they may just have left
                )
                .values(
                    state="active",
                    consented_on=bindparam("on"),
                    changed_at=self.at,
                ),
                rows,
            )

    def _record_consents(self, agreed: Sequence[tuple[int, Contacted]]) -> None:
        self._insert(
            consent_events,
            subscriber_id=[number for number, _ in agreed],
            list_number=self.list_number,
            kind="granted",
            basis=[who.consent_basis for _, who in agreed],
            happened_at=[who.consent_at or self.at for _, who in agreed],
            source=[who.consent_source for _, who in agreed],
            wording=[who.consent_wording for _, who in agreed],
            recorded_at=self.at,
        )


def _unguessable(count: int) -> list[bytes]:
    """Return random ids that lie side by side in their index, 96 bits each their own.

    All 128 bits drawn anew, every person of a lot would touch another page of it.
    """
    shared, size = secrets.token_bytes(4), 12
    drawn = secrets.token_bytes(size * count)
    return [shared + drawn[at : at + size] for at in range(0, size * count, size)]
