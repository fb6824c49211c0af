"""The log of what was accepted: the truth that a ledger is measured by."""

import os
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """One message that was accepted for one recipient."""

    time: float  # seconds since 1970
    key: str  # which names the sender's call: the tag or the idempotency key
    message_id: str
    recipient: str
    sha256: str  # of the message as it stood in the call


class AcceptanceLog:
    """Appends whole lines; what was written outlives this process."""

    def __init__(self, file: Path) -> None:
        """Open the file, which is made if it is not there."""
        self._file = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self._lock = threading.Lock()

    def write(self, acceptances: Sequence[Acceptance]) -> None:
        """Hand a call's lines to the operating system before this returns."""
        lines = b"".join(orjson.dumps(asdict(one)) + b"\n" for one in acceptances)
        with self._lock:
            while lines:
                lines = lines[os.write(self._file, lines) :]

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


def read(file: Path) -> list[Acceptance]:
    """Return what was accepted so far, in order; a line that is not whole is not."""
    whole, _newline, _part = file.read_bytes().rpartition(b"\n")
    return [Acceptance(**orjson.loads(line)) for line in whole.splitlines()]
