"""Workers woken by Procrastinate: jobs in PostgreSQL that say where there is work.

A job says no more than "look": the ledger is the queue. A job that is lost costs a
minute, until the sweep; one that comes twice finds nothing to do.
"""

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable
from typing import Any

import procrastinate
from procrastinate import exceptions, jobs
from sqlalchemy import Connection, inspect

from mailer.adapters.database.engine import Database

QUEUE = "mailer"
_BATCHES_PER_JOB = 20
_MOST_JOBS = 32  # woken workers for one mailing
_STALLED = 120  # seconds without a sign of life
_LOOK = 0.2  # seconds between two looks whether to end
_AGAIN = 5.0  # seconds before a lost connection is tried again

Drain = Callable[[int | None], None]  # one mailing, or everything; ends when idle


class ProcrastinateWaker:
    """Defers jobs in the ledger's own transactions, and runs a worker for them."""

    def __init__(self, database: Database, *, sweep: str = "* * * * *") -> None:
        """Take the PostgreSQL database in which the jobs live, and when to sweep."""
        self._database = database
        self._cron = sweep
        self._deferring = procrastinate.App(
            connector=procrastinate.SyncPsycopgConnector()
        )
        self._tasks(self._deferring, lambda _mailing: None)
        # Its log lines quote arguments; nothing of ours is in them but numbers.
        logging.getLogger("procrastinate").setLevel(logging.WARNING)

    def install(self) -> bool:
        """Make Procrastinate's tables unless they are there; returns whether it did."""
        with self._database.writing() as connection:
            if inspect(connection).has_table("procrastinate_jobs"):
                return False
            schema = procrastinate.schema.SchemaManager.get_schema()
            driver: Any = connection.connection.driver_connection
            driver.execute(schema)
        return True

    @property
    def installed(self) -> bool:
        """Whether its tables are there."""
        with self._database.reading() as connection:
            return inspect(connection).has_table("procrastinate_jobs")

    def wake(self, connection: Connection, mailing_id: int, batches: int) -> None:
        """Let workers look at a mailing once this transaction is committed."""
        count = min(_MOST_JOBS, 1 + batches // _BATCHES_PER_JOB)
        for number in range(count):
            with (
                contextlib.suppress(exceptions.AlreadyEnqueued),  # as good as ours
                connection.begin_nested(),
            ):
                self._deferring.configure_task(
                    "drain",
                    queue=QUEUE,
                    queueing_lock=f"{mailing_id}/{number}",
                    connection=connection.connection.driver_connection,
                ).defer(mailing=mailing_id)

    def run(
        self, drain: Drain, stop: threading.Event, trouble: Callable[[str], None]
    ) -> None:
        """Drain whatever jobs and the sweep ask for, until told to stop."""
        while not stop.is_set():
            try:
                asyncio.run(self._work(drain, stop))
            except (exceptions.ProcrastinateException, OSError) as error:
                trouble(
                    f"the jobs cannot be read ({type(error).__name__}); trying again in"
                    f" {_AGAIN:.0f} s"
                )
                stop.wait(_AGAIN)

    async def _work(self, drain: Drain, stop: threading.Event) -> None:
        url = self._database.url.set(drivername="postgresql")
        connector = procrastinate.PsycopgConnector(
            conninfo=url.render_as_string(hide_password=False), min_size=1, max_size=4
        )
        app = procrastinate.App(connector=connector)
        self._tasks(app, drain)
        async with app.open_async():
            working = asyncio.create_task(
                app.run_worker_async(
                    queues=[QUEUE],
                    concurrency=1,
                    install_signal_handlers=False,
                    delete_jobs=jobs.DeleteJobCondition.ALWAYS,
                )
            )
            stopping = asyncio.create_task(asyncio.to_thread(_until, stop, working))
            await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
            working.cancel()  # it waits for the job in hand, which ends on `stop` too
            with contextlib.suppress(asyncio.CancelledError):
                await working

    def _tasks(self, app: procrastinate.App, drain: Drain) -> None:
        @app.task(name="drain", queue=QUEUE)
        async def _drain(mailing: int) -> None:
            await asyncio.to_thread(drain, mailing)

        @app.periodic(cron=self._cron, periodic_id="sweep")
        @app.task(name="sweep", queue=QUEUE, queueing_lock="sweep")
        async def _sweep(timestamp: int) -> None:
            del timestamp
            await asyncio.to_thread(drain, None)
            for job in await app.job_manager.get_stalled_jobs(
                seconds_since_heartbeat=_STALLED
            ):
                # Its worker is dead. What it was about is in the ledger.
                await app.job_manager.finish_job(
                    job, status=jobs.Status.FAILED, delete_job=True
                )


def _until(stop: threading.Event, working: asyncio.Task[None]) -> None:
    while not (stop.wait(_LOOK) or working.done()):
        continue
