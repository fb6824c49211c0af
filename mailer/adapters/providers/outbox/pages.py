"""The pages to browse the outbox: one of mailings, and some for each mailing.

They are made from the notes that batches leave, under a lock, so that whichever
process closes last lists everything.
"""

import fcntl
import html
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from mailer.adapters.providers.outbox.files import NOTES, place
from mailer.adapters.providers.outbox.look import (
    CLOSING,
    counted,
    moment,
    opening,
    size,
)

PER_PAGE = 250
PREVIEWED = 12  # messages of each mailing on the first page
_SUMMARY = "mailing.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One message."""

    name: str
    to: str
    subject: str
    date: str  # ISO 8601
    octets: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """One mailing, as the first page shows it."""

    title: str
    sender: str
    date: str  # ISO 8601, of its first batch
    notes: int  # that were read
    messages: int
    octets: int
    subjects: Sequence[tuple[str, int]]  # with their messages, most first
    first: Sequence[Row]


def refresh(folder: Path, touched: set[str]) -> None:
    """Write the pages of these mailings, of any left unlisted, and the first page."""
    with _locked(folder):
        for path in _mailings(folder):
            if path.name in touched or not _is_listed(path):
                _write_mailing(path)
        summaries = [
            (path.name, summary)
            for path in _mailings(folder)
            if (summary := _summary(path))
        ]
        summaries.sort(key=lambda found: found[1].date, reverse=True)
        place(str(folder / "index.html"), _first_page(summaries).encode())


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with (folder / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # let go when the file is closed
        yield


def _mailings(folder: Path) -> list[Path]:
    return [path.parent for path in folder.glob(f"*/{NOTES}")]


def _is_listed(path: Path) -> bool:
    summary = _summary(path)
    return summary is not None and summary.notes == len(_notes(path))


def _notes(path: Path) -> list[Path]:
    return sorted((path / NOTES).glob("*.json"))


def _summary(path: Path) -> Summary | None:
    try:
        found = json.loads((path / _SUMMARY).read_bytes())
        first = [Row(**row) for row in found.pop("first")]
        return Summary(**found, first=first)
    except (OSError, ValueError, TypeError, KeyError):
        return None  # not there, or another version's: it is made anew


# --- one mailing -------------------------------------------------------------


def _write_mailing(path: Path) -> None:
    notes = [json.loads(note.read_bytes()) for note in _notes(path)]
    if not notes:
        return
    rows = [
        Row(name=name, to=to, subject=note["subject"], date=note["date"], octets=octets)
        for note in notes
        for name, to, octets in note["messages"]
    ]
    rows.sort(key=lambda row: (row.to.casefold(), row.name))
    earliest = min(notes, key=lambda note: datetime.fromisoformat(note["date"]))
    summary = Summary(
        title=earliest["title"] or earliest["subject"],
        sender=earliest["sender"],
        date=earliest["date"],
        notes=len(notes),
        messages=len(rows),
        octets=sum(row.octets for row in rows),
        subjects=Counter(row.subject for row in rows).most_common(3),
        first=rows[:PREVIEWED],
    )
    pages = [rows[at : at + PER_PAGE] for at in range(0, len(rows), PER_PAGE)] or [[]]
    for number, page in enumerate(pages, start=1):
        content = _mailing_page(summary, page, number, len(pages))
        place(str(path / _page_name(number)), content.encode())
    place(str(path / _SUMMARY), json.dumps(asdict(summary)).encode())


def _mailing_page(
    summary: Summary, rows: Sequence[Row], number: int, pages: int
) -> str:
    span = f"{rows[0].to} to {rows[-1].to}" if pages > 1 else ""
    return (
        f"{opening(title=summary.title, look='list')}\n"
        '<div class="board"><p><a href="../index.html">Outbox</a></p>'
        f'<h1 class="long">{html.escape(summary.title)}</h1>'
        f"<p>{_facts(summary)}</p></div>\n<main><section>"
        f"<h2>{'Messages' if pages == 1 else f'Page {number} of {pages}'}</h2>"
        f'<p class="soft">{html.escape(span)}</p>{_table(rows, "")}</section>\n'
        f"{_navigation(number, pages)}</main>\n{CLOSING}"
    )


def _navigation(number: int, pages: int) -> str:
    if pages == 1:
        return ""
    links = "".join(
        f"<b>{page}</b>"
        if page == number
        else f'<a href="{_page_name(page)}" aria-label="Page {page}">{page}</a>'
        for page in range(1, pages + 1)
    )
    return f'<nav aria-label="Pages">{links}</nav>\n'


def _page_name(number: int) -> str:
    return "index.html" if number == 1 else f"page-{number}.html"


# --- all mailings ------------------------------------------------------------


def _first_page(summaries: Sequence[tuple[str, Summary]]) -> str:
    messages = sum(summary.messages for _, summary in summaries)
    sender = summaries[0][1].sender if summaries else "Outbox"
    sections = "\n".join(_section(name, summary) for name, summary in summaries)
    return (
        f"{opening(title='Outbox', look='list')}\n"
        f'<div class="board"><p>{html.escape(sender)}</p>'
        f"<h1>{counted(messages, 'message')}.<br>{counted(len(summaries), 'mailing')}."
        "<br>None has left.</h1><p>The outbox keeps mail in this folder instead of"
        f" sending it.</p></div>\n<main>{sections}</main>\n{CLOSING}"
    )


def _section(name: str, summary: Summary) -> str:
    more = ""
    if summary.messages > len(summary.first):
        more = (
            f'<p class="more"><a href="{name}/index.html">'
            f"All {counted(summary.messages, 'message')}</a></p>"
        )
    subjects = " · ".join(
        f"<bdi>{html.escape(subject)}</bdi> ({number:,})"
        for subject, number in summary.subjects
    )
    return (
        f'<section><h2><a href="{name}/index.html">{html.escape(summary.title)}</a></h2>'
        f'<p class="soft">{_facts(summary)}</p><p class="soft">{subjects}</p>'
        f"{_table(summary.first, f'{name}/')}{more}</section>"
    )


def _facts(summary: Summary) -> str:
    date = html.escape(moment(datetime.fromisoformat(summary.date)))
    return f"{date} · {counted(summary.messages, 'message')} · {size(summary.octets)}"


def _table(rows: Sequence[Row], folder: str) -> str:
    lines = "".join(
        f'<tr><td><b><a href="{folder}{row.name}.html"><bdi>{html.escape(row.subject)}</bdi></a></b>'
        f"</td><td><bdi>{html.escape(row.to)}</bdi></td>"
        f'<td class="n">{_time(row.date)}</td><td class="n">'
        f'<a href="{folder}{row.name}.eml" download>{size(row.octets)}</a></td></tr>\n'
        for row in rows
    )
    return (
        "<table><thead><tr><th>Subject</th><th>To</th>"
        '<th class="n">Date</th><th class="n">.eml</th></tr></thead>\n'
        f"<tbody>{lines}</tbody></table>"
    )


def _time(date: str) -> str:
    parsed = datetime.fromisoformat(date)
    return f"{parsed:%b} {parsed.day}, {parsed:%H:%M}"
