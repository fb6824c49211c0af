"""How commands report: tables and progress for people, JSON for machines."""

import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any, Protocol

import orjson
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

_LINES = 10  # progress lines where there is no terminal
# What a terminal would obey: C0 but for line ends and tabs, DEL, C1, and what turns the
# direction of writing around (Unicode TR 36 §2.7).
_ORDERS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
_RAW = re.compile(rb"\x7f|\xc2[\x80-\x9f]")  # of those, what JSON leaves as it is


def harmless(words: str) -> str:
    """Return words with every order to a terminal written out: strangers say them."""
    return _ORDERS.sub(lambda found: f"\\u{ord(found[0]):04x}", words)


def say(words: str) -> None:
    """Tell people something; on stderr, so that --json stays clean."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(Text(harmless(words)))


def heading(words: str) -> None:
    """Tell people something in bold, on stdout."""
    Console(highlight=False, soft_wrap=True).print(Text(harmless(words), style="bold"))


def show(words: str) -> None:
    """Tell people something on stdout."""
    Console(highlight=False, soft_wrap=True).print(Text(harmless(words)))


def counted(number: int, one: str, many: str) -> str:
    """Return a number with its words: "1 message is", "2 messages are"."""
    return f"{number:,} {one if number == 1 else many}"


def emit(value: Any) -> None:
    """Write one JSON value on stdout."""
    sys.stdout.write(f"{_json(value, orjson.OPT_INDENT_2)}\n")


def emit_line(value: Any) -> None:
    """Write one JSON value on a line of its own, at once."""
    sys.stdout.write(f"{_json(value, 0)}\n")
    sys.stdout.flush()


def _json(value: Any, form: int) -> str:
    written = orjson.dumps(value, default=_plain, option=form | orjson.OPT_NON_STR_KEYS)
    return _RAW.sub(lambda found: b"\\u00%02x" % found[0][-1], written).decode()


def _plain(value: Any) -> Any:
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, (set, frozenset, tuple)):
        return list(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(type(value).__name__)


def table(
    columns: Sequence[str], rows: Iterable[Sequence[Any]], *, right: Sequence[str] = ()
) -> None:
    """Print rows under bold headings, as wide as the terminal allows."""
    drawn = Table(
        box=None,
        pad_edge=False,
        header_style="bold",
        padding=(0, 2, 0, 0),
        show_header=any(columns),
    )
    for column in columns:
        drawn.add_column(
            column,
            justify="right" if column in right else "left",
            overflow="fold",
            no_wrap=column == columns[0],  # what one copies to the next command
        )
    for row in rows:
        drawn.add_row(
            *("" if cell is None else Text(harmless(str(cell))) for cell in row)
        )
    Console(highlight=False).print(drawn)


class Tell(Protocol):
    """Shows how far long work is, with a note beside it."""

    def __call__(self, done: int, total: int, note: str = "", /) -> None:
        """Show so many of so many."""
        ...


@contextmanager
def progress(words: str) -> Iterator[Tell]:
    """Show how far long work is: a bar on a terminal, a few plain lines elsewhere."""
    console = Console(stderr=True)
    if console.is_terminal:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(complete_style="yellow", finished_style="yellow"),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
        )
        with Progress(*columns, console=console, transient=True) as bar:
            task = bar.add_task(words, total=None, note="")

            def tell(done: int, total: int, note: str = "", /) -> None:
                bar.update(task, completed=done, total=total, note=harmless(note))

            yield tell
    else:
        yield _Lines(words)


class _Lines:
    def __init__(self, words: str) -> None:
        self._words, self._told = words, (-1, False)

    def __call__(self, done: int, total: int, note: str = "", /) -> None:
        step = (done * _LINES // total if total else _LINES, bool(note))
        if step != self._told:
            self._told = step
            say(f"{self._words}: {done:,} of {total:,}{note and '; '}{note}")
