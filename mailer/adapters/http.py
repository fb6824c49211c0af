"""HTTP calls that are never repeated by themselves: what was asked, what came back."""

import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime

import requests
from requests.adapters import HTTPAdapter
from urllib3 import exceptions as urllib3

USER_AGENT = "coalition-mailer"
LARGEST_ANSWER = 16 * 1024 * 1024  # octets; ten times what any answer of ours needs

_BEFORE_THE_BODY = (
    requests.ConnectTimeout,
    urllib3.NewConnectionError,  # refused, unreachable, no such host
    urllib3.ConnectTimeoutError,
    urllib3.ProxyError,  # the proxy never opened the tunnel
    requests.exceptions.ProxyError,
)
# What OpenSSL only says during the handshake. Other TLS errors can also come in the
# middle of an answer, when nobody knows what the server has done.
_HANDSHAKE = {
    "HTTP_REQUEST",
    "NO_PROTOCOLS_AVAILABLE",
    "SSLV3_ALERT_HANDSHAKE_FAILURE",
    "TLSV1_ALERT_PROTOCOL_VERSION",
    "TLSV1_UNRECOGNIZED_NAME",
    "UNSUPPORTED_PROTOCOL",
    "WRONG_VERSION_NUMBER",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back, whole."""

    status: int
    headers: Mapping[str, str]  # by name, in any case
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotSent:
    """The request never left, for certain."""

    detail: str
    stop: bool = False  # a person must act: the certificate is wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class NoAnswer:
    """The request left, or part of it; nobody knows what the server did."""

    detail: str


class Http:
    """Connections kept open, one session per thread; no retries, no redirects.

    The environment is not consulted (no `*_PROXY`, no `.netrc`): a proxy and a
    private certificate authority are arguments. Timeouts are in seconds: until the
    connection stands, and between two reads.
    """

    def __init__(
        self,
        *,
        connect_timeout: float = 5.0,
        read_timeout: float = 60.0,
        proxy: str | None = None,
        ca_file: str | None = None,
    ) -> None:
        self._timeout = (connect_timeout, read_timeout)
        self._proxies = {"http": proxy, "https": proxy} if proxy else {}
        self._verify: bool | str = ca_file or True
        self._local = threading.local()
        self._sessions: list[requests.Session] = []
        self._lock = threading.Lock()

    def post(
        self, url: str, *, body: bytes, headers: Mapping[str, str]
    ) -> Answer | NotSent | NoAnswer:
        """Send one POST, once; never raises for what the network does."""
        try:
            with self._session().post(
                url,
                data=body,
                headers=headers,
                timeout=self._timeout,
                allow_redirects=False,
                stream=True,
            ) as response:
                return _read(response)
        except (requests.RequestException, urllib3.HTTPError, OSError) as error:
            return _failure(error)

    def close(self) -> None:
        """Close every thread's connections."""
        with self._lock:
            sessions, self._sessions = self._sessions, []
        for session in sessions:
            session.close()

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = requests.Session()
            session.trust_env = False
            session.proxies.update(self._proxies)
            session.verify = self._verify
            session.headers["User-Agent"] = USER_AGENT
            for scheme in ("https://", "http://"):
                session.mount(scheme, HTTPAdapter(pool_connections=1, pool_maxsize=1))
            with self._lock:
                self._sessions.append(session)
        return session


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds of Retry-After (RFC 9110 §10.2.3), from both of its forms."""
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    # "-0000" and old formats come back naive; HTTP dates are always in UTC
    at = at if at.tzinfo else at.replace(tzinfo=now.tzinfo)
    return max(0.0, (at - now).total_seconds())


def _read(response: requests.Response) -> Answer | NoAnswer:
    body = bytearray()
    for chunk in response.iter_content(64 * 1024):
        body += chunk
        if len(body) > LARGEST_ANSWER:
            return NoAnswer(detail="the answer is too large to be one")
    return Answer(
        status=response.status_code, headers=response.headers, body=bytes(body)
    )


def _failure(error: Exception) -> NotSent | NoAnswer:
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return NotSent(
                detail=f"the server's certificate is not valid: {cause.verify_message}",
                stop=True,
            )
        if isinstance(cause, ssl.SSLError) and cause.reason in _HANDSHAKE:
            return NotSent(detail=f"no TLS connection: {cause.reason}")
    kind = _kind(causes)
    if any(isinstance(cause, _BEFORE_THE_BODY) for cause in causes):
        return NotSent(detail=f"no connection: {kind}")
    return NoAnswer(detail=f"the connection broke off: {kind}")


def _causes(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        cause = waiting.pop(0)
        if isinstance(cause, BaseException) and cause not in found:
            found.append(cause)
            waiting += [
                getattr(cause, "reason", None),
                cause.__cause__,
                cause.__context__,
                *cause.args,
            ]
    return found


def _kind(causes: list[BaseException]) -> str:
    # Class names only: the texts of these errors repeat URLs and hosts.
    return type(causes[-1]).__name__
