"""A coalition in which somebody is erased, and where traces of them are looked for."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from mailer.adapters.database.engine import Database
from mailer.adapters.database.erasing import SqlErasures
from mailer.adapters.database.people import OWN_ACT
from mailer.adapters.database.schema import (
    consent_events,
    metadata,
    subscribers,
    suppressions,
)
from mailer.adapters.database.tracking import SqlTracking
from mailer.adapters.erasures import ErasureFile
from mailer.core.erasures import Erased
from mailer.core.events import Event, EventKind
from mailer.pipeline.erase import Eraser
from tests.contract.post import PEPPER, Post, people
from tests.factories import contact, draft

ANA = "reader1@example.org"


@pytest.fixture
def post(database: Database) -> Post:
    made = Post(database)
    made.publish(draft("San Diego"), draft("Denver"))
    ana = contact(
        1,
        given_name="Ana",
        family_name="Quintanilla",
        consent_source="table at Chicano Park",
        consent_wording="Ana wrote: yes",
        time_zone="America/Tijuana",
    )
    made.enlist(ana, *people(5)[1:])
    return made


@pytest.fixture
def journal(tmp_path: Path) -> ErasureFile:
    return ErasureFile(tmp_path / "erasures.jsonl")


@pytest.fixture
def eraser(post: Post, journal: ErasureFile) -> Eraser:
    return Eraser(erasures=SqlErasures(post.database, PEPPER), journal=journal)


def erase(eraser: Eraser, post: Post, address: str = ANA) -> Erased:
    return eraser.erase(eraser.erasures.hashed(address), at=post.now)


def everything(post: Post) -> dict[str, list[Any]]:
    """Every row of every table."""
    with post.database.reading() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(select(table))]
            for table in metadata.sorted_tables
        }


def holding(post: Post, *traces: str | bytes) -> set[str]:
    """The tables that hold any of these."""
    return {
        name
        for name, rows in everything(post).items()
        for row in rows
        for value in row
        for trace in traces
        if _holds(value, trace)
    }


def _holds(value: object, trace: str | bytes) -> bool:
    if isinstance(value, bytes) or isinstance(trace, bytes):
        return value == trace
    written = json.dumps(value, ensure_ascii=False, default=str)
    return trace.casefold() in written.casefold()


def reason(post: Post, address: str = ANA) -> str | None:
    hashed = SqlErasures(post.database, PEPPER).hashed(address)
    query = select(suppressions.c.reason).where(suppressions.c.address_hash == hashed)
    with post.database.reading() as connection:
        found: str | None = connection.scalar(query)
    return found


def hear(post: Post, kind: EventKind, detail: str, address: str = ANA) -> None:
    tracking = SqlTracking(post.database, PEPPER)
    event = Event(
        event_id=f"{kind} {post.now}",
        kind=kind,
        address=address,
        happened_at=post.now,
        detail=detail,
    )
    tracking.keep("scripted", [event], at=post.now)
    tracking.apply(most=10, at=post.now)


def come_back(post: Post) -> None:
    """Leave the database as a confirmed sign-up leaves it."""
    hashed = SqlErasures(post.database, PEPPER).hashed(ANA)
    with post.database.writing() as connection:
        number = connection.scalar(
            select(subscribers.c.id).where(subscribers.c.address_hash == hashed)
        )
        connection.execute(
            suppressions.delete().where(suppressions.c.address_hash == hashed)
        )
        connection.execute(
            insert(consent_events).values(
                subscriber_id=number,
                list_number=post.number,
                kind="granted",
                basis=OWN_ACT,
                happened_at=post.now,
                recorded_at=post.now,
            )
        )
