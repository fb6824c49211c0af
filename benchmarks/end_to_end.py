"""From the ledger to the accepted call: `python benchmarks/end_to_end.py`.

    [--quick] [--json] [--recipients N] [--case a|b|c|d] [--postgresql]

Sends one edition of 30 KB to a provider on loopback, everything durable: each batch is
claimed, its intent committed before the first byte leaves, its outcome after. Sender
and provider are processes of their own; what the sender's takes of the processor is
the figure that a busy machine leaves alone. The baseline, one more process, has the
very bytes of a call in memory and does nothing but send them, in a bare loop over
`http.client` or a socket.
"""

import argparse
import http.client
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import crowd
import mailing
from report import Report, Row, parser, peak_memory, tell

from mailer.adapters.database.engine import Database
from mailer.adapters.providers import registry
from mailer.config import ProviderSettings
from mailer.ports import Capabilities, Outcome, Outgoing, Provider

ACTIONS = 12  # of the 27: they make a message of 30 KB
HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One way to hand mail over."""

    words: str
    kind: str
    sink: str
    options: Mapping[str, Any] = field(default_factory=dict)
    path: str = ""
    batch: int | None = None  # messages per call, where it is not the provider's own


CASES = {
    "a": Case(
        words="shared body with variables, 1,000 per call (Mailgun)",
        kind="mailgun",
        sink="http",
        options={"token": "a-token", "domain": "mg.example.org"},
        path="/v3/mg.example.org/messages",
    ),
    "b": Case(
        words="complete messages, 500 per call (Postmark)",
        kind="postmark",
        sink="http",
        options={"token": "a-token"},
        path="/email/batch",
        batch=500,
    ),
    "c": Case(
        words="one message per call, windows of 64 (Resend)",
        kind="resend",
        sink="http",
        options={"token": "a-token", "batch": False},
        path="/emails",
    ),
    "d": Case(
        words="SMTP, pipelined",
        kind="smtp",
        sink="smtp",
        options={"host": "127.0.0.1", "security": "none", "hello": "benchmark"},
    ),
}


class Adjusted:
    """A provider with other capabilities than its own."""

    def __init__(self, provider: Provider, capabilities: Capabilities) -> None:
        self.name = provider.name
        self.capabilities = capabilities
        self._provider = provider

    def send(self, outgoing: Outgoing) -> Outcome:
        """Hand over what comes."""
        return self._provider.send(outgoing)

    def close(self) -> None:
        """Let go of connections."""
        self._provider.close()


def provider(case: Case, port: int) -> Provider:
    """Return a case's provider, which calls the sink at this port."""
    where = {"port": port} if case.kind == "smtp" else {"base_url": _url(port)}
    found = registry.build(
        ProviderSettings(
            name="main", kind=case.kind, options={**case.options, **where}
        ),
        folder=HERE,
        clock=lambda: datetime.now(UTC),
    )
    if case.batch:
        return Adjusted(found, replace(found.capabilities, max_batch=case.batch))
    return found


def _url(port: int) -> str:
    return f"http://127.0.0.1:{port}"


# --- in processes of their own


def send(case: Case, port: int, url: str) -> None:
    """Send all that is in the ledger."""
    database = Database(url, folder=Path())
    carrier = provider(case, port)
    sender = mailing.sender(database, carrier)
    with _costs():
        sender.drain(sleep=time.sleep)
        sender.close()
        carrier.close()
    database.close()


def bare(case: Case, port: int, kept: Path, calls: int) -> None:
    """Send the same bytes over and over."""
    body = kept.read_bytes()
    call = (
        _bare_smtp(port, body) if case.sink == "smtp" else _bare_http(case, port, body)
    )
    with _costs():
        for _ in range(calls):
            call()


@contextmanager
def _costs() -> Iterator[None]:
    wall, processor = time.perf_counter(), time.process_time()
    yield
    costs = {
        "wall": time.perf_counter() - wall,
        "cpu": time.process_time() - processor,
        "mebibytes": peak_memory(),
    }
    print(json.dumps(costs))


def _bare_http(case: Case, port: int, body: bytes) -> Callable[[], None]:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    headers = {"Content-Type": "application/json", "X-Postmark-Server-Token": "a-token"}

    def call() -> None:
        connection.request("POST", case.path, body, headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status != http.HTTPStatus.OK:
            raise SystemExit(f"end_to_end: the sink says {answer.status}")

    return call


def _bare_smtp(port: int, message: bytes) -> Callable[[], None]:
    connection = socket.create_connection(("127.0.0.1", port))
    replies = connection.makefile("rb")
    to = message.partition(b"\r\nTo: ")[2].partition(b"\r\n")[0]
    commands = b"MAIL FROM:<a@example.org>\r\nRCPT TO:<" + to + b">\r\nDATA\r\n"
    content = message.replace(b"\r\n.", b"\r\n..") + b"\r\n.\r\n"
    replies.readline()

    def call() -> None:
        connection.sendall(commands)
        for _ in range(3):
            replies.readline()
        connection.sendall(content)
        if not replies.readline().startswith(b"250"):
            raise SystemExit("end_to_end: the sink took no mail")

    return call


# --- around them


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What one case cost."""

    case: Case
    messages: int
    octets: int  # per message, as it stands on the wire
    ours: Mapping[str, float]
    bare: Mapping[str, float]


Opened = Callable[[], AbstractContextManager[str]]


@contextmanager
def crowds(recipients: int, *, postgresql: bool) -> Iterator[Opened]:
    """Yield what gives each case a database of its own, with subscribers in it."""
    opened = crowd.postgresql if postgresql else crowd.sqlite

    @contextmanager
    def fresh() -> Iterator[str]:
        with opened() as url:
            places = crowd.settle(url, actions=ACTIONS)[:1]
            crowd.fill(url, places, recipients)
            yield url

    @contextmanager
    def copied() -> Iterator[str]:
        with crowd.sqlite() as url:
            shutil.copy(_file(first), _file(url))
            yield url

    if postgresql:
        yield fresh
    else:
        with fresh() as first:
            yield copied


def _file(url: str) -> str:
    return url.removeprefix("sqlite:///")


def measure(letter: str, opened: Opened, recipients: int) -> Found:
    """Compose in a database and send all of it, then its bytes once more."""
    case = CASES[letter]
    with opened() as url, tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "kept"
        database = Database(url, folder=Path())
        size = provider(case, 1).capabilities.batch_size
        mailing.compose(database, batch=size)
        database.close()
        with _sink(case, "--keep", str(kept)) as (port, told):
            ours = _measured("--send", letter, str(port), url)
        _refuse_what_is_wrong(letter, told, recipients)
        with _sink(case) as (port, _):
            calls = str(told["calls"])
            loop = _measured("--bare", letter, str(port), str(kept), calls)
    return Found(
        case=case,
        messages=told["messages"],
        octets=told["octets"] // told["messages"],
        ours=ours,
        bare=loop,
    )


def _refuse_what_is_wrong(
    letter: str, told: Mapping[str, Any], recipients: int
) -> None:
    due = recipients - sum(1 for n in range(1, recipients + 1) if n % 100 in {1, 2})
    if told["wrong"]:
        raise SystemExit(f"end_to_end {letter}: {'; '.join(set(told['wrong']))}")
    if told["messages"] != due:
        raise SystemExit(
            f"end_to_end {letter}: {told['messages']} messages came of {due}"
        )


@contextmanager
def _sink(case: Case, *options: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield a sink's port, and what will hold what it tells at its end."""
    told: dict[str, Any] = {}
    command = [sys.executable, str(HERE / "sinks.py"), case.sink, *options]
    with subprocess.Popen(  # noqa: S603 - ourselves
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        words: IO[str] | None = process.stdout
        if words is None:
            raise SystemExit("end_to_end: the sink is mute")
        try:
            yield int(words.readline()), told
        finally:
            said, _ = process.communicate()
            told.update(json.loads(said))


def _measured(*arguments: str) -> Mapping[str, float]:
    done = subprocess.run(  # noqa: S603 - ourselves
        [sys.executable, __file__, *arguments], stdout=subprocess.PIPE, check=True
    )
    found: Mapping[str, float] = json.loads(done.stdout)
    return found


def rows(letter: str, found: Found) -> Sequence[Row]:
    """Set a case beside its baseline."""
    thousands = found.messages / 1000
    loop = (
        "a bare socket loop" if found.case.sink == "smtp" else "a bare http.client loop"
    )
    case = f"{letter}: {found.case.words}"
    return (
        Row(
            case=f"{case}: CPU-seconds per 1,000",
            ours=found.ours["cpu"] / thousands,
            baseline=found.bare["cpu"] / thousands,
            baseline_name=loop,
            less_is_better=True,
        ),
        Row(
            case=f"{case}: recipients per second",
            ours=found.messages / found.ours["wall"],
            baseline=found.messages / found.bare["wall"],
            baseline_name=loop,
        ),
        Row(
            case=f"{case}: peak memory, MiB",
            ours=found.ours["mebibytes"],
            baseline=found.bare["mebibytes"],
            baseline_name=loop,
            less_is_better=True,
        ),
    )


def main() -> None:
    """Measure and report."""
    options = _options()
    if options.send:
        letter, port, url = options.send
        send(CASES[letter], int(port), url)
        return
    if options.bare:
        letter, port, kept, calls = options.bare
        bare(CASES[letter], int(port), Path(kept), int(calls))
        return
    count = options.recipients or (4_000 if options.quick else 100_000)
    made: list[Row] = []
    with crowds(count, postgresql=options.postgresql) as opened:
        for letter in options.case or CASES:
            tell(f"end_to_end {letter}: {count:,} recipients, {CASES[letter].words}")
            found = measure(letter, opened, count)
            tell(f"  {found.messages:,} accepted, {found.octets:,} octets each")
            made += rows(letter, found)
    Report(
        name="end_to_end",
        unit="if not said otherwise, of the sender's process alone",
        rows=tuple(made),
        notes=(
            "Two in a hundred of the recipients are suppressed or have paused.",
            "One call in a hundred is looked at: all addresses and leave links differ.",
        ),
    ).print(as_json=options.json)


def _options() -> argparse.Namespace:
    made = parser(__doc__)
    made.formatter_class = argparse.RawDescriptionHelpFormatter
    made.add_argument("--recipients", type=int, help="how many; 100,000 if not said")
    made.add_argument("--case", action="append", choices=CASES, help="only this one")
    made.add_argument(
        "--postgresql", action="store_true", help="on a server of its own"
    )
    made.add_argument("--send", nargs=3, help=argparse.SUPPRESS)
    made.add_argument("--bare", nargs=4, help=argparse.SUPPRESS)
    return made.parse_args()


if __name__ == "__main__":
    main()
