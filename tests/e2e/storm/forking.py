"""Starts workers as processes of their own, each in milliseconds: it has read all code.

`python -m tests.e2e.storm.forking` reads orders line by line and forks a worker for
each; what becomes of its workers it says on stdout, one event per line.
"""

import gc
import os
import select
import signal
import sys
import traceback
from enum import StrEnum
from types import FrameType

from tests.e2e.storm import worker
from tests.e2e.storm.orders import Orders


class Event(StrEnum):
    """What a nursery tells of a worker."""

    STARTED = "started"
    ENDED = "ended"  # with nothing left to do
    BROKEN = "broken"  # with an error
    KILLED = "killed"
    STOPPED = "stopped"


_INPUT = 0


def main() -> None:
    """Serve until the input ends; then its workers end as well."""
    gc.freeze()  # else each worker copies all of it as soon as it looks for garbage
    children: set[int] = set()
    ready, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, _nothing)
    signal.set_wakeup_fd(wake)
    part = b""
    while True:
        readable, _, _ = select.select([_INPUT, ready], [], [])
        if ready in readable:
            os.read(ready, 4096)
            _reap(children)
        if _INPUT in readable:
            more = os.read(_INPUT, 65536)
            if not more:
                break
            *lines, part = (part + more).split(b"\n")
            children |= {_start(Orders.load(line)) for line in lines}
    for pid in children:
        os.kill(pid, signal.SIGKILL)


def _start(orders: Orders) -> int:
    if pid := os.fork():
        _say(Event.STARTED, pid)
        return pid
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.dup2(2, 1)  # the answers are the nursery's alone
    os.close(_INPUT)
    code = 1
    try:
        worker.work(orders)
        code = 0
    except BaseException:  # noqa: BLE001 - a child must never go on as its parent
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _reap(children: set[int]) -> None:
    while children:
        pid, status = os.waitpid(-1, os.WNOHANG | os.WUNTRACED)
        if not pid:
            return
        if os.WIFSTOPPED(status):
            _say(Event.STOPPED, pid)
            continue
        children.discard(pid)
        if os.WIFSIGNALED(status):
            _say(Event.KILLED, pid)
        else:
            _say(Event.BROKEN if os.WEXITSTATUS(status) else Event.ENDED, pid)


def _say(event: Event, pid: int) -> None:
    os.write(1, f"{event} {pid}\n".encode())


def _nothing(_number: int, _frame: FrameType | None) -> None:
    """Let the wakeup descriptor tell."""


if __name__ == "__main__":
    main()
