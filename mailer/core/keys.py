"""The project's keys as they are written: `NUMBER:BASE64`, those retired marked so."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from mailer.core.errors import InputError

_RETIRED = "retired"
_NUMBERS = range(256)  # one byte in each token
_LEAST = 32  # bytes, as many as the signature's hash has
_NUMBER = re.compile(r"[0-9]{1,3}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """Secrets by number; the highest that is not retired signs."""

    secrets: Mapping[int, bytes] = field(repr=False)
    retired: frozenset[int]  # whose links are refused


def parse(written: str) -> Keys:
    """Read keys, one a line or with blanks between them; `#` begins a comment.

    Raises InputError, which never shows a key.
    """
    secrets: dict[int, bytes] = {}
    retired: set[int] = set()
    lines = [line.partition("#")[0] for line in written.splitlines()]
    for entry in " ".join(lines).split():
        number, encoded, mark = _parts(entry)
        secret = _decoded(encoded)
        if number not in _NUMBERS or len(secret) < _LEAST or mark not in ("", _RETIRED):
            raise InputError(
                "each line must be NUMBER:BASE64, a number from 0 to 255 and at least 32"
                " random bytes, and :retired after a key whose links are refused"
            )
        if number in secrets:
            raise InputError(f"has two keys with the number {number}")
        secrets[number] = secret
        if mark:
            retired.add(number)
    if not secrets:
        raise InputError("holds no key")
    if retired == secrets.keys():
        raise InputError("holds only retired keys; add a new one that signs")
    return Keys(secrets=secrets, retired=frozenset(retired))


def _parts(entry: str) -> tuple[int, str, str]:
    """Return a key's number, its secret, and what is said of it."""
    number, _, rest = entry.partition(":")
    encoded, _, mark = rest.partition(":")
    return int(number) if _NUMBER.fullmatch(number) else -1, encoded, mark


def _decoded(encoded: str) -> bytes:
    """Return a secret; no bytes when it is not written as one."""
    try:
        return base64.b64decode(encoded, validate=True)
    except ValueError:
        return b""
