"""One SMTP connection, used for a message at a time, and every reply read.

Until the final dot is answered a message is not taken (RFC 5321 §4.1.1.4); when
that answer never comes, nobody knows (RFC 1047). Where the server offers it, the three
commands before a message travel together (RFC 2920); the message itself never leaves
before all three are answered with yes.
"""

import re
from contextlib import suppress
from dataclasses import dataclass

from mailer.adapters.clocks import elapsed
from mailer.adapters.providers.foreign import words
from mailer.adapters.wire import BrokenError, Limit, Wire
from mailer.ports import Accepted, Deferred, NotTaken, Refused, Result, Unsure

_ENHANCED = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})\b")
_REPLY = re.compile(rb"([2-5][0-9][0-9])(?:([ -])(.*))?", re.DOTALL)
LONGEST_LINE = 8192  # octets; RFC 5321 §4.5.3.1.5 says 512, servers say more
_MOST_LINES = 100
_GOODBYE = 2.0  # seconds to wait for an answer that changes nothing
_GO_AHEAD = 354
_CLOSING = 421


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the server said to one command."""

    code: int
    text: str

    @property
    def positive(self) -> bool:
        """Whether it said yes, or go ahead."""
        return 200 <= self.code < 300 or self.code == _GO_AHEAD

    @property
    def permanent(self) -> bool:
        """Whether it said no for good."""
        return 500 <= self.code < 600

    def __str__(self) -> str:
        return words(f"{self.code} {self.text}")

    def refusal(self) -> Refused | Deferred:
        """Say what a no means for the recipient at hand."""
        if not self.permanent:
            return Deferred(detail=str(self))
        enhanced = _ENHANCED.match(self.text)
        code = enhanced[1] if enhanced else str(self.code)
        return Refused(code=code, detail=str(self))


class Line:
    """An open connection; after a fault it is not `usable` any more.

    Times are in seconds: for the answers before a message, and for sending it and the
    answer to its final dot.
    """

    def __init__(
        self, wire: Wire, *, timeout: float, final_timeout: float, pipelining: bool
    ) -> None:
        self._wire = wire
        self._timeout = timeout
        self._final_timeout = final_timeout
        self._pipelining = pipelining
        self.sent = 0  # messages that were tried
        self.usable = True

    def alive(self, latest: float) -> bool:
        """Ask the server whether it is still there."""
        try:
            [reply] = self._ask((b"NOOP\r\n",), self._limit(latest))
        except OSError:
            self.usable = False
        else:
            self.usable = self.usable and reply.positive
        return self.usable

    def deliver(
        self, *, sender: str, address: str, message: bytes, latest: float
    ) -> Result | NotTaken:
        """Send one message; NotTaken concerns the connection, not the recipient.

        The message is stuffed: no line of it is a lone dot. It ends in a line end.
        Unless all is ready for the message at the moment `latest`, on the clock of
        `elapsed`, it is not sent.
        """
        self.sent += 1
        try:
            fault = self._introduce(sender, address, self._limit(latest))
        except OSError as error:
            self.usable = False
            return NotTaken(detail=f"the connection was lost: {_kind(error)}")
        return fault or self._content(message)

    def close(self) -> None:
        """Say goodbye, if anybody listens, and hang up."""
        if self.usable:
            with suppress(OSError):  # it is all the same now
                self._ask((b"QUIT\r\n",), self._limit(elapsed() + _GOODBYE))
        self.usable = False
        self._wire.close()

    def _introduce(
        self, sender: str, address: str, limit: Limit
    ) -> Result | NotTaken | None:
        """Get the server to wait for the message; return what is in its way."""
        commands = (
            f"MAIL FROM:<{sender}>\r\n".encode("ascii"),
            f"RCPT TO:<{address}>\r\n".encode("ascii"),
            b"DATA\r\n",
        )
        replies = self._ask(commands, limit)
        first_no = next((reply for reply in replies if not reply.positive), replies[-1])
        if first_no.code == _GO_AHEAD and len(replies) == len(commands):
            if self._wire.ahead:  # then who knows what its next answer is to
                raise BrokenError("the server spoke out of turn")
            return None
        closing = next((reply for reply in replies if reply.code == _CLOSING), None)
        if closing:
            self.usable = False
            return NotTaken(detail=str(closing))
        self._recover(replies[-1], limit)
        if first_no is replies[0]:
            detail = f"the sender address was refused: {first_no}"
            return NotTaken(detail=detail, stop=first_no.permanent)
        return first_no.refusal()

    def _recover(self, last: Reply, limit: Limit) -> None:
        if last.code == _GO_AHEAD:
            # It waits for a message to nobody: the one it gets is empty (RFC 2920 §3.1)
            self._ask((b".\r\n",), limit)
        [reply] = self._ask((b"RSET\r\n",), limit)
        self.usable = reply.positive

    def _content(self, message: bytes) -> Result:
        end = elapsed() + self._final_timeout
        try:
            self._wire.send((message, b".\r\n"), Limit(until=end, pause=self._timeout))
            reply = self._reply(Limit(until=end, pause=self._final_timeout))
        except OSError as error:
            self.usable = False
            return Unsure(
                detail=f"the connection was lost after the message: {_kind(error)}"
            )
        if reply.positive:
            return Accepted()
        if reply.code == _CLOSING:
            self.usable = False
        return reply.refusal()

    def _limit(self, latest: float) -> Limit:
        return Limit(until=min(elapsed() + self._timeout, latest), pause=self._timeout)

    def _ask(self, commands: tuple[bytes, ...], limit: Limit) -> list[Reply]:
        """Give commands and return the replies, up to the one that ends it all.

        Without pipelining, the first no is the last.
        """
        if self._wire.ahead:  # it ends what nobody has begun
            return [self._farewell(limit)]
        replies: list[Reply] = []
        for group in [commands] if self._pipelining else [(each,) for each in commands]:
            self._wire.send((b"".join(group),), limit)
            for _ in group:
                replies.append(self._reply(limit))
                if replies[-1].code == _CLOSING:
                    return replies
            if not replies[-1].positive:
                break
        return replies

    def _farewell(self, limit: Limit) -> Reply:
        reply = self._reply(limit)
        if reply.code != _CLOSING:
            raise BrokenError("the server spoke out of turn")
        return reply

    def _reply(self, limit: Limit) -> Reply:
        lines: list[bytes] = []
        while len(lines) < _MOST_LINES:
            found = _REPLY.fullmatch(self._wire.line(LONGEST_LINE, limit))
            if not found:
                break
            lines.append(found[3] or b"")
            if found[2] != b"-":
                text = b"\n".join(lines).decode("utf-8", "replace")
                return Reply(code=int(found[1]), text=text)
        raise BrokenError("not a reply")


def _kind(error: BaseException) -> str:
    # Class names only: the texts of these errors repeat hosts and addresses.
    return type(error).__name__
