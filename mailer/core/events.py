"""What providers tell afterwards: of one message, or of one address."""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid5


class EventKind(StrEnum):
    """What became of a message, in our words."""

    SENT = "sent"  # the provider took it; told for calls whose answer was lost
    DELIVERED = "delivered"  # the reader's server took it
    DEFERRED = "deferred"  # not yet
    HARD = "hard"  # bounced: there is no such mailbox
    SOFT = "soft"  # bounced: full, too large, not now
    BLOCK = "block"  # bounced: the server refuses us, not the reader
    COMPLAINED = "complained"  # the reader called it spam
    UNSUBSCRIBED = "unsubscribed"  # the reader left through the provider


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that a provider tells of one recipient."""

    event_id: str  # the provider's, or `made_up_id`
    kind: EventKind
    address: str
    happened_at: datetime  # aware
    provider_id: str | None = None  # of the message, as its answer to the call had it
    status: str | None = None  # enhanced status code, as 5.1.1 (RFC 3463)
    detail: str = ""  # the server's words, `foreign` text
    mark: str | None = None  # the key of the call, which we gave the message with it


# RFC 3463 and the IANA registry of enhanced status codes, read November 2026.
_NO_MAILBOX = ("1.0", "1.1", "1.2", "1.3", "1.6", "1.10", "2.1")
_REFUSED = re.compile(r"7\.\d+|1\.[78]|3\.5|4\.[67]")
_CODE = re.compile(r"\b([245])\.(\d{1,3}\.\d{1,3})\b")
_BASIC = re.compile(r"\b([45]\d\d)\b")
# Some servers say 5.1.1 of readers that they only do not want to hear from us about.
_BLAMES_US = re.compile(
    r"spam|block(?:ed|list)|blacklist|denylist|reputation|policy|dmarc|spf\b|dkim"
    r"|rate limit|too many|not authenticated|banned|rejected due to",
    re.IGNORECASE,
)
_BLAMES_MAILBOX = re.compile(
    r"no such user|user unknown|unknown user|does not exist|doesn.t exist"
    r"|mailbox (?:not found|unavailable|disabled)|account (?:is )?disabled"
    r"|invalid (?:recipient|mailbox)|recipient (?:unknown|not found)",
    re.IGNORECASE,
)


def sort_bounce(status: str | None, words: str = "") -> EventKind:
    """Return whether a bounce is the mailbox's (hard), the moment's or ours (block).

    By the enhanced status code, given or found in the server's words; without one by
    the words; without any it is soft, which suppresses nobody at once.
    """
    found = _CODE.search(status or "") or _CODE.search(words)
    if found is None:
        return _by_words(words)
    kind, rest = found[1], found[2]
    if _REFUSED.fullmatch(rest) or (kind == "5" and _blames_us(words)):
        return EventKind.BLOCK
    if kind == "5" and rest in _NO_MAILBOX:
        return EventKind.HARD
    return EventKind.SOFT


def _by_words(words: str) -> EventKind:
    if _blames_us(words):
        return EventKind.BLOCK
    basic = _BASIC.search(words)
    permanent = basic is None or basic[1].startswith("5")
    if permanent and _BLAMES_MAILBOX.search(words):
        return EventKind.HARD
    return EventKind.SOFT


def _blames_us(words: str) -> bool:
    return bool(_BLAMES_US.search(words)) and not _BLAMES_MAILBOX.search(words)


def made_up_id(*parts: str) -> str:
    """Return the same id for the same event, where its provider gives it none."""
    return hashlib.sha256("\x1e".join(parts).encode()).hexdigest()[:40]


# Whatever comes in whatever order, the highest stays.
RANKS = (
    EventKind.SENT,
    EventKind.DEFERRED,
    EventKind.SOFT,
    EventKind.BLOCK,
    EventKind.DELIVERED,
    EventKind.HARD,
    EventKind.UNSUBSCRIBED,
    EventKind.COMPLAINED,
)


_KEY = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def call_mark(found: object) -> str | None:
    """Return the key of a call as a provider gives it back; None for anything else."""
    if not isinstance(found, str) or len(found) > 36:
        return None
    lowered = found.lower()  # Mailgun keeps tags in any case
    return lowered if _KEY.fullmatch(lowered) else None


def marks(key: str, uid: bytes) -> tuple[str, str]:
    """Return what a message of a call may be marked with.

    The call's own key; or, where each message is a call of its own, a key that is made
    of it and the reader's id.
    """
    return key, str(uuid5(UUID(key), uid.hex()))


def rank(kind: EventKind) -> int:
    """Return how much an event weighs against others of the same message."""
    return RANKS.index(kind) + 1
