"""Questions, asked through requests: rare, and harmless to ask again."""

import socket
import threading
import weakref
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, BinaryIO

import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, ProxyManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from mailer.adapters.clocks import elapsed
from mailer.adapters.http.answer import LARGEST_ANSWER, Answer
from mailer.adapters.http.reaching import NotSent
from mailer.core.saying import says

_LATE = says("the whole answer did not come in time")
_PIECE = 64 * 1024  # octets
LARGEST_FILE = 1024**3  # octets: some seven million addresses with all about them


class Asking:
    """One session per thread; no retries, no redirects, nothing of the environment."""

    def __init__(
        self,
        *,
        agent: str,
        timeout: tuple[float, float],
        longest: float,
        proxy: str | None,
        ca_file: str | None,
    ) -> None:
        """Take times in seconds: until connected and between reads, and in all."""
        self._agent = agent
        self._timeout = timeout
        self._longest = longest
        self._proxies = {"http": proxy, "https": proxy} if proxy else {}
        self._verify: bool | str = ca_file or True
        self._local = threading.local()

    def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        params: Mapping[str, str] | None,
        into: BinaryIO | None = None,
    ) -> Answer | NotSent | str:
        """Send one GET; a text says why there is no answer.

        The body of a success goes `into` a file, if there is one, and may be larger.
        """
        until = elapsed() + self._longest
        session, adapter = self._session()
        # A pause between two octets is limited by the session, their sum is not.
        watch = threading.Timer(self._longest, adapter.cut)
        watch.daemon = True
        watch.start()
        try:
            with session.get(
                url,
                headers=headers,
                params=params,
                timeout=self._timeout,
                allow_redirects=False,
                stream=True,
            ) as response:
                return _read(response, until, into)
        except requests.exceptions.SSLError as error:
            # Only a certificate needs a person; a handshake that broke off does not.
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                return NotSent(
                    detail=says("the server's certificate is not valid"), stop=True
                )
            return _LATE if elapsed() > until else says("no TLS connection")
        except requests.ConnectTimeout:
            return NotSent(detail=says("no connection"))
        # ValueError: requests looks at a redirect's address even where it follows none
        except (requests.RequestException, HTTPError, ValueError) as error:
            if elapsed() > until:
                return _LATE
            # Class names only: the texts of these errors repeat URLs and hosts.
            return says(
                "the connection broke off: %(error)s", error=type(error).__name__
            )
        finally:
            watch.cancel()

    def _session(self) -> tuple[requests.Session, "_Cutting"]:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = requests.Session()
            self._local.adapter = adapter = _Cutting()
            session.mount("http://", adapter)
            session.mount("https://", adapter)
            session.trust_env = False
            session.proxies.update(self._proxies)
            session.verify = self._verify
            session.headers["User-Agent"] = self._agent
            session.headers["Accept-Encoding"] = "identity"
        return session, self._local.adapter

    def close(self) -> None:
        """Close this thread's connections; those of others end with their threads."""
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is not None:
            session.close()
        self._local = threading.local()


class _Cutting(HTTPAdapter):
    """Knows its connections, so that another thread can break them off."""

    def __init__(self) -> None:
        self._latest: HTTPConnection | None = None  # one call at a time
        self._known: weakref.WeakSet[HTTPConnection] = weakref.WeakSet()
        self._pools = _pools(self._note)
        super().__init__(pool_maxsize=1)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Make the pools' manager; its pools tell of their connections."""
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, proxy: str, **options: Any) -> ProxyManager:
        """Return the manager of a proxy's pools, which do so as well."""
        manager: ProxyManager = super().proxy_manager_for(proxy, **options)
        manager.pool_classes_by_scheme = self._pools
        return manager

    def _note(self, connection: HTTPConnection) -> None:
        self._latest = connection
        self._known.add(connection)

    def close(self) -> None:
        """Close every connection, whoever still knows its pool."""
        super().close()
        for connection in self._known:
            connection.close()

    def cut(self) -> None:
        """Break off what is being read or written."""
        sock: Any = getattr(self._latest, "sock", None)
        plain = getattr(sock, "socket", sock)  # within a proxy's own encryption
        if isinstance(plain, socket.socket):
            with suppress(OSError):  # it has ended by itself
                socket.socket.shutdown(plain, socket.SHUT_RDWR)


def _pools(
    note: Callable[[HTTPConnection], None],
) -> dict[str, type[HTTPConnectionPool]]:
    """Return pools by scheme whose connections are noted when they are used.

    When they connect, as well: a handshake may drip, too.
    """

    class Plain(HTTPConnection):
        def connect(self) -> None:
            note(self)
            super().connect()

        def request(self, *args: Any, **options: Any) -> None:
            note(self)
            super().request(*args, **options)

    class Encrypted(HTTPSConnection):
        def connect(self) -> None:
            note(self)
            super().connect()

        def request(self, *args: Any, **options: Any) -> None:
            note(self)
            super().request(*args, **options)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class EncryptedPool(HTTPSConnectionPool):
        ConnectionCls = Encrypted

    return {"http": PlainPool, "https": EncryptedPool}


def _read(
    response: requests.Response, until: float, into: BinaryIO | None
) -> Answer | str:
    body = bytearray()
    if response.status_code not in range(200, 300):
        into = None
    size, most = 0, LARGEST_ANSWER if into is None else LARGEST_FILE
    # As it comes: whoever waits for a whole piece waits as long as it drips.
    while piece := response.raw.read1(_PIECE, decode_content=True):
        size += len(piece)
        if elapsed() > until:
            return _LATE
        if size > most:
            return "the answer is too large to be one"
        if into is None:
            body += piece
        else:
            into.write(piece)
    if elapsed() > until:  # also: it was cut, which may look like its end
        return _LATE
    headers: Mapping[str, str] = CaseInsensitiveDict(response.headers)
    return Answer(status=response.status_code, headers=headers, body=bytes(body))
