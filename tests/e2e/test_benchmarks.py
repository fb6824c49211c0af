"""Each benchmark runs and says what it found, in the form that is promised."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.depth import deep

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


# A run that proves that it runs; the other four take half of the time of all.
SMALLEST: Mapping[str, Sequence[str]] = {
    "personalize": ("--rounds", "1", "--envelopes", "200"),
    "render": ("--variants", "4"),
    "calls": (),
    "events": ("--count", "500"),
    "strangers": ("--count", "15"),
    "import_subscribers": ("--rows", "500"),
    "audience": ("--count", "500"),
}
SMALL: Mapping[str, Sequence[str]] = {  # what --quick measures takes half a minute
    "personalize": (),
    "compose": ("--sizes", "300", "600"),
    "render": (),
    "send": ("--count", "1000"),
    "calls": (),
    "end_to_end": ("--recipients", "600", "--case", "b"),
    "events": ("--count", "2000"),
    "strangers": (),
    "import_subscribers": ("--rows", "2000"),
    "audience": ("--count", "1000"),
    "blast": ("--count", "3000"),  # with less, the last stops find nothing to stop
}


SIZES = deep(everyday=SMALLEST, thorough=SMALL)


@pytest.mark.parametrize("name", SIZES)
def test_a_quick_run_prints_one_object_with_its_rows_and_the_machine(name: str) -> None:
    done = subprocess.run(  # noqa: S603 - our own files
        [sys.executable, BENCHMARKS / f"{name}.py", "--quick", "--json", *SIZES[name]],
        capture_output=True,
        text=True,
        timeout=300,  # a busy machine is no failure
        check=False,
    )

    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    assert set(report) == {"name", "unit", "rows", "machine"}
    assert report["name"] == name
    assert {"cores", "python", "system"} <= set(report["machine"])
    assert report["rows"]
    for row in report["rows"]:
        assert set(row) == {"case", "ours", "baseline", "baseline_name", "ratio"}
        assert row["ours"] > 0
        assert row["baseline"] > 0
        by_rate, by_time = (
            row["ours"] / row["baseline"],
            row["baseline"] / row["ours"],
        )
        assert row["ratio"] == pytest.approx(by_rate) or row["ratio"] == pytest.approx(
            by_time
        )
