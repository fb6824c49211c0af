"""An import's people, kept some hundred at a time: a few statements for all of them.

Each lot is a transaction of its own, so that a long import locks no sender out. An
import that is broken off is simply run again: what is kept already is unchanged.
"""

import secrets
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Table, insert, select, update

from mailer.adapters.database import organizations
from mailer.adapters.database.engine import Database
from mailer.adapters.database.places import place_id
from mailer.adapters.database.schema import (
    consent_events,
    seats,
    subscribers,
    subscriptions,
    suppressions,
)
from mailer.ports import Contacted

SIZE = 500  # people

Lot = Mapping[bytes, Contacted]  # by the hash of their address


@dataclass(frozen=True, slots=True)
class Enlistment:
    """Keeps lots of people, each within the caller's transaction."""

    database: Database
    connection: Connection
    list_number: int
    at: datetime

    def keep(self, lot: Lot) -> Counter[str]:
        """Add or update these people and subscribe them; returns what it counted."""
        known = self._known(lot)
        numbers = {hashed: row["id"] for hashed, row in known.items()}
        places = self._places(lot)
        changed = {
            hashed
            for hashed, row in known.items()
            if self._describe(row, lot[hashed], places)
        }
        numbers |= self._add(
            {hashed: who for hashed, who in lot.items() if hashed not in known}, places
        )
        changed |= self._seat(lot, numbers)
        states, subscribed = self._subscribe(lot, numbers)
        changed |= subscribed
        counts = Counter(states.values())
        return Counter(
            created=len(lot) - len(known),
            updated=len(changed & known.keys()),
            unchanged=len(known.keys() - changed),
            pending=counts["pending"],
            left=counts["ended"],
            suppressed=len(self._select(suppressions, "address_hash", lot)),
        )

    def _select(
        self, table: Table, column: str, values: Collection[Any], *more: Any
    ) -> Sequence[RowMapping]:
        query = select(table).where(table.c[column].in_(list(values)), *more)
        return self.connection.execute(query).mappings().all()

    def _known(self, lot: Lot) -> dict[bytes, RowMapping]:
        rows = self._select(subscribers, "address_hash", lot)
        return {row["address_hash"]: row for row in rows}

    def _places(self, lot: Lot) -> dict[str, int]:
        places = {who.place.key: who.place for who in lot.values() if who.place}
        return {
            key: place_id(self.database, self.connection, place)
            for key, place in places.items()
        }

    def _add(self, lot: Lot, places: Mapping[str, int]) -> dict[bytes, int]:
        rows = [
            {
                "uid": secrets.token_bytes(16),
                "address": who.address,
                "address_hash": hashed,
                "created_at": self.at,
                **_described(who, places),
            }
            for hashed, who in lot.items()
        ]
        if not rows:
            return {}
        added = self.connection.execute(
            insert(subscribers).returning(subscribers.c.address_hash, subscribers.c.id),
            rows,
        )
        return {row.address_hash: row.id for row in added}

    def _describe(
        self, stored: RowMapping, who: Contacted, places: Mapping[str, int]
    ) -> bool:
        changed = {
            name: value
            for name, value in _described(who, places).items()
            if value is not None and stored[name] != value
        }
        if changed:
            self.connection.execute(
                update(subscribers)
                .where(subscribers.c.id == stored["id"])
                .values(changed)
            )
        return bool(changed)

    def _seat(self, lot: Lot, numbers: Mapping[bytes, int]) -> set[bytes]:
        """Give people their seats; returns who had not held theirs before."""
        held = {
            (row["subscriber_id"], row["organization_id"])
            for row in self._select(seats, "subscriber_id", numbers.values())
        }
        names = [who.organization for who in lot.values() if who.organization]
        behind = organizations.ensure(self.database, self.connection, names, at=self.at)
        rows: dict[bytes, dict[str, Any]] = {}
        for hashed, who in lot.items():
            if not who.organization:
                continue
            seat = (numbers[hashed], behind[who.organization])
            if seat not in held:
                rows[hashed] = {
                    "subscriber_id": seat[0],
                    "organization_id": seat[1],
                    "role": who.role,
                }
        if rows:
            self.connection.execute(
                self.database.insert(seats).on_conflict_do_nothing(),
                list(rows.values()),
            )
        return set(rows)

    def _subscribe(
        self, lot: Lot, numbers: Mapping[bytes, int]
    ) -> tuple[dict[bytes, str], set[bytes]]:
        """Subscribe people; returns everybody's state, and whose has changed.

        Only a pending subscription is ever changed: no import brings back who left.
        """
        here = subscriptions.c.list_number == self.list_number
        stored = {
            row["subscriber_id"]: row["state"]
            for row in self._select(
                subscriptions, "subscriber_id", numbers.values(), here
            )
        }
        states: dict[bytes, str] = {}
        new: list[dict[str, Any]] = []
        agreed: list[dict[str, Any]] = []
        changed: set[bytes] = set()
        for hashed, who in lot.items():
            number = numbers[hashed]
            before = stored.get(number)
            wanted = "active" if who.consent_basis else "pending"
            states[hashed] = wanted if before in (None, "pending") else str(before)
            if before is not None and (before != "pending" or wanted == "pending"):
                continue
            changed.add(hashed)
            values = {
                "state": wanted,
                "consented_on": who.consent_at.date() if who.consent_at else None,
                "changed_at": self.at,
            }
            if before is None:
                key = {"subscriber_id": number, "list_number": self.list_number}
                new.append(key | values)
            else:
                mine = subscriptions.c.subscriber_id == number
                self.connection.execute(
                    update(subscriptions).where(mine, here).values(values)
                )
            if who.consent_basis:
                agreed.append(self._consent(number, who))
        for table, rows in ((subscriptions, new), (consent_events, agreed)):
            if rows:
                self.connection.execute(insert(table), rows)
        return states, changed

    def _consent(self, number: int, who: Contacted) -> dict[str, Any]:
        return {
            "subscriber_id": number,
            "list_number": self.list_number,
            "kind": "granted",
            "basis": who.consent_basis,
            "happened_at": who.consent_at or self.at,
            "source": who.consent_source,
            "wording": who.consent_wording,
            "recorded_at": self.at,
        }


def _described(who: Contacted, places: Mapping[str, int]) -> dict[str, Any]:
    return {
        "given_name": who.given_name,
        "family_name": who.family_name,
        "language": who.language,
        "time_zone": who.time_zone,
        "place_id": places[who.place.key] if who.place else None,
    }
