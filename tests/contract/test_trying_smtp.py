"""What doctor says of a mail server: let in, or why not, on real connections."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from mailer.adapters.accounts import smtp
from mailer.adapters.providers.smtp.opening import Security, Server
from mailer.core.diagnosis import Finding, Severity
from tests.contract.providers import smtp_server
from tests.contract.providers.smtp_server import ACCOUNT, TLS

NAME, PASSWORD = ACCOUNT
TABLE = "[providers.relay]"
CA = str(TLS / "ca.pem")


def tried(
    port: int,
    security: Security = Security.STARTTLS,
    *,
    host: str = "localhost",
    password: str = PASSWORD,
    ca_file: str | None = CA,
) -> Finding:
    server = Server(
        host=host,
        port=port,
        security=security,
        username=NAME,
        password=password,
        ca_file=ca_file,
        timeout=2,
    )
    (finding,) = smtp.examine(server, TABLE)
    assert PASSWORD not in str(finding)
    return finding


@contextmanager
def saying(words: bytes) -> Iterator[int]:
    """Run a server that greets everybody with these words, once."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def greet() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.sendall(words)
                connection.recv(100)

        thread = threading.Thread(target=greet)
        thread.start()
        yield listening.getsockname()[1]
        thread.join(10)


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
def test_a_server_that_lets_us_in_is_told_so_and_gets_no_mail(
    security: Security,
) -> None:
    with smtp_server.running(security.value) as (clerk, port):
        finding = tried(port, security)

    assert finding.severity is Severity.OK
    assert "signed in" in finding.message
    assert not clerk.connections  # nobody said MAIL FROM
    assert not clerk.taken


def test_a_password_that_is_refused_is_explained_with_its_table() -> None:
    with smtp_server.running("starttls") as (_, port):
        finding = tried(port, password="not-this-one")

    assert finding.severity is Severity.FAIL
    assert "sign-in was refused: 535" in finding.message
    assert "not-this-one" not in str(finding)
    assert f"username and password in {TABLE}" in finding.remedy


def test_a_certificate_that_nobody_vouches_for_is_explained() -> None:
    with smtp_server.running("starttls") as (_, port):
        finding = tried(port, ca_file=None)

    assert finding.severity is Severity.FAIL
    assert "certificate is not valid" in finding.message
    assert "ca_file" in finding.remedy


def test_a_certificate_of_another_name_is_explained() -> None:
    with smtp_server.running("tls") as (_, port):
        finding = tried(port, Security.TLS, host="127.1")

    assert "certificate is not valid" in finding.message
    assert "host" in finding.remedy


def test_a_server_without_starttls_is_told() -> None:
    with smtp_server.running() as (_, port):
        finding = tried(port)

    assert "offers no STARTTLS" in finding.message
    assert 'security = "tls"' in finding.remedy


def test_tls_spoken_to_a_port_that_begins_in_the_clear_is_told() -> None:
    with smtp_server.running("starttls") as (_, port):
        finding = tried(port, Security.TLS)

    assert finding.severity is Severity.FAIL
    assert 'security = "starttls"' in finding.remedy


def test_a_server_without_a_sign_in_is_told() -> None:
    with smtp_server.running("starttls", auth_exclude_mechanism=["LOGIN", "PLAIN"]) as (
        _,
        port,
    ):
        finding = tried(port)

    assert "no sign-in" in finding.message
    assert "by its address" in finding.remedy


def test_a_server_that_turns_us_away_says_why_and_gives_the_terminal_no_orders() -> (
    None
):
    with saying(b"554 5.7.1 \x1b[2Jyour network is listed\r\n") as port:
        finding = tried(port)

    assert finding.severity is Severity.FAIL
    assert "your network is listed" in finding.message
    assert "\x1b" not in finding.message


def test_nobody_at_the_port_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        finding = tried(taken.getsockname()[1])

    assert finding.severity is Severity.FAIL
    assert "host and port" in finding.remedy
