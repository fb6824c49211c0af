"""What the post office has accepted and can be asked for, whichever vendor it plays."""

import hashlib
import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson

from tests.fakes.postoffice.acceptances import Acceptance, AcceptanceLog


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What is answered."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked."""

    headers: Mapping[str, str]  # names in small letters
    query: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An accepted message, as a search tells of it."""

    message_id: str
    recipient: str
    accepted_at: float  # seconds since 1970
    visible_at: float
    message: Mapping[str, Any]  # without bodies


class Mailroom:
    """Accepts messages: first the log, then the index that searches look into."""

    def __init__(
        self,
        log: AcceptanceLog,
        *,
        poison: Sequence[str] = (),
        lag: float = 0.0,
        seed: int = 0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Take the addresses nobody may write to, and the longest lag of a search."""
        self._log = log
        self._poison = frozenset(address.lower() for address in poison)
        self._lag = lag
        self._random = random.Random(seed)  # noqa: S311 - a script, not a secret
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, str], list[Kept]] = defaultdict(list)
        self.clock = clock
        self.counts: Counter[str] = Counter()

    def poisoned(self, recipients: Sequence[str]) -> bool:
        """Whether one of them spoils the whole call."""
        return not self._poison.isdisjoint(map(str.lower, recipients))

    def chance(self) -> float:
        """Return the next number of this office's own dice, from 0 to 1."""
        with self._lock:
            return self._random.random()

    def accept(
        self,
        key: str,
        messages: Sequence[tuple[str, Mapping[str, Any]]],
        *,
        labels: Callable[[Mapping[str, Any]], Sequence[tuple[str, str]]] = lambda _: (),
    ) -> list[str]:
        """Accept each (recipient, message); returns their ids.

        `labels` names what a message can be searched by, besides its recipient.
        """
        now = self.clock()
        hashes = [_sha256(message) for _, message in messages]
        with self._lock:
            draws = [(self._id(), self._random.random()) for _ in messages]
        taken = [
            Acceptance(time=now, key=key, message_id=number, recipient=to, sha256=sha)
            for (to, _), sha, (number, _) in zip(messages, hashes, draws, strict=True)
        ]
        self._log.write(taken)
        with self._lock:
            self.counts["accepted"] += len(taken)
            for (to, message), (number, draw) in zip(messages, draws, strict=True):
                kept = Kept(
                    message_id=number,
                    recipient=to,
                    accepted_at=now,
                    visible_at=now + draw * self._lag,
                    message=_head(message),
                )
                for label in (("recipient", to.lower()), *labels(message)):
                    self._kept[label].append(kept)
        return [one.message_id for one in taken]

    def look_up(self, label: tuple[str, str]) -> list[Kept]:
        """Return what has become visible under a label, the newest first."""
        now = self.clock()
        with self._lock:
            found = list(self._kept.get(label, ()))
        return [kept for kept in reversed(found) if kept.visible_at <= now]

    def count(self, what: str) -> None:
        """Count something that a test may ask for."""
        with self._lock:
            self.counts[what] += 1

    def _id(self) -> str:
        return str(UUID(int=self._random.getrandbits(128), version=4))


def _sha256(message: Mapping[str, Any]) -> str:
    whole = orjson.dumps(message, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(whole).hexdigest()


def _head(message: Mapping[str, Any]) -> Mapping[str, Any]:
    """Leave the bodies out: a million of them would not fit into memory."""
    bodies = ("HtmlBody", "TextBody", "Headers", "html", "text", "headers")
    return {name: value for name, value in message.items() if name not in bodies}
