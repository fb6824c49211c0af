"""The service says now: an in-memory ticker over the pipeline, nothing else.

    python scheduler.py [--project DIR] [--every SECONDS]

Every tick pulls the sources that are due for it, makes the editions that have fallen
due and sends what is open. The ledger's UNIQUE keys decide what is made and sent, so
any number of these may run, and one that was stopped misses nothing.
"""

import argparse
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import FrameType

from apscheduler.schedulers.background import BackgroundScheduler

from mailer.bootstrap import Project
from mailer.core.errors import MailerError
from mailer.pipeline.tick import Ticker

EVERY = 20.0  # seconds


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until SIGTERM or Ctrl-C; the call in hand is finished first."""
    options = _options(arguments)
    stop = threading.Event()

    def trouble(words: str) -> None:
        sys.stderr.write(f"scheduler: {words}\n")

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    try:
        project = Project(options.project, dict(os.environ), lambda: datetime.now(UTC))
        ticker = project.ticker(trouble)
    except MailerError as error:
        sys.stderr.write(f"scheduler: {error}\n")
        return 1
    scheduler = BackgroundScheduler(timezone=UTC)
    scheduler.add_job(
        partial(_tick, ticker, stop, trouble),
        "interval",
        seconds=options.every,
        next_run_time=datetime.now(UTC),
        max_instances=1,  # a tick that takes longer than the interval is waited for
        coalesce=True,
        misfire_grace_time=None,  # a host that slept ticks once when it wakes
    )
    scheduler.start()
    stop.wait()
    scheduler.shutdown(wait=True)
    project.close()
    return 0


def _tick(
    ticker: Ticker, stop: threading.Event, trouble: Callable[[str], None]
) -> None:
    try:
        ticker.tick(stop.is_set)
    except Exception as error:  # noqa: BLE001 - the service outlives its defects
        # Its words may quote a row or an address; where it happened cannot.
        at = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(at.filename).name}, line {at.lineno}"
        trouble(
            f"this tick broke off: {type(error).__name__} in {place}; please report"
        )


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Send each edition when it is due.")
    parser.add_argument(
        "--project",
        type=lambda written: Path(written).resolve(),
        default=Path(os.environ.get("MAILER_PROJECT", ".")).resolve(),
        help="the project folder; by default $MAILER_PROJECT or the current folder",
    )
    parser.add_argument(
        "--every", type=float, default=EVERY, help="seconds between ticks (%(default)s)"
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
