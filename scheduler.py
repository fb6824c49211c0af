"""The service says now: an in-memory ticker over the pipeline, nothing else.

    python scheduler.py [--project DIR] [--every SECONDS] [--metrics-port PORT]

Every tick pulls the sources that are due for it, makes the editions that have fallen
due and sends what is open. The ledger's UNIQUE keys decide what is made and sent, so
any number of these may run, and one that was stopped misses nothing.
"""

import argparse
import logging
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import FrameType

from apscheduler.schedulers.background import BackgroundScheduler

from mailer.adapters import logs
from mailer.adapters.journal import Journal
from mailer.bootstrap import Project
from mailer.core.errors import MailerError
from mailer.pipeline.tick import Ticker

EVERY = 20.0  # seconds
REQUESTS_EVERY = 5.0  # seconds between looks at what visitors asked for
LISTS_EVERY = 600.0  # seconds between looks at whether a provider's list is due
_TICK = "tick"
_SKEW = timedelta(seconds=1)  # by which clocks are put right all the time
LOOK_AT_CLOCK_EVERY = 10.0  # seconds
RECENT = 20  # mailings whose changes are told


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until SIGTERM or Ctrl-C; the call in hand is finished first."""
    options = _options(arguments)
    stop = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    journal = Journal(_log(options))
    try:
        project = Project(options.project, dict(os.environ), _now)
        project.look_secrets_up()  # a service that lacks one says so as it starts
        project.watchers.append(journal.called)
        ticker = project.ticker(journal.trouble)
        if options.metrics_port:
            project.metrics(options.metrics_port, options.metrics_address)
        _greet(project, journal)
    except MailerError as error:
        sys.stderr.write(f"scheduler: {error}\n")
        return 1
    # A tick that is waited for is no news; what fails is told by the journal.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    scheduler = BackgroundScheduler(timezone=UTC)
    scheduler.add_job(
        partial(_tick, project, ticker, stop, journal),
        "interval",
        id=_TICK,
        seconds=options.every,
        next_run_time=datetime.now(UTC),
        max_instances=1,  # a tick that takes longer than the interval is waited for
        coalesce=True,
        misfire_grace_time=None,  # a host that slept ticks once when it wakes
    )
    scheduler.add_job(
        partial(_admit, project, stop, journal, partial(_tick_now, scheduler)),
        "interval",
        seconds=REQUESTS_EVERY,
        max_instances=1,
        coalesce=True,
        misfire_grace_time=None,
    )
    scheduler.add_job(
        partial(_synchronize, project, stop, journal),
        "interval",
        seconds=LISTS_EVERY,
        next_run_time=datetime.now(UTC),
        max_instances=1,
        coalesce=True,
        misfire_grace_time=None,
    )
    scheduler.start()
    while not stop.wait(LOOK_AT_CLOCK_EVERY):
        keep_time(scheduler, datetime.now(UTC), journal)
    journal.said("ending after the call in hand")
    scheduler.shutdown(wait=True)
    project.close()
    return 0


def keep_time(scheduler: BackgroundScheduler, now: datetime, journal: Journal) -> None:
    """Run what waits for longer than it ever does: the clock was put back.

    Jobs wait for a time of day: of an hour that comes twice, all would be slept through.
    """
    late = [
        job
        for job in scheduler.get_jobs()
        if job.next_run_time > now + job.trigger.interval + _SKEW
    ]
    for job in late:
        scheduler.modify_job(job.id, next_run_time=now)
    if late:
        journal.trouble("the clock was put back: what waited for it is done now")


def _greet(project: Project, journal: Journal) -> None:
    """Say what runs here, and what it waits for."""
    dates = {
        slug: project.next_edition(number)
        for slug, number in project.ledger.register(
            list(project.lists), at=project.clock()
        ).items()
        if slug in project.lists
    }
    journal.said(
        "started",
        project=str(project.folder),
        database=project.database.url.get_backend_name(),
        provider=", ".join(project.routing.names),
        next={slug: str(date) for slug, date in dates.items() if date},
    )
    if stopped := project.instance.stopped():
        journal.trouble(f"sending is stopped: {stopped.reason}")
    if project.settings.allow_only is not None:
        journal.trouble("test mode: mail goes only to those of [delivery] allow_only")


def _tick(
    project: Project, ticker: Ticker, stop: threading.Event, journal: Journal
) -> None:
    with _outliving(journal, "this tick"):
        ticker.tick(stop.is_set)
        recent = project.ledger.every()[:RECENT]
        journal.changes(reversed(recent), project.ledger.standing)


def _admit(
    project: Project,
    stop: threading.Event,
    journal: Journal,
    hurry: Callable[[], None],
) -> None:
    """Write to those whose addresses were typed into a form; somebody waits for it.

    Beside the ticks, for one that sends an edition takes hours: these go out first.
    """
    with _outliving(journal, "visitors' requests"):
        if project.clerk(journal.trouble).admit(stop.is_set):
            hurry()


def _tick_now(scheduler: BackgroundScheduler) -> None:
    scheduler.modify_job(_TICK, next_run_time=datetime.now(UTC))


def _synchronize(project: Project, stop: threading.Event, journal: Journal) -> None:
    """Bring providers' lists into line; beside the ticks, for it may take minutes."""
    with _outliving(journal, "the providers' lists"):
        project.synchronize_all(journal.trouble, stop.is_set)


@contextmanager
def _outliving(journal: Journal, what: str) -> Iterator[None]:
    try:
        yield
    except MailerError as error:
        journal.trouble(str(error))
    except Exception as error:  # noqa: BLE001 - the service outlives its defects
        # Its words may quote a row or an address; where it happened cannot.
        at = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(at.filename).name}, line {at.lineno}"
        journal.trouble(
            f"{what} broke off: {type(error).__name__} in {place}; please report"
        )


def _now() -> datetime:
    return datetime.now(UTC)


def _log(options: argparse.Namespace) -> logs.Logger:
    as_json = options.log_format == "json" or (
        options.log_format is None and not sys.stderr.isatty()
    )
    level = logs.Level[options.log_level.upper()]
    return logs.logger(sys.stderr, clock=_now, as_json=as_json, level=level)


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
    parser.add_argument(
        "--metrics-port", type=int, help="serve figures to Prometheus on this port"
    )
    parser.add_argument(
        "--metrics-address", default="127.0.0.1", help="… of this address (%(default)s)"
    )
    parser.add_argument(
        "--log-format",
        choices=("text", "json"),
        help="by default words on a terminal, and JSON lines elsewhere",
    )
    parser.add_argument(
        "--log-level",
        choices=[level.name.lower() for level in logs.Level],
        default="info",
        help="debug tells of every call (%(default)s)",
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
