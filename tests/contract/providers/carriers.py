"""Each provider with the world it talks to, seen from one side: what arrived."""

import email.policy
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Protocol

from mailer.adapters.providers import registry
from mailer.config import ProviderSettings
from mailer.ports import Provider
from tests.contract.providers import postmark_server, smtp_server

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


class PostmarkCarrier:
    bad_address = f"gone{postmark_server.INACTIVE}"

    def __init__(self, folder: Path, server: postmark_server.PostmarkServer) -> None:
        self.server = server
        self.provider = build(
            "postmark", folder, token=postmark_server.TOKEN, base_url=server.url
        )

    def arrived(self) -> Sequence[Arrived]:
        return [_from_json(message) for message in self.server.taken]


@contextmanager
def carrier(kind: str, folder: Path) -> Iterator[Carrier]:
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
        case "postmark":
            with postmark_server.running() as server:
                carrier = PostmarkCarrier(folder, server)
                yield carrier
                carrier.provider.close()
        case _:
            raise LookupError(f'"{kind}" has no carrier here: the suite cannot try it')


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


def _from_json(message: Mapping[str, Any]) -> Arrived:
    as_headers = "".join(
        f"{item['Name']}: {item['Value']}\r\n" for item in message["Headers"]
    )
    parsed = message_from_bytes(
        as_headers.encode("ascii") + b"\r\n", policy=email.policy.default
    )
    sender = EmailMessage()
    sender["From"] = message["From"]
    return Arrived(
        to=message["To"],
        sender=str(sender["From"]),
        subject=message["Subject"],
        headers={name: str(value) for name, value in parsed.items()}
        | {"Reply-To": message["ReplyTo"]},
        html=message["HtmlBody"],
        text=message["TextBody"],
    )
