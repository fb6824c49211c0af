"""One worker: the real project with danger in its ledger and its provider.

`python -m tests.e2e.storm.worker ORDERS` works by orders as `Orders.dump` writes them.
"""

import os
import sqlite3
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from mailer.adapters.providers import postmark, resend
from mailer.adapters.providers.fleet import Fleet
from mailer.adapters.renderer import mail
from mailer.bootstrap import Project
from mailer.config import Settings
from mailer.core.errors import StoreError
from mailer.pipeline.crew import Crew
from mailer.pipeline.send import Sender
from mailer.ports import Provider
from tests.e2e.storm.danger import Danger
from tests.e2e.storm.mutants import MUTANTS
from tests.e2e.storm.orders import Orders

# What the project loads when it first needs it; here before a nursery forks.
PRELOADED = (mail, postmark, resend, psycopg, sqlite3)
MARGIN = 0.8  # seconds that a lease outlives the longest call
BACKOFF = (0.05, 0.1, 0.2, 0.4)  # seconds
_SHORT = 0.2  # seconds


class PerilousFleet(Fleet):
    """The project's providers, each with the danger in it."""

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Callable[[], datetime],
        wrap: Callable[[Provider], Provider],
    ) -> None:
        super().__init__(settings, clock=clock)
        self._wrap = wrap

    def _make(self, name: str) -> Provider:
        return self._wrap(super()._make(name))


def project(orders: Orders, danger: Danger | None = None) -> Project:
    """Return the project of these orders; the caller closes it."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("MAILER_")}
    made = Project(Path(orders.folder), clean, lambda: datetime.now(UTC))
    kind, danger = MUTANTS[orders.mutant], danger or Danger(replace(orders, perils=()))
    made.fleet = PerilousFleet(
        made.settings,
        clock=made.clock,
        wrap=lambda one: kind.provider(one, orders=orders, danger=danger),
    )
    secret = made._derived("mailings")
    ledger = kind.ledger(made.ready, secret, made.memory.remember, danger=danger)
    ledger.register(list(made.lists), at=made.clock())
    made.ledger = ledger
    return made


def sender(made: Project, orders: Orders, name: str) -> Sender:
    """Return a sender whose leases and pauses are short enough for a test."""
    return replace(
        made.sender(name),
        margin=MARGIN,
        backoff=BACKOFF,
        monotonic=MUTANTS[orders.mutant].monotonic,
        sleep=_briefly,
    )


def crew(made: Project, orders: Orders) -> Crew:
    """Return one such sender for each provider."""
    senders = [sender(made, orders, name) for name in made.routing.names]
    return Crew(lambda: senders)


def work(orders: Orders) -> None:
    """Send until nothing is open; a database that is away is waited for."""
    danger = Danger(orders)
    while True:
        made: Project | None = None
        try:
            made = project(orders, danger)
            crew(made, orders).drain(orders.mailing_id, sleep=_briefly)
        except StoreError:
            _briefly(_SHORT)
        else:
            return
        finally:
            if made is not None:
                made.close()


def _briefly(seconds: float) -> None:
    time.sleep(min(seconds, _SHORT))


if __name__ == "__main__":
    work(Orders.load(sys.argv[1].encode()))
