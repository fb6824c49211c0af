"""An urgent call to many: `python benchmarks/blast.py [--quick] [--json] [--postgresql] [--count N]`.

Approves a blast to everybody on a list and lets it go, which is one transaction each:
either everybody has a delivery, or nobody. Meanwhile somebody else writes one row every
few milliseconds, as a page does that a reader leaves by; the longest that one waits is
a row of its own. Then several workers send it, and it is stopped.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import Self
from zoneinfo import ZoneInfo

import crowd
import mailing
from crowd import MONDAY, SECRET
from report import Report, Row, parser, tell
from sqlalchemy import text, update

from mailer.adapters.database.engine import Database
from mailer.adapters.database.faring import SqlBlasts
from mailer.adapters.database.publishing import SqlPublicActions
from mailer.adapters.database.schema import subscriptions
from mailer.adapters.database.work import SqlLedger
from mailer.adapters.markdown import CommonMark
from mailer.core.draft import parse
from mailer.core.errors import StoreError
from mailer.core.proposal import Proposal
from mailer.core.routes import Route, Routing
from mailer.pipeline.send import Sender
from mailer.pipeline.typeset import Typeset, Typesetter
from mailer.ports import (
    Accepted,
    Answered,
    Capabilities,
    Launch,
    Outcome,
    Outgoing,
    Terms,
)

NOTE = """\
The baseline of approving and launching is one bare INSERT … SELECT of as many rows, read
and written in the same way, without a rule, a reason, a first wave or a batch. That of
the longest wait is the launch itself. That of a stop is one call of the provider: what is
committed to before the stop may still begin after it, up to one batch of each
worker; the longest of five stops."""
DRAFT = parse(
    {
        "list": "weekly",
        "edition": "tonight",
        "en": {"headline": ["Come to Otay Mesa", "tonight at 6"], "reason": "They ask."},
        "es": {"headline": ["Vengan a Otay Mesa", "hoy a las 6"], "reason": "Lo piden."},
        "audience": {"include": [{"list": "weekly"}]},
    },
    file="-",
)  # fmt: skip
TERMS = Terms(list_slug="weekly", at=MONDAY)
WORKERS = 4
BATCH = 100
STOPS = 5
PATIENCE = 60.0  # seconds; a machine that is busy begins late
_BARE = """
    INSERT INTO {table}
    SELECT 1, b.subscriber_id, s.address_hash FROM subscriptions b
    JOIN subscribers s ON s.id = b.subscriber_id
    WHERE b.list_number = 1 AND b.state = 'active'
      AND NOT EXISTS (SELECT 1 FROM suppressions x WHERE x.address_hash = s.address_hash)
"""


@dataclass
class Slow:
    """A provider that takes its time and notes when each of its calls began."""

    capabilities: Capabilities
    seconds: float
    name: str = "slow"
    began: list[float] = field(default_factory=list)

    def send(self, outgoing: Outgoing) -> Outcome:
        """Accept all of it, after a while."""
        self.began.append(time.perf_counter())
        time.sleep(self.seconds)
        return Answered(results=[Accepted() for _ in outgoing.recipients])

    def close(self) -> None:
        """Have nothing to close."""


class Neighbour:
    """Writes one row again and again, and remembers the longest that it took."""

    def __init__(self, url: str) -> None:
        self._database = Database(url, folder=Path())
        self._over = False
        self._thread = Thread(target=self._write)
        self.longest = 0.0
        self.gave_up = 0

    def __enter__(self) -> Self:
        self._thread.start()
        time.sleep(0.2)
        self.longest = 0.0
        return self

    def __exit__(self, *_error: object) -> None:
        self._over = True
        self._thread.join()
        self._database.close()

    @property
    def said(self) -> str:
        """Return how long it waited, and how often in vain."""
        return f"{self.longest:.1f} s; gave up: {self.gave_up}"

    def _write(self) -> None:
        while not self._over:
            start = time.perf_counter()
            try:
                with self._database.writing() as connection:
                    connection.execute(
                        update(subscriptions)
                        .where(subscriptions.c.subscriber_id == 3)
                        .values(changed_at=MONDAY)
                    )
            except StoreError:  # on SQLite, after half a minute
                self.gave_up += 1
            self.longest = max(self.longest, time.perf_counter() - start)
            time.sleep(0.005)


def measure(url: str, count: int) -> Iterator[Row]:
    """Yield what approving, launching and stopping take."""
    crowd.fill(url, crowd.settle(url, actions=1), count)
    database = Database(url, folder=Path())
    ledger = SqlLedger(database, SECRET)
    ledger.route(Routing(usual=Route(shares={"slow": 1}), lists={}))
    blasts = SqlBlasts(database, SECRET)
    bare = _timed(lambda: _bare(database))
    hands = _submitted(database, blasts, count)
    with Neighbour(url) as neighbour:
        spent = _timed(lambda: _approve(database, blasts, hands))
    tell(
        f"approved for {count:,} in {spent:.1f} s; others waited {neighbour.longest:.1f}"
    )
    yield _row("approve", spent, bare, "a bare INSERT … SELECT")
    yield _row("approve: longest wait of another writer", neighbour.longest, spent,
               "all of it")  # fmt: skip
    launch = _launch(database, blasts)
    with Neighbour(url) as neighbour:
        spent = _timed(lambda: blasts.launch(launch))
    number = blasts.find("tonight").mailing
    if number is None or ledger.standing(number).audience < count * 0.97:
        raise SystemExit(f"blast: it is {blasts.find('tonight').stage}")
    tell(
        f"launched for {count:,} in {spent:.1f} s; others waited {neighbour.longest:.1f}"
    )
    yield _row("launch", spent, bare, "a bare INSERT … SELECT")
    yield _row("launch: longest wait of another writer", neighbour.longest, spent,
               "all of it")  # fmt: skip
    _let_everybody_go(blasts)
    for case, slow in _carriers():
        stops = [_stopped(database, ledger, number, slow, n) for n in range(STOPS)]
        answered, last = max(a for a, _ in stops), max(b for _, b in stops)
        tell(
            f"stop, {case}: answered in {answered:.3f} s, last call {last:.3f} s later"
        )
        yield _row(
            f"stop, {case}: until it answers", answered, slow.seconds, "one call"
        )
        yield _row(f"stop, {case}: last call begins", last, slow.seconds, "one call")
    database.close()


def _carriers() -> Iterator[tuple[str, Slow]]:
    window = Capabilities(max_batch=1, window=BATCH, concurrency=16)
    yield "a call each, 16 at a time", Slow(capabilities=window, seconds=0.1)
    batch = Capabilities(max_batch=BATCH, idempotency_ttl=86_400.0)
    yield f"a call for {BATCH}", Slow(capabilities=batch, seconds=0.3)


def _row(case: str, ours: float, baseline: float, name: str) -> Row:
    return Row(
        case=case,
        ours=max(ours, 1e-6) * 1000,
        baseline=baseline * 1000,
        baseline_name=name,
        less_is_better=True,
    )


def _timed(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def _bare(database: Database) -> None:
    with database.writing() as connection:
        kind = "BLOB" if database.is_sqlite else "BYTEA"
        connection.execute(
            text(
                f"CREATE TABLE bare (mailing_id BIGINT, subscriber_id BIGINT,"
                f" address_hash {kind}, PRIMARY KEY (mailing_id, subscriber_id))"
            )
        )
        connection.execute(text(_BARE.format(table="bare")))
        connection.execute(text("DROP TABLE bare"))


def _submitted(database: Database, blasts: SqlBlasts, count: int) -> Proposal:
    made = blasts.create(DRAFT, by="ana@example.org", at=MONDAY)
    # Of a hundred one is suppressed, and one has paused.
    expected = count - len(range(1, count + 1, 100)) - len(range(2, count + 1, 100))
    blasts.submit(made, by="ana@example.org", expected=expected,
                  words=_typeset(database, blasts).words, acknowledged={},
                  at=MONDAY)  # fmt: skip
    return blasts.find("tonight")


def _approve(database: Database, blasts: SqlBlasts, proposal: Proposal) -> None:
    blasts.approve(
        proposal,
        by="ben@example.org",
        reason=None,
        words=_typeset(database, blasts).words,
        hold_until=MONDAY,
        terms=TERMS,
        at=MONDAY,
    )


def _typeset(database: Database, blasts: SqlBlasts) -> Typeset:
    typesetter = Typesetter(
        zone=ZoneInfo("UTC"),
        renderer=mailing.renderer(),
        markdown=CommonMark(),
        actions=SqlPublicActions(database),
        secret=SECRET,
        base_url=mailing.BASE_URL,
    )
    return typesetter.typeset(DRAFT, crowd.WEEKLY, blasts.key(DRAFT.name))


def _launch(database: Database, blasts: SqlBlasts) -> Launch:
    typeset = _typeset(database, blasts)
    return Launch(
        proposal=blasts.find("tonight"),
        key=blasts.key(DRAFT.name),
        variants=typeset.variants,
        by_language=typeset.by_language,
        otherwise=typeset.otherwise,
        words=typeset.words,
        batch_size=BATCH,
        domains={},
        route=Route(shares={"slow": 1}),
        quiet=None,
        terms=TERMS,
        at=MONDAY + timedelta(seconds=1),
    )


def _let_everybody_go(blasts: SqlBlasts) -> None:
    """Do not wait for the first few: only then there is much to stop."""
    proposal = blasts.find("tonight")
    blasts.settle_canary(proposal, until=MONDAY)
    if not blasts.widen(proposal, quiet=None, at=MONDAY):
        raise SystemExit("blast: the rest was not let go")


def _stopped(
    database: Database, ledger: SqlLedger, number: int, slow: Slow, turn: int
) -> tuple[float, float]:
    """Return how long the stop took, and how long after it the last call began."""
    ledger.resume(number, at=MONDAY)
    over = [False]
    senders = [_sender(database, slow, worker) for worker in range(WORKERS)]
    threads = [Thread(target=_drain, args=(each, over)) for each in senders]
    for thread in threads:
        thread.start()
    _await_calls(slow)
    time.sleep(0.3 + 0.17 * turn)
    start = time.perf_counter()
    ledger.pause(number, reason="stop", at=MONDAY)
    answered = time.perf_counter()
    time.sleep(1.0)
    over[0] = True
    for thread in threads:
        thread.join()
    for each in senders:
        each.close()
    return answered - start, max(0.0, max(slow.began) - answered)


def _await_calls(slow: Slow) -> None:
    """Wait until sending is under way: a stop before it would measure nothing."""
    given_up = time.perf_counter() + PATIENCE
    while not slow.began:
        if time.perf_counter() > given_up:
            raise SystemExit("blast: nothing was sent before the stop")
        time.sleep(0.005)


def _sender(database: Database, slow: Slow, worker: int) -> Sender:
    made = mailing.sender(database, slow)
    object.__setattr__(made, "owner", f"worker {worker}")
    return made


def _drain(sender: Sender, over: list[bool]) -> None:
    sender.drain(sleep=lambda _s: time.sleep(0.01), stopping=lambda: over[0])


def main() -> None:
    """Measure, on SQLite or on a PostgreSQL server of its own."""
    options = parser(__doc__)
    options.add_argument("--postgresql", action="store_true")
    options.add_argument("--count", type=int, help="subscribers")
    asked = options.parse_args()
    count = asked.count or (20_000 if asked.quick else 1_000_000)
    kind = "postgresql" if asked.postgresql else "sqlite"
    tell(f"blast: {count:,} subscribers on {kind}")
    server = crowd.postgresql if asked.postgresql else crowd.sqlite
    with server() as url:
        rows = tuple(measure(url, count))
    Report(
        name="blast", unit=f"milliseconds by the wall, {kind}", rows=rows, notes=(NOTE,)
    ).print(as_json=asked.json)


if __name__ == "__main__":
    main()
