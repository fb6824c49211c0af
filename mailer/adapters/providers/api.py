"""A provider behind an HTTP API: what all of them do in the same way."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from mailer.adapters.http import Answer, Http, NoAnswer, NotSent
from mailer.adapters.providers.options import Setup
from mailer.ports import (
    Answered,
    Capabilities,
    NotTaken,
    Outcome,
    Outgoing,
    Refused,
    Result,
    Unknown,
)

_MEGABYTE = 1_000_000
_JSON = {"Accept": "application/json", "Content-Type": "application/json"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One batch as it will stand on the wire, and who is not part of it."""

    path: str  # after the vendor's address
    body: Sequence[bytes] = field(repr=False)  # in pieces, which stand in it in order
    count: int  # of messages
    refused: Mapping[int, Refused]  # by position among the recipients
    headers: Mapping[str, str] = field(default_factory=dict)  # of this call alone

    @property
    def size(self) -> int:
        """Return the octets of the body."""
        return sum(map(len, self.body))

    def merge(self, results: Sequence[Result]) -> list[Result]:
        """Put the answers back in the order of the recipients."""
        answers = iter(results)
        total = self.count + len(self.refused)
        return [self.refused.get(i) or next(answers) for i in range(total)]


class Api(ABC):
    """Carries mail through an HTTP API: build (pure), one call, parse (pure).

    A vendor says who it is, what it can do, what goes out and what came back. All of
    them read the options base_url, timeout, proxy and ca_file.
    """

    vendor: ClassVar[str]  # as people write it
    largest: ClassVar[int | None] = None  # octets of a call
    capabilities: Capabilities

    def __init__(
        self, setup: Setup, *, url: str, headers: Mapping[str, str] | None = None
    ) -> None:
        """Take the vendor's address, and the headers that let us in."""
        self.name = setup.name
        self.clock = setup.clock
        self.http = connections(setup)
        self.url = setup.options.url("base_url", url)
        self._headers = {**_JSON, **(headers or {})}

    @abstractmethod
    def build(self, outgoing: Outgoing) -> Call:
        """Write the call for a batch; who has no address that is one stays out.

        Raises InputError if the letter itself cannot be sent to anybody.
        """

    @abstractmethod
    def parse(self, answer: Answer, call: Call) -> Outcome:
        """Say what an answer means for each recipient."""

    def send(self, outgoing: Outgoing) -> Outcome:
        """Hand over one batch in one call."""
        call = self.build(outgoing)
        if not call.count:
            return Answered(results=call.merge(()))
        if self.largest is not None and call.size > self.largest:
            limit = f"{self.vendor}'s {self.largest // _MEGABYTE} MB"
            return NotTaken(detail=f"the batch is over {limit}", split=True)
        answer = self.post(call)
        match answer:
            case NotSent(detail=detail, stop=stop):
                return NotTaken(detail=detail, stop=stop)
            case NoAnswer(detail=detail):
                return Unknown(detail=detail)
            case Answer():
                return self.parse(answer, call)

    def post(self, call: Call) -> Answer | NotSent | NoAnswer:
        """Make a call, once."""
        url = f"{self.url}{call.path}"
        return self.http.post(url, body=call.body, headers=self.headers(url, call))

    def headers(self, url: str, call: Call) -> Mapping[str, str]:  # noqa: ARG002 - one signs the address
        """Return the headers of a call to this address."""
        return {**self._headers, **call.headers}

    def get(self, path: str, params: Mapping[str, str]) -> Answer | NotSent | NoAnswer:
        """Ask something, once."""
        return self.http.get(f"{self.url}{path}", headers=self._headers, params=params)

    def close(self) -> None:
        """Close the connections."""
        self.http.close()


def connections(setup: Setup) -> Http:
    """Read the options timeout, proxy and ca_file.

    `timeout` is how long a server may be silent, in seconds; a whole call may last
    twice as long.
    """
    options = setup.options
    timeout = options.number("timeout", 60, low=1, high=600)
    return Http(
        read_timeout=timeout,
        longest=2 * timeout,
        proxy=options.text("proxy"),
        ca_file=options.file("ca_file", setup.folder),
    )
