"""A provider's list behind its HTTP API: what all of them do in the same way."""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any, ClassVar
from urllib.parse import quote, urlencode

from mailer.adapters.http import Answer, NoAnswer, NotSent, retry_after
from mailer.adapters.providers.answers import document, said, seconds, told
from mailer.adapters.providers.api import connections
from mailer.adapters.providers.options import Setup
from mailer.adapters.providers.telling import Record, UnreadError, record
from mailer.core.errors import ProviderError
from mailer.core.suppressions import Listed
from mailer.ports import Part

PART = 1000  # entries passed on at once
_JSON = {"Accept": "application/json", "Content-Type": "application/json"}
_BUSY = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
_TRIES = 6
_PATIENCE = 60.0  # seconds for which one answer is waited for


class ListApi(ABC):
    """Reads and changes a list. A vendor says what goes out and what came back.

    Every call may be made twice, so that one that was told to wait is made again. The
    options base_url, timeout, proxy and ca_file are those of the provider.
    """

    vendor: ClassVar[str]  # as people write it
    takes: ClassVar[bool] = True
    words: ClassVar[str] = "message"  # where the vendor's errors are put into words
    reset: ClassVar[str] = ""  # header with the seconds to wait, beside Retry-After
    denied: ClassVar[str]  # what the key must be allowed to do

    def __init__(
        self,
        setup: Setup,
        sleep: Callable[[float], object],
        *,
        url: str,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Take the vendor's address, and the headers that let us in."""
        self.name = setup.name
        self.url = setup.options.url("base_url", url)
        self.clock = setup.clock
        self._http = connections(setup)
        self._sleep = sleep
        self._access = {**_JSON, **(headers or {})}

    @abstractmethod
    def read(self, since: datetime | None) -> Iterator[Part]:
        """Read the list part by part: what was put on it since then, or all of it."""

    @abstractmethod
    def add(self, entries: Sequence[Listed]) -> int:
        """Put addresses on it; returns how many it did not take."""

    @abstractmethod
    def remove(self, addresses: Sequence[str]) -> Sequence[str]:
        """Take addresses off it; returns whom it would not let go."""

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    # --- one call

    def ask(
        self,
        path: str,
        params: Mapping[str, str] | None = None,
        *,
        method: str = "GET",
        body: object = None,
        missing: bool = False,
    ) -> Any:
        """Make a call and return its JSON; None if there is none, or nothing there.

        `missing` says that a 404 is an answer. Raises ProviderError for what is no
        success, and for no answer at all.
        """
        url = f"{self.url}{path}{'?' + urlencode(params) if params else ''}"
        data = b"" if body is None else json.dumps(body).encode()
        answer = self._once(method, url, data)
        for tried in range(_TRIES):
            pause = self._pause(answer, tried)
            if answer.status not in _BUSY or pause > _PATIENCE:
                break
            self._sleep(pause)
            answer = self._once(method, url, data)
        if missing and answer.status == HTTPStatus.NOT_FOUND:
            return None
        if answer.status not in range(200, 300):
            raise self._error(self._refusal(answer))
        return document(answer)

    def _once(self, method: str, url: str, data: bytes) -> Answer:
        headers = self.headers(method, url, data)
        if method == "GET":
            answer = self._http.get(url, headers=headers)
        else:
            answer = self._http.send(method, url, body=data, headers=headers)
        if isinstance(answer, NotSent | NoAnswer):
            raise self._error(f"{self.vendor}: {answer.detail}")
        return answer

    def headers(self, method: str, url: str, data: bytes) -> Mapping[str, str]:  # noqa: ARG002 - one signs them
        """Return the headers of a call."""
        return self._access

    def _pause(self, answer: Answer, tried: int) -> float:
        asked = retry_after(answer.headers, self.clock())
        if asked is None and self.reset:
            asked = seconds(answer.headers, self.reset)
        return asked if asked is not None else float(2**tried)

    def _refusal(self, answer: Answer) -> str:
        line = said(self.vendor, answer, told(answer, self.words))
        if answer.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            return f"{line}; {self.denied}"
        if answer.status in _BUSY:
            return f"{line}; it asks to wait: do it again later"
        return line

    def _error(self, why: str) -> ProviderError:
        return ProviderError(
            f"[providers.{self.name}] its list of suppressed addresses: {why}. What was"
            " done until then stays; run it again"
        )

    def nonsense(self) -> ProviderError:
        """Return the error to raise for an answer in a form that is not theirs."""
        return self._error(f"{self.vendor}'s answer cannot be understood")

    def rows(self, found: object) -> list[Any]:
        """Return a list that must be one."""
        if not isinstance(found, list):
            raise self.nonsense()
        return found

    def member(self, found: object, name: str) -> list[Any]:
        """Return a list within an object; both must be there."""
        if not isinstance(found, dict):
            raise self.nonsense()
        return self.rows(found.get(name))


def part(items: Iterable[object], read: Callable[[Record], Listed | None]) -> Part:
    """Read entries one by one; None: it keeps no mail of ours from anybody."""
    listed: list[Listed] = []
    unread = 0
    for item in items:
        try:
            entry = read(record(item))
        except UnreadError:
            unread += 1
        else:
            listed += [] if entry is None else [entry]
    return Part(listed=listed, unread=unread)


def lots(values: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    """Cut a sequence into pieces of this size."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


def in_path(address: str) -> str:
    """Write an address as one part of a path."""
    return quote(address, safe="")
