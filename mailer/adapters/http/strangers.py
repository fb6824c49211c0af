"""Asks web addresses that somebody else has written down, and lets nobody use us for it.

A server that visits any address it is told is a way into its own network (server-side
request forgery; OWASP Top 10 2021, A10). So: https alone; a name is looked up once, and
the connection goes to the very address that was found fit; each redirect begins anew.
"""

import socket
import ssl
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread
from urllib.parse import urljoin

import certifi

from mailer.adapters.clocks import elapsed
from mailer.adapters.http.answer import Answer, UnreadableError, beginning
from mailer.adapters.http.reaching import Place, locate
from mailer.adapters.wire import Limit, Wire
from mailer.core.internet import is_public
from mailer.core.saying import says
from mailer.ports import Landing, NotAsked, Unanswered

Heard = Landing | NotAsked | Unanswered
Resolve = Callable[[str, int], Sequence[str]]  # raises OSError
_MOST_REDIRECTS = 5
_ENOUGH = 64 * 1024  # octets, within which a page says what it is
_AGENT = "coalition-mailer (asks once whether a link leads somewhere)"
_LATE = Unanswered(why=says("nobody answered in time"))
_NOWHERE = NotAsked(why=says("it leads to what is no web address"))
_INVALID = {  # as OpenSSL's X509_V_ERR_… say it
    10: says("certificate has expired"),
    18: says("self-signed certificate"),
    19: says("self-signed certificate in certificate chain"),
    20: says("unable to get local issuer certificate"),
}
_LEADS_ON = (301, 302, 303, 307, 308)
_ALTERNATIVES = 2  # addresses of one name that are tried


def looked_up(host: str, port: int) -> Sequence[str]:
    """Return the addresses of a host as this machine finds them; raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How far questions go; what is here is for production, tests bring their own."""

    own: str  # our own pages, which may be asked wherever and however they are
    resolve: Resolve = looked_up
    permits: Callable[[str], bool] = is_public  # of an address
    ca_file: str | None = None
    each: float = 8.0  # seconds, redirects included
    together: float = 20.0  # seconds for all of them
    at_once: int = 8


class Strangers:
    """Asks many addresses at once, each once; nothing of it lasts."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._own = _server(reach.own)

    def ask(self, urls: Collection[str]) -> Mapping[str, Heard]:
        """Return what is there; never raises, and ends in time."""
        reach = self._reach
        wanted = list(dict.fromkeys(urls))
        until = elapsed() + reach.together
        trust = ssl.create_default_context(cafile=reach.ca_file or certifi.where())
        to_ask: SimpleQueue[str] = SimpleQueue()
        answers: SimpleQueue[tuple[str, Heard]] = SimpleQueue()
        for url in wanted:
            to_ask.put(url)

        def work() -> None:
            while elapsed() < until:
                try:
                    url = to_ask.get_nowait()
                except Empty:
                    return
                limit = min(until, elapsed() + reach.each)
                answers.put((url, self._follow(url, trust, limit)))

        for _ in range(min(reach.at_once, len(wanted))):
            # A name that takes minutes to look up cannot be called back: it is left.
            Thread(target=work, daemon=True).start()
        heard: dict[str, Heard] = {}
        while len(heard) < len(wanted):
            try:
                url, answer = answers.get(timeout=max(0.0, until - elapsed()))
            except Empty:
                break
            heard[url] = answer
        return {url: heard.get(url, _LATE) for url in wanted}

    def _follow(self, url: str, trust: ssl.SSLContext, until: float) -> Heard:
        for _ in range(_MOST_REDIRECTS + 1):
            answer = self._once(url, trust, until)
            if not isinstance(answer, Answer):
                return answer
            onward = answer.headers.get("location", "").strip()
            if answer.status not in _LEADS_ON or not onward:
                kind = answer.headers.get("content-type", "").partition(";")[0]
                return Landing(
                    url=url,
                    status=answer.status,
                    kind=kind.strip().lower()[:100],
                    beginning=answer.body,
                )
            try:
                url = urljoin(url, onward)
            except ValueError:
                return _NOWHERE
        return Unanswered(
            why=says("it leads on more than %(most)s times", most=_MOST_REDIRECTS)
        )

    def _once(
        self, url: str, trust: ssl.SSLContext, until: float
    ) -> Answer | NotAsked | Unanswered:
        place = self._place(url)
        if isinstance(place, NotAsked):
            return place
        _, host, port = place.server
        try:
            addresses = self._reach.resolve(host, port)
        except (OSError, UnicodeError):
            return Unanswered(
                why=says("nobody knows the name %(host)s", host=host[:200])
            )
        ours = place.server == self._own
        if not ours and not all(map(self._reach.permits, addresses)):
            return NotAsked(
                why=says(
                    "%(host)s is within a network that is not everybody's, and readers"
                    " would not get there",
                    host=host[:200],
                )
            )
        return self._asked(place, addresses, trust, until)

    def _place(self, url: str) -> Place | NotAsked:
        """Return where to ask, unless nobody is to be asked there whoever it is."""
        try:
            place = locate(url)
        except ValueError:
            return _NOWHERE
        if not f"{place.host}{place.path}".isascii():
            return _NOWHERE
        if "@" in url.partition("//")[2].partition("/")[0]:
            return NotAsked(
                why=says("it leads on to an address with a name before the host")
            )
        if place.server[0] != "https" and place.server != self._own:
            return NotAsked(
                why=says(
                    "it leads on to %(url)s, which is http; anybody on the way can read"
                    " and change that",
                    url=url[:200],
                )
            )
        return place

    def _asked(
        self,
        place: Place,
        addresses: Sequence[str],
        trust: ssl.SSLContext,
        until: float,
    ) -> Answer | Unanswered:
        """Ask at one of these very addresses; the name is not looked up again."""
        for address in addresses[:_ALTERNATIVES]:
            left = until - elapsed()
            if left <= 0:
                return _LATE
            try:
                plain = socket.create_connection((address, place.server[2]), left)
            except OSError:
                continue
            return _exchanged(plain, place, trust, until)
        return Unanswered(why=says("no connection"), refused=True)


def _exchanged(
    plain: socket.socket, place: Place, trust: ssl.SSLContext, until: float
) -> Answer | Unanswered:
    connected = plain
    try:
        if place.server[0] == "https":
            plain.settimeout(max(0.1, until - elapsed()))  # of the whole handshake
            connected = trust.wrap_socket(plain, server_hostname=place.server[1])
        wire = Wire(connected)
        limit = Limit(until=until, pause=until - elapsed())
        wire.send([_request(place)], limit)
        return beginning(wire, limit, most=_ENOUGH, stop=b"</title")
    except ssl.SSLCertVerificationError as error:
        return Unanswered(why=_invalid(error), certificate=True)
    except TimeoutError:
        return _LATE
    except (OSError, ValueError, UnreadableError):
        return Unanswered(why=says("what answers there does not speak as the web does"))
    finally:
        connected.close()
        plain.close()


def _invalid(error: ssl.SSLCertVerificationError) -> str:
    why = _INVALID.get(error.verify_code)
    if why is None:
        return f"its certificate is not valid: {error.verify_message}"
    return says("its certificate is not valid: %(why)s", why=why)


def _request(place: Place) -> bytes:
    return (
        f"GET {place.path} HTTP/1.1\r\nHost: {place.host}\r\nUser-Agent: {_AGENT}\r\n"
        "Accept: text/html, */*;q=0.5\r\nAccept-Encoding: identity\r\n"
        "Connection: close\r\n\r\n"
    ).encode("ascii")


def _server(url: str) -> tuple[str, str, int] | None:
    try:
        return locate(url).server
    except ValueError:
        return None
