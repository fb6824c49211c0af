"""What SendGrid tells: an array of events, signed with a key of its own.

Facts: Twilio SendGrid's event webhook reference as of 2026-11: ECDSA over P-256 and
SHA-256, of the time and the raw body; the public key is base64 without a frame.
"""

import base64
import binascii
from collections.abc import Iterable

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from mailer.adapters.providers import telling
from mailer.adapters.providers.telling import Record, instant, text
from mailer.core.events import Event, EventKind, made_up_id, sort_bounce
from mailer.ports import Forged, Heard, Told

_SIGNATURE = "x-twilio-email-event-webhook-signature"
_TIME = "x-twilio-email-event-webhook-timestamp"
_OLDEST = 25 * 3600  # seconds; SendGrid tries for a day
_KINDS = {
    "delivered": EventKind.DELIVERED,
    "deferred": EventKind.DEFERRED,
    "spamreport": EventKind.COMPLAINED,
    "unsubscribe": EventKind.UNSUBSCRIBED,
    "group_unsubscribe": EventKind.UNSUBSCRIBED,
}
_DROPPED = {
    "Bounced Address": EventKind.HARD,
    "Invalid": EventKind.HARD,
    "Spam Reporting Address": EventKind.COMPLAINED,
    "Unsubscribed Address": EventKind.UNSUBSCRIBED,
}
_IGNORED = ("processed", "open", "click", "group_resubscribe")


def public_key(written: str) -> ec.EllipticCurvePublicKey | None:
    """Return the verification key as SendGrid shows it; None if it is none."""
    try:
        key = load_der_public_key(base64.b64decode(written, validate=True))
    except (binascii.Error, ValueError):
        return None
    return key if isinstance(key, ec.EllipticCurvePublicKey) else None


class SendGridEvents:
    """Hears SendGrid."""

    def __init__(self, key: ec.EllipticCurvePublicKey) -> None:
        """Take the verification key."""
        self._key = key

    def hear(self, told: Told) -> Heard | Forged:
        """Verify and read one request."""
        moment = told.headers.get(_TIME, "")
        if not (moment.isascii() and moment.isdigit() and len(moment) <= 12):
            return Forged(detail="the signature's time is missing")
        try:
            signature = base64.b64decode(
                told.headers.get(_SIGNATURE, ""), validate=True
            )
            signed = moment.encode() + told.body
            self._key.verify(signature, signed, ec.ECDSA(SHA256()))
        except (binascii.Error, ValueError, InvalidSignature):
            return Forged(detail="the signature is missing or wrong")
        if abs(told.received_at.timestamp() - int(moment)) > _OLDEST:
            return Forged(detail="the signature is too old, or the clock is wrong")
        found = telling.parsed(told.body)
        if not isinstance(found, list):
            return telling.UNREAD
        return telling.heard(found, lambda item: _read(item, told))


def _read(item: Record, told: Told) -> Iterable[Event]:
    kind = text(item, "event")
    words = text(item, "reason") or text(item, "response")
    if kind in _IGNORED:
        return
    sort = _KINDS.get(kind)
    if kind == "bounce":
        blocked = text(item, "type") == "blocked"
        found = sort_bounce(text(item, "status") or None, words)
        sort = EventKind.BLOCK if blocked and found is not EventKind.SOFT else found
    elif kind == "dropped":
        sort = _DROPPED.get(text(item, "reason"))
        if sort is None:
            return  # for a reason of ours: no reader's address is it
    if sort is None:
        raise telling.UnreadError
    to, message = telling.address(item, "email"), text(item, "sg_message_id")
    moment = item.get("timestamp")
    yield telling.event(
        text(item, "sg_event_id")
        or made_up_id(kind, message, to, telling.written(moment)),
        sort,
        to,
        instant(moment, told.received_at),
        message=message.partition(".")[0],  # the rest names their machine
        status=text(item, "status"),
        words=words,
        mark=item.get("batch"),  # a custom argument stands beside their own
    )
