"""Whether time tells who is known: `python benchmarks/strangers.py [--quick] [--json] [--count N]`.

Real pages over HTTP, asked by turns about somebody known and somebody unknown, so that
whatever else the machine does befalls both. The ratio is of the medians: 1 is alike.
"""

import http.client
import random
import secrets
import socket
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

from limits import parse
from report import Report, Row, parser, tell

from mailer.adapters import files
from mailer.bootstrap import Project
from mailer.cli import web
from mailer.core.tokens import Purpose
from mailer.ports import Contacted
from mailer.web.guard import Guard
from mailer.web.server import server

PEOPLE = 20_000
NOW = datetime(2019, 10, 7, 15, tzinfo=UTC)
ANY = parse("1000000/second")
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
Ask = tuple[str, str, str]  # method, path, body


@contextmanager
def project() -> Iterator[Project]:
    """Yield a project with people on its weekly list."""
    with tempfile.TemporaryDirectory() as folder:
        files.lay_out(Path(folder), settings=files.settings_template())
        made = Project(Path(folder), {}, lambda: NOW)
        made.upgrade()
        made.people.enlist(
            (
                Contacted(
                    line=number,
                    address=f"reader{number}@example.org",
                    consent_basis="form",
                    consent_at=NOW,
                )
                for number in range(PEOPLE)
            ),
            list_slug="weekly",
            at=NOW,
        )
        try:
            yield made
        finally:
            made.close()


@contextmanager
def serving(made: Project) -> Iterator[int]:
    """Serve its pages, with no limit to what one network may ask."""
    guard = Guard(network=ANY, every=ANY, bad=ANY)
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    running = server(
        web.application(made, guard), "127.0.0.1", listening.getsockname()[1]
    )
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]})
    thread.start()
    while not running.started:
        time.sleep(0.01)
    try:
        yield listening.getsockname()[1]
    finally:
        running.should_exit = True
        thread.join()
        listening.close()


def ask(port: int, asked: Ask) -> float:
    """Return the milliseconds until an answer is there, on a connection of its own."""
    method, path, body = asked
    start = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request(method, path, body, FORM)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    if answer.status != http.client.OK:
        raise SystemExit(f"strangers: {answer.status} for {method} {path[:3]}")
    return (time.perf_counter() - start) * 1000


def compared(
    port: int, count: int, known: Callable[[int], Ask], unknown: Callable[[int], Ask]
) -> tuple[float, float]:
    """Return the medians of asking about both by turns, whoever is first by chance."""
    spent: tuple[list[float], list[float]] = ([], [])
    for turn in range(count):
        pairs = [(0, known(turn)), (1, unknown(turn))]
        random.shuffle(pairs)  # no secret: which of two is asked first
        for which, asked in pairs:
            spent[which].append(ask(port, asked))
    return statistics.median(spent[0]), statistics.median(spent[1])


def cases(
    made: Project,
) -> Sequence[tuple[str, Callable[[int], Ask], Callable[[int], Ask]]]:
    """Return what is asked about somebody known, and about somebody unknown."""
    number = made.ledger.register(["weekly"], at=NOW)["weekly"]
    sign = made.keyring.sign
    once = "reader0@example.org"
    found = made.people.known_as(once, language="en", at=NOW)
    made.readers.leave(found, number, at=NOW, how="page")
    left = sign(Purpose.LEAVE, found, number)
    click = urlencode({"List-Unsubscribe": "One-Click"})

    def sign_up(address: str) -> Ask:
        form = {"email": address, "language": "en", "list": str(number)}
        return "POST", "/subscribe", urlencode(form)

    def nobody(purpose: Purpose) -> str:
        return sign(purpose, secrets.token_bytes(16), number)

    return (
        (
            "sign-up",
            lambda turn: sign_up(f"reader{turn + 1}@example.org"),
            lambda turn: sign_up(f"nobody{turn + 1}@example.org"),
        ),
        (
            "one press to leave, who has left",
            lambda _: ("POST", f"/u/{left}", click),
            lambda _: ("POST", f"/u/{nobody(Purpose.LEAVE)}", click),
        ),
        (
            "a genuine link of nobody, a forged one",
            lambda _: ("GET", f"/p/{nobody(Purpose.PREFERENCES)}", ""),
            lambda _: ("GET", f"/p/{secrets.token_urlsafe(38)}", ""),
        ),
    )


def main() -> None:
    """Measure and report."""
    asked = parser(__doc__)
    asked.add_argument("--count", type=int, help="how often each is asked")
    options = asked.parse_args()
    count = options.count or (150 if options.quick else 2_000)
    rows: list[Row] = []
    with project() as made, serving(made) as port:
        for case, known, unknown in cases(made):
            tell(f"strangers: {case}, {count:,} times each")
            ours, theirs = compared(port, count, known, unknown)
            rows.append(
                Row(
                    case=case,
                    ours=ours,
                    baseline=theirs,
                    baseline_name="somebody unknown",
                    less_is_better=True,
                )
            )
    Report(
        name="strangers",
        unit="milliseconds to the answer, median",
        rows=tuple(rows),
    ).print(as_json=options.json)


if __name__ == "__main__":
    main()
