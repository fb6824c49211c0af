"""The journal of erasures: a file beside the database, of hashes and times only."""

import fcntl
import json
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from mailer.core.erasures import Erasure
from mailer.core.errors import InputError, StoreError

NAME = "erasures.jsonl"


class ErasureFile:
    """One line per erasure, appended and flushed to the disk."""

    def __init__(self, file: Path) -> None:
        """Take the file, which need not exist."""
        self._file = file

    def entries(self) -> Sequence[Erasure]:
        """Return all of them, oldest first.

        A last line that a power cut left unfinished is not one: what it was about to
        say was not done yet. Raises InputError for any other that cannot be read.
        """
        try:
            lines = self._file.read_text(encoding="utf-8").split("\n")
        except FileNotFoundError:
            return []
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(
                f"{self._file}: cannot be read: {error}; it says who was erased, and"
                " must be readable before anything is mailed"
            ) from None
        whole = lines[:-1]  # what follows the last line break is not a whole line
        return [self._entry(line, number) for number, line in enumerate(whole, 1)]

    def add(self, entries: Sequence[Erasure]) -> None:
        """Append some; on the disk when this returns. Raises StoreError."""
        words = "".join(_line(entry) for entry in entries).encode("ascii")
        try:
            descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT, 0o600)
            with os.fdopen(descriptor, "r+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX)  # let go when the file is closed
                # What a power cut left unfinished gives way.
                file.seek(file.read().rfind(b"\n") + 1)
                file.truncate()
                file.write(words)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise StoreError(
                f"{self._file}: cannot be written: {error.strerror}; nothing was erased,"
                " because a restored backup would bring it back. Make it writable"
            ) from None

    def _entry(self, line: str, number: int) -> Erasure:
        try:
            found = json.loads(line)
            at = datetime.fromisoformat(found["erased_at"])
            hashed = bytes.fromhex(found["address_hash"])
        except (ValueError, KeyError, TypeError):
            raise self._broken(number) from None
        if at.tzinfo is None or len(hashed) != _HASH:
            raise self._broken(number)
        return Erasure(address_hash=hashed, at=at)

    def _broken(self, number: int) -> InputError:
        return InputError(
            f"{self._file}: line {number}: is not an erasure; take the file from a"
            " backup, or delete this line"
        )


_HASH = 16  # bytes


def _line(entry: Erasure) -> str:
    written = {
        "address_hash": entry.address_hash.hex(),
        "erased_at": entry.at.isoformat(),
    }
    return json.dumps(written) + "\n"
