"""One SMTP connection: opened, used for a message at a time, and every reply read.

Until the final dot is answered a message is not taken (RFC 5321 §4.1.1.4); when
that answer never comes, nobody knows (RFC 1047).
"""

import re
import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from mailer.adapters.providers.foreign import words
from mailer.ports import Accepted, Deferred, NotTaken, Refused, Result, Unsure

_ENHANCED = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})\b")
_BROKEN = (smtplib.SMTPException, OSError)
_GO_AHEAD = 354
_CLOSING = 421


class Security(StrEnum):
    """How the connection is protected."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"

    @property
    def port(self) -> int:
        """Return the usual port (RFC 8314)."""
        return {"starttls": 587, "tls": 465, "none": 25}[self.value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where to connect and as whom; times in seconds."""

    host: str
    port: int
    security: Security = Security.STARTTLS
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    hello: str | None = None  # our name in EHLO; None: this machine's
    ca_file: str | None = None  # instead of the system's certificate authorities
    timeout: float = 60.0
    final_timeout: float = 600.0  # for the answer to the dot, RFC 5321 §4.5.3.2.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the server said to one command."""

    code: int
    text: str

    @property
    def positive(self) -> bool:
        """Whether it said yes, or go ahead."""
        return 200 <= self.code < 300 or self.code == _GO_AHEAD

    @property
    def permanent(self) -> bool:
        """Whether it said no for good."""
        return 500 <= self.code < 600

    def __str__(self) -> str:
        return words(f"{self.code} {self.text}")

    def refusal(self) -> Refused | Deferred:
        """Say what a no means for the recipient at hand."""
        if not self.permanent:
            return Deferred(detail=str(self))
        enhanced = _ENHANCED.match(self.text)
        code = enhanced[1] if enhanced else str(self.code)
        return Refused(code=code, detail=str(self))


class Line:
    """An open connection; after a fault it is not `usable` any more."""

    def __init__(self, smtp: smtplib.SMTP, server: Server) -> None:
        self._smtp = smtp
        self._server = server
        self.sent = 0  # messages that were tried
        self.usable = True

    def alive(self) -> bool:
        """Ask the server whether it is still there."""
        try:
            self.usable = self.usable and self._ask("NOOP").positive
        except _BROKEN:
            self.usable = False
        return self.usable

    def deliver(
        self, *, sender: str, address: str, message: bytes
    ) -> Result | NotTaken:
        """Send one message; NotTaken concerns the connection, not the recipient."""
        self.sent += 1
        try:
            reply = self._ask(f"MAIL FROM:<{sender}>")
            if not reply.positive:
                self._recover(reply)
                detail = f"the sender address was refused: {reply}"
                return NotTaken(detail=detail, stop=reply.permanent)
            reply = self._ask(f"RCPT TO:<{address}>")
            if reply.positive:
                reply = self._ask("DATA")
            if reply.code != _GO_AHEAD:
                self._recover(reply)
                if reply.code == _CLOSING:
                    return NotTaken(detail=str(reply))
                return reply.refusal()
        except _BROKEN as error:
            self.usable = False
            return NotTaken(detail=f"the connection was lost: {_kind(error)}")
        return self._content(message)

    def close(self) -> None:
        """Say goodbye, if anybody listens, and hang up."""
        if self.usable:
            with suppress(*_BROKEN):  # it is all the same now
                self._smtp.docmd("QUIT")
        self.usable = False
        self._smtp.close()

    def _content(self, message: bytes) -> Result:
        try:
            # quoted-printable text begins with a header, never with a dot
            self._smtp.send(message.replace(b"\r\n.", b"\r\n..") + b".\r\n")
            self._patience(self._server.final_timeout)
            reply = self._reply(*self._smtp.getreply())
            self._patience(self._server.timeout)
        except _BROKEN as error:
            self.usable = False
            return Unsure(
                detail=f"the connection was lost after the message: {_kind(error)}"
            )
        if reply.positive:
            return Accepted()
        if reply.code == _CLOSING:
            self.usable = False
        return reply.refusal()

    def _recover(self, reply: Reply) -> None:
        self.usable = reply.code != _CLOSING and self._ask("RSET").positive

    def _ask(self, command: str) -> Reply:
        return self._reply(*self._smtp.docmd(command))

    def _reply(self, code: int, text: bytes) -> Reply:
        if not 200 <= code < 600:
            raise smtplib.SMTPServerDisconnected("not a reply")
        return Reply(code=code, text=text.decode("utf-8", "replace"))

    def _patience(self, seconds: float) -> None:
        if self._smtp.sock is not None:
            self._smtp.sock.settimeout(seconds)


def connect(server: Server) -> Line | NotTaken:
    """Open a connection, encrypted and signed in as the server's entry says."""
    try:
        smtp = _open(server)
    except ssl.SSLCertVerificationError as error:
        problem = error.verify_message
        return NotTaken(
            detail=f"the mail server's certificate is not valid: {problem}", stop=True
        )
    except smtplib.SMTPResponseException as error:
        reply = Reply(code=error.smtp_code, text=_text(error.smtp_error))
        return NotTaken(detail=f"no connection: {reply}")
    except _BROKEN as error:
        return NotTaken(detail=f"no connection: {_kind(error)}")
    fault = _secure(smtp, server) or _sign_in(smtp, server)
    if fault:
        smtp.close()
        return fault
    return Line(smtp, server)


class _Plain(smtplib.SMTP):
    def connect(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        try:
            return super().connect(*args, **kwargs)
        except BaseException:
            self.close()  # smtplib leaves it open when the greeting does not come
            raise


class _Tls(_Plain, smtplib.SMTP_SSL):
    pass


def _open(server: Server) -> smtplib.SMTP:
    host, port, hello = server.host, server.port, server.hello
    if server.security is Security.TLS:
        return _Tls(host, port, hello, timeout=server.timeout, context=_trust(server))
    return _Plain(host, port, hello, timeout=server.timeout)


def _secure(smtp: smtplib.SMTP, server: Server) -> NotTaken | None:
    try:
        if server.security is Security.STARTTLS:
            smtp.starttls(context=_trust(server))
        smtp.ehlo_or_helo_if_needed()
    except smtplib.SMTPNotSupportedError:
        return NotTaken(detail="the mail server offers no STARTTLS", stop=True)
    except ssl.SSLCertVerificationError as error:
        problem = error.verify_message
        return NotTaken(
            detail=f"the mail server's certificate is not valid: {problem}", stop=True
        )
    except _BROKEN as error:
        return NotTaken(detail=f"no connection: {_kind(error)}")
    return None


def _sign_in(smtp: smtplib.SMTP, server: Server) -> NotTaken | None:
    if not (server.username and server.password):
        return None
    try:
        smtp.login(server.username, server.password)
    except smtplib.SMTPAuthenticationError as error:
        reply = Reply(code=error.smtp_code, text=_text(error.smtp_error))
        return NotTaken(detail=f"sign-in was refused: {reply}", stop=reply.permanent)
    except (smtplib.SMTPServerDisconnected, OSError) as error:
        return NotTaken(detail=f"the connection was lost at sign-in: {_kind(error)}")
    except smtplib.SMTPException:  # no AUTH, or no method that we share
        return NotTaken(detail="the mail server offers no sign-in we know", stop=True)
    return None


def _trust(server: Server) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=server.ca_file)


def _text(said: bytes | str) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else said


def _kind(error: BaseException) -> str:
    # Class names only: the texts of these errors repeat hosts and addresses.
    return type(error).__name__
