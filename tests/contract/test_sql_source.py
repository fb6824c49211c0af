"""A coalition's own database: everything is read and nothing can be written."""

import sqlite3
from collections.abc import Iterator
from datetime import date, time
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from mailer.adapters.sources.sql import SqlSource
from mailer.core.errors import InputError
from tests.gazetteer import gazetteer

SELECT = "SELECT id, title, starts AS start_date, city, state, sponsors FROM event"
TABLE = (
    "CREATE TABLE event (id INTEGER PRIMARY KEY, title TEXT, starts TIMESTAMP,"
    " city TEXT, state TEXT, sponsors TEXT)"
)
ROW = (
    "INSERT INTO event VALUES (1, '100% March', '2019-10-12 10:00:00', 'Reno', 'NV',"
    " 'DSA; SURJ')"
)
MARKS = (
    "SELECT id, title AS \"title\", '2019-10-12' AS date, city, state FROM event"
    " WHERE title LIKE '100%' AND ':x;' = ':x;'"
)


@pytest.fixture
def site(database_url: str) -> Iterator[str]:
    """A database, on SQLite and PostgreSQL, with one event in a table of its own."""
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text(TABLE))
        connection.execute(text(ROW))
    yield database_url
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE event"))
    engine.dispose()


def source(url: str, query: str = SELECT, **options: float) -> SqlSource:
    return SqlSource(
        url,
        query,
        name="website",
        gazetteer=gazetteer(),
        **options,  # type: ignore[arg-type]
    )


def test_columns_that_bear_our_names_become_actions(site: str) -> None:
    reading = source(site).read()

    (draft,) = reading.drafts
    facts = draft.facts
    assert (draft.external_id, facts.title) == ("1", "100% March")
    assert (facts.start_date, facts.start_time) == (date(2019, 10, 12), time(10))
    assert [sponsor.name for sponsor in facts.sponsors] == ["DSA", "SURJ"]
    assert reading.flags == ()


@pytest.mark.parametrize(
    "query",
    [
        MARKS,
        "WITH e AS (SELECT * FROM event) SELECT id, starts AS date, city, state FROM e;",
        "-- ours; all of them\nSELECT id, starts AS date, city FROM event",
    ],
    ids=["marks", "with", "comment"],
)
def test_a_select_may_use_all_that_sql_offers(site: str, query: str) -> None:
    assert len(source(site, query).read().drafts) == 1


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM event",
        "UPDATE event SET title = 'x'",
        "DROP TABLE event",
        "PRAGMA query_only = OFF",
        "SELECT 1; DELETE FROM event",
        "/* SELECT */ DELETE FROM event",
        "",
    ],
)
def test_anything_but_one_select_is_refused_before_it_is_asked(query: str) -> None:
    with pytest.raises(InputError, match="website: the query"):
        source("sqlite:///none.db", query)


def test_a_write_that_looks_like_a_read_fails_in_the_database(
    database_url: str, site: str
) -> None:
    query = (
        "WITH gone AS (DELETE FROM event RETURNING id) SELECT id FROM gone"
        if database_url.startswith("postgresql")
        else "WITH gone AS (SELECT 1) DELETE FROM event"
    )

    with pytest.raises(InputError, match="could not be read"):
        source(site, query).read()

    assert len(source(site).read().drafts) == 1


def test_a_query_that_takes_too_long_is_ended(database_url: str, site: str) -> None:
    endless = (
        "SELECT id, starts AS date, city, pg_sleep(30) FROM event"
        if database_url.startswith("postgresql")
        else "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)"
        " SELECT count(*) AS id FROM n"
    )

    with pytest.raises(InputError, match=r"longer than 0\.5 seconds"):
        source(site, endless, timeout=0.5).read()


def test_more_rows_than_anybody_wants_are_refused(site: str) -> None:
    query = f"{SELECT} UNION ALL {SELECT} UNION ALL {SELECT}"

    with pytest.raises(InputError, match="more than 2 rows"):
        source(site, query, max_rows=2).read()


def test_a_query_without_an_identity_is_read_and_flagged(site: str) -> None:
    reading = source(site, "SELECT starts AS date, city, state FROM event").read()

    assert len(reading.drafts) == 1
    assert [flag.code for flag in reading.flags] == ["identity-missing"]


def test_columns_nobody_reads_and_columns_that_mean_the_same_are_told(
    site: str,
) -> None:
    extra = source(site, "SELECT id, starts AS date, city, state, 1 AS mood FROM event")

    assert [(flag.code, flag.field) for flag in extra.read().flags] == [
        ("column-unknown", "mood")
    ]
    with pytest.raises(InputError, match="two columns of the query mean start_date"):
        source(site, "SELECT starts AS date, starts AS day, city FROM event").read()


def test_a_mistake_in_the_query_is_told_in_the_databases_own_words(site: str) -> None:
    with pytest.raises(InputError, match=r"website: .*nonesuch"):
        source(site, "SELECT nonesuch FROM event").read()


def test_no_message_holds_the_password() -> None:
    url = "postgresql+psycopg://ana:s3cret@127.0.0.1:1/none"

    with pytest.raises(InputError) as caught:
        source(url).read()

    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("url", ["oracle://x/y", "mssql+pyodbc://x/y"])
def test_a_database_that_cannot_be_held_to_reading_is_refused(url: str) -> None:
    with pytest.raises(InputError, match="cannot be held to reading only"):
        source(url)


def test_an_address_that_is_none_is_refused_without_repeating_it() -> None:
    with pytest.raises(InputError, match="the url is none") as caught:
        source("s3cret")

    assert "s3cret" not in str(caught.value)


def test_the_file_of_an_sqlite_database_stays_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "site 1%.db"
    with sqlite3.connect(file) as database:
        database.execute(TABLE)
        database.execute(ROW)
    database.close()
    before = file.read_bytes()
    file.chmod(0o444)

    assert len(source(f"sqlite:///{file}").read().drafts) == 1

    assert file.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == [file.name]
