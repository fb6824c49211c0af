"""A real database whose clock is moved by hand, swept clean between two runs."""

from pathlib import Path
from typing import Any

from sqlalchemy import Float, bindparam, delete, update
from sqlalchemy.sql import ColumnElement

from mailer.adapters.database.engine import Database
from mailer.adapters.database.schema import (
    audit,
    batches,
    consent_events,
    deliveries,
    instance,
    mailing_groups,
    mailings,
    paces,
    subscriptions,
    suppressions,
    variant_items,
    variants,
)
from tests.factories import MONDAY

START = MONDAY.timestamp()


class TimedDatabase(Database):
    """Leases, paces and waits run on `time`: nobody sleeps, and nothing is by chance."""

    def __init__(self, url: str, *, folder: Path) -> None:
        super().__init__(url, folder=folder)
        self.folder = folder
        self.time = START

    def seconds(self) -> ColumnElement[Any]:
        return bindparam(
            "moment", callable_=lambda: self.time, type_=Float(), unique=True
        )

    def sweep(self) -> None:
        """Let nothing be left of a run but its people, who are all subscribed again."""
        self.time = START
        with self.writing() as connection:
            connection.execute(
                update(subscriptions).values(
                    state="active", ended_reason=None, known_variant=None
                )
            )
            for table in (deliveries, batches, mailing_groups, variant_items):
                connection.execute(delete(table))
            for table in (variants, mailings, paces, suppressions, audit):
                connection.execute(delete(table))
            connection.execute(
                delete(consent_events).where(consent_events.c.source.in_(("u", "undo")))
            )
            connection.execute(
                update(instance).values(stopped_at=None, stopped_reason=None)
            )
