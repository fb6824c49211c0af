"""Visitors who ask for mail, and what has become of what they asked."""

from dataclasses import asdict
from datetime import datetime

import pytest
from sqlalchemy import select

from mailer.adapters.database.engine import Database
from mailer.adapters.database.requests import SqlRequests
from mailer.adapters.database.schema import (
    subscribers,
    subscriptions,
    suppressions,
)
from mailer.core.requests import (
    Ask,
    Due,
    Kind,
)
from mailer.core.tokens import address_hash
from tests.contract.post import PEPPER, Post
from tests.factories import place

ADDRESS = "ana@union.example"


@pytest.fixture
def post(database: Database) -> Post:
    return Post(database)


@pytest.fixture
def requests(post: Post) -> SqlRequests:
    return SqlRequests(post.database, PEPPER)


@pytest.fixture
def joining(post: Post) -> Ask:
    return Ask(
        kind=Kind.SUBSCRIBE,
        address=ADDRESS,
        language="es",
        list_number=post.number,
        joins=(post.number,),
        facts={"wording": "Quiero recibirla.", "place": asdict(place("San Diego"))},
    )


def one(requests: SqlRequests, at: datetime) -> Due:
    [due] = requests.due(at=at)
    return due


def state(post: Post, address: str = ADDRESS) -> str | None:
    query = (
        select(subscriptions.c.state)
        .join(subscribers, subscribers.c.id == subscriptions.c.subscriber_id)
        .where(subscribers.c.address == address)
    )
    with post.database.reading() as connection:
        return connection.scalar(query)


def suppress(post: Post, reason: str) -> None:
    row = {"address_hash": address_hash(PEPPER, ADDRESS), "since": post.now}
    with post.database.writing() as connection:
        connection.execute(suppressions.insert().values(reason=reason, **row))
