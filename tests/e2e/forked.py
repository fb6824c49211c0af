"""`mailer` in a process of its own that starts in milliseconds: a copy of one that waits.

The one that waits has read all code and the gazetteer's data, and has done nothing.
What asks for another interpreter, by encodings or warnings, needs a fresh one.
"""

import multiprocessing
import multiprocessing.process
import os
import runpy
import select
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

LONGEST = 120  # seconds
_NOWHERE = Path(os.devnull)
_INTERPRETER = ("PYTHON", "LC_", "LANG")  # variables that are read when it starts
_FORKING = multiprocessing.get_context("forkserver")
# What pytest was started as is read by each copy, unless the one that waits has.
_FORKING.set_forkserver_preload(["__main__", "tests.e2e.preloaded"])


def fits(more: Mapping[str, str]) -> bool:
    """Tell whether such variables have the same effect on a copy."""
    return not any(name.startswith(_INTERPRETER) for name in more)


def run(
    words: Sequence[str], *, environment: Mapping[str, str], folder: Path
) -> tuple[int, str, str]:
    """Run `mailer WORDS` in a folder; returns its exit code, stdout and stderr."""
    with TemporaryDirectory() as said:
        out, err = Path(said, "out"), Path(said, "err")
        process = _FORKING.Process(
            target=_main, args=(list(words), dict(environment), folder, out, err)
        )
        process.start()
        process.join(LONGEST)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise TimeoutError(f"mailer {' '.join(words)}: not over in {LONGEST} s")
        return process.exitcode, out.read_text("utf-8"), err.read_text("utf-8")


def started(
    words: Sequence[str], *, environment: Mapping[str, str], folder: Path
) -> multiprocessing.process.BaseProcess:
    """Start `mailer WORDS` in a folder, whatever it says; to be ended by its parent."""
    process = _FORKING.Process(
        target=_main,
        args=(list(words), dict(environment), folder, _NOWHERE, _NOWHERE),
    )
    process.start()
    return process


class Running:
    """A copy that is at it still, with the names that subprocess.Popen gives to this.

    What it says on stdout and stderr is kept in a file, where one is named; else stderr
    can be read while it runs, and stdout goes nowhere.
    """

    def __init__(
        self,
        words: Sequence[str],
        *,
        environment: Mapping[str, str],
        folder: Path,
        log: Path | None = None,
        script: Path | None = None,
    ) -> None:
        """Start `mailer WORDS`, or a script with such words, in a folder."""
        self._said, told = _FORKING.Pipe(duplex=False)
        self._part = b""
        self._process = _FORKING.Process(
            target=_main,
            args=(list(words), dict(environment), folder, log or _NOWHERE, log or told),
            kwargs={"script": script},
        )
        self._process.start()
        told.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Kill it where it is at it still."""
        self.kill()
        self._said.close()

    @property
    def returncode(self) -> int | None:
        """Return its exit code, or minus the signal that killed it."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """Return its exit code; None while it runs."""
        return self._process.exitcode

    def wait(self, timeout: float = LONGEST) -> int:
        """Return its exit code once it is over; raises TimeoutError."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise TimeoutError(f"not over in {timeout} s")
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        """Send it a signal while it runs."""
        if self._process.exitcode is None:
            assert self._process.pid is not None
            os.kill(self._process.pid, number)

    def terminate(self) -> None:
        """Tell it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Kill it, and wait until it is dead."""
        self.send_signal(signal.SIGKILL)
        self._process.join()

    def line(self) -> str:
        """Return the next line that it says on stderr; raises TimeoutError."""
        end = time.monotonic() + LONGEST
        while b"\n" not in self._part and self._more(end):
            pass
        line, ended, self._part = self._part.partition(b"\n")
        return (line + ended).decode()

    def ended(self, timeout: float = LONGEST) -> str:
        """Return what it says on stderr from now until it is over, and await that."""
        end = time.monotonic() + timeout
        while self._more(end):
            pass
        self.wait(max(0.0, end - time.monotonic()))
        return self._part.decode()

    def _more(self, end: float) -> bool:
        left = max(0.0, end - time.monotonic())
        if not select.select([self._said], [], [], left)[0]:
            raise TimeoutError(f"silent, and not over: {self._part.decode()}")
        piece = os.read(self._said.fileno(), 65536)
        self._part += piece
        return bool(piece)


def doing(
    act: Callable[[Path], None], folder: Path
) -> multiprocessing.process.BaseProcess:
    """Start to do this to a folder; to be ended by its parent."""
    process = _FORKING.Process(target=act, args=(folder,))
    process.start()
    return process


def _main(
    words: Sequence[str],
    environment: Mapping[str, str],
    folder: Path,
    out: Path,
    err: Path | Connection,
    *,
    script: Path | None = None,
) -> None:
    for to, number in ((out, 1), (err, 2)):
        os.dup2(_opened(to) if isinstance(to, Path) else to.fileno(), number)
    # The ones that were inherited remember whether they could be rewound.
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", 1, encoding="utf-8", closefd=False)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = [str(script or "mailer"), *words]
    if script:
        runpy.run_path(str(script), run_name="__main__")
        return
    from mailer.cli import main  # noqa: PLC0415 - the copy has it; tests may do without

    main()


def _opened(file: Path) -> int:
    return os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
