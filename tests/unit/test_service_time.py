"""The service when the clock is put back: what waits for an hour is not slept through."""

import importlib.util
import io
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from apscheduler.schedulers.background import BackgroundScheduler

from mailer.adapters import logs
from mailer.adapters.journal import Journal

_FILE = Path(__file__).parents[2] / "scheduler.py"


def _service() -> Any:
    spec = importlib.util.spec_from_file_location("scheduler_to_test", _FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_waits_for_an_hour_that_comes_again_is_done_at_once() -> None:
    now, done, said = datetime.now(UTC), threading.Event(), io.StringIO()
    journal = Journal(logs.logger(said, clock=lambda: now, as_json=True))
    scheduler = BackgroundScheduler(timezone=UTC)
    # So it stands there when the clock has been put back by an hour.
    waits = now + timedelta(hours=1)
    scheduler.add_job(done.set, "interval", id="tick", seconds=20, next_run_time=waits)
    scheduler.start()
    try:
        assert not done.wait(0.3)

        _service().keep_time(scheduler, datetime.now(UTC), journal)

        assert done.wait(10)
        assert "the clock was put back" in said.getvalue()
    finally:
        scheduler.shutdown(wait=True)


def test_what_waits_for_its_turn_is_left_alone() -> None:
    said = io.StringIO()
    journal = Journal(logs.logger(said, clock=lambda: datetime.now(UTC), as_json=True))
    scheduler = BackgroundScheduler(timezone=UTC)
    scheduler.add_job(lambda: None, "interval", id="tick", seconds=600)
    scheduler.start()
    try:
        before = scheduler.get_job("tick").next_run_time

        _service().keep_time(scheduler, datetime.now(UTC), journal)

        assert scheduler.get_job("tick").next_run_time == before
        assert not said.getvalue()
    finally:
        scheduler.shutdown(wait=True)
