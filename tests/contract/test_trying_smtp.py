"""What doctor says of a mail server: let in, or why not, on real connections."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from mailer.adapters.accounts import smtp
from mailer.adapters.clocks import elapsed
from mailer.adapters.providers.smtp.opening import Fault, Security, Server, attempt
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
def behaving(how: Callable[[socket.socket], None]) -> Iterator[int]:
    """Run a server that does this with whoever connects, once."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection, suppress(ConnectionError):  # we hung up
                how(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1]
        thread.join(10)
        assert not thread.is_alive()


@contextmanager
def saying(*words: bytes) -> Iterator[int]:
    """Run a server that says these words one after the other, whatever it is asked."""

    def answer(connection: socket.socket) -> None:
        for each in words:
            connection.sendall(each)
            connection.recv(100)

    with behaving(answer) as port:
        yield port


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


def without_end(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"220-welcome\r\n" * 100)


def by_drips(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"2")
        time.sleep(0.05)


def line_by_line(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"220-welcome\r\n")
        time.sleep(0.05)


@pytest.mark.parametrize("how", [without_end, by_drips, line_by_line])
def test_a_greeting_that_never_ends_ends_with_our_patience(
    how: Callable[[socket.socket], None],
) -> None:
    with behaving(how) as port:
        server = Server(host="127.0.0.1", port=port, security=Security.NONE)
        start = elapsed()
        fault = attempt(server, latest=start + 1)

    assert isinstance(fault, Fault)
    assert elapsed() - start < 5


@pytest.mark.parametrize(
    ("words", "said", "remedy"),
    [
        ([b"550 5.7.1 who are you\r\n"] * 2, "550 5.7.1 who are you", "turns this"),
        ([b"250 STARTTLS\r\n", b"454 4.7.0 later\r\n"], "454 4.7.0 later", "465"),
    ],
    ids=["EHLO", "STARTTLS"],
)
def test_what_a_server_says_no_to_is_told_in_its_words(
    words: list[bytes], said: str, remedy: str
) -> None:
    hello = [] if words[0].startswith(b"5") else [b"250-hello\r\n"]
    with saying(b"220 hello\r\n", b"".join([*hello, words[0]]), words[1]) as port:
        finding = tried(port)

    assert said in finding.message
    assert remedy in finding.remedy


@pytest.mark.parametrize(
    ("password", "challenge", "message"),
    [
        (PASSWORD, b"334 !!!not base64\r\n", "words that nobody can read"),
        ("w\u00f6rter", b"334 bm8=\r\n", "a letter that SMTP does not carry"),
    ],
)
def test_a_sign_in_that_cannot_be_spoken_is_explained(
    password: str, challenge: bytes, message: str
) -> None:
    with saying(
        b"220 hello\r\n", b"250-hello\r\n250 AUTH CRAM-MD5\r\n", challenge
    ) as port:
        finding = tried(port, Security.NONE, password=password)

    assert message in finding.message


def test_a_name_that_no_host_can_have_is_told() -> None:
    finding = tried(587, host="mail..example.org")

    assert finding.severity is Severity.FAIL
    assert "host" in finding.remedy
