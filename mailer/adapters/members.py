"""A JSON object of many members, read one by one: the file never is in memory."""

import json
import re
from collections.abc import Iterator
from typing import IO, Any

PIECE = 1024 * 1024  # characters
_KEY = re.compile(r'\s*[{,]\s*"(?:[^"\\]|\\.)*"\s*:\s*')
_END = re.compile(r"\s*}\s*")


def members(file: IO[str]) -> Iterator[Any]:
    """Yield the values of the one object in a file, without their keys.

    The values are objects or arrays. Raises ValueError when the file is none such.
    """
    decode = json.JSONDecoder().raw_decode
    unread = ""
    for piece in iter(lambda: file.read(PIECE), ""):
        unread, at = unread + piece, 0
        while key := _KEY.match(unread, at):
            try:
                value, at = decode(unread, key.end())
            except json.JSONDecodeError:
                break  # the rest of it is in the next piece
            yield value
        unread = unread[at:]
    if not _END.fullmatch(unread):
        raise ValueError(f"no member of a JSON object: {unread[:40]!r}")
