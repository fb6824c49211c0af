"""What Amazon SES tells through SNS: signed by a certificate of Amazon's.

Facts: "Verifying the signatures of Amazon SNS messages" and the SES event reference, as
of 2026-11. The certificate comes from an address in the message, so only Amazon's own
hosts are asked, over https, and each certificate once.
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Mapping
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

from mailer.adapters.http import Answer, NoAnswer, NotSent
from mailer.adapters.providers import telling
from mailer.adapters.providers.telling import Record, inner, instant, record, text
from mailer.core.events import Event, EventKind, sort_bounce
from mailer.ports import Forged, Heard, Told

# With a region, as us-gov-west-1: "sns.s3" is a bucket, which anybody may own.
_AMAZON = r"sns\.[a-z]{2,4}(?:-[a-z]{2,16}){1,2}-\d\.amazonaws\.com(?:\.cn)?"
_HOST = re.compile(_AMAZON)
# Nothing else at that host: its API answers with words that anybody may write.
_CERTIFICATE = re.compile(
    rf"https://{_AMAZON}/SimpleNotificationService-[0-9A-Za-z]{{1,64}}\.pem"
)
_LARGEST = 64 * 1024  # octets of a certificate
_MOST = 8  # certificates kept; Amazon has one at a time
_OK = 200
_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": (
        "Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type",
    ),
}  # fmt: skip
_SIGNED["UnsubscribeConfirmation"] = _SIGNED["SubscriptionConfirmation"]
# Version 1 is what a topic has that nobody has set to 2.
_HASHES: Mapping[str, type[SHA1 | SHA256]] = {"1": SHA1, "2": SHA256}

_UNSIGNED = Forged(detail="the signature is missing or wrong")
Get = Callable[[str], Answer | NotSent | NoAnswer]


class SesEvents:
    """Hears one SNS topic."""

    def __init__(self, topic: str, get: Get) -> None:
        """Take the topic's ARN, and what asks Amazon for a certificate."""
        self._topic = topic
        self._get = get
        self._keys: dict[str, rsa.RSAPublicKey] = {}

    def hear(self, told: Told) -> Heard | Forged:
        """Verify and read one request."""
        found = telling.parsed(told.body)
        if not isinstance(found, dict):
            return telling.NOT_JSON
        if text(found, "TopicArn") != self._topic:
            return Forged(detail="it is about another topic")
        if doubt := self._doubt(found):
            return doubt
        match text(found, "Type"):
            case "SubscriptionConfirmation":
                address = text(found, "SubscribeURL")
                return Heard(
                    events=(), confirm=address if _is_amazons(address) else None
                )
            case "Notification":
                message = telling.parsed(text(found, "Message").encode())
                return telling.heard([message], lambda item: _read(item, told, found))
        return Heard(events=())

    def _doubt(self, found: Record) -> Forged | None:
        """Return why it is not Amazon's, or why nobody can tell now."""
        key = self._key(text(found, "SigningCertURL"))
        if isinstance(key, Forged):
            return key
        return None if _is_signed(found, key) else _UNSIGNED

    def _key(self, url: str) -> rsa.RSAPublicKey | Forged:
        if not _CERTIFICATE.fullmatch(url):
            return _UNSIGNED
        if url not in self._keys:
            key = _certified(self._get(url))
            if isinstance(key, Forged):
                return key
            if len(self._keys) >= _MOST:
                self._keys.clear()
            self._keys[url] = key
        return self._keys[url]


def _certified(answer: Answer | NotSent | NoAnswer) -> rsa.RSAPublicKey | Forged:
    """Return the key of a certificate; SNS tells no more what was refused for good."""
    if not isinstance(answer, Answer) or answer.status != _OK:
        return Forged(detail="Amazon's certificate cannot be fetched now", later=True)
    try:
        key = x509.load_pem_x509_certificate(answer.body[:_LARGEST]).public_key()
    except ValueError:
        return _UNSIGNED
    return key if isinstance(key, rsa.RSAPublicKey) else _UNSIGNED


def _is_signed(found: Record, key: rsa.RSAPublicKey) -> bool:
    names = _SIGNED.get(text(found, "Type"), ())
    words = "".join(f"{name}\n{text(found, name)}\n" for name in names if name in found)
    chosen = _HASHES.get(text(found, "SignatureVersion"))
    if not (names and chosen):
        return False
    try:
        signature = base64.b64decode(text(found, "Signature"), validate=True)
        key.verify(signature, words.encode(), padding.PKCS1v15(), chosen())
    except (binascii.Error, ValueError, InvalidSignature):
        return False
    return True


def _is_amazons(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    return (
        parts.scheme == "https"
        and port is None
        and parts.username is None
        and bool(_HOST.fullmatch(parts.hostname or ""))
    )


def _read(item: Record, told: Told, envelope: Record) -> Iterable[Event]:
    kind = text(item, "eventType") or text(item, "notificationType")
    mail = inner(item, "mail")
    message = text(mail, "messageId")
    mark = telling.first(inner(mail, "tags"), "batch")
    for to, sort, words, status in _each(kind, item):
        yield telling.event(
            f"{text(envelope, 'MessageId')}/{to}"[:200],
            sort,
            to,
            instant(_moment(kind, item), told.received_at),
            message=message,
            status=status,
            words=words,
            mark=mark,
        )


def _each(kind: str, item: Record) -> Iterable[tuple[str, EventKind, str, str]]:
    match kind:
        case "Bounce":
            bounce = inner(item, "bounce")
            for one in _records(bounce.get("bouncedRecipients")):
                words = text(one, "diagnosticCode")
                status = text(one, "status")
                sort = _bounced(bounce, status, words)
                yield telling.address(one, "emailAddress"), sort, words, status
        case "Complaint":
            for one in _records(inner(item, "complaint").get("complainedRecipients")):
                yield telling.address(one, "emailAddress"), EventKind.COMPLAINED, "", ""
        case "DeliveryDelay":
            delay = inner(item, "deliveryDelay")
            for one in _records(delay.get("delayedRecipients")):
                words, status = text(one, "diagnosticCode"), text(one, "status")
                to = telling.address(one, "emailAddress")
                yield to, EventKind.DEFERRED, words, status
        case "Delivery":
            recipients = inner(item, "delivery").get("recipients")
            yield from _of_all(recipients, EventKind.DELIVERED)
        case "Send":
            recipients = inner(item, "mail").get("destination")
            yield from _of_all(recipients, EventKind.SENT)
        case "Open" | "Click" | "Subscription" | "Reject" | "Rendering Failure":
            return
        case _:
            raise telling.UnreadError


def _of_all(
    value: object, sort: EventKind
) -> Iterable[tuple[str, EventKind, str, str]]:
    for to in value if isinstance(value, list) else ():
        yield telling.address({"to": to}, "to"), sort, "", ""


def _records(value: object) -> Iterable[Record]:
    return map(record, value if isinstance(value, list) else ())


def _bounced(bounce: Record, status: str, words: str) -> EventKind:
    found = sort_bounce(status or None, words)
    if found is EventKind.BLOCK:
        return found
    permanent = text(bounce, "bounceType") == "Permanent"
    return EventKind.HARD if permanent else EventKind.SOFT


def _moment(kind: str, item: Record) -> object:
    part = {"DeliveryDelay": "deliveryDelay", "Send": "mail"}.get(kind, kind.lower())
    return inner(item, part).get("timestamp")
