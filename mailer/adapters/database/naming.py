"""Under which editions letters to one person are kept: what they are about, unreadably."""

import hashlib
from collections.abc import Sequence

from mailer.ports import NOTE

_TOPIC = 5  # octets of a hash: two and a name's fit into an edition


def edition_of(name: str, about: Sequence[str] = ()) -> str:
    """Return an edition that no list has, and that tells nothing of its name."""
    return f"{prefix(about)}{_hashed(name, 16)}"


def prefix(about: Sequence[str]) -> str:
    """Return what the editions of letters about something begin with."""
    return f"{NOTE}-{''.join(_hashed(each, _TOPIC) for each in about)}"


def _hashed(words: str, octets: int) -> str:
    return hashlib.blake2b(words.encode(), digest_size=octets).hexdigest()
