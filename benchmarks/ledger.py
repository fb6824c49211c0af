"""What the ledger's care costs: `python benchmarks/ledger.py [--quick] [--json] [--postgresql]`.

Makes, begins and records the deliveries of one mailing, and does the same with the
barest statements that leave the same rows behind, on the same database in the same
run: without leases, epochs, suppression, pauses, keys or fingerprints.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import crowd
from crowd import MONDAY, SECRET, WEEKLY
from report import Report, Row, parser, tell
from sqlalchemy import text

from mailer.adapters.database.engine import Database
from mailer.adapters.database.work import SqlLedger
from mailer.core.envelope import Segments
from mailer.core.routes import Route
from mailer.pipeline import plan
from mailer.ports import Accepted, Composed, Intent, Mailing

BATCH = 1000
NOTE = """\
expand: INSERT … SELECT of the deliveries and their batches. begin: claim and commit the
intent, with what the letters need. record: one result and provider id each."""
WORDS = Segments(("",), ())
VARIANT = Composed(
    content_hash=b"v" * 32,
    language="en",
    place=None,
    subject="Weekly",
    preheader="",
    html=WORDS,
    text=WORDS,
    items=(),
)
_EXPAND = """
    INSERT INTO deliveries (mailing_id, subscriber_id, address_hash, variant_id, seq,
                            state, changed_at)
    SELECT :mailing, s.id, s.address_hash, :variant,
           (row_number() OVER (ORDER BY s.id) - 1) / :size, 'pending', :at
    FROM subscriptions b JOIN subscribers s ON s.id = b.subscriber_id
    WHERE b.list_number = 1 AND b.state = 'active'
"""
_BATCHES = """
    INSERT INTO batches (variant_id, seq, mailing_id, state, carrier)
    SELECT DISTINCT variant_id, seq, mailing_id, 'ready', 'none'
    FROM deliveries WHERE mailing_id = :mailing
"""
_TAKE = "UPDATE batches SET state = :state WHERE variant_id = :variant AND seq = :seq"
_MARK = """
    UPDATE deliveries SET state = :state, changed_at = :at
    WHERE variant_id = :variant AND seq = :seq
"""
_PEOPLE = """
    SELECT s.id, s.uid, s.address, b.consented_on,
           (SELECT o.name FROM organizations o JOIN seats t ON t.organization_id = o.id
            WHERE t.subscriber_id = s.id ORDER BY t.id LIMIT 1)
    FROM deliveries d JOIN subscribers s ON s.id = d.subscriber_id
    JOIN subscriptions b ON b.subscriber_id = s.id AND b.list_number = 1
    WHERE d.variant_id = :variant AND d.seq = :seq
"""


class Stopwatch:
    """Adds up what its parts take: CPU time in this process, or all of it."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.spent = {"expand": 0.0, "begin": 0.0, "record": 0.0}

    def time(self, name: str, act: Callable[[], Any]) -> Any:
        """Do something and count the time to a part."""
        start = self._clock()
        done = act()
        self.spent[name] += self._clock() - start
        return done


def ours(database: Database, watch: Stopwatch) -> int:
    """Make, begin and record every delivery of a mailing as the mailer does."""
    ledger = SqlLedger(database, SECRET)
    mailing = plan.now(WEEKLY, ledger, edition=None, now=MONDAY)
    groups = dict.fromkeys(ledger.groups(mailing), VARIANT.content_hash)
    watch.time("expand", lambda: _address(ledger, mailing, groups))
    done = 0
    while intent := watch.time("begin", lambda: _begin(ledger)):
        accepted = [Accepted(provider_id=p.uid.hex()) for p in intent.addressees]
        watch.time("record", lambda: _record(ledger, intent, accepted))  # noqa: B023 - called at once
        done += len(accepted)
    return done


def _address(ledger: SqlLedger, mailing: Mailing, groups: Any) -> None:
    ledger.address(
        mailing,
        [VARIANT],
        groups,
        batch_size=BATCH,
        domains={},
        route=Route(shares={"none": 1}),
        at=MONDAY,
    )


def _begin(ledger: SqlLedger) -> Intent | None:
    batch = ledger.claim(
        "benchmark", lease=300, mailing_id=None, provider="none", settle=0.0
    )
    if batch is None:
        return None
    return ledger.begin(
        batch,
        lease=300,
        provider="none",
        key=str(uuid4()),
        paces=(),
        seal=lambda _intent: b"f" * 32,
        at=MONDAY,
    )


def _record(ledger: SqlLedger, intent: Intent, accepted: Sequence[Accepted]) -> None:
    ledger.record(intent, accepted, fingerprint=None, settle=0.0, delay=0.0, at=MONDAY)


def bare(database: Database, watch: Stopwatch) -> int:
    """Leave the same rows behind by the barest statements."""
    ledger = SqlLedger(database, SECRET)
    mailing = plan.now(WEEKLY, ledger, edition=None, now=MONDAY + timedelta(days=7)).id
    with database.writing() as connection:
        variant = connection.execute(
            text(
                "INSERT INTO variants (mailing_id, content_hash, language, subject,"
                " preheader, html, text) VALUES (:mailing, :hash, 'en', '', '', '', '')"
                " RETURNING id"
            ),
            {"mailing": mailing, "hash": b"w" * 32},
        ).scalar_one()
    shared = {"mailing": mailing, "variant": variant, "at": _stored(database)}

    def run(*statements: str, **values: Any) -> int:
        with database.writing() as connection:
            count = 0
            for statement in statements:
                done = connection.execute(text(statement), {**shared, **values})
                count = len(done.all()) if done.returns_rows else done.rowcount
            return count

    batches = watch.time("expand", lambda: run(_EXPAND, _BATCHES, size=BATCH))
    done = 0
    for seq in range(batches):
        begin = {"state": "inflight", "seq": seq}
        watch.time("begin", lambda: run(_TAKE, _MARK, _PEOPLE, **begin))  # noqa: B023 - called at once
        with database.reading() as connection:
            uids = connection.execute(text(_PEOPLE), {**shared, "seq": seq}).all()
        rows = [
            {**shared, "id": r[0], "provider": r[1].hex(), "seq": seq} for r in uids
        ]
        watch.time("record", lambda: _complete(database, rows))  # noqa: B023 - called at once
        done += len(rows)
    return done


def _complete(database: Database, rows: Sequence[dict[str, Any]]) -> None:
    with database.writing() as connection:
        connection.execute(text(_TAKE), {**rows[0], "state": "done"})
        if database.is_sqlite:
            connection.exec_driver_sql(
                "UPDATE deliveries SET state = 'sent', provider_id = ?, changed_at = ?"
                " WHERE mailing_id = ? AND subscriber_id = ?",
                [(r["provider"], r["at"], r["mailing"], r["id"]) for r in rows],
            )
            return
        connection.execute(
            text(
                "UPDATE deliveries d SET state = 'sent', provider_id = n.provider,"
                " changed_at = :at FROM unnest(cast(:ids AS bigint[]),"
                " cast(:providers AS text[])) AS n (id, provider)"
                " WHERE d.mailing_id = :mailing AND d.subscriber_id = n.id"
            ),
            {
                **rows[0],
                "ids": [r["id"] for r in rows],
                "providers": [r["provider"] for r in rows],
            },
        )


def _stored(database: Database) -> Any:
    return f"{MONDAY:%Y-%m-%d %H:%M:%S}.000000" if database.is_sqlite else MONDAY


def measure(url: str, count: int) -> Iterator[tuple[str, float, float]]:
    """Yield each part with our deliveries per second and the bare statements'."""
    crowd.fill(url, crowd.settle(url), count)
    database = Database(url, folder=Path())
    clock = time.process_time if database.is_sqlite else time.perf_counter
    results: list[tuple[dict[str, float], int]] = []
    for act in (ours, bare):
        watch = Stopwatch(clock)
        done = act(database, watch)
        results.append((watch.spent, done))
    database.close()
    (mine, sent), (raw, marked) = results
    for part in mine:
        yield part, sent / mine[part], marked / raw[part]


def main() -> None:
    """Measure, on SQLite or on a PostgreSQL server of its own."""
    options = parser(__doc__)
    options.add_argument("--postgresql", action="store_true")
    asked = options.parse_args()
    count = 30_000 if asked.quick else 200_000
    kind = "postgresql" if asked.postgresql else "sqlite"
    tell(f"ledger: {count:,} deliveries in batches of {BATCH} on {kind}")
    server = crowd.postgresql if asked.postgresql else crowd.sqlite
    with server() as url:
        rows = tuple(
            Row(
                case=f"{kind}: {part}",
                ours=mine,
                baseline=raw,
                baseline_name="the bare statements",
            )
            for part, mine, raw in measure(url, count)
        )
    unit = "deliveries per second"
    unit += " of wall time" if asked.postgresql else " of CPU time"
    Report(
        name="ledger",
        unit=unit,
        rows=rows,
        notes=(NOTE,),
    ).print(as_json=asked.json)


if __name__ == "__main__":
    main()
