"""What Resend tells: one event per request, signed as Svix does.

Facts: Resend's webhook reference and the Svix specification
(docs.svix.com/receiving/verifying-payloads/how-manual), as of 2026-11.
"""

import base64
import binascii
import hmac
from collections.abc import Iterable

from mailer.adapters.providers import telling
from mailer.adapters.providers.telling import Record, inner, instant, text
from mailer.core.events import Event, EventKind, sort_bounce
from mailer.ports import Forged, Heard, Told

_PREFIX = "whsec_"
_TOLERANCE = 300  # seconds, in both directions, as in Svix's own libraries
_KINDS = {
    "email.delivered": EventKind.DELIVERED,
    "email.delivery_delayed": EventKind.DEFERRED,
    "email.complained": EventKind.COMPLAINED,
}
_IGNORED = ("email.sent", "email.opened", "email.clicked", "email.scheduled")


def secret(written: str) -> bytes | None:
    """Return the key in a "whsec_…", padded or not; None if it is none."""
    if not written.startswith(_PREFIX):
        return None
    encoded = written.removeprefix(_PREFIX).rstrip("=")
    padding = "=" * (-len(encoded) % 4)
    try:
        return base64.b64decode(encoded + padding, validate=True) or None
    except (binascii.Error, ValueError):
        return None


class ResendEvents:
    """Hears Resend."""

    def __init__(self, key: bytes) -> None:
        """Take the signing secret, decoded."""
        self._key = key

    def hear(self, told: Told) -> Heard | Forged:
        """Verify and read one request."""
        identifier = told.headers.get("svix-id", "")
        moment = told.headers.get("svix-timestamp", "")
        if not identifier:  # events would be taken for one another
            return Forged(detail="the event's id is missing")
        if not (moment.isascii() and moment.isdigit() and len(moment) <= 12):
            return Forged(detail="the signature's time is missing")
        if abs(told.received_at.timestamp() - int(moment)) > _TOLERANCE:
            return Forged(detail="the signature is too old, or the clock is wrong")
        if not self._is_signed(told, identifier, moment):
            return Forged(detail="the signature is missing or wrong")
        found = telling.parsed(told.body)
        if found is None:
            return telling.UNREAD
        return telling.heard([found], lambda item: _read(item, told, identifier))

    def _is_signed(self, told: Told, identifier: str, moment: str) -> bool:
        signed = f"{identifier}.{moment}.".encode() + told.body
        ours = base64.b64encode(hmac.digest(self._key, signed, "sha256")).decode()
        given = told.headers.get("svix-signature", "").split(" ")
        return any(telling.same(each, f"v1,{ours}") for each in given)


def _read(item: Record, told: Told, identifier: str) -> Iterable[Event]:
    kind, data = text(item, "type"), inner(item, "data")
    if kind in _IGNORED:
        return
    sort, words = _KINDS.get(kind), ""
    if kind == "email.bounced":
        bounce = inner(data, "bounce")
        words = " ".join((_codes(bounce), text(bounce, "message"))).strip()
        sort = _bounced(bounce, words)
    elif kind in ("email.suppressed", "email.failed"):
        reason = text(inner(data, "suppressed"), "reason")
        if kind == "email.failed":
            return  # our own doing: no reader's address is the reason
        complained = "complaint" in reason
        sort = EventKind.COMPLAINED if complained else EventKind.HARD
    if sort is None:
        raise telling.UnreadError
    recipients = data.get("to")
    for to in recipients if isinstance(recipients, list) else [recipients]:
        who = telling.address({"to": to}, "to")
        yield telling.event(
            f"{identifier}/{who}"[:200],
            sort,
            who,
            instant(item.get("created_at"), told.received_at),
            message=text(data, "email_id"),
            words=words,
            mark=inner(data, "tags").get("batch"),
        )


def _bounced(bounce: Record, words: str) -> EventKind:
    found = sort_bounce(None, words)
    if text(bounce, "type") != "Permanent":
        return EventKind.BLOCK if found is EventKind.BLOCK else EventKind.SOFT
    general = text(bounce, "subType") in ("General", "NoEmail", "Suppressed")
    return EventKind.HARD if general and found is not EventKind.BLOCK else found


def _codes(bounce: Record) -> str:
    codes = bounce.get("diagnosticCode")
    return " ".join(map(telling.written, codes)) if isinstance(codes, list) else ""
