"""Questions, asked through requests: rare, and harmless to ask again."""

import socket
import threading
import weakref
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import HTTPError

from mailer.adapters.clocks import elapsed
from mailer.adapters.http.answer import LARGEST_ANSWER, Answer
from mailer.adapters.http.reaching import NotSent

_LATE = "the whole answer did not come in time"
_PIECE = 64 * 1024  # octets


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
        self, url: str, *, headers: Mapping[str, str], params: Mapping[str, str] | None
    ) -> Answer | NotSent | str:
        """Send one GET; a text says why there is no answer."""
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
                return _read(response, until)
        except requests.exceptions.SSLError as error:
            # Only a certificate needs a person; a handshake that broke off does not.
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                return NotSent(
                    detail="the server's certificate is not valid", stop=True
                )
            return "no TLS connection"
        except requests.ConnectTimeout:
            return NotSent(detail="no connection")
        except (requests.RequestException, HTTPError) as error:
            if elapsed() > until:
                return _LATE
            # Class names only: the texts of these errors repeat URLs and hosts.
            return f"the connection broke off: {type(error).__name__}"
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
        super().__init__(pool_maxsize=1)
        self._latest: object = None  # one call at a time
        self._lent: weakref.WeakSet[Any] = weakref.WeakSet()

    def get_connection_with_tls_context(self, *args: Any, **options: Any) -> Any:
        """Return the pool for a call, whose connections are noted as they are made."""
        pool = super().get_connection_with_tls_context(*args, **options)
        lend = type(pool)._get_conn  # noqa: SLF001 - there is no other place to see it

        def noting(timeout: float | None = None) -> Any:
            self._latest = lent = lend(pool, timeout)
            self._lent.add(lent)
            return lent

        pool._get_conn = noting  # type: ignore[method-assign]  # noqa: SLF001
        return pool

    def close(self) -> None:
        """Close every connection, whoever still knows its pool."""
        super().close()
        for lent in self._lent:
            lent.close()

    def cut(self) -> None:
        """Break off what is being read or written."""
        sock: Any = getattr(self._latest, "sock", None)
        plain = getattr(sock, "socket", sock)  # within a proxy's own encryption
        if isinstance(plain, socket.socket):
            with suppress(OSError):  # it has ended by itself
                socket.socket.shutdown(plain, socket.SHUT_RDWR)


def _read(response: requests.Response, until: float) -> Answer | str:
    body = bytearray()
    # As it comes: whoever waits for a whole piece waits as long as it drips.
    while piece := response.raw.read1(_PIECE, decode_content=True):
        body += piece
        if elapsed() > until:
            return _LATE
        if len(body) > LARGEST_ANSWER:
            return "the answer is too large to be one"
    if elapsed() > until:  # also: it was cut, which may look like its end
        return _LATE
    headers: Mapping[str, str] = CaseInsensitiveDict(response.headers)
    return Answer(status=response.status_code, headers=headers, body=bytes(body))
