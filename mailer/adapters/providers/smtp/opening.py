"""An SMTP connection opened: encrypted and signed in, as the server's entry says."""

import smtplib
import socket
import ssl
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Any

from mailer.adapters.clocks import elapsed
from mailer.adapters.providers.foreign import words
from mailer.adapters.providers.smtp.line import LONGEST_LINE, Line
from mailer.adapters.wire import BrokenError, Limit, Wire
from mailer.core.saying import Verbatim, says
from mailer.ports import NotTaken

_BROKEN = (smtplib.SMTPException, OSError, ValueError)  # ValueError: no name at all
_LARGEST = 256 * 1024  # octets of all that it says until mail can begin


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
    # For a message and the answer to its dot. RFC 5321 §4.5.3.2.6 asks for 600; half
    # of it is what a lease can bear.
    final_timeout: float = 300.0


class Stage(StrEnum):
    """What went wrong on the way to a connection that takes mail."""

    UNNAMED = "unnamed"  # its name leads nowhere
    UNREACHED = "unreached"
    GREETING = "greeting"  # it turned us away
    ENCRYPTION = "encryption"
    CERTIFICATE = "certificate"
    SIGN_IN = "sign-in"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Why there is no connection."""

    stage: Stage
    detail: str
    stop: bool = False  # trying again is useless until a person acts


def connect(server: Server, *, latest: float) -> Line | NotTaken:
    """Open a connection; nothing of it begins after `latest`, on `elapsed`'s clock."""
    line = attempt(server, latest=latest)
    if isinstance(line, Fault):
        return NotTaken(detail=line.detail, stop=line.stop)
    return line


def attempt(server: Server, *, latest: float) -> Line | Fault:
    """Open a connection, or say how far it got."""
    try:
        smtp = _open(server, latest)
    except ssl.SSLCertVerificationError as error:
        return _untrusted(error)
    except smtplib.SMTPResponseException as error:
        return Fault(
            stage=Stage.GREETING,
            detail=says("no connection: %(why)s", why=_said(error)),
        )
    except _BROKEN as error:
        return _unreached(error)
    fault = _secure(smtp, server) or _sign_in(smtp, server)
    if fault or smtp.sock is None:
        smtp.close()
        return fault or Fault(stage=Stage.UNREACHED, detail=says("no connection"))
    return Line(
        Wire(smtp.sock),
        timeout=server.timeout,
        final_timeout=server.final_timeout,
        pipelining=smtp.has_extn("pipelining"),
    )


class _Said:
    """What a server says, line by line: neither endless nor by drips."""

    def __init__(self, wire: Wire, limit: Limit) -> None:
        self._wire = wire
        self._limit = limit
        self._left = _LARGEST

    def readline(self, _size: int) -> bytes:
        line = self._wire.line(LONGEST_LINE, self._limit) + b"\r\n"
        self._left -= len(line)
        if self._left < 0:
            raise BrokenError("the answer is too large")
        return line

    def close(self) -> None:
        """Do nothing: whoever opened the connection closes it."""


class _Plain(smtplib.SMTP):
    file: Any  # of the standard library; what it reads is read through ours

    def __init__(self, *args: Any, latest: float, **kwargs: Any) -> None:
        self._latest = latest
        super().__init__(*args, **kwargs)

    def connect(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        try:
            return super().connect(*args, **kwargs)
        except BaseException:
            self.close()  # smtplib leaves it open when the greeting does not come
            raise

    def getreply(self) -> tuple[int, bytes]:
        left = self._latest - elapsed()
        if left <= 0:
            raise TimeoutError("the time is over")
        if self.sock is not None:
            self.sock.settimeout(min(left, self.timeout))  # of a handshake after it
            if self.file is None:  # at first, and once it is encrypted
                limit = Limit(until=self._latest, pause=self.timeout)
                self.file = _Said(Wire(self.sock), limit)
        return super().getreply()


class _Tls(_Plain, smtplib.SMTP_SSL):
    pass


def _open(server: Server, latest: float) -> smtplib.SMTP:
    where = (server.host, server.port, server.hello)
    timeout = min(server.timeout, latest - elapsed())
    if timeout <= 0:
        raise TimeoutError("the time is over")
    if server.security is Security.TLS:
        trust = _trust(server.ca_file)
        return _Tls(*where, timeout=timeout, context=trust, latest=latest)
    return _Plain(*where, timeout=timeout, latest=latest)


def _secure(smtp: smtplib.SMTP, server: Server) -> Fault | None:
    try:
        if server.security is Security.STARTTLS:
            smtp.starttls(context=_trust(server.ca_file))
        smtp.ehlo_or_helo_if_needed()
    except smtplib.SMTPNotSupportedError:
        return Fault(
            stage=Stage.ENCRYPTION,
            detail=says("the mail server offers no STARTTLS"),
            stop=True,
        )
    except ssl.SSLCertVerificationError as error:
        return _untrusted(error)
    except smtplib.SMTPHeloError as error:
        return Fault(
            stage=Stage.GREETING,
            detail=says("no connection: %(why)s", why=_said(error)),
        )
    except smtplib.SMTPResponseException as error:
        return Fault(
            stage=Stage.ENCRYPTION,
            detail=says("no connection: %(why)s", why=_said(error)),
        )
    except _BROKEN as error:
        return _unreached(error)
    return None


def _sign_in(smtp: smtplib.SMTP, server: Server) -> Fault | None:
    if not (server.username and server.password):
        return None
    try:
        smtp.login(server.username, server.password)
    except smtplib.SMTPAuthenticationError as error:
        permanent = 500 <= error.smtp_code < 600
        return Fault(
            stage=Stage.SIGN_IN,
            detail=says("sign-in was refused: %(why)s", why=_said(error)),
            stop=permanent,
        )
    except ValueError as error:
        said = isinstance(error, UnicodeEncodeError)
        return Fault(
            stage=Stage.SIGN_IN,
            detail=says("username or password has a letter that SMTP does not carry")
            if said
            else says(
                "the mail server asks for the sign-in in words that nobody can read"
            ),
            stop=said,
        )
    except OSError as error:
        if _is_about_methods(error):
            return Fault(
                stage=Stage.SIGN_IN,
                detail=says("the mail server offers no sign-in we know"),
                stop=True,
            )
        return Fault(
            stage=Stage.UNREACHED,
            detail=says(
                "the connection was lost at sign-in: %(why)s", why=_kind(error)
            ),
        )
    return None


def _is_about_methods(error: OSError) -> bool:
    """Return whether smtplib found no AUTH, or no method that we share."""
    # Its exceptions are OSErrors, too; a lost connection is one of its own.
    return isinstance(error, smtplib.SMTPException) and not isinstance(
        error, smtplib.SMTPServerDisconnected | smtplib.SMTPResponseException
    )


@lru_cache(maxsize=8)  # reading the authorities takes longer than a handshake
def _trust(ca_file: str | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca_file)


def _untrusted(error: ssl.SSLCertVerificationError) -> Fault:
    problem = Verbatim(error.verify_message)
    return Fault(
        stage=Stage.CERTIFICATE,
        detail=says("the mail server's certificate is not valid: %(why)s", why=problem),
        stop=True,
    )


def _unreached(error: Exception) -> Fault:
    stage = Stage.UNREACHED
    if isinstance(error, ssl.SSLError):
        stage = Stage.ENCRYPTION
    elif isinstance(error, socket.gaierror):
        stage = Stage.UNNAMED
    return Fault(stage=stage, detail=says("no connection: %(why)s", why=_kind(error)))


def _said(error: smtplib.SMTPResponseException) -> Verbatim:
    said = error.smtp_error
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return Verbatim(words(f"{error.smtp_code} {text}"))


def _kind(error: BaseException) -> str:
    # Class names only: the texts of these errors repeat hosts and addresses.
    return type(error).__name__
