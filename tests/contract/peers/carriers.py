"""The peers as carriers, so that what every provider promises is tried on them too."""

import email.policy
import json
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from email import message_from_string
from email.headerregistry import Address
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID, uuid5

from mailer.ports import Outcome, Outgoing, Provider
from tests.contract.peers.running import Peer
from tests.contract.providers.carriers import APIS, Arrived, build


class _Caller(ABC):
    """A provider that calls a peer, which keeps what earlier tests sent as well."""

    bad_address = "nobody at all"
    kind: str

    def __init__(self, peer: Peer, folder: Path, **options: Any) -> None:
        settings = {"base_url": peer.url, "timeout": 20, **APIS[self.kind], **options}
        self.provider: Provider = build(self.kind, folder, **settings)
        self.peer = peer
        self._before = len(self.everything())

    @abstractmethod
    def everything(self) -> list[dict[str, Any]]:
        """Return what the peer keeps, oldest first."""

    def since(self) -> list[dict[str, Any]]:
        """Return what has arrived since this carrier is there."""
        return self.everything()[self._before :]


class LocalSes(_Caller):
    """npm's aws-ses-v2-local: reads MIME by mailparser, renders by Handlebars."""

    kind = "ses"

    def everything(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(called(self.peer, "GET", "/store"))[
            "emails"
        ]
        return found

    def arrived(self) -> Sequence[Arrived]:
        return [
            Arrived(
                to=", ".join(one["destination"]["to"]),
                sender=_mailbox(one["from"]),
                subject=one["subject"],
                headers=_read({h["name"]: h["value"] for h in one.get("headers", ())})
                | {"Reply-To": ", ".join(one["replyTo"])},
                html=one["body"]["html"],
                text=one["body"]["text"],
            )
            for one in self.since()
        ]


class EmulatedResend(_Caller):
    """npm's emulate, as Resend, which remembers the keys of all tests."""

    kind = "resend"

    def __init__(self, peer: Peer, folder: Path, **options: Any) -> None:
        super().__init__(peer, folder, **options)
        self.provider = _Rekeyed(self.provider, folder)

    def everything(self) -> list[dict[str, Any]]:
        answer = called(self.peer, "GET", "/emails", Authorization="Bearer re_anybody")
        found: list[dict[str, Any]] = json.loads(answer)["data"]
        return found

    def arrived(self) -> Sequence[Arrived]:
        return [
            Arrived(
                to=", ".join(one["to"]),
                sender=_mailbox(one["from"]),
                subject=one["subject"],
                headers=_read(one["headers"])
                | {"Reply-To": ", ".join(one["reply_to"])},
                html=one["html"],
                text=one["text"],
            )
            for one in self.since()
        ]


class _Rekeyed:
    """A provider whose keys are other ones in each test: tests all use the same."""

    def __init__(self, provider: Provider, folder: Path) -> None:
        self._provider, self._folder = provider, folder
        self.name, self.capabilities = provider.name, provider.capabilities

    def send(self, outgoing: Outgoing) -> Outcome:
        key = uuid5(UUID(outgoing.key), str(self._folder))
        return self._provider.send(replace(outgoing, key=str(key)))

    def close(self) -> None:
        self._provider.close()


# Each peer, by the fixture that runs it, in each way in which we make its calls
WAYS: dict[str, tuple[str, type[LocalSes | EmulatedResend], dict[str, Any]]] = {
    "aws-ses-v2-local, message by message": ("local_ses", LocalSes, {}),
    "aws-ses-v2-local, one body": ("local_ses", LocalSes, {"shared_body": True}),
    "emulate, a batch": ("emulate", EmulatedResend, {}),
    "emulate, one by one": ("emulate", EmulatedResend, {"batch": False}),
}


_AnyCaller = TypeVar("_AnyCaller", bound=_Caller)


@contextmanager
def calling(
    peer: Peer, kind: type[_AnyCaller], folder: Path, **options: Any
) -> Iterator[_AnyCaller]:
    carrier = kind(peer, folder, **options)
    try:
        yield carrier
    finally:
        carrier.provider.close()


def called(peer: Peer, method: str, path: str, **headers: str) -> bytes:
    """Return what a peer answers to a call without a body."""
    with closing(HTTPConnection("127.0.0.1", peer.port, timeout=20)) as connection:
        connection.request(method, path, headers=headers)
        with connection.getresponse() as answer:
            assert answer.status < HTTPStatus.BAD_REQUEST
            return answer.read()


def _mailbox(written: str) -> str:
    """Return a sender as readers see it, whoever has decoded it before.

    mailparser takes the backslashes from within a name and leaves the quotes.
    """
    if found := re.fullmatch(r'"(.*)" <(.*)>', written):
        name, address = found.groups()
        return str(Address(name.replace('\\"', '"'), addr_spec=address))
    return str(_parsed(f"From: {written}\n\n")["From"])


def _read(headers: Mapping[str, str]) -> dict[str, str]:
    parsed = _parsed("".join(f"{name}: {value}\n" for name, value in headers.items()))
    return {name: str(value) for name, value in parsed.items()}


def _parsed(lines: str) -> Any:
    return message_from_string(lines, policy=email.policy.default)
