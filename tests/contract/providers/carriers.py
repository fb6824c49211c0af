"""Each provider with the world it talks to, seen from one side: what arrived."""

import email.policy
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from mailer.adapters.providers import registry
from mailer.config import ProviderSettings
from mailer.pipeline.calls import Caller
from mailer.ports import Called, Outcome, Outgoing, Provider
from tests.contract.providers import (
    brevo_server,
    mailgun_server,
    postmark_server,
    resend_server,
    sendgrid_server,
    ses_server,
    smtp_server,
)
from tests.contract.providers.api_server import ApiServer
from tests.contract.providers.made import Made
from tests.factories import batch_of

NOW = datetime(2019, 10, 7, 15, 0, 5, tzinfo=UTC)


@dataclass
class Arrived:
    """One message as its reader gets it."""

    to: str
    sender: str
    subject: str
    headers: Mapping[str, str]
    html: str
    text: str

    @property
    def leave_tokens(self) -> set[str]:
        everywhere = "\n".join([self.html, self.text, *self.headers.values()])
        return set(re.findall(r"/u/([\w-]+)", everywhere))


class Carrier(Protocol):
    provider: Provider
    bad_address: str  # well-formed, and the other side does not want it

    def arrived(self) -> Sequence[Arrived]: ...


def build(kind: str, folder: Path, /, **options: Any) -> Provider:
    settings = ProviderSettings(name="main", kind=kind, options=options)
    return registry.build(settings, folder=folder, clock=lambda: NOW)


class OutboxCarrier:
    bad_address = "nobody at all"

    def __init__(self, folder: Path) -> None:
        self.provider = build("outbox", folder)
        self.folder = folder / "outbox"

    def arrived(self) -> Sequence[Arrived]:
        return [_read(path.read_bytes()) for path in self.folder.glob("*/*.eml")]


class SmtpCarrier:
    bad_address = "nobody@example.net"

    def __init__(self, folder: Path, clerk: smtp_server.Clerk, port: int) -> None:
        clerk.recipients[self.bad_address] = "550 5.1.1 no such user"
        self.clerk = clerk
        self.provider = build(
            "smtp", folder, host="127.0.0.1", port=port, security="none", timeout=5
        )

    def arrived(self) -> Sequence[Arrived]:
        return [_read(content) for _, content in self.clerk.taken]


class ApiCarrier(Carrier, Protocol):
    server: ApiServer


_Vendor = TypeVar("_Vendor")


class _Vendors(Generic[_Vendor]):
    """What carriers have in common that call a vendor's server."""

    def __init__(self, provider: Provider, vendor: _Vendor, server: ApiServer) -> None:
        self.provider, self.vendor, self.server = provider, vendor, server


class PostmarkCarrier(_Vendors[postmark_server.Postmark]):
    bad_address = f"gone{postmark_server.INACTIVE}"

    def arrived(self) -> Sequence[Arrived]:
        return [
            _as_arrived(
                {item["Name"]: item["Value"] for item in message["Headers"]},
                to=message["To"],
                sender=message["From"],
                reply_to=message.get("ReplyTo", ""),
                subject=message["Subject"],
                html=message["HtmlBody"],
                text=message["TextBody"],
            )
            for message in self.vendor.taken
        ]


class ResendCarrier(_Vendors[resend_server.Resend]):
    bad_address = f"gone{resend_server.UNWANTED}"

    def arrived(self) -> Sequence[Arrived]:
        return [
            _as_arrived(
                message["headers"],
                to=message["to"],
                sender=message["from"],
                reply_to=message.get("reply_to", ""),
                subject=message["subject"],
                html=message["html"],
                text=message["text"],
            )
            for message in self.vendor.taken
        ]


class MailgunCarrier(_Vendors[mailgun_server.Mailgun]):
    bad_address = f"gone{mailgun_server.UNWANTED}"

    def arrived(self) -> Sequence[Arrived]:
        return [
            _as_arrived(
                {
                    name.removeprefix("h:"): value
                    for name, value in sent.fields.items()
                    if name.startswith("h:") and name != "h:Reply-To"
                },
                to=sent.to,
                sender=sent.fields["from"],
                reply_to=sent.fields.get("h:Reply-To", ""),
                subject=sent.fields["subject"],
                html=sent.fields["html"],
                text=sent.fields["text"],
            )
            for sent in self.vendor.taken
        ]


class BrevoCarrier(_Vendors[brevo_server.Brevo]):
    bad_address = f"gone{brevo_server.UNWANTED}"

    def arrived(self) -> Sequence[Arrived]:
        return [_as_made(made) for made in self.vendor.taken]


class SendGridCarrier(_Vendors[sendgrid_server.SendGrid]):
    bad_address = f"gone{sendgrid_server.UNWANTED}"

    def arrived(self) -> Sequence[Arrived]:
        return [_as_made(made) for made in self.vendor.taken]


class SesCarrier(_Vendors[ses_server.Ses]):
    bad_address = f"gone{ses_server.UNWANTED}"

    def arrived(self) -> Sequence[Arrived]:
        return [
            *[_read(raw) for raw in self.vendor.raw],
            *[_as_made(made) for made in self.vendor.rendered],
        ]


def _as_made(made: Made) -> Arrived:
    return _as_arrived(
        made.headers,
        to=made.to,
        sender=made.sender,
        reply_to=made.reply_to,
        subject=made.subject,
        html=made.html,
        text=made.text,
    )


# What each kind needs to call its vendor here
APIS: dict[str, dict[str, Any]] = {
    "brevo": {"token": brevo_server.TOKEN},
    "mailgun": {"token": mailgun_server.TOKEN, "domain": mailgun_server.DOMAIN},
    "postmark": {"token": postmark_server.TOKEN},
    "resend": {"token": resend_server.TOKEN},
    "sendgrid": {"token": sendgrid_server.TOKEN},
    "ses": {
        "region": ses_server.REGION,
        "access_key": ses_server.ACCESS_KEY,
        "secret_key": ses_server.SECRET_KEY,
    },
}
SECRETS = dict.fromkeys(APIS, "token") | {"ses": "secret_key"}
# Each kind, and each other way in which one makes its calls
WAYS: dict[str, tuple[str, dict[str, Any]]] = {
    **{kind: (kind, {}) for kind in registry.KINDS},
    "brevo, one body": ("brevo", {"shared_body": True}),
    "resend, one by one": ("resend", {"batch": False}),
    "ses, one body": ("ses", {"shared_body": True}),
}
API_WAYS = [way for way, (kind, _) in WAYS.items() if kind in APIS]


@contextmanager
def api(kind: str, folder: Path, /, **options: Any) -> Iterator[ApiCarrier]:
    """Run a vendor's API, and the provider that calls it with these options."""
    with ExitStack() as stack:

        def provider(server: ApiServer) -> Provider:
            settings = {"base_url": server.url, "timeout": 5, **APIS[kind], **options}
            built = build(kind, folder, **settings)
            stack.callback(built.close)
            return built

        match kind:
            case "brevo":
                with brevo_server.running() as (brevo, server):
                    yield BrevoCarrier(provider(server), brevo, server)
            case "mailgun":
                with mailgun_server.running() as (mailgun, server):
                    yield MailgunCarrier(provider(server), mailgun, server)
            case "postmark":
                with postmark_server.running() as (postmark, server):
                    yield PostmarkCarrier(provider(server), postmark, server)
            case "resend":
                with resend_server.running() as (resend, server):
                    yield ResendCarrier(provider(server), resend, server)
            case "sendgrid":
                with sendgrid_server.running() as (sendgrid, server):
                    yield SendGridCarrier(provider(server), sendgrid, server)
            case "ses":
                with ses_server.running() as (ses, server):
                    yield SesCarrier(provider(server), ses, server)
            case _:
                raise LookupError(f'"{kind}" has no carrier here: nothing tries it')


@contextmanager
def carrier(way: str, folder: Path) -> Iterator[Carrier]:
    kind, options = WAYS[way]
    carrier: Carrier
    match kind:
        case "outbox":
            carrier = OutboxCarrier(folder)
            yield carrier
            carrier.provider.close()
        case "smtp":
            with smtp_server.running() as (clerk, port):
                carrier = SmtpCarrier(folder, clerk, port)
                yield carrier
                carrier.provider.close()
        case _:
            with api(kind, folder, **options) as carrier:
                yield carrier


def _read(raw: bytes) -> Arrived:
    message = message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    html, text = message.get_body(("html",)), message.get_body(("plain",))
    assert html is not None
    assert text is not None
    defects = [*message.defects, *html.defects, *text.defects]
    assert not defects + [d for value in message.values() for d in value.defects]
    return Arrived(
        to=str(message["To"]),
        sender=str(message["From"]),
        subject=str(message["Subject"]),
        headers={name: str(value) for name, value in message.items()},
        html=html.get_content().replace("\r\n", "\n"),
        text=text.get_content().replace("\r\n", "\n"),
    )


def _as_arrived(
    headers: Mapping[str, str],
    *,
    to: str,
    sender: str,
    reply_to: str,
    subject: str,
    html: str,
    text: str,
) -> Arrived:
    """Read what an API was given as its reader gets it."""
    assert all(value.isascii() and value.isprintable() for value in headers.values())
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    parsed = _parsed(lines)
    mailbox = EmailMessage()
    mailbox["From"] = sender
    return Arrived(
        to=to,
        sender=str(mailbox["From"]),
        subject=subject,
        headers={name: str(value) for name, value in parsed.items()}
        | {"Reply-To": reply_to},
        html=html,
        text=text,
    )


def _parsed(lines: str) -> EmailMessage:
    raw = f"{lines}\r\n".encode("ascii")
    message = message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def hand_over(carrier: Carrier, batch: Outgoing) -> Outcome:
    """Send a batch as the pipeline does: by windows where a call takes one message."""
    told: list[Called] = []
    caller = Caller(carrier.provider, monotonic=lambda: 1.0, watch=told.append)
    try:
        return caller.call("send", batch_of(), batch, 2.0)
    finally:
        caller.close()


def seen(text: str) -> str:
    """Return text as a reader sees it, without the marks that nobody sees."""
    return text.replace("\u2060", "")
