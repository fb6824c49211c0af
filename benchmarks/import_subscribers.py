"""What an import costs: `python benchmarks/import_subscribers.py [--quick] [--json]`.

Imports one CSV file of subscribers with `mailer import subscribers`, then the same file
once more, which changes nothing. The baseline reads the same file with a bare
`csv.reader` and inserts the same columns into one table by `executemany`: no address is
checked, no place looked up, no consent weighed, nobody recognized who is there already.
Each run is a process of its own, and what it took is what the system says of it. The
project has met the ten cities before: to read the gazetteer takes two seconds, once.
`--postgresql` imports there instead of into SQLite; the baseline stays.
"""

import csv
import os
import sqlite3
import sys
import tempfile
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from cost import Cost, cost
from report import Report, Row, parser, tell

BASELINE = "csv.reader, executemany"
COLUMNS = (
    "organization",
    "email",
    "given_name",
    "family_name",
    "role",
    "language",
    "time_zone",
    "city",
    "state",
    "consent_basis",
    "consent_at",
    "consent_source",
    "consent_text",
)
_CITIES = (
    ("San Diego", "CA"),
    ("Denver", "CO"),
    ("Newark", "NJ"),
    ("Chicago", "IL"),
    ("Austin", "TX"),
    ("Reno", "NV"),
    ("Phoenix", "AZ"),
    ("Boston", "MA"),
    ("Seattle", "WA"),
    ("Atlanta", "GA"),
)
_MAILBOXES = ("gmail.com", "yahoo.com", "hotmail.com", "outlook.com")
_OWN_DOMAINS = 2_000
_BLOCK = 1_000  # rows per executemany


def rows(count: int) -> Iterator[Sequence[str]]:
    """Yield people with all that is known of them: 200 octets each."""
    for n in range(count):
        city, state = _CITIES[n % len(_CITIES)]
        own = f"organization{n % _OWN_DOMAINS}.example.org"
        domain = own if n % 3 == 0 else _MAILBOXES[n % len(_MAILBOXES)]
        yield (
            f"Organization {n * 7 % _OWN_DOMAINS}",
            f"first.last{n}@{domain}",
            f"Given{n % 5_000}",
            f"Family{n % 20_000}",
            "primary",
            ("en", "es")[n % 2],
            "America/Los_Angeles",
            city,
            state,
            "form",
            f"2019-{n % 9 + 1:02}-{n % 28 + 1:02}T{n % 24:02}:{n % 60:02}:00Z",
            "assembly sign-up",
            "Yes, send me the weekly list of actions.",
        )


def write(path: Path, count: int) -> None:
    """Write the file that is imported."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(rows(count))


def bare(source: Path, target: Path) -> None:
    """Do what must be done at the least: read, insert, commit now and then."""
    connection = sqlite3.connect(target)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    names = ", ".join(COLUMNS)
    connection.execute(f"CREATE TABLE people (id INTEGER PRIMARY KEY, {names})")
    connection.execute("CREATE UNIQUE INDEX by_email ON people (email)")
    marks = ", ".join("?" * len(COLUMNS))
    with source.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        next(reader)
        while block := list(islice(reader, _BLOCK)):
            with connection:
                connection.executemany(
                    f"INSERT INTO people ({names}) VALUES ({marks})",  # noqa: S608 - our own names
                    block,
                )
    connection.close()


def measure(folder: Path, count: int, database: str | None) -> tuple[Row, ...]:
    """Import, import again, and do it the bare way."""
    source, few, project = folder / "people.csv", folder / "few.csv", folder / "project"
    write(source, count)
    write(few, len(_CITIES))
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MAILER_")}
    if database:
        environment["MAILER_DATABASE_URL"] = database
    mailer: list[str | Path] = [sys.executable, "-m", "mailer", "--project", project]
    cost([*mailer, "init", project], environment)
    if database:
        cost([*mailer, "db", "upgrade"], environment)
    words: list[str | Path] = ["import", "subscribers", "--list", "weekly"]
    met = cost([*mailer, *words, few], environment)
    tell(f"  met the cities in {met.wall:.1f} s ({met.memory:.0f} MiB)")
    first = cost([*mailer, *words, source], environment)
    tell(f"  imported in {first.wall:.1f} s")
    again = cost([*mailer, *words, source], environment)
    tell(f"  imported again in {again.wall:.1f} s")
    itself: list[str | Path] = [
        sys.executable,
        __file__,
        "--bare",
        source,
        folder / "bare.db",
    ]
    least = cost(itself, environment)
    return (*_rows("import", first, least, count), *_rows("again", again, least, count))


def _rows(case: str, ours: Cost, least: Cost, count: int) -> Iterator[Row]:
    yield Row(
        case=f"{case}: rows per second",
        ours=count / ours.wall,
        baseline=count / least.wall,
        baseline_name=BASELINE,
    )
    yield Row(
        case=f"{case}: CPU-seconds per 1,000 rows",
        ours=ours.cpu / count * 1000,
        baseline=least.cpu / count * 1000,
        baseline_name=BASELINE,
        less_is_better=True,
    )
    yield Row(
        case=f"{case}: peak memory, MiB",
        ours=ours.memory,
        baseline=least.memory,
        baseline_name=BASELINE,
        less_is_better=True,
    )


def main() -> None:
    """Measure and report."""
    asked = parser(__doc__)
    asked.add_argument("--postgresql", action="store_true", help="on a server")
    asked.add_argument("--rows", type=int, help="how many, else 1,000,000")
    asked.add_argument("--bare", nargs=2, type=Path, help="FILE DATABASE: do that only")
    options = asked.parse_args()
    if options.bare:
        bare(*options.bare)
        return
    count = options.rows or (20_000 if options.quick else 1_000_000)
    kind = "PostgreSQL" if options.postgresql else "SQLite"
    tell(f"import_subscribers: {count:,} rows into {kind}")
    with tempfile.TemporaryDirectory(prefix="mailer-bench-") as folder:
        if options.postgresql:
            from crowd import postgresql  # noqa: PLC0415 - heavy, and counted in `bare`

            with postgresql() as address:
                found = measure(Path(folder), count, address)
        else:
            found = measure(Path(folder), count, None)
    Report(
        name="import_subscribers",
        unit=f"{count:,} rows into {kind}, durable, of the whole process",
        rows=found,
    ).print(as_json=options.json)


if __name__ == "__main__":
    main()
