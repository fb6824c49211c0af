"""django-anymail, which others wrote: the calls that it would make.

It serves as an oracle for tests alone. Nothing is sent: its calls are only built.
"""

import base64
import email.policy
import html
import json
from collections.abc import Iterator, Mapping
from email import message_from_bytes
from email.headerregistry import Address
from typing import Any

import django
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.utils.module_loading import import_string

from mailer.core.envelope import Letter, Recipient
from tests.contract.providers import mailgun_server
from tests.contract.providers.api_server import Request
from tests.contract.providers.carriers import APIS
from tests.contract.providers.tellers import KEY, TELLERS

settings.configure(
    ALLOWED_HOSTS=["*"],
    ANYMAIL={
        "WEBHOOK_SECRET": f"events:{KEY}",
        "MAILGUN_WEBHOOK_SIGNING_KEY": KEY,
        "RESEND_SIGNING_SECRET": TELLERS["resend"].options["events_key"],
    },
    INSTALLED_APPS=["anymail"],
)
django.setup()

NAMES = {"ses": "amazon_ses"}  # its names, where they are not ours
_BACKENDS: Mapping[str, Mapping[str, Any]] = {
    "brevo": {"api_key": APIS["brevo"]["token"]},
    "mailgun": {
        "api_key": APIS["mailgun"]["token"],
        "sender_domain": APIS["mailgun"]["domain"],
    },
    "postmark": {
        "server_token": APIS["postmark"]["token"],
        "message_stream": "broadcast",
    },
    "resend": {"api_key": APIS["resend"]["token"]},
    "sendgrid": {"api_key": APIS["sendgrid"]["token"]},
    "ses": {},
}
Said = dict[str, object]  # what a call says: by place, as "headers/list-id"


def message(
    letter: Letter, reader: Recipient, key: str, *, without: frozenset[str]
) -> EmailMultiAlternatives:
    """Write a letter to one reader as a project with Django would.

    `without` names what anymail refuses to send through a vendor.
    """
    links = {"leave": reader.leave, "preferences": reader.preferences}
    leave = {"List-Unsubscribe": f"<{letter.leave_prefix}{reader.leave}>"}
    made = EmailMultiAlternatives(
        subject=letter.subject,
        body=letter.text.fill(links | {"reason_text": reader.reason}),
        from_email=str(Address(letter.sender_name, addr_spec=letter.sender_address)),
        to=[reader.address],
        reply_to=[letter.reply_to],
        headers={
            **dict(letter.headers),
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
    )
    page = letter.html.fill(links | {"reason_html": html.escape(reader.reason)})
    made.attach_alternative(page, "text/html")
    features = {
        "track_opens": False,
        "track_clicks": False,
        "tags": [key],
        "metadata": {"batch": key},
        "merge_headers": {reader.address: leave},
    }
    for name, value in features.items():
        if name not in without:
            setattr(made, name, value)
    if "merge_headers" in without:
        made.extra_headers |= leave
    return made


def theirs(kind: str, written: EmailMultiAlternatives) -> Said:
    """Return what anymail would say to a vendor, place by place."""
    name = f"anymail.backends.{NAMES.get(kind, kind)}.EmailBackend"
    backend = import_string(name)(**_BACKENDS[kind])
    payload = backend.build_message_payload(written, backend.send_defaults)
    if kind == "ses":
        payload.finalize_payload()
        return _mime(payload.params["Content"]["Raw"]["Data"]) | {
            "destination": payload.params["Destination"]["ToAddresses"],
        }
    asked = payload.get_request_params("https://api.example/")
    if kind == "mailgun":
        return _mailgun(
            {
                name: value if isinstance(value, list) else [str(value)]
                for name, value in asked["data"].items()
            }
        )
    return _json(kind, json.loads(asked["data"]))


def ours(kind: str, body: bytes, content_type: str) -> Said:
    """Return what our call says to a vendor, place by place."""
    if kind == "mailgun":
        sent = Request("POST", "", {}, {"Content-Type": content_type}, body)
        return _mailgun(mailgun_server.read(sent))
    call = json.loads(body)
    if kind == "ses":
        raw = call["Content"]["Raw"]["Data"]
        tags = {f"tags/{tag['Name']}": tag["Value"] for tag in call["EmailTags"]}
        return (
            _mime(base64.b64decode(raw))
            | {"destination": call["Destination"]["ToAddresses"]}
            | tags
        )
    return _json(kind, call)


def _json(kind: str, call: Any) -> Said:
    """Read JSON of which one reader's part is a list of its own, or nothing is."""
    said = dict(call[0] if isinstance(call, list) else call)
    tags: Mapping[str, str] = {}
    for part in ("messageVersions", "personalizations"):
        for personal in said.pop(part, ()):
            tags = personal.pop("substitutions", {})
            said = _merged(said, personal)
    flat = dict(_places(said))
    if kind == "brevo":  # its key is of the call, not of the message
        flat.pop("headers/idempotencykey", None)
    return {place: _put_in(tags, value) for place, value in flat.items()}


def _merged(common: Mapping[str, Any], personal: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**common, **personal}
    for name in ("headers", "custom_args"):
        if isinstance(common.get(name), Mapping):
            merged[name] = {**common[name], **personal.get(name, {})}
    return merged


def _put_in(tags: Mapping[str, str], value: object) -> object:
    for tag, words in tags.items():
        value = value.replace(tag, words) if isinstance(value, str) else value
    return value


def _places(value: object, place: str = "") -> Iterator[tuple[str, object]]:
    """Yield the leaves of JSON; what has a name stands under it, whatever its order."""
    if isinstance(value, Mapping):
        parts = [(str(name).lower(), part) for name, part in value.items()]
    elif isinstance(value, list) and value and isinstance(value[0], Mapping):
        parts = [_named(number, part) for number, part in enumerate(value)]
    else:
        yield place.lstrip("/"), value
        return
    for name, part in parts:
        yield from _places(part, f"{place}/{name}")


def _named(number: int, part: Mapping[str, object]) -> tuple[str, object]:
    lowered = {name.lower(): value for name, value in part.items()}
    for name in ("name", "type"):
        if name in lowered and "value" in lowered:
            return str(lowered[name]).lower(), lowered["value"]
    return str(number), part


def _mailgun(form: dict[str, list[str]]) -> Said:
    """Read a form as Mailgun's one reader gets it, with the options of the call."""
    vendor = mailgun_server.Mailgun()
    vendor.deliver(form, "id")
    [sent] = vendor.taken
    options = {name: form[name] for name in form if name.startswith("o:")}
    fields = {name.lower(): value for name, value in sent.fields.items()}
    return {**fields, **options, "to": sent.to}


def _mime(raw: bytes) -> Said:
    parsed = message_from_bytes(raw, policy=email.policy.default)
    said: dict[str, object] = {
        name.lower(): str(value).strip() for name, value in parsed.items()
    }
    said["content-type"] = parsed.get_content_type()
    for part in parsed.walk():
        if not part.is_multipart():
            octets = part.get_payload(decode=True)
            assert isinstance(octets, bytes)
            text = octets.decode().replace("\r\n", "\n")
            said[part.get_content_type()] = text
    return said
