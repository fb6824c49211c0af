"""What a provider tells the running service, by real HTTP, and what it changes."""

import base64
import email
import re
import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.e2e import plain
from tests.e2e.conftest import MONDAY, Shell
from tests.e2e.forked import Running

KEY = "a key that nobody guesses".replace(" ", "-")
PROVIDER = """
[providers.postmark]
kind = "postmark"
token = "env:TOKEN"
base_url = "http://127.0.0.1:9"  # where nobody is: it would be asked for its list
events_key = "env:EVENTS"
"""


def bounce(address: str) -> dict[str, object]:
    return {
        "RecordType": "Bounce",
        "ID": 901542550,
        "Type": "HardBounce",
        "MessageID": "m1",
        "Email": address,
        "BouncedAt": "2019-10-07T16:00:00Z",
        "Details": "smtp;550 5.1.1 no such user",
    }


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "web.log"


@pytest.fixture
def site(filled: Shell, log: Path) -> Iterator[httpx.Client]:
    """The pages of a project, served by `mailer web`."""
    with serving(filled, log, EVENTS=KEY) as client:
        yield client


@contextmanager
def serving(
    filled: Shell, log: Path, command: str = "web", **environment: str
) -> Iterator[httpx.Client]:
    with (filled.folder / "mailer.toml").open("a", encoding="utf-8") as settings:
        settings.write(PROVIDER)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = (command, "--port", str(port))
    with filled.start(*words, log=log, TOKEN="t" * 20, **environment) as process:
        with plain.Client(base_url=f"http://127.0.0.1:{port}") as client:
            _wait_for(client, process)
            yield client
        process.terminate()
        process.wait(20)


def _wait_for(client: httpx.Client, process: Running) -> None:
    end = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < end:
        try:
            client.get("/healthz")
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("the pages never came up")


def tell(site: httpx.Client, key: str, what: object) -> httpx.Response:
    given = base64.b64encode(f"events:{key}".encode()).decode()
    headers = {"Authorization": f"Basic {given}"}
    return site.post("/events/postmark", json=what, headers=headers)


def rows(shell: Shell, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(shell.folder / "mailer.db")) as database:
        return database.execute(query).fetchall()


def change(shell: Shell, statement: str) -> None:
    with closing(sqlite3.connect(shell.folder / "mailer.db")) as database, database:
        database.execute(statement)


def test_a_bounce_is_heard_once_applied_at_once_and_nobody_is_named(
    site: httpx.Client, filled: Shell, log: Path
) -> None:
    answers = [tell(site, KEY, bounce("ana@one.example")) for _ in range(3)]
    end = time.monotonic() + 20
    while not rows(filled, "SELECT 1 FROM suppressions"):
        assert time.monotonic() < end, "it was never applied"
        time.sleep(0.05)

    assert [answer.status_code for answer in answers] == [200] * 3
    assert rows(filled, "SELECT reason FROM suppressions") == [("bounced",)]
    assert len(rows(filled, "SELECT 1 FROM provider_events")) == 1
    assert "ana@" not in log.read_text()
    assert KEY not in log.read_text()


def test_status_counts_who_bounced_and_why_says_when_of_what_and_who_told_it(
    site: httpx.Client, filled: Shell
) -> None:
    filled("send", "weekly", "--as-of", MONDAY)
    change(
        filled,
        "UPDATE deliveries SET provider = 'postmark', provider_id = 'm1' WHERE"
        " subscriber_id IN (SELECT id FROM subscribers WHERE address LIKE 'ana@%')",
    )
    assert tell(site, KEY, bounce("ana@barrio.example")).status_code == 200
    end = time.monotonic() + 20
    while not rows(filled, "SELECT 1 FROM suppressions"):
        assert time.monotonic() < end, "it was never applied"
        time.sleep(0.05)

    counts = filled("status", "weekly/2019-10-07", "--json").json["told"]
    why = filled("why", "ana@barrio.example", "--json").json

    assert counts == {"bounced": 1, "complained": 0, "blocked": 0}
    assert "weekly/2019-10-07: 1 bounced\n" in filled("status").out
    assert re.fullmatch(
        r"Nobody may mail this address: bounced, since \d{4}-\d\d-\d\d \d\d:\d\d UTC,"
        r" told by postmark of weekly/2019-10-07\.",
        why["findings"][0],
    )
    assert "postmark told since: bounced" in why["findings"][-1]
    assert why["person"]["suppressed_by"] == "postmark"
    assert why["deliveries"][0]["heard"] == "hard"


def test_what_is_not_theirs_changes_nothing(site: httpx.Client, filled: Shell) -> None:
    assert (
        tell(site, "another key, just as long", bounce("a@b.example")).status_code
        == 401
    )
    assert site.post("/events/postmark", json={}).status_code == 401
    assert site.post("/events/nobody", json={}).status_code == 404
    assert site.get("/events/postmark").status_code == 405
    assert site.post("/events/postmark", content=b"x" * 1_100_000).status_code == 413
    assert tell(site, KEY, "no event").status_code == 200

    assert rows(filled, "SELECT 1 FROM provider_events") == []
    assert rows(filled, "SELECT 1 FROM suppressions") == []


@pytest.mark.parametrize("command", ["web", "run"])
@pytest.mark.parametrize("key", ["", "short"], ids=["missing", "weak"])
def test_without_its_key_a_provider_is_asked_to_tell_it_later_and_readers_can_leave(
    filled: Shell, log: Path, command: str, key: str
) -> None:
    filled("send", "weekly", "--as-of", MONDAY)
    filled.edit("mailer.toml", "# postal_address", "postal_address")
    filled.edit(
        "mailer.toml",
        'provider = "outbox"',
        'provider = "outbox"\nfallback = "postmark"',
    )
    letter = email.message_from_bytes(filled.messages[0].read_bytes())
    link = urlsplit(
        re.sub(r"\s|[<>]", "", str(letter["List-Unsubscribe"])).split(",")[0]
    )

    with serving(filled, log, command, EVENTS=key) as site:
        told = [tell(site, KEY, bounce("ana@one.example")) for _ in range(2)]
        left = site.post(link.path, data={"List-Unsubscribe": "One-Click"})

    assert [answer.status_code for answer in told] == [503, 503]
    assert all(int(answer.headers["Retry-After"]) for answer in told)
    assert left.status_code == 200
    assert rows(filled, "SELECT ended_reason FROM subscriptions WHERE state = 'ended'")
    assert log.read_text().count("[providers.postmark] events_key: ") == 1
    assert "answered with 503" in log.read_text()
