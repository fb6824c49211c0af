"""What Mailgun tells: one event per request, signed by time and token.

Facts: Mailgun's webhook reference as of 2026-11. What is signed is a time and a token,
not the event: only HTTPS keeps others from putting another event beside them.
"""

import hmac
from collections.abc import Iterable

from mailer.adapters.providers import telling
from mailer.adapters.providers.telling import Record, inner, instant, text
from mailer.core.events import Event, EventKind, sort_bounce
from mailer.ports import Forged, Heard, Told

_OLDEST = 9 * 3600  # seconds; Mailgun tries for eight hours under the first signature
_KINDS = {
    "delivered": EventKind.DELIVERED,
    "complained": EventKind.COMPLAINED,
    "unsubscribed": EventKind.UNSUBSCRIBED,
    "rejected": EventKind.BLOCK,
}
_ON_THEIR_LIST = {
    "suppress-bounce": EventKind.HARD,
    "suppress-complaint": EventKind.COMPLAINED,
    "suppress-unsubscribe": EventKind.UNSUBSCRIBED,
}
_IGNORED = ("accepted", "opened", "clicked", "stored")


class MailgunEvents:
    """Hears Mailgun."""

    def __init__(self, key: str) -> None:
        """Take the HTTP webhook signing key."""
        self._key = key.encode()

    def hear(self, told: Told) -> Heard | Forged:
        """Verify and read one request."""
        found = telling.parsed(told.body)
        if not isinstance(found, dict):
            return telling.NOT_JSON
        signature = inner(found, "signature")
        moment, token = text(signature, "timestamp"), text(signature, "token")
        ours = hmac.digest(self._key, f"{moment}{token}".encode(), "sha256").hex()
        if not telling.same(text(signature, "signature"), ours):
            return Forged(detail="the signature is missing or wrong")
        if not (moment.isascii() and moment.isdigit() and len(moment) <= 12):
            return Forged(detail="the signature's time is missing")
        if abs(told.received_at.timestamp() - int(moment)) > _OLDEST:
            return Forged(detail="the signature is too old, or the clock is wrong")
        return telling.heard(
            [found.get("event-data")], lambda item: _read(item, told, token)
        )


def _read(item: Record, told: Told, token: str) -> Iterable[Event]:
    kind, status = text(item, "event"), inner(item, "delivery-status")
    if kind in _IGNORED:
        return
    words = text(status, "message") or text(status, "description")
    code = text(status, "enhanced-code")
    sort = _failed(item, code, f"{text(status, 'code')} {words}")
    if kind != "failed":
        if kind not in _KINDS:
            raise telling.UnreadError
        sort = _KINDS[kind]
    headers = inner(inner(item, "message"), "headers")
    yield telling.event(
        text(item, "id") or token,
        sort,
        telling.address(item, "recipient"),
        instant(item.get("timestamp"), told.received_at),
        message=text(headers, "message-id").strip("<>"),
        status=code,
        words=words,
        mark=inner(item, "user-variables").get("batch"),
    )


def _failed(item: Record, code: str, words: str) -> EventKind:
    if text(item, "severity") == "temporary":
        return EventKind.DEFERRED  # Mailgun goes on trying
    on_list = _ON_THEIR_LIST.get(text(item, "reason"))
    return on_list or sort_bounce(code or None, words)
