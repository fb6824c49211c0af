"""Starts servers that nobody here wrote, each in a process of its own on loopback."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "peers"  # where `make peers` puts them
NODE = Path(sys.executable).parent / "node"
_PATIENCE = 60.0  # seconds; a machine that does much else starts Python slowly


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A running server."""

    port: int
    log: Path  # what it writes, stdout and stderr

    @property
    def url(self) -> str:
        """Return where it listens, for one that speaks HTTP."""
        return f"http://127.0.0.1:{self.port}"

    def counted(self, name: str) -> int:
        """Return the last figure that it has written as `name=figure`."""
        found = re.findall(rf"\b{name}=(\d+)", self.log.read_text("utf-8"))
        return int(found[-1]) if found else 0


@contextmanager
def node(program: str, *words: str, log: Path) -> Iterator[Peer]:
    """Run a program of node's; skips the test where it is not installed."""
    script = FOLDER / "node_modules" / program
    if not script.exists():
        package = program.partition("/")[0]
        pytest.skip(f"npm's {package} is not installed here: make peers")
    with _running([str(NODE), str(script), *words], log=log) as peer:
        yield peer


@contextmanager
def python(module: str, *words: str, log: Path) -> Iterator[Peer]:
    """Run a module of Python's."""
    with _running([sys.executable, "-m", module, *words], log=log) as peer:
        yield peer


@contextmanager
def smtp_sink(*words: str, log: Path) -> Iterator[Peer]:
    """Run postfix's smtp-sink, which counts `mesg` in its log; skips without one."""
    own = FOLDER / "postfix"
    program = shutil.which("smtp-sink", path=f"{own / 'usr/sbin'}{os.pathsep}{_PATH}")
    if program is None:
        pytest.skip("postfix's smtp-sink is not installed here: make peers")
    if not os.geteuid():  # it insists
        words = ("-u", "nobody", *words)
    command = [program, "-c", *words, "127.0.0.1:{port}", "10"]
    library = {"LD_LIBRARY_PATH": str(own / "usr/lib/postfix")}
    with _running(command, log=log, environment=library) as peer:
        yield peer


_PATH = os.environ.get("PATH", os.defpath)


@contextmanager
def _running(
    command: Sequence[str], *, log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[Peer]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [word.replace("{port}", str(port)) for word in command]
    with (
        log.open("wb") as written,
        subprocess.Popen(  # noqa: S603 - the versions that the lock files name
            words,
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=written,
            cwd=log.parent,
            env={**os.environ, **(environment or {})},
        ) as process,
    ):
        try:
            _wait_for(port, process, log)
            yield Peer(port=port, log=log)
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + _PATIENCE
    while process.poll() is None and time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail(f"it never came up: {log.read_text('utf-8', 'replace')[-2000:]}")
