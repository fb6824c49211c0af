"""Commands that travel together (RFC 2920), against a server that says odd things."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from mailer.ports import Answered, NotTaken, Outcome
from tests.contract.providers.carriers import build
from tests.contract.providers.letters import outgoing, recipient

BATCH = outgoing(recipient(1), recipient(2))


class Peer:
    """The server's end of one connection, with all that came over it."""

    def __init__(self, connected: socket.socket) -> None:
        self.connected = connected
        self.received = b""

    def say(self, words: str) -> None:
        self.connected.sendall(words.encode() + b"\r\n")

    def hear(self, ending: bytes) -> bytes:
        """Wait for these octets; return what came up to them."""
        while ending not in self.received:
            part = self.connected.recv(65536)
            if not part:
                raise OSError("the client hung up")
            self.received += part
        found, _, self.received = self.received.partition(ending)
        return found

    def greet(self, *, pipelining: bool = True) -> None:
        self.say("220 hello")
        self.hear(b"\r\n")
        self.say("250-here\r\n250 PIPELINING" if pipelining else "250 here")

    def hear_group(self) -> None:
        self.hear(b"DATA\r\n")

    def take(self) -> bytes:
        """Take a message as a good server does."""
        self.hear_group()
        self.say("250 ok\r\n250 ok\r\n354 go on")
        found = self.hear(b"\r\n.\r\n")
        self.say("250 queued")
        return found


@contextmanager
def serving(*talks: Callable[[Peer], object]) -> Iterator[int]:
    """Yield the port of a server that has these talks, one per connection."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            for talk in talks:
                with suppress(OSError), listening.accept()[0] as connected:
                    connected.settimeout(5)
                    talk(Peer(connected))

        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1]
        with suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        thread.join()


def send(
    folder: Path, *talks: Callable[[Peer], object], **options: Any
) -> tuple[Outcome, list[str]]:
    """Send two messages; return the outcome, and the kinds of results in it."""
    with serving(*talks) as port:
        given = {"host": "127.0.0.1", "security": "none", "timeout": 2, **options}
        smtp = build("smtp", folder, port=port, **given)
        outcome = smtp.send(BATCH)
        smtp.close()
    kinds = [type(r).__name__ for r in getattr(outcome, "results", [])]
    return outcome, kinds


def test_the_three_commands_come_in_one_go_where_that_is_offered(
    tmp_path: Path,
) -> None:
    seen: list[bytes] = []

    def talk(peer: Peer) -> None:
        peer.greet()
        for _ in BATCH.recipients:
            seen.append(peer.connected.recv(65536))
            peer.say("250 ok\r\n250 ok\r\n354 go on")
            peer.hear(b"\r\n.\r\n")
            peer.say("250 queued")
        peer.hear(b"QUIT")

    _, kinds = send(tmp_path, talk)

    assert kinds == ["Accepted", "Accepted"]
    assert seen == [
        f"MAIL FROM:<digest@example.org>\r\nRCPT TO:<reader{n}@example.net>\r\n"
        "DATA\r\n".encode()
        for n in (1, 2)
    ]


def test_they_come_one_by_one_where_it_is_not_offered(tmp_path: Path) -> None:
    seen: list[bytes] = []

    def talk(peer: Peer) -> None:
        peer.greet(pipelining=False)
        for _ in BATCH.recipients:
            for reply in ("250 ok", "250 ok", "354 go on"):
                seen.append(peer.connected.recv(65536))
                peer.say(reply)
            peer.hear(b"\r\n.\r\n")
            peer.say("250 queued")

    send(tmp_path, talk)

    assert len(seen) == 6
    assert all(command.count(b"\r\n") == 1 for command in seen)


@pytest.mark.parametrize(
    ("replies", "kinds"),
    [
        ("250 ok\r\n550 5.1.1 nobody\r\n354 go on", ["Refused", "Accepted"]),
        ("250 ok\r\n450 4.2.1 later\r\n354 go on", ["Deferred", "Accepted"]),
    ],
)
@pytest.mark.parametrize("dot", ["554 5.5.1 no recipients", "250 queued nothing"])
def test_a_message_to_nobody_is_ended_by_a_lone_dot_and_its_words_stay_here(
    tmp_path: Path, replies: str, kinds: list[str], dot: str
) -> None:
    messages: list[bytes] = []

    def talk(peer: Peer) -> None:
        peer.greet()
        peer.hear_group()
        peer.say(replies)
        messages.append(peer.hear(b".\r\n"))
        peer.say(dot)
        assert peer.hear(b"\r\n") == b"RSET"
        peer.say("250 ok")
        messages.append(peer.take())

    _, found = send(tmp_path, talk)

    assert found == kinds
    assert messages[0] == b""
    assert b"To: reader2@example.net" in messages[1]


def test_a_refused_sender_stops_the_mailing_even_if_the_rest_is_welcome(
    tmp_path: Path,
) -> None:
    messages: list[bytes] = []

    def talk(peer: Peer) -> None:
        peer.greet()
        peer.hear_group()
        peer.say("550 5.7.1 not you\r\n250 ok\r\n354 go on")
        messages.append(peer.hear(b".\r\n"))
        peer.say("554 no")
        peer.hear(b"RSET\r\n")
        peer.say("250 ok")

    outcome, _ = send(tmp_path, talk)

    assert isinstance(outcome, NotTaken)
    assert outcome.stop
    assert messages == [b""]


@pytest.mark.parametrize(
    "replies",
    [
        "421 closing",
        "250 ok\r\n421 closing",
        "250 ok\r\n250 ok\r\n421 closing",
        "250 ok\r\n250 ok",
        "250 ok\r\n250 ok\r\n354 go on\r\n250 what",  # an answer to nothing
        "250 ok\r\n250 ok\r\nnonsense",
        "250-ok" + "\r\n250-and" * 500,
    ],
    ids=repr,
)
def test_no_message_leaves_before_all_three_are_answered_with_yes(
    tmp_path: Path, replies: str
) -> None:
    rest: list[bytes] = []

    def talk(peer: Peer) -> None:
        peer.greet()
        peer.hear_group()
        peer.say(replies)
        peer.connected.shutdown(socket.SHUT_WR)
        with suppress(OSError):
            while part := peer.connected.recv(65536):
                rest.append(part)

    outcome, _ = send(tmp_path, talk)

    assert isinstance(outcome, NotTaken)
    assert not outcome.stop
    assert rest == []


def test_a_server_that_closes_after_a_message_gets_the_next_on_a_new_connection(
    tmp_path: Path,
) -> None:
    messages: list[bytes] = []

    def close_after_one(peer: Peer) -> None:
        peer.greet()
        messages.append(peer.take())
        peer.say("421 4.7.0 that was enough")

    def take_the_other(peer: Peer) -> None:
        peer.greet()
        messages.append(peer.take())

    _, kinds = send(tmp_path, close_after_one, take_the_other)

    assert kinds == ["Accepted", "Accepted"]
    assert [b"To: reader1@" in messages[0], b"To: reader2@" in messages[1]] == [
        True
    ] * 2


def test_an_answer_to_the_dot_that_drips_in_is_none(tmp_path: Path) -> None:
    def talk(peer: Peer) -> None:
        peer.greet()
        peer.hear_group()
        peer.say("250 ok\r\n250 ok\r\n354 go on")
        peer.hear(b"\r\n.\r\n")
        for _ in range(40):
            peer.connected.sendall(b"2")
            threading.Event().wait(0.1)

    outcome, kinds = send(tmp_path, talk, final_timeout=1)

    assert isinstance(outcome, Answered)
    assert kinds == ["Unsure", "Deferred"]


def test_a_line_of_the_message_that_begins_with_a_dot_keeps_it(tmp_path: Path) -> None:
    messages: list[bytes] = []

    def talk(peer: Peer) -> None:
        peer.greet()
        messages.extend([peer.take(), peer.take()])

    send(tmp_path, talk)

    assert b"\r\n..un punto" in messages[0]
    assert b"\r\n.un punto" not in messages[0]


def test_a_call_is_over_when_it_says_it_surely_is(tmp_path: Path) -> None:
    smtp = build("smtp", tmp_path, host="x", timeout=7, final_timeout=20, batch_time=50)

    assert smtp.capabilities.longest_call == 77
