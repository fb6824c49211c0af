"""Messages taken out of the outbox: of somebody who is erased nothing stays."""

import json
from collections.abc import Callable
from pathlib import Path

from mailer.adapters.providers.outbox.files import NOTES, place
from mailer.adapters.providers.outbox.pages import refresh
from mailer.core.errors import StoreError


def forget(folder: Path, is_theirs: Callable[[str], bool]) -> None:
    """Delete the messages to these addresses, and name them on no page any more.

    Raises StoreError when a file cannot be changed.
    """
    try:
        touched = {
            path.parent.parent.name
            for path in sorted(folder.glob(f"*/{NOTES}/*.json"))
            if _taken_out(path, is_theirs)
        }
        if touched:
            refresh(folder, touched)
    except OSError as error:
        raise StoreError(
            f"{folder}: a message to somebody who is erased cannot be deleted:"
            f" {error.strerror}; make the folder writable, and do it again"
        ) from None


def _taken_out(path: Path, is_theirs: Callable[[str], bool]) -> bool:
    note = json.loads(path.read_bytes())
    gone = [row for row in note["messages"] if is_theirs(row[1])]
    for name, _, _ in gone:
        for ending in ("eml", "html"):
            (path.parent.parent / f"{name}.{ending}").unlink(missing_ok=True)
    if gone:
        note["messages"] = [row for row in note["messages"] if row not in gone]
        place(str(path), json.dumps(note, ensure_ascii=False).encode())
    return bool(gone)
