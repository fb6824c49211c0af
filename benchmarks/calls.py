"""What an HTTP call costs: `python benchmarks/calls.py [--quick] [--json]`.

Posts 30 KB per call to a sink in a process of its own, over connections that stay
open, from 1, 4 and 16 threads. The baseline does the same by `http.client`.
"""

import http.client
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from pathlib import Path

from report import Report, Row, parser, tell

from mailer.adapters.http import Answer, Http

BODY = b"x" * 30_000
HEADERS = {"Accept": "application/json", "Content-Type": "application/json"}
PATH = "/anything"
THREADS = (1, 4, 16)
Call = Callable[[], None]


def ours(port: int, client: Http) -> Call:
    """Return a call as providers make it."""
    url = f"http://127.0.0.1:{port}{PATH}"

    def call() -> None:
        answer = client.post(url, body=BODY, headers=HEADERS)
        if not isinstance(answer, Answer) or answer.status != HTTPStatus.OK:
            raise SystemExit(f"calls: {answer}")

    return call


def bare(port: int) -> Call:
    """Return a call on one connection of `http.client`."""
    connection = http.client.HTTPConnection("127.0.0.1", port)

    def call() -> None:
        connection.request("POST", PATH, BODY, HEADERS)
        answer = connection.getresponse()
        answer.read()
        if answer.status != HTTPStatus.OK:
            raise SystemExit(f"calls: {answer.status}")

    return call


def measure(make: Callable[[int], Call], *, threads: int, count: int) -> float:
    """Return the seconds of processor time per 1,000 calls, of this process."""
    sink = Path(__file__).parent / "sinks.py"
    with subprocess.Popen(  # noqa: S603 - ourselves
        [sys.executable, str(sink), "http"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        if process.stdout is None:
            raise SystemExit("calls: the sink is mute")
        port = int(process.stdout.readline())

        def work() -> None:
            call = make(port)
            for _ in range(count // threads):
                call()

        working = [threading.Thread(target=work) for _ in range(threads)]
        start = time.process_time()
        for thread in working:
            thread.start()
        for thread in working:
            thread.join()
        spent = time.process_time() - start
        said, _ = process.communicate()
    made = count // threads * threads
    if json.loads(said)["messages"] != made:
        raise SystemExit("calls: not all calls arrived")
    return spent / made * 1000


def main() -> None:
    """Measure and report."""
    options = parser(__doc__).parse_args()
    count, rounds = (2_000, 1) if options.quick else (10_000, 3)
    rows: list[Row] = []
    client = Http()
    for threads in THREADS:
        tell(f"calls: {count:,} from {threads} threads, {rounds} times each way")
        figures: dict[str, float] = {}
        for name, make in (("ours", partial(ours, client=client)), ("bare", bare)):
            spent = [measure(make, threads=threads, count=count) for _ in range(rounds)]
            figures[name] = min(spent)  # what noise added is not ours
        rows.append(
            Row(
                case=f"30 KB per call, {threads} threads",
                ours=figures["ours"],
                baseline=figures["bare"],
                baseline_name="http.client",
                less_is_better=True,
            )
        )
    client.close()
    Report(name="calls", unit="CPU-seconds per 1,000 calls", rows=tuple(rows)).print(
        as_json=options.json
    )


if __name__ == "__main__":
    main()
