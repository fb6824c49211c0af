"""Connections to a server: straight or through a proxy, plain or encrypted."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import certifi
from urllib3.connection import HTTPConnection, HTTPSConnection, ProxyConfig
from urllib3.exceptions import HTTPError
from urllib3.util import Url, make_headers, parse_url
from urllib3.util.ssl_ import create_urllib3_context

from mailer.adapters.wire import Wire
from mailer.core.saying import Verbatim, says


@dataclass(frozen=True, slots=True, kw_only=True)
class NotSent:
    """The request never left, for certain."""

    detail: str
    stop: bool = False  # a person must act: the certificate is wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a URL leads."""

    server: tuple[str, str, int]  # scheme, host, port
    host: str  # for the Host header
    path: str  # with the query


class Route:
    """The way to any server: through this proxy, trusting these authorities."""

    def __init__(self, *, proxy: str | None, ca_file: str | None) -> None:
        self._proxy = parse_url(_with_scheme(proxy)) if proxy else None
        self._ca_file = ca_file or certifi.where()
        self._trust: ssl.SSLContext | None = None

    def target(self, place: Place) -> str:
        """Return how the request line names what is asked for."""
        if self._proxy and place.server[0] == "http":
            return f"http://{place.host}{place.path}"
        return place.path

    def headers(self, place: Place) -> Mapping[str, str]:
        """Return what a proxy between us wants to read in each request."""
        return self._pass() if place.server[0] == "http" else {}

    def connect(self, place: Place, *, seconds: float) -> Wire | NotSent:
        """Open a connection; each step of it may take so many seconds."""
        connection = self._connection(place, seconds)
        try:
            connection.connect()
            if connection.sock is None:
                return NotSent(detail=says("no connection"))
            return Wire(connection.sock)
        except ssl.SSLCertVerificationError as error:
            fault = NotSent(
                detail=says(
                    "the server's certificate is not valid: %(why)s",
                    why=Verbatim(error.verify_message),
                ),
                stop=True,
            )
        except ssl.SSLError as error:
            fault = NotSent(
                detail=says("no TLS connection: %(why)s", why=str(error.reason))
            )
        # ValueError: a host that cannot be one, found out late
        except (HTTPError, OSError, ValueError) as error:
            # Class names only: the texts of these errors repeat URLs and hosts.
            fault = NotSent(detail=says("no connection: %(why)s", why=_root(error)))
        connection.close()
        return fault

    def _connection(self, place: Place, seconds: float) -> HTTPConnection:
        scheme, host, port = place.server
        proxy = self._proxy
        near = (str(proxy.host), proxy.port or _port(proxy)) if proxy else (host, port)
        if scheme == "http" and (proxy is None or proxy.scheme == "http"):
            return HTTPConnection(*near, timeout=seconds, proxy=proxy)
        trust = self._trusting()
        connection = HTTPSConnection(
            *near,
            timeout=seconds,
            proxy=proxy,
            proxy_config=ProxyConfig(trust, False, None, None) if proxy else None,  # noqa: FBT003 - urllib3's own order
            ssl_context=trust,
        )
        if proxy and scheme == "https":
            connection.set_tunnel(host, port, self._pass(), proxy.scheme or "http")
        return connection

    def _pass(self) -> Mapping[str, str]:
        if not (self._proxy and self._proxy.auth):
            return {}
        return make_headers(proxy_basic_auth=self._proxy.auth)

    def _trusting(self) -> ssl.SSLContext:
        if self._trust is None:  # takes 20 ms, once
            trust = create_urllib3_context()
            trust.load_verify_locations(self._ca_file)
            self._trust = trust
        return self._trust


@lru_cache(maxsize=64)
def locate(url: str) -> Place:
    """Take a URL apart; raises ValueError if it leads nowhere."""
    parts = parse_url(url)
    if parts.scheme not in {"http", "https"} or not parts.host:
        raise ValueError("not an http(s) address")
    host = parts.host
    return Place(
        server=(parts.scheme, host.strip("[]"), parts.port or _port(parts)),
        host=f"{host}:{parts.port}" if parts.port else host,
        path=parts.request_uri,
    )


def _with_scheme(proxy: str) -> str:
    return proxy if "://" in proxy else f"http://{proxy}"


def _port(url: Url) -> int:
    return 443 if url.scheme == "https" else 80


def _root(error: BaseException) -> str:
    while error.__cause__ is not None:
        error = error.__cause__
    return type(error).__name__
