"""What Brevo tells: events one by one or in an array, known by a key that we chose.

Facts: Brevo's webhook reference as of 2026-11. It signs nothing and numbers nothing.
"""

from collections.abc import Iterable

from mailer.adapters.providers import telling
from mailer.adapters.providers.telling import Record, instant, text
from mailer.core.events import Event, EventKind, made_up_id, sort_bounce
from mailer.ports import Forged, Heard, Told

_KINDS = {
    "delivered": EventKind.DELIVERED,
    "deferred": EventKind.DEFERRED,
    "invalid_email": EventKind.HARD,
    "spam": EventKind.COMPLAINED,
    "complaint": EventKind.COMPLAINED,
    "unsubscribe": EventKind.UNSUBSCRIBED,
    "unsubscribed": EventKind.UNSUBSCRIBED,
}
_IGNORED = (
    "request", "sent", "opened", "unique_opened", "proxy_open", "unique_proxy_open",
    "click", "error",
)  # fmt: skip


class BrevoEvents:
    """Hears Brevo."""

    def __init__(self, key: str) -> None:
        """Take the key that its requests carry."""
        self._key = key

    def hear(self, told: Told) -> Heard | Forged:
        """Verify and read one request."""
        if not telling.carries_key(told, self._key):
            return Forged(detail="the key is missing or wrong")
        found = telling.parsed(told.body)
        if found is None:
            return telling.UNREAD
        items = found if isinstance(found, list) else [found]
        return telling.heard(items, lambda item: _read(item, told))


def _read(item: Record, told: Told) -> Iterable[Event]:
    kind, words = text(item, "event"), text(item, "reason")
    if kind in _IGNORED:
        return
    sort = _KINDS.get(kind) or _bounced(kind, words)
    to, message = telling.address(item, "email"), text(item, "message-id").strip("<>")
    moment = item.get("ts_epoch") or item.get("ts_event")
    yield telling.event(
        made_up_id(kind, message, to, telling.written(moment)),
        sort,
        to,
        instant(moment, told.received_at),
        message=message,
        words=words,
        mark=telling.first(item, "tags"),
    )


def _bounced(kind: str, words: str) -> EventKind:
    found = sort_bounce(None, words)
    match kind:
        case "hard_bounce":
            return EventKind.BLOCK if found is EventKind.BLOCK else EventKind.HARD
        case "soft_bounce":
            return EventKind.BLOCK if found is EventKind.BLOCK else EventKind.SOFT
        case "blocked":  # by Brevo's own list: somebody was on it before
            return EventKind.BLOCK
    raise telling.UnreadError
