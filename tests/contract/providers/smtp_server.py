"""A mail server on loopback that does as it is told."""

import asyncio
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

TLS = Path(__file__).parent / "tls"
ACCOUNT = ("mailer", "a-password")


@dataclass
class Clerk:
    """Decides per address; remembers what arrived."""

    recipients: dict[str, str] = field(default_factory=dict)  # address → RCPT reply
    contents: dict[str, str] = field(default_factory=dict)  # address → final reply
    sender: str = "250 OK"
    per_connection: int = 1000  # messages before it hangs up
    extensions: tuple[str, ...] = ()  # that it offers besides its own
    pause: float = 0.0  # seconds before each message's final reply
    taken: list[tuple[str, bytes]] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    users: list[str] = field(default_factory=list)
    connections: dict[Session, int] = field(default_factory=dict)  # to messages

    async def handle_EHLO(  # noqa: N802 - aiosmtpd calls it so
        self,
        _server: SMTP,
        session: Session,
        _envelope: Envelope,
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        session.host_name = hostname
        offered = [f"250-{extension}" for extension in self.extensions]
        return [*responses[:-1], *offered, responses[-1]]

    async def handle_MAIL(  # noqa: N802 - aiosmtpd calls it so
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        self.connections[session] = self.connections.get(session, 0) + 1
        if self.connections[session] > self.per_connection:
            _transport(server).close()
            return "421 4.7.0 that was enough"
        envelope.mail_from = address
        return self.sender

    async def handle_RCPT(  # noqa: N802 - aiosmtpd calls it so
        self,
        server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        reply = self.recipients.get(address, "250 OK")
        if reply == "hang up":
            _transport(server).abort()
        if reply.startswith("250"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(  # noqa: N802 - aiosmtpd calls it so
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        [address] = envelope.rcpt_tos
        await asyncio.sleep(self.pause)
        reply = self.contents.get(address, "250 2.0.0 queued")
        if reply.startswith(("250", "take")):
            assert envelope.original_content is not None
            self.taken.append((address, envelope.original_content))
            self.senders.append(envelope.mail_from or "")
            encryption = _transport(server).get_extra_info("ssl_object")
            self.encrypted.append(encryption is not None)
            self.users.append(str(session.auth_data))
        if reply.endswith("hang up"):
            _transport(server).abort()
        if reply.endswith("sleep"):
            await asyncio.sleep(20)
        return reply


def _transport(server: SMTP) -> asyncio.Transport:
    assert isinstance(server.transport, asyncio.Transport)
    return server.transport


def _authenticate(
    _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any
) -> AuthResult:
    assert isinstance(data, LoginPassword)
    right = (data.login.decode(), data.password.decode()) == ACCOUNT
    return AuthResult(success=right, handled=False, auth_data=data.login.decode())


@contextmanager
def running(security: str = "none", **options: Any) -> Iterator[tuple[Clerk, int]]:
    clerk = Clerk()
    context = None
    if security != "none":
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(TLS / "localhost.pem")
    if security == "starttls":
        options |= {"tls_context": context, "require_starttls": True}
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(
        clerk,
        hostname="127.0.0.1",
        port=port,
        ssl_context=context if security == "tls" else None,
        authenticator=_authenticate,
        auth_require_tls=False,
        **options,
    )
    controller.start()
    try:
        yield clerk, port
    finally:
        controller.stop()
