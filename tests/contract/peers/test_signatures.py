"""Signatures against the vendors' own verifiers: heard here is what is heard there.

Svix's library and Resend's verify what Resend signs, Twilio's what SendGrid signs.
Svix's and Resend's read the clock themselves, so that what they look at is signed now.
"""

import base64
import hmac
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from resend import Webhooks
from sendgrid.helpers.eventwebhook import EventWebhook
from svix.webhooks import Webhook, WebhookVerificationError

from mailer.core.events import EventKind
from mailer.ports import Forged, Heard, Told
from tests.contract.providers.tellers import KEY, NOW, TELLERS

SECRET = f"whsec_{KEY}"
ID, TIME, SIGNATURE = "svix-id", "svix-timestamp", "svix-signature"
BODY = TELLERS["resend"].tell(EventKind.HARD).body
STRANGER = f"whsec_{base64.b64encode(b'another secret of others').decode()}"


def is_heard(told: Told, vendor: str, **options: str) -> bool:
    found = TELLERS[vendor].hearing(**options).hear(told)
    assert isinstance(found, Heard | Forged)
    return isinstance(found, Heard)


# --- Resend, through Svix


def signed(
    *, ago: float = 0.0, secret: str = SECRET, body: bytes = BODY, name: str = "msg_1"
) -> Told:
    """A request of this moment, or of seconds ago, signed by Svix's own library."""
    now = datetime.now(UTC)
    at = now - timedelta(seconds=ago)
    headers = {
        ID: name,
        TIME: str(int(at.timestamp())),
        SIGNATURE: Webhook(secret).sign(name, at, body.decode()),
    }
    return Told(headers=headers, body=body, received_at=now)


def svix_hears(told: Told) -> bool:
    try:
        Webhook(SECRET).verify(told.body, dict(told.headers))
    except WebhookVerificationError:
        return False
    return True


def resend_hears(told: Told) -> bool:
    def header(name: str) -> str:
        return told.headers.get(name, "")

    try:
        Webhooks.verify(
            {
                "payload": told.body.decode(),
                "headers": {
                    "id": header(ID),
                    "timestamp": header(TIME),
                    "signature": header(SIGNATURE),
                },
                "webhook_secret": SECRET,
            }
        )
    except ValueError:
        return False
    return True


def _with(told: Told, **headers: str) -> Told:
    named = {f"svix-{name}": value for name, value in headers.items()}
    return replace(told, headers={**told.headers, **named})


def _without(name: str) -> Told:
    told = signed()
    return replace(told, headers={k: v for k, v in told.headers.items() if k != name})


OTHER = f"v1,{base64.b64encode(bytes(32)).decode()}"
OF_RESEND: Mapping[str, tuple[bool, Callable[[], Told]]] = {
    "as it was signed": (True, signed),
    "four minutes late": (True, lambda: signed(ago=240)),
    "four minutes early": (True, lambda: signed(ago=-240)),
    "six minutes late": (False, lambda: signed(ago=360)),
    "six minutes early": (False, lambda: signed(ago=-360)),
    "a second signature before ours": (
        True,
        lambda: _with(
            signed(), signature=f"{OTHER} {signed().headers[SIGNATURE]}"
        ),
    ),
    "a second signature after ours": (
        True,
        lambda: _with(
            signed(), signature=f"{signed().headers[SIGNATURE]} {OTHER}"
        ),
    ),
    "only another's signature": (False, lambda: _with(signed(), signature=OTHER)),
    "under another's secret": (False, lambda: signed(secret=STRANGER)),
    "another id": (False, lambda: _with(signed(), id="msg_2")),
    "another moment": (
        False,
        lambda: _with(signed(), timestamp=signed(ago=60).headers[TIME]),
    ),
    "a moment that is none": (False, lambda: _with(signed(), timestamp="today")),
    "a space more in the body": (False, lambda: replace(signed(), body=BODY + b" ")),
    "no body": (False, lambda: replace(signed(), body=b"")),
    "no signature": (False, lambda: _without(SIGNATURE)),
    "no moment": (False, lambda: _without(TIME)),
    "no id": (False, lambda: _without(ID)),
    "no id, and signed so": (False, lambda: signed(name="")),
}  # fmt: skip


@pytest.mark.parametrize("what", OF_RESEND)
def test_resend_is_heard_exactly_when_its_own_verifiers_hear_it(what: str) -> None:
    heard, made = OF_RESEND[what]
    told = made()

    verdicts = {
        "svix": svix_hears(told),
        "resend": resend_hears(told),
        "ours": is_heard(told, "resend"),
    }

    assert verdicts == dict.fromkeys(verdicts, heard)


def test_our_teller_signs_as_svix_does() -> None:
    told = TELLERS["resend"].tell(EventKind.HARD)

    genuine = Webhook(SECRET).sign(told.headers[ID], NOW, told.body.decode())

    assert genuine in told.headers[SIGNATURE].split()


@pytest.mark.parametrize("length", [24, 25, 26])
def test_a_secret_is_understood_with_its_padding_and_without(length: int) -> None:
    padded = f"whsec_{base64.b64encode(bytes(range(length))).decode()}"
    told = signed(secret=padded)

    for written in (padded, padded.rstrip("=")):
        Webhook(written).verify(told.body, dict(told.headers))
        assert is_heard(told, "resend", events_key=written)


def test_what_names_another_version_of_the_signature_is_not_heard() -> None:
    """Resend's library alone lets it pass; Svix's, the author of the form, does not."""
    told = signed()
    other = _with(told, signature=told.headers[SIGNATURE].replace("v1,", "v2,"))

    assert (svix_hears(other), resend_hears(other)) == (False, True)
    assert not is_heard(other, "resend")


# --- SendGrid

GRID_TIME = "x-twilio-email-event-webhook-timestamp"
GRID_SIGNATURE = "x-twilio-email-event-webhook-signature"
GRID = TELLERS["sendgrid"]
GENUINE = GRID.tell(EventKind.HARD)


def sendgrid_hears(told: Told) -> bool:
    verifier = EventWebhook(GRID.options["events_key"])
    return bool(
        verifier.verify_signature(
            told.body.decode(),
            told.headers.get(GRID_SIGNATURE, ""),
            told.headers.get(GRID_TIME, ""),
        )
    )


def _grid(**changes: str) -> Told:
    names = {"time": GRID_TIME, "signature": GRID_SIGNATURE}
    named = {names[name]: value for name, value in changes.items()}
    return replace(GENUINE, headers={**GENUINE.headers, **named})


def _strangers() -> str:
    words = GENUINE.headers[GRID_TIME].encode() + GENUINE.body
    key = ec.generate_private_key(ec.SECP256R1())
    return base64.b64encode(key.sign(words, ec.ECDSA(hashes.SHA256()))).decode()


OF_SENDGRID: Mapping[str, tuple[bool, Callable[[], Told]]] = {
    "as it was signed": (True, lambda: GENUINE),
    "signed once more": (True, lambda: GRID.tell(EventKind.HARD)),
    "a space more in the body": (
        False,
        lambda: replace(GENUINE, body=GENUINE.body + b" "),
    ),
    "no body": (False, lambda: replace(GENUINE, body=b"")),
    "another moment": (False, lambda: _grid(time=str(int(NOW.timestamp()) + 1))),
    "no moment": (False, lambda: _grid(time="")),
    "a moment that swallows the body": (
        False,
        lambda: replace(_grid(time=GENUINE.headers[GRID_TIME] + "["), body=b"x"),
    ),
    "the signature of another event": (
        False,
        lambda: _grid(signature=GRID.tell(EventKind.DELIVERED).headers[GRID_SIGNATURE]),
    ),
    "another's signature": (False, lambda: _grid(signature=_strangers())),
    "half a signature": (
        False,
        lambda: _grid(signature=GENUINE.headers[GRID_SIGNATURE][:48]),
    ),
    "a signature that is a hash": (
        False,
        lambda: _grid(
            signature=base64.b64encode(
                hmac.digest(b"key", GENUINE.body, "sha256")
            ).decode()
        ),
    ),
    "no signature": (False, lambda: _grid(signature="")),
}


@pytest.mark.parametrize("what", OF_SENDGRID)
def test_sendgrid_is_heard_exactly_when_its_own_verifier_hears_it(what: str) -> None:
    heard, made = OF_SENDGRID[what]
    told = made()

    verdicts = {"sendgrid": sendgrid_hears(told), "ours": is_heard(told, "sendgrid")}

    assert verdicts == dict.fromkeys(verdicts, heard)
