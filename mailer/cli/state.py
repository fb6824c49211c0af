"""What every command starts from: the project folder, the environment, the clock."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from mailer.bootstrap import Project
from mailer.core.errors import InputError

_YEARS = range(1971, 2200)  # what lies beyond ends calendars sooner or later

AsOf = Annotated[
    datetime | None,
    typer.Option(
        "--as-of",
        metavar="MOMENT",
        formats=["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%MZ", "%Y-%m-%d"],
        help="Act as if it were this moment, in UTC: 2019-10-07T15:00:00Z",
    ),
]
Edition = Annotated[
    str | None,
    typer.Option(help="The edition's date, 2019-10-07; by default the current one."),
]
Json = Annotated[
    bool, typer.Option("--json", help="One JSON value on stdout, messages on stderr.")
]


@dataclass(frozen=True, slots=True)
class State:
    """Where and in which surroundings a command runs."""

    folder: Path
    environment: Mapping[str, str]

    @contextmanager
    def project(self, as_of: datetime | None = None) -> Iterator[Project]:
        """Open the project; closes the database and the provider at the end."""
        project = Project(self.folder, self.environment, clock(as_of))
        try:
            yield project
        finally:
            project.close()


def clock(as_of: datetime | None = None) -> Callable[[], datetime]:
    """Return what tells the time in UTC: the real one, or always the moment given.

    Raises InputError for a moment in a year that no edition can be of.
    """
    if as_of is not None and as_of.year not in _YEARS:
        raise InputError(
            f"--as-of: the year {as_of.year} cannot be meant; write it as 2019-10-07"
        )
    fixed = as_of.replace(tzinfo=UTC) if as_of else None
    return lambda: fixed or datetime.now(UTC)
