"""`python -m tests.fakes.postoffice`: serves until it is told to end."""

import argparse
import os
import signal
import threading
from pathlib import Path

from tests.fakes.postoffice import faults
from tests.fakes.postoffice.acceptances import AcceptanceLog
from tests.fakes.postoffice.faults import Dice
from tests.fakes.postoffice.mailroom import Mailroom
from tests.fakes.postoffice.server import PostOffice


def main() -> None:
    """Serve, and print the port; ends on SIGTERM, on Ctrl-C, or with its parent."""
    parser = argparse.ArgumentParser(prog="python -m tests.fakes.postoffice")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--faults", type=faults.parse, default=faults.parse(""))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--lag", type=float, default=0.0, help="of the search, at most")
    parser.add_argument(
        "--hang", type=float, default=30.0, help="seconds; also a drip's"
    )
    parser.add_argument("--poison", action="append", default=[], metavar="ADDRESS")
    said = parser.parse_args()
    room = Mailroom(
        AcceptanceLog(said.log), poison=said.poison, lag=said.lag, seed=said.seed
    )
    office = PostOffice(
        room,
        sends=Dice(said.faults.sends, said.seed),
        searches=Dice(said.faults.searches, said.seed + 1),
        port=said.port,
        hang=said.hang,
    )
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: told.set())
    threading.Thread(target=office.serve_forever, args=(0.05,), daemon=True).start()
    print(office.server_port, flush=True)  # noqa: T201 - the answer
    parent = os.getppid()
    while not told.wait(1.0) and os.getppid() == parent:
        pass
    office.over.set()
    office.shutdown()
    office.server_close()


if __name__ == "__main__":
    main()
