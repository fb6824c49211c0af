"""Questions, asked through requests: rare, and harmless to ask again."""

import threading
from collections.abc import Mapping

import requests
from requests.structures import CaseInsensitiveDict

from mailer.adapters.clocks import elapsed
from mailer.adapters.http.answer import LARGEST_ANSWER, Answer
from mailer.adapters.http.reaching import NotSent

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
        try:
            with self._session().get(
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
        except requests.RequestException as error:
            # Class names only: the texts of these errors repeat URLs and hosts.
            return f"the connection broke off: {type(error).__name__}"

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = requests.Session()
            session.trust_env = False
            session.proxies.update(self._proxies)
            session.verify = self._verify
            session.headers["User-Agent"] = self._agent
            session.headers["Accept-Encoding"] = "identity"
        return session

    def close(self) -> None:
        """Close this thread's connections; those of others end with their threads."""
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is not None:
            session.close()
        self._local = threading.local()


def _read(response: requests.Response, until: float) -> Answer | str:
    body = bytearray()
    for piece in response.iter_content(_PIECE):
        body += piece
        if len(body) > LARGEST_ANSWER:
            return "the answer is too large to be one"
        if elapsed() > until:
            return "the whole answer did not come in time"
    headers: Mapping[str, str] = CaseInsensitiveDict(response.headers)
    return Answer(status=response.status_code, headers=headers, body=bytes(body))
