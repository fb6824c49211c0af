"""What a coordinator waits for: `python benchmarks/audience.py [--quick] [--json] [--postgresql] [--count N]`.

Counts audiences by rule, and lays out their cards, beside the count that somebody would
write in SQL by hand: it must come to the same number, or the program ends. Of the
crowd one in a hundred is suppressed, one has paused, one in fifty has a tag; everybody
got a digest in the last day, and every second one a blast two days ago.
"""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

import crowd
from crowd import MONDAY
from report import Report, Row, parser, tell
from sqlalchemy import text

from mailer.adapters.database.audiences import SqlAudiences
from mailer.adapters.database.engine import Database
from mailer.core.caps import Cap
from mailer.core.rule import Rule, read
from mailer.ports.audiences import Terms

NOTE = """\
The count is what drift is found out by; the card is the count with its parts by region,
language, organization and consent, ten examples, who is left out and why, and how many
were mailed in the last day. The median of the rounds."""
UNCAPPED = Terms(list_slug="weekly", at=MONDAY)
CAPPED = Terms(list_slug="weekly", at=MONDAY, caps=(Cap(times=1, unit="week"),))
_PAST = """
    INSERT INTO mailings (id, key, list_number, edition, kind, state, due_at, as_of,
                          until, planned_at, finished_at)
    VALUES (:id, :key, 1, :edition, :kind, 'finished', :at, :at, :at, :at, :at)
"""
_GIVEN = """
    INSERT INTO deliveries (mailing_id, subscriber_id, address_hash, state, changed_at)
    SELECT :id, id, address_hash, 'sent', :at FROM subscribers WHERE id % :every = 0
"""
_TAGS = """
    INSERT INTO subscriber_tags (subscriber_id, tag)
    SELECT id, 'press' FROM subscribers WHERE id % 50 = 3
"""
_BARE = """
    SELECT count(*) FROM subscriptions b JOIN subscribers s ON s.id = b.subscriber_id
    {joins}
    WHERE b.list_number = 1 AND b.state = 'active'
      AND (b.paused_until IS NULL OR b.paused_until <= :at)
      AND NOT EXISTS (SELECT 1 FROM suppressions x WHERE x.address_hash = s.address_hash)
      {more}
"""
_PLACED = """
    LEFT JOIN seats t ON t.subscriber_id = s.id
    LEFT JOIN organizations o ON o.id = t.organization_id
    JOIN places p ON p.id = coalesce(s.place_id, o.place_id)
"""
_UNCAPPED_ONES = """
    AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.mailing_id = 2
                    AND d.subscriber_id = s.id AND d.state = 'sent')
"""
EVERYBODY = read({"include": [{"list": "weekly"}]})
A_STATE = read({"include": [{"region": "us-ca"}]})
MIXED = read(
    {
        "include": [
            {"all": [{"region": ["us-ca", "us-nv", "us-az"]}, {"language": "es"}]}
        ],
        "exclude": [{"tag": "press"}],
    }
)
TAGGED = read({"include": [{"tag": "press"}]})
CASES: dict[str, tuple[Rule, Terms, str]] = {
    "everybody on the list": (EVERYBODY, UNCAPPED, _BARE.format(joins="", more="")),
    "everybody, capped": (
        EVERYBODY, CAPPED, _BARE.format(joins="", more=_UNCAPPED_ONES),
    ),
    "one state": (
        A_STATE, UNCAPPED, _BARE.format(joins=_PLACED, more="AND p.region = 'CA'"),
    ),
    "three states, a language, without a tag": (
        MIXED, UNCAPPED,
        _BARE.format(
            joins=_PLACED,
            more="AND p.region IN ('CA', 'NV', 'AZ') AND s.language = 'es' AND NOT EXISTS"
            " (SELECT 1 FROM subscriber_tags g WHERE g.subscriber_id = s.id"
            " AND g.tag = 'press')",
        ),
    ),
    "a tag": (
        TAGGED, UNCAPPED,
        _BARE.format(
            joins="JOIN subscriber_tags g ON g.subscriber_id = s.id",
            more="AND g.tag = 'press'",
        ),
    ),
}  # fmt: skip


def past(database: Database) -> None:
    """Let there be a digest of this morning, and a blast of the day before yesterday."""
    with database.writing() as connection:
        for number, kind, hours, every in ((1, "digest", 3, 1), (2, "blast", 48, 2)):
            at = _stored(database, hours)
            row = {"id": number, "key": bytes(16), "edition": kind, "kind": kind}
            connection.execute(text(_PAST), {**row, "at": at})
            given = {"id": number, "every": every, "at": at}
            connection.execute(text(_GIVEN), given)
        connection.execute(text(_TAGS))
    with database.engine.connect().execution_options(
        isolation_level="AUTOCOMMIT"
    ) as connection:
        connection.exec_driver_sql(
            "ANALYZE" if database.is_sqlite else "VACUUM ANALYZE"
        )


def _stored(database: Database, hours: int = 0) -> Any:
    at = MONDAY - timedelta(hours=hours)
    return f"{at:%Y-%m-%d %H:%M:%S}.000000" if database.is_sqlite else at


def measure(url: str, count: int, rounds: int) -> Iterator[tuple[str, float, float]]:
    """Yield each case with our seconds and those of the bare count."""
    crowd.fill(url, crowd.settle(url), count)
    database = Database(url, folder=Path())
    past(database)
    audiences = SqlAudiences(database)
    clock = time.process_time if database.is_sqlite else time.perf_counter
    for name, (rule, terms, bare) in CASES.items():

        def by_hand(bare: str = bare) -> int:
            with database.reading() as connection:
                counted = connection.execute(text(bare), {"at": _stored(database)})
                return int(counted.scalar_one())

        def ours(rule: Rule = rule, terms: Terms = terms) -> int:
            return audiences.count(rule, terms)

        def card(rule: Rule = rule, terms: Terms = terms) -> int:
            return audiences.card(rule, terms).count

        raw, expected = _timed(by_hand, rounds, clock)
        for what, act in (("count", ours), ("card", card)):
            spent, found = _timed(act, rounds, clock)
            if found != expected:
                raise SystemExit(f"{name}: the {what} says {found}, by hand {expected}")
            tell(f"{what} of {name}: {found:,} in {spent:.2f} s, by hand {raw:.2f} s")
            yield f"{what}: {name}", spent, raw
    database.close()


def _timed(
    act: Callable[[], int], rounds: int, clock: Callable[[], float]
) -> tuple[float, int]:
    """Return the median of the rounds, after one that warms up, and the answer."""
    answer = act()
    spent: list[float] = []
    for _ in range(rounds):
        start = clock()
        answer = act()
        spent.append(clock() - start)
    return median(spent), answer


def main() -> None:
    """Measure, on SQLite or on a PostgreSQL server of its own."""
    options = parser(__doc__)
    options.add_argument("--postgresql", action="store_true")
    options.add_argument("--count", type=int, help="subscribers")
    asked = options.parse_args()
    count = asked.count or (50_000 if asked.quick else 1_000_000)
    kind = "postgresql" if asked.postgresql else "sqlite"
    tell(f"audience: {count:,} subscribers on {kind}")
    server = crowd.postgresql if asked.postgresql else crowd.sqlite
    with server() as url:
        rows = tuple(
            Row(
                case=f"{kind}, {case}",
                ours=mine * 1000,
                baseline=raw * 1000,
                baseline_name="the count by hand",
                less_is_better=True,
            )
            for case, mine, raw in measure(url, count, 3)
        )
    spent = "wall" if asked.postgresql else "CPU"
    Report(
        name="audience",
        unit=f"milliseconds of {spent} time",
        rows=rows,
        notes=(NOTE,),
    ).print(as_json=asked.json)


if __name__ == "__main__":
    main()
