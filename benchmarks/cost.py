"""What a process takes, as the system says: `python benchmarks/cost.py COMMAND …`.

It is a small program of its own, because a process that is started counts in its peak
what the one that started it had in memory.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Cost:
    """What one process took."""

    wall: float  # seconds
    cpu: float  # seconds, user and system
    memory: float  # MiB at its peak


def cost(command: Sequence[str | Path], environment: Mapping[str, str]) -> Cost:
    """Run a command to its end and return what it took; ends the program if it fails."""
    done = subprocess.run(  # noqa: S603 - our own programs
        [sys.executable, "-S", __file__, *command],
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    return Cost(**json.loads(done.stdout))


def _run(command: Sequence[str]) -> tuple[int, Cost]:
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: S603 - our own programs
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    unit = 1024 if sys.platform == "darwin" else 1  # bytes there, KiB elsewhere
    spent = Cost(
        wall=time.monotonic() - began,
        cpu=usage.ru_utime + usage.ru_stime,
        memory=usage.ru_maxrss / unit / 1024,
    )
    return process.returncode, spent


if __name__ == "__main__":
    code, spent = _run(sys.argv[1:])
    print(json.dumps(asdict(spent)))
    sys.exit(code)
