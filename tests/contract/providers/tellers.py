"""Each vendor's way to tell something: genuine requests, made and signed as it does."""

import base64
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

from mailer.adapters.http import Answer, NotSent
from mailer.adapters.providers import registry
from mailer.config import ProviderSettings
from mailer.core.events import EventKind
from mailer.ports import Hearing, Told

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
KEY = "a/key/that/nobody/knows0"
TO = "ana@one.example"
MARK = "0b5bd2ac-7d6c-5c5e-9d1e-3a4f5b6c7d8e"  # the key of a call
WORDS = {
    EventKind.HARD: ("5.1.1", "550 5.1.1 no such user"),
    EventKind.SOFT: ("5.2.2", "552 5.2.2 mailbox full"),
    EventKind.BLOCK: ("5.7.1", "550 5.7.1 rejected due to policy"),
}
_SECONDS = int(NOW.timestamp())
_EC = ec.generate_private_key(ec.SECP256R1())
_RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
TOPIC = "arn:aws:sns:us-east-1:1:mail"
CERTIFICATE = "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-1.pem"


@dataclass(frozen=True, kw_only=True)
class Teller:
    """One vendor."""

    kind: str
    options: Mapping[str, str]
    write: Callable[[EventKind], Any]  # what it says of such an event, in JSON
    sign: Callable[[bytes], Told]
    asked: list[str] = field(default_factory=list)  # addresses that were fetched

    def hearing(self, **options: str) -> Hearing:
        settings = ProviderSettings(
            name=self.kind, kind=self.kind, options={**self.options, **options}
        )
        found = registry.hearing(settings, get=self.get)
        assert found
        return found

    def tell(self, kind: EventKind) -> Told:
        return self.tell_this(self.write(kind))

    def tell_this(self, what: Any) -> Told:
        return self.sign(json.dumps(what).encode())

    def get(self, url: str) -> Answer | NotSent:
        self.asked.append(url)
        if url != CERTIFICATE:
            return NotSent(detail="nobody is there")
        return Answer(status=200, headers={}, body=_certificate())


def told(body: bytes, **headers: str) -> Told:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Told(headers=named, body=body, received_at=NOW)


# --- what each says


def _postmark(kind: EventKind) -> Any:
    marked = {"Metadata": {"batch": MARK}, "Tag": MARK, "MessageID": "m1"}
    shared = {**marked, "ID": 7, "BouncedAt": NOW.isoformat()}
    match kind:
        case EventKind.DELIVERED:
            return {**marked, "RecordType": "Delivery", "Recipient": TO}
        case EventKind.COMPLAINED:
            return {**shared, "RecordType": "SpamComplaint", "Email": TO}
        case EventKind.UNSUBSCRIBED:
            return {
                **marked,
                "RecordType": "SubscriptionChange",
                "Recipient": TO,
                "SuppressSending": True,
                "SuppressionReason": "ManualSuppression",
                "ChangedAt": NOW.isoformat(),
            }
    names = {
        EventKind.HARD: "HardBounce",
        EventKind.SOFT: "SoftBounce",
        EventKind.BLOCK: "Blocked",
        EventKind.DEFERRED: "Transient",
    }
    words = WORDS.get(kind, ("", ""))[1]
    return {
        **shared,
        "RecordType": "Bounce",
        "Type": names[kind],
        "Email": TO,
        "Details": words,
    }


def _resend(kind: EventKind) -> Any:
    names = {
        EventKind.DELIVERED: "email.delivered",
        EventKind.DEFERRED: "email.delivery_delayed",
        EventKind.COMPLAINED: "email.complained",
    }
    data: dict[str, Any] = {"email_id": "m1", "to": [TO], "tags": {"batch": MARK}}
    if kind in WORDS:
        sort = "Permanent" if kind is not EventKind.SOFT else "Transient"
        data["bounce"] = {"type": sort, "subType": "General", "message": WORDS[kind][1]}
    return {
        "type": names.get(kind, "email.bounced"),
        "created_at": NOW.isoformat(),
        "data": data,
    }


def _mailgun(kind: EventKind) -> Any:
    names = {
        EventKind.DELIVERED: "delivered",
        EventKind.COMPLAINED: "complained",
        EventKind.UNSUBSCRIBED: "unsubscribed",
    }
    token = "t" * 50
    signed = hmac.digest(KEY.encode(), f"{_SECONDS}{token}".encode(), "sha256").hex()
    return {
        "signature": {"timestamp": str(_SECONDS), "token": token, "signature": signed},
        "event-data": {
            "event": names.get(kind, "failed"),
            "severity": "temporary" if kind is EventKind.DEFERRED else "permanent",
            "recipient": TO,
            "timestamp": _SECONDS + 0.5,
            "id": "e1",
            "user-variables": {"batch": MARK},
            "message": {"headers": {"message-id": "m1"}},
            "delivery-status": {"code": 550, "message": WORDS.get(kind, ("", ""))[1]},
        },
    }


def _brevo(kind: EventKind) -> Any:
    names = {
        EventKind.DELIVERED: "delivered",
        EventKind.DEFERRED: "deferred",
        EventKind.COMPLAINED: "spam",
        EventKind.UNSUBSCRIBED: "unsubscribe",
        EventKind.HARD: "hard_bounce",
        EventKind.SOFT: "soft_bounce",
        EventKind.BLOCK: "blocked",
    }
    return {
        "event": names[kind],
        "email": TO,
        "ts_epoch": _SECONDS * 1000,
        "message-id": "<m1>",
        "tags": [MARK],
        "reason": WORDS.get(kind, ("", ""))[1],
    }


def _sendgrid(kind: EventKind) -> Any:
    names = {
        EventKind.DELIVERED: "delivered",
        EventKind.DEFERRED: "deferred",
        EventKind.COMPLAINED: "spamreport",
        EventKind.UNSUBSCRIBED: "unsubscribe",
    }
    item = {
        "event": names.get(kind, "bounce"),
        "type": "blocked" if kind is EventKind.BLOCK else "bounce",
        "email": TO,
        "timestamp": _SECONDS,
        "sg_event_id": "e1",
        "batch": MARK,
        "sg_message_id": "m1.recvd-x",
    }
    if kind in WORDS:
        item["status"], item["reason"] = WORDS[kind]
    return [item]


def _ses(kind: EventKind) -> Any:
    mail = {
        "messageId": "m1",
        "timestamp": NOW.isoformat(),
        "destination": [TO],
        "tags": {"ses:source-ip": ["192.0.2.1"], "batch": [MARK]},
    }
    at = {"timestamp": NOW.isoformat()}
    match kind:
        case EventKind.SENT:
            part = {"eventType": "Send", "send": {}}
        case EventKind.DELIVERED:
            part = {"eventType": "Delivery", "delivery": {**at, "recipients": [TO]}}
        case EventKind.DEFERRED:
            late = {**at, "delayedRecipients": [{"emailAddress": TO}]}
            part = {"eventType": "DeliveryDelay", "deliveryDelay": late}
        case EventKind.COMPLAINED:
            who = {**at, "complainedRecipients": [{"emailAddress": TO}]}
            part = {"eventType": "Complaint", "complaint": who}
        case _:
            status, words = WORDS[kind]
            sort = "Permanent" if kind is EventKind.HARD else "Transient"
            one = {"emailAddress": TO, "status": status, "diagnosticCode": words}
            part = {
                "eventType": "Bounce",
                "bounce": {**at, "bounceType": sort, "bouncedRecipients": [one]},
            }
    return sns("Notification", Message=json.dumps({**part, "mail": mail}))


def sns(kind: str, *, signing: str = CERTIFICATE, **fields: str) -> dict[str, str]:
    """Return a signed envelope of SNS."""
    envelope = {
        "Type": kind,
        "MessageId": "n1",
        "TopicArn": TOPIC,
        "Timestamp": NOW.isoformat(),
        **fields,
    }
    words = "".join(f"{name}\n{envelope[name]}\n" for name in sorted(envelope))
    signature = _RSA.sign(words.encode(), padding.PKCS1v15(), hashes.SHA256())
    return {
        **envelope,
        "SignatureVersion": "2",
        "SigningCertURL": signing,
        "Signature": base64.b64encode(signature).decode(),
    }


# --- how each signs


def _basic(body: bytes) -> Told:
    given = base64.b64encode(f"events:{KEY}".encode()).decode()
    return told(body, authorization=f"Basic {given}")


def _bearer(body: bytes) -> Told:
    return told(body, authorization=f"Bearer {KEY}")


def _svix(body: bytes) -> Told:
    signed = f"id1.{_SECONDS}.".encode() + body
    digest = hmac.digest(base64.b64decode(KEY), signed, "sha256")
    signature = f"v1,{base64.b64encode(digest).decode()} v1,other"
    return told(
        body, svix_id="id1", svix_timestamp=str(_SECONDS), svix_signature=signature
    )


def _ecdsa(body: bytes) -> Told:
    made = _EC.sign(f"{_SECONDS}".encode() + body, ec.ECDSA(hashes.SHA256()))
    return told(
        body,
        x_twilio_email_event_webhook_timestamp=str(_SECONDS),
        x_twilio_email_event_webhook_signature=base64.b64encode(made).decode(),
    )


def _public() -> str:
    der = _EC.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return base64.b64encode(der).decode()


def _certificate() -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(_RSA.public_key())
        .serial_number(1)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=1))
        .sign(_RSA, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


KEYED = {"events_key": KEY}
TELLERS = {
    each.kind: each
    for each in (
        Teller(kind="brevo", options=KEYED, write=_brevo, sign=_bearer),
        Teller(kind="mailgun", options=KEYED, write=_mailgun, sign=told),
        Teller(kind="postmark", options=KEYED, write=_postmark, sign=_basic),
        Teller(
            kind="resend",
            options={"events_key": f"whsec_{KEY}"},
            write=_resend,
            sign=_svix,
        ),
        Teller(
            kind="sendgrid",
            options={"events_key": _public()},
            write=_sendgrid,
            sign=_ecdsa,
        ),
        Teller(kind="ses", options={"events_topic": TOPIC}, write=_ses, sign=told),
    )
}


def without(request: Told, header: str) -> Told:
    """Return the request without a header."""
    return replace(
        request, headers={k: v for k, v in request.headers.items() if k != header}
    )
