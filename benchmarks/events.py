"""What hearing providers costs: `python benchmarks/events.py [--quick] [--json] [--postgresql]`.

Events of one mailing are stored, as they come in requests of a hundred, and applied; the
baseline inserts the same rows into the same table, a hundred per transaction, and no
more. Then the same events come to a second database in random order, one in five of
them twice: both must end in the same state, or the benchmark fails.
"""

import random
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import crowd
from crowd import MONDAY, SECRET, WEEKLY
from report import Report, Row, parser, tell
from sqlalchemy import bindparam, text, update

from mailer.adapters.database.engine import Database
from mailer.adapters.database.schema import provider_events, subscribers
from mailer.adapters.database.tracking import SqlTracking
from mailer.adapters.database.work import SqlLedger
from mailer.core.breaker import Limits
from mailer.core.events import Event, EventKind
from mailer.core.tokens import address_hash
from mailer.pipeline import plan
from mailer.pipeline.track import Tracker

REQUEST = 100  # events; SendGrid sends more in one, others one by one
REPEATED = 0.2
_ROUNDS = 3  # of the baseline; what is heard once can not be heard anew
PROVIDER = "main"
NOTE = """\
stored: written down under a UNIQUE key, address hashed. applied: delivery, suppression,
subscription, the mailing's tally. The baseline is bare: one executemany per request."""
# Of a thousand readers: what is told of each, in this order
_TOLD: Sequence[tuple[int, Sequence[EventKind]]] = (
    (935, (EventKind.DELIVERED,)),
    (30, (EventKind.DEFERRED, EventKind.DELIVERED)),
    (15, (EventKind.SOFT,)),
    (10, (EventKind.HARD,)),
    (5, (EventKind.BLOCK,)),
    (4, (EventKind.DELIVERED, EventKind.UNSUBSCRIBED)),
    (1, (EventKind.DELIVERED, EventKind.COMPLAINED)),
)
_UNPAUSED = Limits(hard=1.0, complained=1.0, blocked=1.0)  # nobody waits for a person
_STATES = {
    "deliveries": "SELECT heard, count(*) FROM deliveries GROUP BY heard",
    "who": "SELECT subscriber_id, heard FROM deliveries WHERE heard <> 'delivered'",
    "suppressions": "SELECT address_hash, reason FROM suppressions",
    "subscriptions": "SELECT subscriber_id, state, ended_reason FROM subscriptions"
    " WHERE state = 'ended'",
    "consent": "SELECT subscriber_id, kind, basis FROM consent_events",
    "events": "SELECT event_id, kind, mailing_id FROM provider_events",
    "waiting": "SELECT count(*) FROM provider_events WHERE applied_at IS NULL",
}
_Item = TypeVar("_Item")


def lay(url: str, readers: int) -> None:
    """Put a mailing into an empty database that has gone to so many readers."""
    crowd.fill(url, crowd.settle(url, actions=1), readers)
    database = Database(url, folder=Path())
    mailing = plan.now(WEEKLY, SqlLedger(database, SECRET), edition=None, now=MONDAY)
    hashed = (
        update(subscribers)
        .where(subscribers.c.id == bindparam("number"))
        .values(address_hash=bindparam("hashed"))
    )
    with database.writing() as connection:
        rows = connection.execute(text("SELECT id, address FROM subscribers")).all()
        keys = [
            {"number": row.id, "hashed": address_hash(SECRET, row.address)}
            for row in rows
        ]
        connection.execute(hashed, keys)
        connection.execute(
            text(
                "INSERT INTO deliveries (mailing_id, subscriber_id, address_hash, state,"
                " provider, provider_id, changed_at) SELECT :mailing, id, address_hash,"
                " 'sent', :provider, 'message-' || id, created_at FROM subscribers"
            ),
            {"mailing": mailing.id, "provider": PROVIDER},
        )
    database.close()


def told(count: int) -> list[Event]:
    """Return so many events, as a provider tells them one after the other."""
    events: list[Event] = []
    reader = 0
    while len(events) < count:
        reader += 1
        at = MONDAY + timedelta(seconds=reader)
        for kind in _of(reader):
            at += timedelta(seconds=30)
            events.append(_event(reader, kind, at))
    return events[:count]


def _of(reader: int) -> Sequence[EventKind]:
    place = reader * 377 % 1000  # spread out, and the same in every run
    for share, kinds in _TOLD:
        if place < share:
            return kinds
        place -= share
    raise AssertionError("the shares are not a thousand")


def _event(reader: int, kind: EventKind, at: datetime) -> Event:
    organization = reader % crowd.ORGANIZATIONS
    return Event(
        event_id=f"{reader:x}-{kind}-{'0' * 20}",
        kind=kind,
        address=f"reader{reader}@organization{organization}.example.org",
        happened_at=at,
        provider_id=f"message-{reader}",
        status="2.0.0" if kind is EventKind.DELIVERED else "5.0.0",
        detail="smtp; 250 2.0.0 OK queued as 4Xn2k31Qz9z1",
    )


def requests(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    """Cut into requests."""
    for start in range(0, len(items), REQUEST):
        yield items[start : start + REQUEST]


def tracker(database: Database) -> Tracker:
    """Return what the pages hand events to."""
    return Tracker(
        tracking=SqlTracking(database, SECRET),
        ledger=SqlLedger(database, SECRET),
        clock=lambda: datetime.now(UTC),
        limits=_UNPAUSED,
    )


def hear(
    database: Database, events: Sequence[Event], clock: Callable[[], float]
) -> Any:
    """Store and apply; returns the seconds that each took."""
    tracking = tracker(database)
    start = clock()
    for request in requests(events):
        tracking.keep(PROVIDER, request)
    stored = clock()
    tracking.apply()
    return stored - start, clock() - stored


def bare(database: Database, clock: Callable[[], float]) -> float:
    """Insert the same rows by the driver's executemany; returns the seconds it took."""
    columns = [
        column.name
        for column in provider_events.columns
        if column.name not in {"id", "applied_at", "mailing_id"}
    ]
    with database.reading() as connection:
        named = ", ".join(columns)
        rows = [
            tuple(row)
            for row in connection.exec_driver_sql(
                f"SELECT {named} FROM provider_events ORDER BY id"  # noqa: S608 - ours
            )
        ]
    mark = "?" if database.is_sqlite else "%s"
    marks = ", ".join([mark] * len(columns))
    statement = f"INSERT INTO provider_events ({named}) VALUES ({marks})"  # noqa: S608 - ours
    taken: list[float] = []
    for _ in range(_ROUNDS):
        with database.writing() as connection:
            connection.execute(text("DELETE FROM provider_events"))
        start = clock()
        for request in requests(rows):
            with database.writing() as connection:
                connection.exec_driver_sql(statement, list(request))
        taken.append(clock() - start)
    return statistics.median(taken)


def state(database: Database) -> dict[str, Any]:
    """Return all that events change, whatever the order of rows."""
    with database.reading() as connection:
        return {
            name: Counter(tuple(row) for row in connection.execute(text(query)))
            for name, query in _STATES.items()
        }


def measure(server: Any, events: Sequence[Event], readers: int) -> Iterator[Row]:
    """Yield the rows; raises SystemExit if the order of events made a difference."""
    ends: list[dict[str, Any]] = []
    shuffled = [*events, *random.Random(1).sample(events, int(len(events) * REPEATED))]  # noqa: S311 - a script
    random.Random(2).shuffle(shuffled)  # noqa: S311 - a script
    for name, order in (("in order", events), ("in disorder", shuffled)):
        with server() as url:
            lay(url, readers)
            database = Database(url, folder=Path())
            kind = "sqlite" if database.is_sqlite else "postgresql"
            clock = time.process_time if database.is_sqlite else time.perf_counter
            stored, applied = hear(database, order, clock)
            ends.append(state(database))
            raw = bare(database, clock)
            database.close()
        for part, seconds in (
            ("stored", stored),
            ("applied", applied),
            ("stored and applied", stored + applied),
        ):
            yield Row(
                case=f"{kind}, {name}: {part}",
                ours=len(order) / seconds,
                baseline=len(events) / raw,
                baseline_name="a bare insert",
            )
    ordered, disordered = ends
    different = [name for name in ordered if ordered[name] != disordered[name]]
    if different or sum(ordered["events"].values()) != len(events):
        sys.exit(f"events: another end in another order: {', '.join(different)}")


def main() -> None:
    """Measure, on SQLite or on a PostgreSQL server of its own."""
    options = parser(__doc__)
    options.add_argument("--postgresql", action="store_true")
    options.add_argument("--count", type=int, help="so many events")
    asked = options.parse_args()
    count = asked.count or (10_000 if asked.quick else 100_000)
    tell(f"events: {count:,} of one mailing, in requests of {REQUEST}")
    server = crowd.postgresql if asked.postgresql else crowd.sqlite
    Report(
        name="events",
        unit="events per second",
        rows=tuple(measure(server, told(count), count)),
        notes=(NOTE,),
    ).print(as_json=asked.json)


if __name__ == "__main__":
    main()
