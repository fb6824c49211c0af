"""Whether files of a project have changed, and the lines that an error speaks of."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

_SHAPING = ("mailer.toml", "lists/*.toml", "templates/**/*", "*.png")
_PLACE = re.compile(r"^(?P<file>[^\n:]+?)(?:, line (?P<line>\d+))?: ")
_KEY = re.compile(r"“(\w+)” is not known|: \[[\w.-]+\] (\w+): is not known")
_AROUND = 3  # lines before and after


def stamp(folder: Path) -> str:
    """Return what changes when a file is changed, added or removed.

    By modification time and size; a folder of 50 files takes about a millisecond.
    """
    seen = hashlib.sha256()
    for pattern in _SHAPING:
        for file in sorted(folder.glob(pattern)):
            try:
                status = file.stat()
            except OSError:  # an editor that replaces a file removes it for a moment
                continue
            seen.update(f"{file}\0{status.st_mtime_ns}\0{status.st_size}\n".encode())
    return seen.hexdigest()[:16]


def excerpt(words: str, templates: Path) -> Iterator[tuple[int, str, bool]]:
    """Yield the lines around the one that an error names: number, line, "this one".

    Only of a file within the templates; nothing when there is no such place. Data is
    read without its lines: a key that is not known there is looked for.
    """
    place = _PLACE.match(words)
    if place is None:
        return
    inside = place["file"].removeprefix("templates/")
    file = (templates / inside).resolve()
    if not file.is_relative_to(templates.resolve()):
        return
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return
    wrong = int(place["line"]) if place["line"] else _only(lines, words)
    if wrong is None:
        return
    for number in range(max(1, wrong - _AROUND), min(len(lines), wrong + _AROUND) + 1):
        yield number, lines[number - 1], number == wrong


def _only(lines: Sequence[str], words: str) -> int | None:
    """Return the number of the one line that has the key which nobody knows."""
    found = _KEY.search(words)
    if found is None:
        return None
    key = re.compile(rf'"{found[1]}"\s*:' if found[1] else rf"^{found[2]}\s*=")
    numbers = [n for n, line in enumerate(lines, start=1) if key.search(line)]
    return numbers[0] if len(numbers) == 1 else None
