"""What the ledger costs: `python benchmarks/send.py [--quick] [--json] [--postgresql]`.

Drains one weekly edition through a provider that fills every message and accepts it
at once, in batches of 500, each claimed, committed before the call and recorded after
it. The baseline fills the same number of messages in a bare loop.
"""

import argparse
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path

import crowd
import mailing
from report import Report, Row, parser, tell

from mailer.adapters.database.engine import Database
from mailer.core.mime import MimeForm
from mailer.pipeline.send import Sender
from mailer.ports import Accepted, Answered, Capabilities, Outcome, Outgoing

BATCH = 500


class Accepting:
    """Fills every message, drops it, and says that it was accepted."""

    name = "accepting"
    capabilities = Capabilities(max_batch=BATCH)

    def __init__(self) -> None:
        self.taken: list[Outgoing] = []

    def send(self, outgoing: Outgoing) -> Outcome:
        """Accept all of it."""
        self.taken.append(outgoing)
        fill(outgoing)
        return Answered(
            results=[Accepted(provider_id=r.uid.hex()) for r in outgoing.recipients]
        )

    def close(self) -> None:
        """Have nothing to close."""


def fill(outgoing: Outgoing) -> None:
    """Make every message of a batch."""
    form = MimeForm(outgoing.letter, outgoing.date)
    deque(map(form.fill, outgoing.recipients), maxlen=0)


def composed(database: Database, provider: Accepting, count: int) -> Sender:
    """Compose an edition and return who sends it."""
    if mailing.compose(database, batch=BATCH) != count:
        raise SystemExit("send: not everybody has a delivery")
    return mailing.sender(database, provider)


def measure(url: str, count: int) -> tuple[float, float, int]:
    """Return the seconds of draining and of filling alone, and how many were sent."""
    database = Database(url, folder=Path())
    clock = time.process_time if database.is_sqlite else time.perf_counter
    provider = Accepting()
    sender = composed(database, provider, count)
    start = clock()
    sender.drain(sleep=time.sleep)
    draining = clock() - start
    start = clock()
    refill(provider.taken)
    filling = clock() - start
    database.close()
    return draining, filling, sum(len(each.recipients) for each in provider.taken)


def refill(taken: Sequence[Outgoing]) -> None:
    """Fill the same messages once more, with nothing around it."""
    for outgoing in taken:
        fill(outgoing)


def main() -> None:
    """Measure and report."""
    options = _options()
    count = options.count or (5_000 if options.quick else 100_000)
    database = "PostgreSQL" if options.postgresql else "SQLite"
    tell(f"send: composing for {count:,} subscribers on {database}, then draining")
    with crowd.postgresql() if options.postgresql else crowd.sqlite() as url:
        crowd.fill(url, crowd.settle(url), count)
        draining, filling, sent = measure(url, count)
    ledger = (draining - filling) / sent * 1e6
    clock = "wall clock" if options.postgresql else "CPU time"
    Report(
        name="send",
        unit=f"messages per second ({clock})",
        rows=(
            Row(
                case=f"{database}, {sent:,} messages in batches of {BATCH}",
                ours=sent / draining,
                baseline=sent / filling,
                baseline_name="filling alone, no ledger",
            ),
        ),
        notes=(f"The ledger costs {ledger:,.1f} microseconds per message.",),
    ).print(as_json=options.json)


def _options() -> argparse.Namespace:
    made = parser(__doc__)
    made.add_argument(
        "--postgresql", action="store_true", help="on a server of its own"
    )
    made.add_argument("--count", type=int, help="how many subscribers")
    return made.parse_args()


if __name__ == "__main__":
    main()
