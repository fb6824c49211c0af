"""From a lost answer to a known outcome: each vendor's API with the whole ledger."""

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mailer.adapters.database.engine import Database
from tests.contract.post import Post
from tests.contract.providers.api_server import Reset, Say, Script
from tests.contract.providers.carriers import (
    ApiCarrier,
    BrevoCarrier,
    SendGridCarrier,
    api,
)
from tests.databases import migrated_file
from tests.factories import draft

__all__ = ["migrated_file"]

LOST, NEVER = Say(502, b"<html>", takes=True), Reset(takes=False)
FINDS_OUT = ("brevo", "mailgun", "postmark", "resend", "sendgrid")


@pytest.fixture
def post(migrated_file: Path, tmp_path: Path) -> Iterator[Post]:
    shutil.copy(migrated_file, tmp_path / "mailer.db")
    database = Database("sqlite:///mailer.db", folder=tmp_path)
    made = Post(database)
    made.publish(draft("San Diego"), draft("Denver"))
    yield made
    database.close()


def drained(
    post: Post,
    carrier: ApiCarrier,
    first: Script,
    then: Callable[[], None] = lambda: None,
) -> dict[str, int]:
    """Send to five, with something in the way of the first answer."""
    mailing = post.composed(5)
    carrier.server.script = first
    post.sender(carrier.provider).step()
    carrier.server.script = None
    then()
    post.drain(mailing, carrier.provider)
    return {state: n for state, n in post.counts(mailing).items() if n}


def got(carrier: ApiCarrier) -> Counter[str]:
    return Counter(message.to for message in carrier.arrived())


EVERYBODY = Counter({f"reader{n}@example.org": 1 for n in range(1, 6)})


@pytest.mark.parametrize("kind", FINDS_OUT)
def test_what_was_taken_without_a_word_is_found_out_and_not_sent_again(
    post: Post, kind: str, tmp_path: Path
) -> None:
    with api(kind, tmp_path) as carrier:
        # Brevo's key only says that it was used: its report is asked when it is spent.
        counts = drained(post, carrier, LOST, lambda: post.age_calls(1800.0))

        assert got(carrier) == EVERYBODY
        assert counts == {"sent": 5}


@pytest.mark.parametrize("kind", ["brevo", "mailgun", "postmark", "resend"])
def test_what_was_never_taken_is_found_out_and_sent(
    post: Post, kind: str, tmp_path: Path
) -> None:
    with api(kind, tmp_path) as carrier:
        counts = drained(post, carrier, NEVER)

        assert got(carrier) == EVERYBODY
        assert counts == {"sent": 5}


@pytest.mark.parametrize("script", [LOST, NEVER], ids=["lost", "never"])
@pytest.mark.parametrize("kind", ["brevo", "sendgrid"])
def test_where_nothing_shows_and_nothing_follows_from_it_a_person_decides(
    post: Post, kind: str, tmp_path: Path, script: Script
) -> None:
    with api(kind, tmp_path) as carrier:
        assert isinstance(carrier, BrevoCarrier | SendGridCarrier)
        carrier.vendor.hidden = True
        counts = drained(post, carrier, script, lambda: post.age_calls(1800.0))

        assert max(got(carrier).values(), default=0) <= 1
        assert counts == {"parked": 5}


@pytest.mark.parametrize("script", [LOST, NEVER], ids=["lost", "never"])
def test_ses_is_asked_by_nobody_and_a_person_decides(
    post: Post, tmp_path: Path, script: Script
) -> None:
    with api("ses", tmp_path, shared_body=True) as carrier:
        counts = drained(post, carrier, script)

        assert max(got(carrier).values(), default=0) <= 1
        assert counts == {"parked": 5}
