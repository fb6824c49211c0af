"""The kinds of source there are, by the word on the command line or in mailer.toml."""

from datetime import datetime
from pathlib import Path

from mailer.adapters.sources.csv import CsvSource
from mailer.adapters.sources.page import PageSource
from mailer.core.errors import InputError
from mailer.ports import Gazetteer, Source

FILES = ("page", "csv", "ical")


def from_file(
    file: Path,
    *,
    kind: str,
    year: int | None,
    call: str | None,
    gazetteer: Gazetteer,
    now: datetime,
) -> Source:
    """Return a file as a source; raises InputError for a kind that is not known."""
    match kind:
        case "page":
            return PageSource.from_path(
                file, year=year, gazetteer=gazetteer, default_call=call
            )
        case "csv":
            return CsvSource(file, gazetteer=gazetteer)
        case _:
            raise InputError(f'--format: "{kind}" is none of {", ".join(FILES)}')
