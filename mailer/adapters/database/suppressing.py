"""Our list of suppressed addresses, as it is brought into line with a provider's.

Ours knows hashes. An address is told to a provider only where a subscriber still has
it: of who was erased there is none, and none is guessed.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from operator import itemgetter

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    func,
    or_,
    select,
    update,
)

from mailer.adapters.database import bulk
from mailer.adapters.database.engine import Database
from mailer.adapters.database.heeding import UNREACHABLE, Applying
from mailer.adapters.database.people import OWN_ACT
from mailer.adapters.database.schema import (
    consent_events,
    subscribers,
    subscriptions,
    suppressions,
    synchronizations,
)
from mailer.core.suppressions import TOLD, Held, Listed
from mailer.core.tokens import address_hash
from mailer.ports import Synchronized, Taken

_AFTER_TROUBLE = timedelta(hours=1)
_AFTER_RETURN = timedelta(minutes=10)
_LATEST = timedelta(minutes=1)  # for which no transaction of a page is open
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
# What an entry of a provider's list may still change, by the reason we have already.
_WEAKER: Mapping[Held, tuple[str | None, ...]] = {
    Held.BOUNCED: (None, UNREACHABLE),
    Held.COMPLAINED: (None, UNREACHABLE, "bounced"),
    # Also: what we put there comes back as this, and has nobody leave.
    Held.UNSUBSCRIBED: (None, UNREACHABLE),
    Held.MANUAL: (None, UNREACHABLE),
}


class SqlSuppressions:
    """Suppressions, subscriptions and consents, in SQL."""

    def __init__(self, database: Database, pepper: bytes) -> None:
        """Take the key under which addresses are hashed."""
        self._database = database
        self._pepper = pepper

    def begin(
        self, provider: str, *, at: datetime, every: timedelta | None = None
    ) -> Synchronized | None:
        """Take note that it begins; returns how far it was brought before."""
        mine = synchronizations.c.provider == provider
        with self._database.writing() as connection:
            connection.execute(
                self._database.insert(synchronizations)
                .values(provider=provider, began_at=_NEVER)
                .on_conflict_do_nothing()
            )
            row = connection.execute(
                select(synchronizations).where(mine).with_for_update()
            ).one()
            reached = Synchronized(until=row.read_until, consents=row.consents_seen)
            if every is not None:
                wait = every if row.read_until == row.began_at else _AFTER_TROUBLE
                if connection.execute(_back(reached.consents).limit(1)).first():
                    wait = min(wait, _AFTER_RETURN)
                if at - row.began_at < wait:
                    return None
            connection.execute(update(synchronizations).where(mine).values(began_at=at))
        return reached

    def finish(self, provider: str, reached: Synchronized) -> None:
        """Take note of how far the lists are in line."""
        with self._database.writing() as connection:
            connection.execute(
                update(synchronizations)
                .where(synchronizations.c.provider == provider)
                .values(read_until=reached.until, consents_seen=reached.consents)
            )

    def take(
        self,
        provider: str,
        listed: Sequence[Listed],
        *,
        at: datetime,
        dry_run: bool = False,
    ) -> Taken:
        """Suppress here whom the provider holds; blocks suppress nobody."""
        entries = sorted(
            (
                (address_hash(self._pepper, entry.address), entry)
                for entry in listed
                if entry.held is not Held.BLOCKED
            ),
            key=itemgetter(0),
        )
        returned: list[str] = []
        with self._database.writing() as connection:
            applying = Applying(self._database, connection, at)
            applying.hold(self._people(connection, [hashed for hashed, _ in entries]))
            known = self._known(connection, [hashed for hashed, _ in entries])
            came = self._came_back(connection, [hashed for hashed, _ in entries])
            for hashed, entry in entries:
                back = came.get(hashed)
                if back is not None and back > entry.since:
                    if hashed not in known:
                        returned.append(entry.address)
                elif known.get(hashed) in _WEAKER[entry.held]:
                    row = {
                        "address_hash": hashed,
                        "provider": provider,
                        "kind": entry.held.value,
                        "happened_at": entry.since,
                        "id": None,
                    }
                    applying.listed(row, entry.held)
            if dry_run:
                connection.rollback()
        return Taken(
            suppressed=applying.counts["suppressed"],
            left=applying.counts["left"],
            returned=returned,
        )

    def ours(
        self, provider: str, *, since: datetime | None, after: int, most: int
    ) -> Sequence[tuple[int, Listed]]:
        """Return whom the provider should know of, by number, from `after` on."""
        query = (
            select(
                subscribers.c.id,
                subscribers.c.address,
                suppressions.c.reason,
                suppressions.c.since,
            )
            .join(
                suppressions, suppressions.c.address_hash == subscribers.c.address_hash
            )
            .where(
                suppressions.c.reason.in_([held.value for held in TOLD]),
                or_(
                    suppressions.c.told_by.is_(None),
                    suppressions.c.told_by != provider,
                ),
                subscribers.c.id > after,
            )
            .order_by(subscribers.c.id)
            .limit(most)
        )
        if since is not None:
            query = query.where(suppressions.c.since >= since)
        with self._database.reading() as connection:
            return [
                (
                    row.id,
                    Listed(address=row.address, held=Held(row.reason), since=row.since),
                )
                for row in connection.execute(query)
            ]

    def consents(self, *, at: datetime) -> int:
        """Return up to which number all consent events can be seen by now.

        One that is being written down may have a lower number than others that are
        there already. So the last minute is looked at again the next time.
        """
        query = select(func.max(consent_events.c.id)).where(
            consent_events.c.recorded_at <= at - _LATEST
        )
        with self._database.reading() as connection:
            return int(connection.scalar(query) or 0)

    def returned(self, after: int) -> Sequence[str]:
        """Return who left and came back by their own act in a later consent event."""
        with self._database.reading() as connection:
            return list(connection.scalars(_back(after)))

    def _known(
        self, connection: Connection, hashes: Sequence[bytes]
    ) -> Mapping[bytes, str]:
        """Return why those that are suppressed already are."""
        rows = bulk.select(
            self._database,
            connection,
            suppressions,
            chosen=["address_hash", "reason"],
            column="address_hash",
            values=hashes,
        )
        return {bytes(hashed): reason for hashed, reason in rows}

    def _people(self, connection: Connection, hashes: Sequence[bytes]) -> Sequence[int]:
        """Return the numbers of those that are subscribers."""
        rows = bulk.select(
            self._database,
            connection,
            subscribers,
            chosen=["id"],
            column="address_hash",
            values=hashes,
        )
        return [number for (number,) in rows]

    def _came_back(
        self, connection: Connection, hashes: Iterable[bytes]
    ) -> Mapping[bytes, datetime]:
        """Return when subscribers last agreed by their own act, if they did."""
        query = (
            select(subscribers.c.address_hash, func.max(consent_events.c.happened_at))
            .join(consent_events, consent_events.c.subscriber_id == subscribers.c.id)
            .where(
                subscribers.c.address_hash.in_(list(hashes)),
                _own_act(),
                _subscribed(),
            )
            .group_by(subscribers.c.address_hash)
        )
        return {bytes(row[0]): row[1] for row in connection.execute(query)}


def _back(after: int) -> Select[tuple[str]]:
    """Find who left, came back in a later consent event, and may be mailed."""
    earlier = consent_events.alias("earlier")
    left = (
        select(earlier.c.id)
        .where(
            earlier.c.subscriber_id == consent_events.c.subscriber_id,
            earlier.c.kind == "withdrawn",
            earlier.c.id < consent_events.c.id,
        )
        .exists()
    )
    suppressed = (
        select(suppressions.c.since)
        .where(suppressions.c.address_hash == subscribers.c.address_hash)
        .exists()
    )
    return (
        select(subscribers.c.address)
        .distinct()
        .join(consent_events, consent_events.c.subscriber_id == subscribers.c.id)
        .where(
            consent_events.c.id > after, _own_act(), left, ~suppressed, _subscribed()
        )
    )


def _own_act() -> ColumnElement[bool]:
    return and_(consent_events.c.kind == "granted", consent_events.c.basis == OWN_ACT)


def _subscribed() -> ColumnElement[bool]:
    return (
        select(subscriptions.c.state)
        .where(
            subscriptions.c.subscriber_id == subscribers.c.id,
            subscriptions.c.state != "ended",
        )
        .exists()
    )
