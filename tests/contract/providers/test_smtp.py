"""What a mail server's replies, and their absence, mean for the ledger."""

import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mailer.core.errors import ConfigError
from mailer.ports import (
    Answered,
    NotTaken,
    Provider,
    Refused,
)
from tests.contract.providers import smtp_server
from tests.contract.providers.carriers import build
from tests.contract.providers.letters import outgoing, recipient
from tests.contract.providers.smtp_server import ACCOUNT, TLS, Clerk

READERS = [recipient(n) for n in range(3)]
FIRST, SECOND, THIRD = (reader.address for reader in READERS)
BATCH = outgoing(*READERS)


@pytest.fixture(params=[(), ("PIPELINING",)], ids=["one by one", "pipelined"])
def server(request: pytest.FixtureRequest) -> Iterator[tuple[Clerk, int]]:
    with smtp_server.running() as found:
        found[0].extensions = request.param
        yield found


@pytest.fixture
def clerk(server: tuple[Clerk, int]) -> Clerk:
    return server[0]


@pytest.fixture
def smtp(server: tuple[Clerk, int], tmp_path: Path) -> Iterator[Provider]:
    provider = connected(tmp_path, server[1])
    yield provider
    provider.close()


def connected(folder: Path, port: int, **options: Any) -> Provider:
    given = {"host": "127.0.0.1", "security": "none", "timeout": 5, **options}
    return build("smtp", folder, port=port, **given)


def kinds(outcome: object) -> list[str]:
    assert isinstance(outcome, Answered)
    return [type(result).__name__ for result in outcome.results]


# --- replies to one recipient


@pytest.mark.parametrize(
    ("reply", "code"),
    [("550 5.1.1 no such user", "5.1.1"), ("553 not here", "553")],
)
def test_a_permanent_refusal_fails_that_recipient_alone(
    smtp: Provider, clerk: Clerk, reply: str, code: str
) -> None:
    clerk.recipients[SECOND] = reply

    outcome = smtp.send(BATCH)

    assert kinds(outcome) == ["Accepted", "Refused", "Accepted"]
    assert isinstance(outcome, Answered)
    refused = outcome.results[1]
    assert isinstance(refused, Refused)
    assert refused.code == code


def test_a_temporary_refusal_defers_that_recipient_alone(
    smtp: Provider, clerk: Clerk
) -> None:
    clerk.recipients[SECOND] = "451 4.7.1 greylisted"

    assert kinds(smtp.send(BATCH)) == ["Accepted", "Deferred", "Accepted"]


def test_a_refusal_of_the_content_counts_for_its_recipient(
    smtp: Provider, clerk: Clerk
) -> None:
    clerk.contents |= {FIRST: "554 5.7.1 spam", SECOND: "452 4.3.1 disk full"}

    assert kinds(smtp.send(BATCH)) == ["Refused", "Deferred", "Accepted"]


def test_a_slow_server_is_left_before_the_lease_ends(
    server: tuple[Clerk, int], tmp_path: Path
) -> None:
    clerk, port = server
    clerk.pause = 0.7
    slow = connected(tmp_path, port, batch_time=1)

    outcome = slow.send(BATCH)
    slow.close()

    assert kinds(outcome) == ["Accepted", "Accepted", "Deferred"]
    assert [address for address, _ in clerk.taken] == [FIRST, SECOND]


def test_the_servers_words_are_kept_without_addresses_and_controls(
    smtp: Provider, clerk: Clerk
) -> None:
    clerk.recipients[FIRST] = f"550 5.1.1 <{FIRST}>: \x07unknown " + "x" * 300

    outcome = smtp.send(BATCH)

    assert isinstance(outcome, Answered)
    refused = outcome.results[0]
    assert isinstance(refused, Refused)
    assert "reader0" not in refused.detail
    assert refused.detail.isprintable()
    assert len(refused.detail) == 200


def test_bounces_go_to_the_address_that_is_set_for_them(
    server: tuple[Clerk, int], tmp_path: Path
) -> None:
    clerk, port = server
    smtp = connected(tmp_path, port, bounces_to="bounces@example.org")

    smtp.send(BATCH)
    smtp.close()

    assert set(clerk.senders) == {"bounces@example.org"}


# --- connections


def test_one_connection_carries_many_batches(smtp: Provider, clerk: Clerk) -> None:
    for _ in range(4):
        smtp.send(BATCH)

    assert len(clerk.taken) == 12
    assert len(clerk.connections) == 1


def test_a_connection_is_renewed_after_its_share_of_messages(
    server: tuple[Clerk, int], tmp_path: Path
) -> None:
    clerk, port = server
    smtp = connected(tmp_path, port, reuse=2)

    outcome = smtp.send(outgoing(*[recipient(n) for n in range(5)]))
    smtp.close()

    assert kinds(outcome) == ["Accepted"] * 5
    assert len(clerk.connections) == 3


def test_a_server_that_ends_long_connections_still_gets_everything_once(
    smtp: Provider, clerk: Clerk
) -> None:
    clerk.per_connection = 2

    outcome = smtp.send(outgoing(*[recipient(n) for n in range(5)]))

    assert kinds(outcome) == ["Accepted"] * 5
    assert sorted(address for address, _ in clerk.taken) == [
        f"reader{n}@example.net" for n in range(5)
    ]


def test_a_connection_lost_after_the_message_leaves_one_unsure_and_the_rest_unsent(
    smtp: Provider, clerk: Clerk
) -> None:
    clerk.contents[SECOND] = "take and hang up"

    assert kinds(smtp.send(BATCH)) == ["Accepted", "Unsure", "Deferred"]
    assert [address for address, _ in clerk.taken] == [FIRST, SECOND]


def test_a_server_that_never_answers_the_dot_leaves_that_message_unsure(
    server: tuple[Clerk, int], tmp_path: Path
) -> None:
    clerk, port = server
    clerk.contents[FIRST] = "take and sleep"
    smtp = connected(tmp_path, port, final_timeout=1)

    outcome = smtp.send(BATCH)
    smtp.close()

    assert kinds(outcome) == ["Unsure", "Deferred", "Deferred"]


def test_a_connection_lost_before_the_message_has_sent_nothing(
    smtp: Provider, clerk: Clerk
) -> None:
    clerk.recipients[FIRST] = "hang up"

    outcome = smtp.send(BATCH)

    assert isinstance(outcome, NotTaken)
    assert not outcome.stop
    assert clerk.taken == []


def test_a_sender_that_may_not_send_stops_the_mailing(
    smtp: Provider, clerk: Clerk
) -> None:
    clerk.sender = "550 5.7.1 not your address"

    outcome = smtp.send(BATCH)

    assert isinstance(outcome, NotTaken)
    assert outcome.stop


def test_a_connection_that_went_stale_is_noticed_before_it_is_used(
    tmp_path: Path,
) -> None:
    with smtp_server.running() as (_, port):
        smtp = connected(tmp_path, port)
        smtp.send(BATCH)

    outcome = smtp.send(BATCH)
    smtp.close()

    assert isinstance(outcome, NotTaken)


def test_a_refused_connection_has_sent_nothing(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    outcome = connected(tmp_path, port).send(BATCH)

    assert isinstance(outcome, NotTaken)
    assert not outcome.stop


def test_a_server_that_never_greets_has_been_sent_nothing(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        port = deaf.getsockname()[1]

        outcome = connected(tmp_path, port, timeout=1).send(BATCH)

    assert isinstance(outcome, NotTaken)


# --- encryption and sign-in


@pytest.fixture
def ca_file(tmp_path: Path) -> str:
    shutil.copy(TLS / "ca.pem", tmp_path)
    return "ca.pem"


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_mail_travels_encrypted_and_signed_in(
    tmp_path: Path, ca_file: str, security: str
) -> None:
    username, password = ACCOUNT
    with smtp_server.running(security) as (clerk, port):
        smtp = connected(
            tmp_path,
            port,
            security=security,
            ca_file=ca_file,
            username=username,
            password=password,
        )
        outcome = smtp.send(BATCH)
        smtp.close()

    assert kinds(outcome) == ["Accepted"] * 3
    assert clerk.encrypted == [True] * 3
    assert clerk.users == [username] * 3
    assert password not in repr(smtp)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_that_nobody_vouches_for_stops_the_mailing(
    tmp_path: Path, security: str
) -> None:
    with smtp_server.running(security) as (clerk, port):
        smtp = connected(tmp_path, port, security=security)
        outcome = smtp.send(BATCH)
        smtp.close()

    assert isinstance(outcome, NotTaken)
    assert outcome.stop
    assert "certificate" in outcome.detail
    assert clerk.taken == []


def test_a_server_without_starttls_gets_neither_password_nor_mail(
    server: tuple[Clerk, int], tmp_path: Path
) -> None:
    clerk, port = server
    username, password = ACCOUNT
    smtp = connected(
        tmp_path, port, security="starttls", username=username, password=password
    )

    outcome = smtp.send(BATCH)

    assert isinstance(outcome, NotTaken)
    assert outcome.stop
    assert clerk.taken == []


def test_a_wrong_password_stops_the_mailing(
    server: tuple[Clerk, int], tmp_path: Path
) -> None:
    clerk, port = server
    smtp = connected(tmp_path, port, username="mailer", password="stale-password")

    outcome = smtp.send(BATCH)

    assert isinstance(outcome, NotTaken)
    assert outcome.stop
    assert "stale-password" not in outcome.detail
    assert clerk.taken == []


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({}, "host"),
        ({"host": "mail.example.org", "security": "ssl"}, "security"),
        ({"host": "mail.example.org", "username": "mailer"}, "username"),
        (
            {
                "host": "mail.example.org",
                "security": "none",
                "username": "mailer",
                "password": "p",
            },
            "security",
        ),
        ({"host": "mail.example.org", "port": 70_000}, "port"),
        ({"host": "mail.example.org", "bounces_to": "nobody"}, "bounces_to"),
    ],
)
def test_a_wrong_setting_names_the_file_and_the_key(
    tmp_path: Path, options: dict[str, object], key: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        build("smtp", tmp_path, **options)

    assert str(caught.value).startswith(f"mailer.toml: [providers.main] {key}: ")
