"""`mailer` in a process of its own that starts in milliseconds: a copy of one that waits.

The one that waits has read all code and the gazetteer's data, and has done nothing.
What asks for another interpreter, by encodings or warnings, needs a fresh one.
"""

import multiprocessing
import multiprocessing.process
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

LONGEST = 120  # seconds
_INTERPRETER = ("PYTHON", "LC_", "LANG")  # variables that are read when it starts
_FORKING = multiprocessing.get_context("forkserver")
_FORKING.set_forkserver_preload(["tests.e2e.preloaded"])


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
    nowhere = Path(os.devnull)
    process = _FORKING.Process(
        target=_main, args=(list(words), dict(environment), folder, nowhere, nowhere)
    )
    process.start()
    return process


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
    err: Path,
) -> None:
    for file, number in ((out, 1), (err, 2)):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = ["mailer", *words]
    from mailer.cli import main  # noqa: PLC0415 - the copy has it; tests may do without

    main()
