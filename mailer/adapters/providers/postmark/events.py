"""What Postmark tells: one event per request, known by a key that we chose.

Facts: Postmark's webhook reference as of 2026-11. It signs nothing; the key goes into
the webhook's address as a password, or into a header of its own.
"""

from collections.abc import Iterable

from mailer.adapters.providers import telling
from mailer.adapters.providers.telling import Record, inner, instant, text
from mailer.core.events import Event, EventKind, made_up_id, sort_bounce
from mailer.ports import Forged, Heard, Told

_BOUNCES = {
    "HardBounce": EventKind.HARD,
    "BadEmailAddress": EventKind.HARD,
    "ManuallyDeactivated": EventKind.HARD,
    "SpamComplaint": EventKind.COMPLAINED,
    "Unsubscribe": EventKind.UNSUBSCRIBED,
    "Blocked": EventKind.BLOCK,
    "SpamNotification": EventKind.BLOCK,
    "DMARCPolicy": EventKind.BLOCK,
    "Transient": EventKind.DEFERRED,
}
# No bounces, though Postmark counts them so: answers of people and of machines.
_ANSWERS = ("AutoResponder", "AddressChange", "OpenRelayTest", "ChallengeVerification")
_SUPPRESSED = {
    "HardBounce": EventKind.HARD,
    "SpamComplaint": EventKind.COMPLAINED,
    "ManualSuppression": EventKind.UNSUBSCRIBED,
}


class PostmarkEvents:
    """Hears Postmark."""

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
        return telling.heard([found], lambda item: _read(item, told))


def _read(item: Record, told: Told) -> Iterable[Event]:
    kind, message = text(item, "RecordType"), text(item, "MessageID")
    match kind:
        case "Delivery":
            to, at = telling.address(item, "Recipient"), item.get("DeliveredAt")
            sort, words = EventKind.DELIVERED, ""
        case "Bounce" | "SpamComplaint":
            to, at = telling.address(item, "Email"), item.get("BouncedAt")
            if text(item, "Type") in _ANSWERS:
                return
            words = text(item, "Details") or text(item, "Description")
            found = _BOUNCES.get(text(item, "Type")) or sort_bounce(None, words)
            sort = EventKind.COMPLAINED if kind == "SpamComplaint" else found
        case "SubscriptionChange":
            if item.get("SuppressSending") is not True:
                return
            to, at = telling.address(item, "Recipient"), item.get("ChangedAt")
            reason = text(item, "SuppressionReason")
            sort, words = _SUPPRESSED.get(reason, EventKind.UNSUBSCRIBED), ""
        case "Open" | "Click":  # asked for by nobody, kept by nobody
            return
        case _:
            raise telling.UnreadError
    own = text(item, "ID")
    yield telling.event(
        f"{kind}/{own}" if own else made_up_id(kind, message, to, telling.written(at)),
        sort,
        to,
        instant(at, told.received_at),
        message=message,
        words=words,
        mark=inner(item, "Metadata").get("batch"),
    )
