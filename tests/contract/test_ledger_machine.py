"""Whatever happens, in whatever order: nobody is lost and nobody is mailed twice.

A state machine drives real senders over a real ledger and stops them wherever a
process may die, freeze or lose its database, while people leave, pause, cancel and
settle what nobody knows. After every act the ledger is held against the provider's
log. `MAILER_LEDGER_RUNS=2000` has it try so many runs, other ones each time.

And it must bite: senders and ledgers with one safeguard taken out are found out.
"""

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import ColumnElement, Connection, and_, select, update

from mailer.adapters.database.claiming import LOST, of
from mailer.adapters.database.schema import (
    batches,
    deliveries,
    subscribers,
    suppressions,
)
from mailer.adapters.database.work import SqlLedger
from mailer.pipeline.send import Sender
from mailer.ports import Batch, Intent, NotTaken, Outcome, Outgoing, Unknown
from tests.contract.machine.carrier import Kind
from tests.contract.machine.rules import LedgerMachine
from tests.contract.machine.timed import TimedDatabase
from tests.contract.machine.witness import ViolationError
from tests.contract.machine.world import inhabit

RUNS = int(os.environ.get("MAILER_LEDGER_RUNS", "0"))
SETTINGS = settings(
    max_examples=RUNS or 14,
    stateful_step_count=60 if RUNS else 40,
    derandomize=not RUNS,
    database=None,
    deadline=None,
    report_multiple_bugs=False,
    print_blob=False,
    suppress_health_check=list(HealthCheck),
)
# As many runs as it takes, always the same ones; the first violation is enough.
HUNT = settings(
    SETTINGS,
    max_examples=300,
    stateful_step_count=40,
    derandomize=True,
    phases=[Phase.generate],
)


@pytest.fixture
def timed(database_url: str, tmp_path: Path) -> Iterator[TimedDatabase]:
    """A database whose clock is moved by hand, with everybody in it."""
    yield from _inhabited(database_url, tmp_path)


@pytest.fixture
def timed_file(migrated_file: Path, tmp_path: Path) -> Iterator[TimedDatabase]:
    """The same, on SQLite only."""
    shutil.copy(migrated_file, tmp_path / "mailer.db")
    yield from _inhabited("sqlite:///mailer.db", tmp_path)


def _inhabited(url: str, folder: Path) -> Iterator[TimedDatabase]:
    database = TimedDatabase(url, folder=folder)
    inhabit(database)
    yield database
    database.close()


@pytest.mark.parametrize("kind", Kind)
def test_nobody_is_lost_or_mailed_twice_whatever_happens(
    timed: TimedDatabase, kind: Kind
) -> None:
    class Here(LedgerMachine):
        database = timed
        carrier = kind

    run_state_machine_as_test(Here, settings=SETTINGS)


# --- mutants: one safeguard taken out of each


class Restless(Sender):
    """Takes silence for a failure, and sends again."""

    def _conclude(self, intent: Intent, outgoing: Outgoing, outcome: Outcome) -> None:
        if isinstance(outcome, Unknown):
            outcome = NotTaken(detail=outcome.detail)
        super()._conclude(intent, outgoing, outcome)


class Timeless(Sender):
    """Calls, however long ago its lease was given."""

    def _call(
        self, purpose: str, batch: Batch, outgoing: Outgoing, started: float
    ) -> Outcome:
        return super()._call(purpose, batch, outgoing, started + 1e9)


class Hasty(Sender):
    """Asks what was accepted before it can show."""

    @property
    def _settle(self) -> float:
        return 0.0


class Unfenced(SqlLedger):
    """Does not look at the lease's epoch."""

    def _held(self, batch: Batch, *states: str) -> ColumnElement[bool]:
        mine = batches.c.variant_id == batch.variant_id, batches.c.seq == batch.seq
        return and_(*mine, batches.c.state.in_(states))


class Forgiving(SqlLedger):
    """Has a call whose sender is lost made again, as if it had not been."""

    def _give_up_on_lost(self, connection: Connection, settle: float) -> None:
        super()._give_up_on_lost(connection, settle)
        unknown = batches.c.detail == LOST, batches.c.state == "unknown"
        connection.execute(update(batches).where(*unknown).values(state="ready"))
        connection.execute(
            update(deliveries)
            .where(deliveries.c.state == "unknown")
            .values(state="pending")
        )


class _After(SqlLedger):
    """Has another state than it should once an intent is committed."""

    batch_state = "inflight"
    delivery_state = "inflight"

    def begin(self, batch: Batch, **more: Any) -> Intent | None:
        intent = super().begin(batch, **more)
        if intent is not None:
            here = (batches.c.variant_id, batches.c.seq)
            with self._database.writing() as connection:
                connection.execute(
                    update(batches)
                    .where(here[0] == batch.variant_id, here[1] == batch.seq)
                    .values(state=self.batch_state)
                )
                connection.execute(
                    update(deliveries)
                    .where(
                        of(batch.variant_id, batch.seq),
                        deliveries.c.state == "inflight",
                    )
                    .values(state=self.delivery_state)
                )
        return intent


class Premature(_After):
    """Marks as sent what it is about to send."""

    delivery_state = "sent"


class Careless(_After):
    """Keeps its intent to itself."""

    batch_state = "leased"
    delivery_state = "pending"


class Advancing(SqlLedger):
    """Is through with a batch when it has handed it out."""

    def claim(self, owner: str, **more: Any) -> Batch | None:
        batch = super().claim(owner, **more)
        if batch is not None and batch.unknown is None:
            with self._database.writing() as connection:
                connection.execute(
                    update(batches)
                    .where(self._held(batch, "leased"))
                    .values(state="done")
                )
        return batch


class Deaf(SqlLedger):
    """Makes a call once more although its mailing was halted."""

    def begin_again(self, intent: Intent, *, lease: float) -> bool:
        with self._database.writing() as connection:
            again = connection.execute(
                update(batches)
                .where(self._held(intent.batch, "unknown"))
                .values(state="inflight", lease_until=self._now + lease)
            )
        return bool(again.rowcount)


class Considerate(SqlLedger):
    """Leaves out of a repeated call who was suppressed since, and trusts the key."""

    def claim(self, owner: str, **more: Any) -> Batch | None:
        batch = super().claim(owner, **more)
        if batch is None or batch.unknown is None:
            return batch
        return replace(
            batch, unknown=replace(batch.unknown, fingerprint=_Anything(b""))
        )

    def recall(self, batch: Batch) -> Intent:
        intent = super().recall(batch)
        query = select(subscribers.c.id).join(
            suppressions, suppressions.c.address_hash == subscribers.c.address_hash
        )
        with self._database.reading() as connection:
            gone = set(connection.scalars(query))
        stay = [each for each in intent.addressees if each.subscriber_id not in gone]
        return replace(intent, addressees=stay)


class _Anything(bytes):
    def __eq__(self, _other: object) -> bool:
        return True

    __hash__ = bytes.__hash__


MUTANTS = [
    (Restless, Kind.NEITHER, "I2|I8"),
    (Timeless, Kind.SEARCH, "I2|I5"),
    (Hasty, Kind.SEARCH, "I2"),
    (Unfenced, Kind.SEARCH, "I6"),
    (Forgiving, Kind.NEITHER, "I2|I8"),
    (Premature, Kind.KEY, "I4|I8"),
    (Careless, Kind.KEY, "I1|I2|I8"),
    (Advancing, Kind.KEY, "I1|I8"),
    (Deaf, Kind.KEY, "I5"),
    (Considerate, Kind.KEY, "I1|I7"),
]


@pytest.mark.parametrize(("mutant", "kind", "promise"), MUTANTS)
def test_the_machine_finds_out_who_lacks_a_safeguard(
    timed_file: TimedDatabase,
    mutant: type[Sender | SqlLedger],
    kind: Kind,
    promise: str,
) -> None:
    class Here(LedgerMachine):
        database = timed_file
        carrier = kind
        sender_type = mutant if issubclass(mutant, Sender) else Sender
        ledger_type = mutant if issubclass(mutant, SqlLedger) else SqlLedger

    with pytest.raises(ViolationError, match=promise):
        run_state_machine_as_test(Here, settings=HUNT)
