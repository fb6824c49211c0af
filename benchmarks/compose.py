"""What a crowd costs: `python benchmarks/compose.py [--quick] [--json] [--postgresql]`.

Plans and composes one weekly edition of the 27 October actions for subscribers in 50
places and two languages: 100 variants, however many people. Each size runs in a
process of its own, whose peak of resident memory is the operating system's figure.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import crowd
from crowd import MONDAY, SECRET, WEEKLY
from report import Report, Row, parser, peak_memory, tell
from sqlalchemy import Connection, delete, event, insert, select

from mailer.adapters.database.actions import SqlActions
from mailer.adapters.database.engine import Database
from mailer.adapters.database.schema import batches, deliveries
from mailer.adapters.database.work import SqlLedger
from mailer.adapters.renderer.mail import MailRenderer
from mailer.adapters.renderer.sample import read_sample
from mailer.core import envelope
from mailer.core.audience import Group
from mailer.core.routes import Route
from mailer.pipeline import plan
from mailer.pipeline.compose import SHOWN, Composer, Workshop
from mailer.ports import Mailing

TEMPLATES = Path(__file__).parent.parent / "templates"
SAMPLED = 20  # recipients that are composed for one by one
BATCH = 500


class Stopwatch:
    """Seconds: CPU time on SQLite, which is in this process; else by the wall."""

    def __init__(self, database: Database) -> None:
        self.now: Callable[[], float] = (
            time.process_time if database.is_sqlite else time.perf_counter
        )
        self.inserting = 0.0
        event.listen(database.engine, "before_cursor_execute", self._before)
        event.listen(database.engine, "after_cursor_execute", self._after)

    def _before(self, *call: Any) -> None:
        context = call[4]
        context.started = self.now()

    def _after(self, *call: Any) -> None:
        statement, context = call[2], call[4]
        if "INSERT INTO deliveries" in statement:
            self.inserting += self.now() - context.started


def measure(url: str) -> Mapping[str, float]:
    """Plan and compose once, and then a few by one; return seconds and MiB."""
    database = Database(url, folder=Path())
    watch = Stopwatch(database)
    ledger = SqlLedger(database, SECRET)
    renderer = MailRenderer(
        TEMPLATES,
        read_sample(TEMPLATES / "email" / "digest" / "sample.json").brand,
        "https://mail.example.org",
    )
    composer = Composer(
        ledger=ledger,
        actions=SqlActions(database),
        renderer=renderer,
        secret=SECRET,
        route_of=lambda _list: Route(shares={"main": 1}),
        batch_size=lambda _list: BATCH,
    )
    start = watch.now()
    mailing = plan.now(WEEKLY, ledger, edition=None, now=MONDAY)
    composition = composer.compose(mailing, WEEKLY, at=MONDAY)
    spent = watch.now() - start
    inserting = watch.inserting
    peak = peak_memory()
    groups = list(composition.assignment)
    one_by_one = _one_by_one(composer, renderer, mailing, groups, watch)
    by_row = _by_row(database, watch)
    database.close()
    return {
        "seconds": spent,
        "inserting": inserting,
        "by_row": by_row,
        "mebibytes": peak,
        "one_by_one": one_by_one,
        "variants": len(composition.variants),
        "deliveries": ledger.standing(mailing.id).audience,
    }


def _one_by_one(
    composer: Composer,
    renderer: MailRenderer,
    mailing: Mailing,
    groups: Sequence[Group],
    watch: Stopwatch,
) -> float:
    """Return the seconds of composing for one recipient at a time.

    The actions are loaded once for all, which spares the baseline the most of its SQL.
    """
    workshop = Workshop(composer, mailing, WEEKLY)
    slots = envelope.markers("0123456789abcdef")
    start = watch.now()
    for group in groups[:SAMPLED]:
        renderer.digest(
            workshop.digest(group), mailing_list=WEEKLY, shown=SHOWN, slots=slots
        )
    return (watch.now() - start) / SAMPLED


def _by_row(database: Database, watch: Stopwatch) -> float:
    """Return the seconds of making the same deliveries from rows in this process."""
    with database.reading() as connection:
        rows = [dict(row) for row in connection.execute(select(deliveries)).mappings()]
    with database.engine.connect() as connection:
        _empty(connection)
        start = watch.now()
        connection.execute(insert(deliveries), rows)
        spent = watch.now() - start
        connection.rollback()
    return spent


def _empty(connection: Connection) -> None:
    connection.execute(delete(batches))
    connection.execute(delete(deliveries))


def in_a_process(url: str) -> Mapping[str, float]:
    """Measure in a process that has done nothing else."""
    done = subprocess.run(  # noqa: S603 - ourselves
        [sys.executable, __file__, "--measure", url], stdout=subprocess.PIPE, check=True
    )
    found: Mapping[str, float] = json.loads(done.stdout)
    return found


def rows(database: str, found: Mapping[int, Mapping[str, float]]) -> Sequence[Row]:
    """Set each size beside its baselines."""
    smallest = found[min(found)]
    made: list[Row] = []
    for size, one in found.items():
        case = f"{database}, {size:,} subscribers"
        made += [
            Row(
                case=f"{case}: plan and compose",
                ours=one["seconds"],
                baseline=one["one_by_one"] * size,
                baseline_name=f"one by one (reckoned from {SAMPLED})",
                less_is_better=True,
            ),
            Row(
                case=f"{case}: all but the INSERT … SELECT",
                ours=one["seconds"] - one["inserting"],
                baseline=smallest["seconds"] - smallest["inserting"],
                baseline_name=f"the same for {min(found):,}",
                less_is_better=True,
            ),
            Row(
                case=f"{case}: the INSERT … SELECT",
                ours=one["inserting"],
                baseline=one["by_row"],
                baseline_name="executemany of the same rows",
                less_is_better=True,
            ),
            Row(
                case=f"{case}: peak memory, MiB",
                ours=one["mebibytes"],
                baseline=smallest["mebibytes"],
                baseline_name=f"the same for {min(found):,}",
                less_is_better=True,
            ),
        ]
    return made


def notes(found: Mapping[int, Mapping[str, float]]) -> str:
    """Say what was made, for people."""
    said = [
        f"{size:,} subscribers: {one['variants']:.0f} variants,"
        f" {one['deliveries'] / one['inserting']:,.0f} deliveries per second in the"
        " INSERT … SELECT."
        for size, one in found.items()
    ]
    return "\n".join(said)


def main() -> None:
    """Measure and report."""
    options = _options()
    if options.measure:
        print(json.dumps(measure(options.measure)))
        return
    sizes = options.sizes or (
        [300, 3_000] if options.quick else [1000, 10_000, 100_000]
    )
    opened = crowd.postgresql if options.postgresql else crowd.sqlite
    database = "PostgreSQL" if options.postgresql else "SQLite"
    found: dict[int, Mapping[str, float]] = {}
    for size in sizes:
        tell(f"compose: {size:,} subscribers on {database}")
        with opened() as url:
            crowd.fill(url, crowd.settle(url), size)
            found[size] = in_a_process(url)
    clock = "seconds by the wall" if options.postgresql else "seconds of CPU time"
    Report(
        name="compose",
        unit=f"{clock}, if not said otherwise",
        rows=tuple(rows(database, found)),
        notes=(
            notes(found),
            (
                "One by one: assembling and rendering for one recipient at a time,"
                f" measured on {SAMPLED} and multiplied; no message is built, nothing kept."
            ),
        ),
    ).print(as_json=options.json)


def _options() -> argparse.Namespace:
    made = parser(__doc__)
    made.add_argument(
        "--postgresql", action="store_true", help="on a server of its own"
    )
    made.add_argument("--sizes", type=int, nargs="+", help="how many subscribers")
    made.add_argument("--measure", metavar="URL", help=argparse.SUPPRESS)
    return made.parse_args()


if __name__ == "__main__":
    main()
