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
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from mailer.adapters.database.work import SqlLedger
from mailer.pipeline.send import Sender
from tests.contract.machine.carrier import Kind
from tests.contract.machine.mutants import (
    Advancing,
    Careless,
    Considerate,
    Deaf,
    Forgiving,
    Generous,
    Hasty,
    Premature,
    Restless,
    Timeless,
    Unfenced,
)
from tests.contract.machine.rules import LedgerMachine
from tests.contract.machine.timed import TimedDatabase
from tests.contract.machine.witness import ViolationError
from tests.contract.machine.world import inhabit
from tests.databases import wake_workers
from tests.depth import deep

RUNS = int(os.environ.get("MAILER_LEDGER_RUNS", "0"))
SETTINGS = settings(
    max_examples=RUNS or deep(everyday=4, thorough=14),
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
def timed(
    database_url: str, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[TimedDatabase]:
    """A database whose clock is moved by hand, with everybody in it."""
    for database in _inhabited(database_url, tmp_path):
        wake_workers(database, request)
        yield database


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


MUTANTS = [
    (Restless, Kind.NEITHER, "I2|I8"),
    (Timeless, Kind.SEARCH, "I2|I5"),
    (Forgiving, Kind.NEITHER, "I2|I8"),
    (Premature, Kind.KEY, "I4|I8"),
    (Careless, Kind.KEY, "I1|I2|I8"),
    (Advancing, Kind.KEY, "I1|I8"),
    (Considerate, Kind.KEY, "I1|I4|I7"),
]
# Whose mistake shows in few of the runs, after hundreds of acts.
RARE = [
    (Hasty, Kind.SEARCH, "I2"),
    (Unfenced, Kind.SEARCH, "I6"),
    (Deaf, Kind.KEY, "I5"),
    (Generous, Kind.KEY, "I2"),
]


@pytest.mark.parametrize(
    ("mutant", "kind", "promise"), [*MUTANTS, *deep(everyday=[], thorough=RARE)]
)
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
