"""The process that starts workers, seen from outside."""

import os
import queue
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from tests.e2e.storm.forking import Event
from tests.e2e.storm.orders import Orders

ROOT = Path(__file__).parents[3]


class Nursery:
    """A running nursery: orders go in, events come out."""

    def __init__(self, errors: IO[bytes]) -> None:
        """Start it; what workers say on stderr goes to this file, which can be read."""
        self._errors = errors
        clean = {k: v for k, v in os.environ.items() if not k.startswith("MAILER_")}
        command = [sys.executable, "-m", "tests.e2e.storm.forking"]
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
            cwd=ROOT, env=clean,
        )  # fmt: skip
        self.events: queue.Queue[tuple[Event, int]] = queue.Queue()
        self._reader = threading.Thread(target=self._read)

    def __enter__(self) -> Self:
        self._reader.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._reader.join()
        self._process.stdout.close()

    def start(self, orders: Orders) -> None:
        """Ask for a worker; it is there when the event says so."""
        assert self._process.stdin is not None
        self._process.stdin.write(orders.dump() + b"\n")
        self._process.stdin.flush()

    def said(self) -> str:
        """Return what workers have said on stderr since this was last asked."""
        self._errors.seek(0)
        words = self._errors.read().decode()
        self._errors.truncate(0)
        return words

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            event, pid = line.split()
            self.events.put((Event(event.decode()), int(pid)))
