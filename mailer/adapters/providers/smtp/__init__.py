"""Any mail server that takes our mail: one transaction per recipient."""

from ipaddress import ip_address
from queue import Empty, LifoQueue

from mailer.adapters.clocks import elapsed
from mailer.adapters.providers.options import Setup
from mailer.adapters.providers.smtp.line import Line
from mailer.adapters.providers.smtp.opening import Security, Server, connect
from mailer.core.errors import InputError
from mailer.core.mime import MimeForm
from mailer.ports import (
    Accepted,
    Answered,
    Capabilities,
    Deferred,
    NotTaken,
    Outcome,
    Outgoing,
    Refused,
    Result,
    Unsure,
)

_MAX_BATCH = 50  # one transaction after another: a crash leaves at most these unknown
_SLOW = Deferred(detail="not sent: the mail server was slow, its turn comes later")
_LOST = NotTaken(detail="not sent: the connection was lost before its turn")


class Smtp:
    """Carries mail over SMTP, one connection per sending thread."""

    def __init__(
        self,
        *,
        name: str,
        server: Server,
        bounces_to: str | None = None,
        reuse: int = 100,
        batch_time: float = 120.0,
    ) -> None:
        self.name = name
        self.capabilities = Capabilities(
            max_batch=_MAX_BATCH,
            # The last message is begun in time, gets the server's consent within
            # another `timeout`, and is then waited for.
            longest_call=batch_time + server.timeout + server.final_timeout,
        )
        self._server = server
        self._bounces_to = bounces_to
        self._reuse = reuse  # messages over one connection
        self._batch_time = batch_time  # seconds after which no message is begun
        self._idle: LifoQueue[Line] = LifoQueue()

    @classmethod
    def configured(cls, setup: Setup) -> "Smtp":
        """Read host, port, security, username, password, and the rarer options."""
        options = setup.options
        host = options.text("host")
        if host is None:
            raise options.error("host", "is missing: the name of the mail server")
        security = Security(
            options.choice("security", list(Security), Security.STARTTLS)
        )
        username, password = options.text("username"), options.text("password")
        if bool(username) != bool(password):
            raise options.error("username", "and password only work together")
        if password and security is Security.NONE and not _is_loopback(host):
            raise options.error(
                "security", '"none" would send the password over the net in the clear'
            )
        server = Server(
            host=host,
            port=int(options.number("port", security.port, low=1, high=65535)),
            security=security,
            username=username,
            password=password,
            hello=options.text("hello"),
            ca_file=options.file("ca_file", setup.folder),
            timeout=options.number("timeout", 60, low=1, high=600),
            final_timeout=options.number("final_timeout", 300, low=1, high=600),
        )
        return cls(
            name=setup.name,
            server=server,
            bounces_to=options.address("bounces_to"),
            reuse=int(options.number("reuse", 100, low=1, high=10_000)),
            batch_time=options.number("batch_time", 120, low=1, high=300),
        )

    @property
    def server(self) -> Server:
        """Where to connect and as whom."""
        return self._server

    def send(self, outgoing: Outgoing) -> Outcome:
        """Send one message after another; what follows a lost connection waits.

        So does what a slow server leaves no time for: one call must end well before
        its lease does, or others take its outcomes for lost.

        Raises InputError if the letter itself cannot be sent to anybody.
        """
        form = MimeForm(outgoing.letter, outgoing.date, stuffed=True)
        sender = self._bounces_to or outgoing.letter.sender_address
        total = len(outgoing.recipients)
        results: list[Result] = []
        line: Line | NotTaken | None = None
        end = elapsed() + self._batch_time
        try:
            for recipient in outgoing.recipients:
                if results and elapsed() > end:
                    return Answered(
                        results=[*results, *[_SLOW] * (total - len(results))]
                    )
                try:
                    message = form.fill(recipient)
                except InputError as error:
                    results.append(Refused(code="invalid-address", detail=str(error)))
                    continue
                line, result = self._deliver(
                    line,
                    sender=sender,
                    address=recipient.address,
                    message=message,
                    latest=end + self._server.timeout,
                )
                if isinstance(result, NotTaken):
                    return _cut_short(results, result, total)
                if isinstance(result, Accepted):
                    identifier = outgoing.letter.message_id(recipient.uid)
                    result = Accepted(provider_id=identifier)
                results.append(result)
                if isinstance(result, Unsure):
                    return _cut_short(results, _LOST, total)
        finally:
            self._rest(line)
        return Answered(results=results)

    def close(self) -> None:
        """Say goodbye on every idle connection."""
        while line := self._rested():
            line.close()

    def _deliver(
        self,
        line: Line | NotTaken | None,
        *,
        sender: str,
        address: str,
        message: bytes,
        latest: float,
    ) -> tuple[Line | NotTaken, Result | NotTaken]:
        line = self._ready(line, latest)
        if isinstance(line, NotTaken):
            return line, line
        result = line.deliver(
            sender=sender, address=address, message=message, latest=latest
        )
        if isinstance(result, NotTaken) and line.sent > 1 and not line.usable:
            # The server ends long connections. Nothing of this message was taken,
            # so that saying it on a new one is no second sending.
            line.close()
            line = connect(self._server, latest=latest)
            if isinstance(line, NotTaken):
                return line, line
            result = line.deliver(
                sender=sender, address=address, message=message, latest=latest
            )
        return line, result

    def _ready(self, line: Line | NotTaken | None, latest: float) -> Line | NotTaken:
        if isinstance(line, Line):
            if line.usable and line.sent < self._reuse:
                return line
            line.close()
        while rested := self._rested():
            if rested.sent < self._reuse and rested.alive(latest):
                return rested
            rested.close()
        return connect(self._server, latest=latest)

    def _rest(self, line: Line | NotTaken | None) -> None:
        if isinstance(line, Line) and line.usable:
            self._idle.put(line)
        elif isinstance(line, Line):
            line.close()

    def _rested(self) -> Line | None:
        try:
            return self._idle.get_nowait()
        except Empty:
            return None


def _cut_short(results: list[Result], fault: NotTaken, total: int) -> Outcome:
    """Answer for a batch of which the rest was not sent."""
    if not any(isinstance(result, Accepted | Unsure) for result in results):
        return fault
    rest = Deferred(detail=fault.detail)
    return Answered(results=[*results, *[rest] * (total - len(results))])


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
