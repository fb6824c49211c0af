"""What all vendors' events need: JSON read without surprises, keys compared in time."""

import base64
import binascii
import hmac
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime

import orjson

from mailer.adapters.providers.foreign import words as foreign
from mailer.core.events import Event, EventKind, call_mark
from mailer.ports import Forged, Heard, Told

_ADDRESS = 320  # characters, RFC 5321 §4.5.3.1 with room
_MILLISECONDS = 1e11  # seconds beyond the year 5000 are none
_OLDEST = datetime(2000, 1, 1, tzinfo=UTC)  # older than any provider
_SHORTEST = 16  # characters of a key that nobody guesses

NOT_JSON = Forged(detail="it is no JSON")  # in which its signature would be
UNREAD = Heard(events=(), unread=1)  # theirs for certain, and nothing can be read
Record = Mapping[str, object]


class UnreadError(Exception):
    """A part of what was told is none of ours, or cannot be read."""


def parsed(body: bytes) -> object:
    """Return what a body says in JSON; None if it is none."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


def heard(items: Iterable[object], read: Callable[[Record], Iterable[Event]]) -> Heard:
    """Read items one by one; one that cannot be read does not lose the others."""
    events: list[Event] = []
    unread = 0
    for item in items:
        try:
            events += read(record(item))
        except UnreadError:
            unread += 1
    return Heard(events=events, unread=unread)


def record(value: object) -> Record:
    """Return an object's members; raises UnreadError if it is none."""
    if not isinstance(value, dict):
        raise UnreadError
    return value


def inner(value: Record, name: str) -> Record:
    """Return a member that is an object itself, or nothing."""
    found = value.get(name)
    return found if isinstance(found, dict) else {}


def first(value: Record, name: str) -> object:
    """Return the first of a list that is a member; None if there is none."""
    found = value.get(name)
    return found[0] if isinstance(found, list) and found else None


def text(value: Record, name: str) -> str:
    """Return a member as text; "" if it is missing or something else."""
    found = value.get(name)
    if isinstance(found, bool) or not isinstance(found, str | int):
        return ""
    return str(found)


def written(value: object) -> str:
    """Return a text or a number as it was written; "" for anything else."""
    return str(value) if isinstance(value, str | int | float) else ""


def address(value: Record, name: str) -> str:
    """Return a mail address; raises UnreadError if it is none."""
    found = text(value, name).strip().removeprefix("<").removesuffix(">")
    local, _, domain = found.rpartition("@")
    if not (local and domain and len(found) <= _ADDRESS and found.isprintable()):
        raise UnreadError
    return found


def instant(value: object, told_at: datetime) -> datetime:
    """Return the moment of a number of seconds or milliseconds, or of ISO 8601 text.

    What is no moment, or cannot be true, is the moment at which it was told: a
    complaint of the year 1 would be older than any consent.
    """
    try:
        at = _moment(value)
    except (ValueError, OverflowError, OSError):
        at = None
    if at is None or at < _OLDEST:
        return told_at
    return min(at, told_at)


def _moment(value: object) -> datetime | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        seconds = value / 1000 if abs(value) > _MILLISECONDS else value
        return datetime.fromtimestamp(seconds, UTC)
    if isinstance(value, str):
        at = datetime.fromisoformat(value)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    return None


def event(
    event_id: str,
    kind: EventKind,
    to: str,
    at: datetime,
    *,
    message: str = "",
    status: str = "",
    words: str = "",
    mark: object = None,
) -> Event:
    """Return an event; the server's words are made harmless and short.

    `mark` is what should be the key of a call of ours.
    """
    return Event(
        event_id=_plain(event_id),
        kind=kind,
        address=to,
        happened_at=at,
        provider_id=_plain(message) or None,
        status=_plain(status) or None,
        detail=foreign(words),
        mark=call_mark(mark),
    )


def _plain(identifier: str) -> str:
    """Return it without what PostgreSQL cannot keep."""
    return identifier.replace("\0", "")


def same(given: str, key: str) -> bool:
    """Compare in a time that does not depend on what is the same."""
    return hmac.compare_digest(given.encode(), key.encode())


def carries_key(told: Told, key: str) -> bool:
    """Tell whether a request names the key: as a password (basic auth) or a bearer's."""
    scheme, _, given = told.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return same(given.strip(), key)
    if scheme.lower() != "basic":
        return False
    try:
        decoded = base64.b64decode(given, validate=True).decode()
    except (binascii.Error, ValueError):
        return False
    return same(decoded.partition(":")[2], key)


def is_weak(key: str) -> bool:
    """Tell whether a key can be guessed: it is short, or one character repeated."""
    return len(key) < _SHORTEST or len(set(key)) == 1
