"""Starts a post office in its own process, and reads what it knows."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import orjson

from tests.fakes.postoffice import acceptances
from tests.fakes.postoffice.acceptances import Acceptance
from tests.fakes.postoffice.server import COUNTS

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """A running post office."""

    port: int
    log: Path

    @property
    def url(self) -> str:
        """Return where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def accepted(self) -> list[Acceptance]:
        """Return what it has accepted, in order."""
        return acceptances.read(self.log)

    def counts(self) -> Any:
        """Return how often it was called and what it let go wrong."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", COUNTS)
            return orjson.loads(connection.getresponse().read())
        finally:
            connection.close()


@contextmanager
def running(
    log: Path,
    *,
    faults: str = "",
    seed: int = 0,
    lag: float = 0.0,
    hang: float = 30.0,
    poison: Sequence[str] = (),
) -> Iterator[Office]:
    """Run a post office until the block ends; its log stays."""
    command = [
        sys.executable, "-m", "tests.fakes.postoffice", "--port", "0",
        "--log", str(log), "--faults", faults, "--seed", str(seed),
        "--lag", str(lag), "--hang", str(hang),
        *(word for address in poison for word in ("--poison", address)),
    ]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as process:  # noqa: S603 - our own program
        assert process.stdout is not None
        port = process.stdout.readline()
        assert port, "the post office did not start"
        try:
            yield Office(port=int(port), log=log)
        finally:
            process.terminate()
            process.wait(10)
