"""What every source of actions promises, whatever its format."""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from mailer.adapters.sources.csv import CsvSource
from mailer.adapters.sources.ical import IcalSource
from mailer.adapters.sources.occurrences import Window
from mailer.adapters.sources.page import PageSource
from mailer.adapters.sources.sql import SqlSource
from mailer.core.errors import InputError
from mailer.core.matching import match
from mailer.core.model import Action
from mailer.ports import Source
from tests.gazetteer import gazetteer

YEAR = Window(since=date(2019, 1, 1), until=date(2020, 1, 1))


@dataclass(frozen=True)
class Said:
    """An action as somebody publishes it."""

    month: int
    day: int
    place: str


RENO = Said(10, 12, "Reno, NV")
DENVER = Said(10, 13, "Denver, CO")
ANCHORAGE = Said(10, 14, "Anchorage, AK")
NO_SUCH_DAY = Said(2, 30, "Elko, NV")
MISSPELT = Said(10, 15, "Alburquerque, NM")

Publish = Callable[[Path, Sequence[Said]], Source]


def page(folder: Path, said: Sequence[Said]) -> Source:
    months = {2: "Feb", 10: "Oct"}
    file = folder / "site.txt"
    entries = (f"{months[s.month]} {s.day} {s.place}\n\nDSA, SURJ\n" for s in said)
    file.write_text("\n".join(entries), encoding="utf-8")
    return PageSource.from_path(file, year=2019, gazetteer=gazetteer())


def csv(folder: Path, said: Sequence[Said]) -> Source:
    file = folder / "site.csv"
    lines = (f'2019-{s.month}-{s.day},"{s.place}",DSA; SURJ\n' for s in said)
    file.write_text("Date,City,Sponsors\n" + "".join(lines), encoding="utf-8")
    return CsvSource(file, gazetteer=gazetteer())


def ical(folder: Path, said: Sequence[Said]) -> Source:
    file = folder / "site.ics"
    events = (
        f"BEGIN:VEVENT\nUID:{index}@site\nDTSTART;VALUE=DATE:2019{s.month:02}{s.day:02}\n"
        f"LOCATION:{s.place.replace(',', chr(92) + ',')}\nSUMMARY:March\nEND:VEVENT\n"
        for index, s in enumerate(said)
    )
    head = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//test//EN\n"
    words = head + "".join(events) + "END:VCALENDAR\n"
    file.write_text(words.replace("\n", "\r\n"), encoding="utf-8", newline="")
    return IcalSource.from_path(file, window=YEAR, gazetteer=gazetteer())


def sql(folder: Path, said: Sequence[Said]) -> Source:
    file = folder / "site.db"
    with sqlite3.connect(file) as database:
        database.execute("CREATE TABLE event (id INTEGER PRIMARY KEY, day, city)")
        database.executemany(
            "INSERT INTO event (day, city) VALUES (?, ?)",
            [(f"2019-{s.month:02}-{s.day:02}", s.place) for s in said],
        )
    database.close()
    return SqlSource(
        f"sqlite:///{file}",
        "SELECT id, day AS start_date, city, 'DSA; SURJ' AS sponsors FROM event",
        name="site.db",
        gazetteer=gazetteer(),
    )


@pytest.fixture(params=[page, csv, ical, sql])
def publish(request: pytest.FixtureRequest) -> Publish:
    function: Publish = request.param
    return function


def test_it_says_when_and_where_on_the_clock_of_the_place(
    publish: Publish, tmp_path: Path
) -> None:
    reading = publish(tmp_path, [RENO, DENVER, ANCHORAGE]).read()

    assert [
        (draft.facts.start_date, draft.facts.place.label, draft.facts.time_zone)
        for draft in reading.drafts
    ] == [
        (date(2019, 10, 12), "Reno, NV", "America/Los_Angeles"),
        (date(2019, 10, 13), "Denver, CO", "America/Denver"),
        (date(2019, 10, 14), "Anchorage, AK", "America/Anchorage"),
    ]
    assert reading.rejections == ()


def test_a_time_that_nobody_gave_is_not_invented(
    publish: Publish, tmp_path: Path
) -> None:
    (draft,) = publish(tmp_path, [RENO]).read().drafts

    assert (draft.facts.start_time, draft.facts.end_date, draft.facts.end_time) == (
        None,
        None,
        None,
    )


def test_a_row_that_cannot_be_read_says_so_and_spares_its_neighbours(
    publish: Publish, tmp_path: Path
) -> None:
    reading = publish(tmp_path, [RENO, NO_SUCH_DAY, DENVER]).read()

    assert [draft.facts.place.locality for draft in reading.drafts] == [
        "Reno",
        "Denver",
    ]
    (rejection,) = reading.rejections
    assert "site." in rejection.file
    assert rejection.line is not None
    assert rejection.field in ("date", "start_date", "DTSTART")
    assert len(rejection.message) > 20


def test_what_was_corrected_is_flagged_with_the_way_out(
    publish: Publish, tmp_path: Path
) -> None:
    reading = publish(tmp_path, [MISSPELT]).read()

    assert reading.drafts[0].facts.place.label == "Albuquerque, NM"
    (flag,) = [flag for flag in reading.flags if flag.code == "place-respelled"]
    assert flag.line is not None
    assert "[places]" in flag.message


def test_reading_again_says_the_same_and_finds_every_action_unchanged(
    publish: Publish, tmp_path: Path
) -> None:
    source = publish(tmp_path, [RENO, DENVER, ANCHORAGE, MISSPELT])
    first = source.read()
    stored = [
        Action(
            id=index,
            public_id=str(index),
            source="site",
            external_id=draft.external_id,
            version=1,
            facts=draft.facts,
        )
        for index, draft in enumerate(first.drafts)
    ]

    again = source.read()

    assert again == first
    result = match(again.drafts, stored)
    assert result.missing == ()
    assert [pair.action and pair.action.facts for pair in result.pairs] == [
        draft.facts for draft in first.drafts
    ]


@pytest.mark.parametrize("kind", [".txt", ".csv", ".ics", ".db"])
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00\x01\x02\xff" * 200,
        b"\x81\x8d\x9d no text",
        b"<!DOCTYPE html><html><body>Oct 12 Reno, NV</body></html>",
        b"lorem ipsum dolor sit amet\n" * 50,
    ],
    ids=["empty", "binary", "undecodable", "html", "prose"],
)
def test_what_is_no_source_at_all_is_refused_by_name(
    tmp_path: Path, kind: str, data: bytes
) -> None:
    file = tmp_path / f"site{kind}"
    file.write_bytes(data)

    with pytest.raises(InputError, match="site"):
        _open(file).read()


@pytest.mark.parametrize("kind", [".txt", ".csv", ".ics", ".db"])
def test_a_file_that_is_not_there_is_refused_by_name(tmp_path: Path, kind: str) -> None:
    with pytest.raises(InputError, match=r"site\..*no such"):
        _open(tmp_path / f"site{kind}").read()


def _open(file: Path) -> Source:
    places = gazetteer()
    if file.suffix == ".txt":
        return PageSource.from_path(file, year=2019, gazetteer=places)
    if file.suffix == ".csv":
        return CsvSource(file, gazetteer=places)
    if file.suffix == ".ics":
        return IcalSource.from_path(file, window=YEAR, gazetteer=places)
    query = "SELECT day AS start_date, city FROM event"
    return SqlSource(f"sqlite:///{file}", query, name=file.name, gazetteer=places)
