"""How a benchmark is asked, how it measures, and how it says what it found."""

import argparse
import gc
import json
import os
import platform
import re
import resource
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One case: our figure beside the baseline's, measured in the same run."""

    case: str
    ours: float
    baseline: float
    baseline_name: str
    less_is_better: bool = False

    @property
    def ratio(self) -> float:
        """Return how many times as good as the baseline we are; below 1 is worse."""
        if self.less_is_better:
            return self.baseline / self.ours
        return self.ours / self.baseline


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All that one benchmark has to say."""

    name: str
    unit: str
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()  # for people: how it was measured

    def print(self, *, as_json: bool) -> None:
        """Write one JSON object, or a table, to standard output."""
        if as_json:
            print(json.dumps(self._object()))
            return
        print(f"{self.name}: {self.unit}; {machine_words()}\n")
        names = ("case", "ours", "baseline", "ratio", "against")
        lines = [names, *(_cells(row) for row in self.rows)]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        for case, *figures, against in lines:
            right = (f"{f:>{w}}" for f, w in zip(figures, widths[1:4], strict=True))
            print("  ".join((f"{case:<{widths[0]}}", *right, against)))
        for note in self.notes:
            print(f"\n{note}")

    def _object(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "unit": self.unit,
            "rows": [
                {
                    "case": row.case,
                    "ours": row.ours,
                    "baseline": row.baseline,
                    "baseline_name": row.baseline_name,
                    "ratio": row.ratio,
                }
                for row in self.rows
            ],
            "machine": machine(),
        }


def _cells(row: Row) -> tuple[str, ...]:
    ratio = f"{row.ratio:,.2f}" if row.ratio < 10 else f"{row.ratio:,.0f}"
    figures = _figure(row.ours), _figure(row.baseline)
    return row.case, *figures, ratio, row.baseline_name


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:,.3g}"


def machine() -> dict[str, Any]:
    """Describe what this runs on, without naming it."""
    return {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def machine_words() -> str:
    """Describe the machine in a few words."""
    known = machine()
    return f"{known['cores']} cores, Python {known['python']}, {known['system']}"


def parser(description: str | None) -> argparse.ArgumentParser:
    """Return a parser of what every benchmark understands."""
    made = argparse.ArgumentParser(description=description)
    made.add_argument("--quick", action="store_true", help="fewer and smaller rounds")
    made.add_argument("--json", action="store_true", help="one object on stdout")
    return made


def tell(words: str) -> None:
    """Say what goes on, on standard error, so that the output stays clean."""
    print(words, file=sys.stderr, flush=True)


# A part takes no argument and returns how many units of work it has done.
Part = Callable[[], int]


def medians(parts: Mapping[str, Part], *, rounds: int) -> dict[str, float]:
    """Return each part's seconds of CPU time per unit, the median of the rounds.

    The parts take turns, so that a busy moment of the machine meets all of them. The
    garbage collector stays on, and collects before each turn, outside the clock: what
    one part leaves behind is not charged to the next. One unmeasured turn goes first.
    """
    for part in parts.values():
        part()
    spent: dict[str, list[float]] = {name: [] for name in parts}
    for _ in range(rounds):
        for name, part in parts.items():
            gc.collect()
            start = time.process_time()
            units = part()
            spent[name].append((time.process_time() - start) / units)
    return {name: statistics.median(times) for name, times in spent.items()}


def peak_memory() -> float:
    """Return the most memory that was resident so far, in MiB."""
    status = Path("/proc/self/status")
    if status.exists():  # getrusage would count in what the parent was before exec
        found = re.search(r"^VmHWM:\s+(\d+) kB", status.read_text(), re.MULTILINE)
        if found:
            return int(found[1]) / 1024
    unit = 1024 if sys.platform == "darwin" else 1  # bytes there, KiB elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit / 1024
