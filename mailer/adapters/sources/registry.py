"""The kinds of source there are, by the word on the command line or in mailer.toml.

Each is imported only when it is used: calendars alone cost a tenth of a second.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path

from mailer.config import SourceSettings
from mailer.core.errors import ConfigError, InputError
from mailer.ports import Gazetteer, Source

FILES = ("page", "csv", "ical")
KINDS = ("sql", *FILES)
_AHEAD = timedelta(weeks=53)  # how far recurring events are written out


def from_file(
    file: Path,
    *,
    kind: str,
    year: int | None,
    call: str | None,
    gazetteer: Gazetteer,
    now: datetime,
    default_zone: str | None = None,
    default_place: str | None = None,
) -> Source:
    """Return a file as a source; raises InputError for a kind that is not known.

    `year` is the year of a page's dates, and the first that is read of a calendar.
    `default_zone` serves places whose zone nobody knows; `default_place`, as
    "Oakland, CA", serves calendar events that name none.
    """
    match kind:
        case "page":
            from mailer.adapters.sources.page import PageSource

            return PageSource.from_path(
                file,
                year=year,
                gazetteer=gazetteer,
                default_call=call,
                default_zone=default_zone,
            )
        case "csv":
            from mailer.adapters.sources.csv import CsvSource

            return CsvSource(file, gazetteer=gazetteer, default_zone=default_zone)
        case "ical":
            from mailer.adapters.sources.ical import IcalSource
            from mailer.adapters.sources.occurrences import Window

            since = date(year, 1, 1) if year else now.date()
            window = Window(since=since, until=since + _AHEAD)
            return IcalSource.from_path(
                file,
                window=window,
                gazetteer=gazetteer,
                default_zone=default_zone,
                default_place=default_place,
            )
        case _:
            raise InputError(f'--format: "{kind}" is none of {", ".join(FILES)}')


def from_settings(
    settings: SourceSettings, *, folder: Path, gazetteer: Gazetteer, now: datetime
) -> Source:
    """Return a `[sources.NAME]` table as a source; raises ConfigError naming the key."""
    name, options = settings.name, settings.options
    zone = _optional(name, options, "default_zone")
    if settings.kind == "sql":
        from mailer.adapters.sources.sql import SqlSource

        _refuse_unknown(name, options, ("url", "query", "default_zone"))
        try:
            return SqlSource(
                _located(_text(name, options, "url"), folder),
                _text(name, options, "query"),
                name=name,
                gazetteer=gazetteer,
                default_zone=zone,
            )
        except InputError as error:
            raise ConfigError(f"mailer.toml: [sources.{name}] {error}") from None
    if settings.kind not in FILES:
        raise ConfigError(
            f'mailer.toml: [sources.{name}] kind: "{settings.kind}" is none of'
            f" {', '.join(KINDS)}"
        )
    known = ("path", "year", "call", "default_zone", "default_place")
    _refuse_unknown(name, options, known)
    year = options.get("year")
    return from_file(
        folder / _text(name, options, "path"),
        kind=settings.kind,
        year=year if isinstance(year, int) else None,
        call=_optional(name, options, "call"),
        gazetteer=gazetteer,
        now=now,
        default_zone=zone,
        default_place=_optional(name, options, "default_place"),
    )


def _optional(name: str, options: Mapping[str, object], key: str) -> str | None:
    return _text(name, options, key) if key in options else None


def _text(name: str, options: Mapping[str, object], key: str) -> str:
    value = options.get(key)
    if not isinstance(value, str) or not value.strip():
        raise ConfigError(f"mailer.toml: [sources.{name}] {key}: is missing or empty")
    return value


def _located(url: str, folder: Path) -> str:
    """Take a relative SQLite file from the project folder, as `database` does."""
    prefix = "sqlite:///"
    if not url.startswith(prefix) or url.startswith(f"{prefix}/"):
        return url
    return f"{prefix}{folder / url.removeprefix(prefix)}"


def _refuse_unknown(
    name: str, options: Mapping[str, object], known: tuple[str, ...]
) -> None:
    for key in options:
        if key not in known:
            raise ConfigError(
                f"mailer.toml: [sources.{name}] {key}: is not known; known are kind,"
                f" {', '.join(known)}"
            )
