"""Providers that take everything: `python benchmarks/sinks.py http|smtp`.

    [--plain] [--keep FILE]

`--plain` offers no pipelining; `--keep` writes down the first call. A sink runs in a process of its own. It prints its port, accepts until its standard
input ends, and prints what it got: calls, messages, and what was wrong with them. It
is lean, so that a sender on the same machine is not held up by it, but it looks at one
call in a hundred closely: addresses and leave links must all be different.
"""

import argparse
import asyncio
import json
import re
import sys
from collections.abc import Callable
from email import message_from_bytes, policy
from functools import cache
from pathlib import Path
from typing import cast

LOOK = 100  # one call in so many is looked at
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
_LINK = re.compile(r"https://[\w.]+/u/([\w-]+)")


class Tally:
    """What arrived."""

    def __init__(self, keep: Path | None) -> None:
        self._keep = keep
        self.calls = 0
        self.messages = 0
        self.octets = 0
        self.wrong: list[str] = []

    def take(self, body: bytes | bytearray, count: int) -> bool:
        """Count a call; say whether it is one to look at."""
        if self._keep and not self.calls:
            self._keep.write_bytes(body)
        self.calls += 1
        self.messages += count
        self.octets += len(body)
        return self.calls % LOOK == 1

    def check(self, found: list[tuple[str, str]]) -> None:
        """Note what is wrong with these messages: address, and all that it says."""
        addresses = {address for address, _ in found}
        links = [set(_LINK.findall(said)) for _, said in found]
        if len(addresses) != len(found) or not all("@" in each for each in addresses):
            self.wrong.append("two messages to one address")
        if not all(len(each) == 1 for each in links):
            self.wrong.append("a message without one leave link")
        if len(set().union(*links)) != len(found):
            self.wrong.append("two messages with one leave link")

    def print(self) -> None:
        """Say it, as one JSON object."""
        told = {k: v for k, v in vars(self).items() if not k.startswith("_")}
        print(json.dumps(told), flush=True)


# --- HTTP


def postmark(tally: Tally, body: bytearray) -> bytes:
    """Accept a batch as Postmark does."""
    count = body.count(b'"MessageStream":')
    if tally.take(body, count):
        messages = json.loads(body)
        tally.check(
            [
                (each["To"], each["HtmlBody"] + json.dumps(each["Headers"]))
                for each in messages
            ]
        )
    return _postmark_says(count)


@cache
def _postmark_says(count: int) -> bytes:
    one = {
        "To": "reader@example.org",
        "SubmittedAt": "2019-10-07T15:00:01.0000000-00:00",
        "MessageID": "0a129aee-e1cd-480d-b08d-4f48548ff48d",
        "ErrorCode": 0,
        "Message": "OK",
    }
    return json.dumps([one] * count).encode()


def resend(tally: Tally, body: bytearray) -> bytes:
    """Accept one message as Resend does."""
    if tally.take(body, 1):
        message = json.loads(body)
        said = message["html"] + json.dumps(message["headers"])
        tally.check([(message["to"], said)])
    return b'{"id":"49a3999c-0ce1-4ea6-ab68-afcd6dc2e794"}'


def mailgun(tally: Tally, body: bytearray) -> bytes:
    """Accept one body for many as Mailgun does."""
    if tally.take(body, body.count(b'name="to"\r\n')):
        opening = body.partition(b'name="recipient-variables"\r\n\r\n')[2]
        variables = json.loads(opening.partition(b"\r\n--")[0])
        tally.check(
            [
                (address, f"https://mail.example.org/u/{own['leave']}")
                for address, own in variables.items()
            ]
        )
        if b"/u/%recipient.leave%" not in body:
            tally.wrong.append("a body without a place for the leave link")
    return b'{"id":"<20191007150000.1.4F48548FF48D@mg.example.org>","message":"Queued"}'


def anything(tally: Tally, body: bytearray) -> bytes:
    """Accept any octets, unseen."""
    tally.take(body, 1)
    return b'{"id":"0a129aee-e1cd-480d-b08d-4f48548ff48d"}'


Handler = Callable[[Tally, bytearray], bytes]
PATHS: dict[bytes, Handler] = {
    b"/email/batch": postmark,
    b"/emails": resend,
    b"/v3/mg.example.org/messages": mailgun,
    b"/anything": anything,
}


class HttpSink(asyncio.Protocol):
    """One connection: requests of a known length, one after another."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._received = bytearray()
        self._missing = 0  # octets of the request at hand
        self._handler: Handler | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what answers go out through."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Gather a request, and answer it when it is whole."""
        self._received += data
        if self._handler is None and not self._begin():
            return
        if len(self._received) < self._missing or self._handler is None:
            return
        body = self._handler(self._tally, self._received)
        self._handler, self._received = None, bytearray()
        self._transport.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            b"Date: Mon, 07 Oct 2019 15:00:00 GMT\r\nServer: sink\r\n"
            b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
        )

    def _begin(self) -> bool:
        end = self._received.find(b"\r\n\r\n")
        if end < 0:
            return False
        head = bytes(self._received[: end + 2])
        length = _LENGTH.search(head)
        path = head.split(b" ", 2)[1]
        if length is None or path not in PATHS:
            self._tally.wrong.append(f"unexpected call of {path.decode()}")
            self._transport.close()
            return False
        self._handler, self._missing = PATHS[path], int(length[1])
        del self._received[: end + 4]
        return True


# --- SMTP


class SmtpSink(asyncio.Protocol):
    """One connection: transactions, one after another."""

    def __init__(self, tally: Tally, *, pipelining: bool) -> None:
        self._tally = tally
        self._pipelining = pipelining
        self._received = bytearray()
        self._reading_mail = False
        self._address = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(b"220 sink ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        """Answer every command and every message that is whole, in one write."""
        received = self._received
        received += data
        replies = b""
        while True:
            ending = b"\r\n.\r\n" if self._reading_mail else b"\r\n"
            end = received.find(ending, max(0, len(received) - len(data) - 5))
            if end < 0:
                break
            line = received[:end]
            del received[: end + len(ending)]
            data = bytes(received)
            replies += self._message(line) if self._reading_mail else self._say(line)
        if replies:
            self._transport.write(replies)

    def _message(self, content: bytearray) -> bytes:
        self._reading_mail = False
        if self._tally.take(content, 1):
            message = message_from_bytes(bytes(content), policy=policy.default)
            html = message.get_body(("html",))
            said = html.get_content() if html else ""
            address = str(message["To"])
            self._tally.check([(address, said + str(message["List-Unsubscribe"]))])
            if address != self._address:
                self._tally.wrong.append("an envelope for somebody else")
        return b"250 2.0.0 queued as 4F48548FF48D\r\n"

    def _say(self, line: bytearray) -> bytes:
        match bytes(line[:4]).upper():
            case b"EHLO":
                extension = b"250-PIPELINING\r\n" if self._pipelining else b""
                return b"250-sink\r\n%b250 8BITMIME\r\n" % extension
            case b"RCPT":
                self._address = line.decode().partition("<")[2].partition(">")[0]
                return b"250 2.1.5 Ok\r\n"
            case b"DATA":
                self._reading_mail = True
                return b"354 go ahead\r\n"
            case b"QUIT":
                return b"221 2.0.0 bye\r\n"
        return b"250 2.0.0 Ok\r\n"


async def serve(kind: str, tally: Tally, *, pipelining: bool) -> None:
    """Accept until standard input ends."""
    loop = asyncio.get_running_loop()

    def connection() -> asyncio.Protocol:
        if kind == "smtp":
            return SmtpSink(tally, pipelining=pipelining)
        return HttpSink(tally)

    server = await loop.create_server(connection, "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


def main() -> None:
    """Serve, and tell."""
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("kind", choices=("http", "smtp"))
    made.add_argument("--plain", action="store_true")
    made.add_argument("--keep", type=Path)
    options = made.parse_args()
    tally = Tally(options.keep)
    asyncio.run(serve(options.kind, tally, pipelining=not options.plain))
    tally.print()


if __name__ == "__main__":
    main()
