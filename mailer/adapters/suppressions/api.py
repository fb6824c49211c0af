"""A provider's list behind its HTTP API: what all of them do in the same way."""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from http import HTTPStatus
from itertools import islice
from tempfile import TemporaryFile
from typing import IO, Any, ClassVar
from urllib.parse import quote, urlencode

import ijson

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
    most_pages: ClassVar[int] = 100_000  # of one list: ten million addresses at least

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
        url = self._located(path, params)
        data = b"" if body is None else json.dumps(body).encode()
        answer = self._patiently(lambda: self._once(method, url, data))
        if missing and answer.status == HTTPStatus.NOT_FOUND:
            return None
        return document(self._success(answer))

    def stream(
        self, path: str, params: Mapping[str, str] | None = None, *, name: str
    ) -> Iterator[object]:
        """Ask for an object and yield the items of the list that is its member `name`.

        For a list that comes whole, however long: what is not read yet is on disk.
        Raises ProviderError as `ask` does, and OSError where the disk is full.
        """
        url = self._located(path, params)
        with TemporaryFile() as file:

            def download() -> Answer:
                file.seek(0)
                file.truncate()
                headers = self.headers("GET", url, b"")
                return self._heard(self._http.download(url, headers=headers, into=file))

            self._success(self._patiently(download))
            file.seek(0)
            yield from self._items(file, name)

    def _items(self, file: IO[bytes], name: str) -> Iterator[object]:
        try:
            events = ijson.parse(file)
            if (name, "start_array") not in (event[:2] for event in events):
                raise self.nonsense()
            yield from ijson.items(events, f"{name}.item")
        except ijson.JSONError:
            raise self.nonsense() from None

    def _located(self, path: str, params: Mapping[str, str] | None) -> str:
        return f"{self.url}{path}{'?' + urlencode(params) if params else ''}"

    def _patiently(self, call: Callable[[], Answer]) -> Answer:
        """Make a call again for as long as it asks to wait, and not for too long."""
        answer = call()
        for tried in range(_TRIES):
            pause = self._pause(answer, tried)
            if answer.status not in _BUSY or pause > _PATIENCE:
                break
            self._sleep(pause)
            answer = call()
        return answer

    def _success(self, answer: Answer) -> Answer:
        if answer.status not in range(200, 300):
            raise self._error(self._refusal(answer))
        return answer

    def _once(self, method: str, url: str, data: bytes) -> Answer:
        headers = self.headers(method, url, data)
        if method == "GET":
            return self._heard(self._http.get(url, headers=headers))
        return self._heard(self._http.send(method, url, body=data, headers=headers))

    def _heard(self, answer: Answer | NotSent | NoAnswer) -> Answer:
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

    def pages(self) -> "Pages":
        """Return what the pages of one list are counted by."""
        return Pages(
            self.most_pages,
            lambda why: self._error(f"{self.vendor} {why}, and no end of it comes"),
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


class Pages:
    """The pages of one list, of which no two are the same and which come to an end."""

    def __init__(self, most: int, error: Callable[[str], ProviderError]) -> None:
        """Take how many there may be, and what is raised when there is no end."""
        self._most = most
        self._error = error
        self._count = 0
        self._seen: set[bytes] = set()  # digests

    def turn(self, items: Sequence[object], following: str | None = None) -> None:
        """Note a page, and what leads to the next one if the provider names that.

        Raises ProviderError for what was there before, and for one page too many.
        """
        self._count += 1
        if self._count > self._most:
            raise self._error(f"has more than {self._most:,} pages of it")
        if items:  # an empty one may come more than once on the way
            self._note(["page", *items])
        if following is not None:
            self._note(["next", following])

    def _note(self, what: object) -> None:
        known = json.dumps(what, sort_keys=True).encode()
        digest = blake2b(known, digest_size=16).digest()
        if digest in self._seen:
            raise self._error("gives the same page of it again")
        self._seen.add(digest)


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


def gathered(items: Iterable[object], size: int) -> Iterator[Sequence[object]]:
    """Gather items as they come into lists of this size."""
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some


def lots(values: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    """Cut a sequence into pieces of this size."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


def in_path(address: str) -> str:
    """Write an address as one part of a path."""
    return quote(address, safe="")
