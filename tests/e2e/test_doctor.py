"""`mailer doctor` as people run it: against real DNS, pages and a provider's API."""

import shutil
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.contract.providers import smtp_server
from tests.contract.providers.api_server import ApiServer, running
from tests.contract.test_accounts import POSTMARK_PAGES, TOKEN, Documented
from tests.e2e.conftest import Shell
from tests.fakes.nameserver import Nameserver, serving
from tests.unit.test_dkim_records import rsa

D = "coalition.org"
ZONE: Mapping[tuple[str, str], Sequence[str]] = {
    (D, "MX"): [f"10 mx.{D}."],
    (f"_dmarc.{D}", "TXT"): [f"v=DMARC1; p=reject; rua=mailto:dmarc@{D}"],
    (f"pm-bounces.{D}", "CNAME"): ["pm.mtasv.net."],
    ("pm.mtasv.net", "MX"): ["10 inbound.postmarkapp.com."],
    ("pm.mtasv.net", "TXT"): ["v=spf1 ip4:50.31.156.96/27 ~all"],
    (f"20261101pm._domainkey.{D}", "TXT"): [f"k=rsa; p={rsa(2048)}"],
}


@pytest.fixture
def nameserver() -> Iterator[Nameserver]:
    with serving(ZONE) as started:
        yield started


@pytest.fixture
def postmark() -> Iterator[ApiServer]:
    with running(Documented(POSTMARK_PAGES)) as api:
        yield api


def sending(shell: Shell, postmark: ApiServer) -> Shell:
    """Set a project up to send through Postmark, from a domain of its own."""
    shell.edit("mailer.toml", "actions@example.org", f"actions@{D}")
    shell.edit("mailer.toml", "# postal_address = ", "postal_address = ")
    shell.edit("mailer.toml", 'provider = "outbox"', 'provider = "postmark"')
    table = f"""
[providers.postmark]
kind = "postmark"
token = "env:POSTMARK_TOKEN"
base_url = "{postmark.url}"

[doctor]
selectors = ["20261101pm"]
"""
    file = shell.folder / "mailer.toml"
    file.write_text(file.read_text("utf-8") + table, "utf-8")
    return shell


def found(report: Mapping[str, Any], about: str) -> Mapping[str, Any]:
    (finding,) = [each for each in report["findings"] if each["about"] == about]
    return dict(finding)


def severities(report: Mapping[str, Any], topic: str) -> dict[str, str]:
    return {
        each["about"]: each["severity"]
        for each in report["findings"]
        if each["topic"] == topic
    }


def test_a_fresh_project_sends_nothing_so_nothing_fails(shell: Shell) -> None:
    report = shell("doctor", "--json", "--offline").json

    assert report["worst"] == "warn"
    assert found(report, "postal address")["severity"] == "warn"
    assert found(report, "sender example.org")["severity"] == "warn"


def test_offline_every_question_that_is_not_asked_says_so(
    shell: Shell, nameserver: Nameserver, postmark: ApiServer
) -> None:
    sending(shell, postmark)

    ran = shell(
        "doctor", "--json", "--offline", "--resolver", nameserver.address,
        check=False, POSTMARK_TOKEN=TOKEN,
    )  # fmt: skip

    unasked = [each for each in ran.json["findings"] if not each["asked"]]
    assert {each["severity"] for each in unasked} == {"note"}
    assert all(each["message"].startswith("could not ask: ") for each in unasked)
    assert {each["topic"] for each in unasked} >= {"DNS", "links", "provider", "clock"}
    assert not nameserver.asked
    assert not postmark.calls


def test_dns_and_the_account_are_asked_for_real(
    shell: Shell, nameserver: Nameserver, postmark: ApiServer
) -> None:
    sending(shell, postmark)

    ran = shell(
        "doctor", "--json", "--resolver", nameserver.address,
        check=False, POSTMARK_TOKEN=TOKEN,
    )  # fmt: skip

    assert severities(ran.json, "DNS") == {
        f"mail to {D}": "ok",
        f"DMARC of {D}": "ok",
        f"return path of {D}": "ok",
        f"SPF of pm-bounces.{D}": "ok",
        f"DKIM key 20261101pm._domainkey.{D}": "ok",
        f"alignment with {D}": "ok",
    }
    assert severities(ran.json, "provider") == {
        "[providers.postmark]": "ok",
        "Postmark server": "ok",
        "Postmark stream": "ok",
        "Postmark webhook": "note",  # nobody could reach 127.0.0.1
        f"Postmark domain {D}": "note",
    }
    assert TOKEN not in ran.out + ran.err
    assert ran.code == 1  # its links lead to 127.0.0.1, and nobody answers there


def test_our_own_links_are_tried_and_nobody_leaves(filled: Shell) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    before = people(filled.folder)
    pages = subprocess.Popen(  # noqa: S603 - our own program
        filled.command("web", "--port", str(port)),
        env=filled.environment(),
        cwd=filled.folder.parent,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(port)
        report = filled("doctor", "--json", MAILER_BASE_URL=url).json
    finally:
        pages.terminate()
        pages.wait(20)

    assert severities(report, "links") == {"pages": "ok", "one-click leaving": "ok"}
    assert severities(report, "clock") == {"clock": "ok"}
    assert found(report, "list weekly")["message"] == "3 get it"
    assert people(filled.folder) == before


def wait_for(port: int) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        with socket.socket() as trying:
            if trying.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("the pages did not start")


def people(folder: Path) -> list[Any]:
    with closing(sqlite3.connect(folder / "mailer.db")) as database:
        return [
            *database.execute("SELECT * FROM subscriptions ORDER BY 1, 2"),
            *database.execute("SELECT count(*) FROM consent_events"),
        ]


def test_a_resolver_and_a_provider_that_are_silent_cost_seconds_and_no_verdict(
    shell: Shell, nameserver: Nameserver, postmark: ApiServer
) -> None:
    sending(shell, postmark)
    nameserver.silent |= {name for name, _ in ZONE} | {"_dmarc.org", "_dmarc"}
    began = time.monotonic()

    report = shell(
        "doctor", "--json", "--resolver", nameserver.address,
        check=False, POSTMARK_TOKEN=TOKEN,
    ).json  # fmt: skip

    assert time.monotonic() - began < 25
    dns = [each for each in report["findings"] if each["topic"] == "DNS"]
    assert not any(each["asked"] for each in dns)
    assert {each["severity"] for each in dns} == {"note"}


def test_on_a_terminal_of_80_columns_only_records_to_copy_are_wider(
    shell: Shell, postmark: ApiServer
) -> None:
    sending(shell, postmark)
    with serving({(D, "A"): ["192.0.2.1"]}) as nameserver:
        ran = shell(
            "doctor", "--resolver", nameserver.address,
            check=False, POSTMARK_TOKEN=TOKEN, COLUMNS="80",
        )  # fmt: skip

    lines = ran.out.splitlines()
    wide = [line for line in lines if len(line) > 80]
    assert all(line == line.rstrip() for line in lines)
    assert all("v=DMARC1" in line for line in wide)
    assert f"_dmarc.{D}  TXT" in ran.out
    assert "could not be asked" in lines[-1]
    fails = [at for at, line in enumerate(lines) if line.startswith("fail")]
    oks = [at for at, line in enumerate(lines) if line.startswith("  ok")]
    assert fails
    assert oks
    assert lines[0] in {"DNS", "settings", "links"}  # the topics with the worst first


def test_settings_that_cannot_be_read_are_a_finding(shell: Shell) -> None:
    shell.edit("mailer.toml", "[sender]", "[sender")

    ran = shell("doctor", "--json", check=False)

    assert ran.code == 1
    (finding,) = ran.json["findings"]
    assert finding["severity"] == "fail"
    assert "mailer.toml" in finding["message"]


def test_a_provider_without_its_token_is_a_finding(
    shell: Shell, postmark: ApiServer
) -> None:
    sending(shell, postmark)
    shell.edit("mailer.toml", 'token = "env:POSTMARK_TOKEN"\nbase_url', "base_url")

    ran = shell("doctor", "--json", "--offline", check=False)

    assert ran.code == 1
    assert "token" in found(ran.json, "[providers.postmark]")["message"]


def test_a_database_that_is_not_there_is_told_and_not_made(shell: Shell) -> None:
    (shell.folder / "mailer.db").unlink()

    report = shell("doctor", "--json", "--offline", check=False).json

    assert "mailer db upgrade" in found(report, "schema")["remedy"]
    assert not (shell.folder / "mailer.db").exists()


def test_a_stop_is_told_with_its_reason(shell: Shell) -> None:
    shell("stop", "--reason", "wrong list")

    switch = found(shell("doctor", "--json", "--offline").json, "sending")

    assert switch["severity"] == "warn"
    assert "wrong list" in switch["message"]


def test_a_key_that_others_may_read_is_told(shell: Shell) -> None:
    key = shell.folder / "secret.key"
    key.chmod(0o644)

    finding = found(shell("doctor", "--json", "--offline").json, "secret.key")

    assert finding["severity"] == "warn"
    assert finding["remedy"] == f"chmod 600 {key}"


def test_doctor_changes_nothing_in_the_project(filled: Shell, tmp_path: Path) -> None:
    copy = tmp_path / "before"
    shutil.copytree(filled.folder, copy)

    filled("doctor", "--offline", "--json")

    names = {path.name for path in filled.folder.iterdir()}
    assert names - {"mailer.db-shm", "mailer.db-wal"} == {
        path.name for path in copy.iterdir()
    } - {"mailer.db-shm", "mailer.db-wal"}
    assert people(filled.folder) == people(copy)


def test_a_resolver_that_is_no_address_is_refused(shell: Shell) -> None:
    ran = shell("doctor", "--resolver", "dns.example", check=False)

    assert ran.code == 1
    assert "--resolver" in ran.err
    assert not ran.out


# --- what a newcomer gets wrong


def with_table(shell: Shell, table: str, provider: str = "main") -> Shell:
    """Have a project's mail carried by the provider that a table describes."""
    shell.edit("mailer.toml", "actions@example.org", f"actions@{D}")
    shell.edit("mailer.toml", "# postal_address = ", "postal_address = ")
    shell.edit("mailer.toml", 'provider = "outbox"', f'provider = "{provider}"')
    file = shell.folder / "mailer.toml"
    file.write_text(f"{file.read_text('utf-8')}\n[providers.{provider}]\n{table}\n")
    return shell


MAILGUN = """\
kind = "mailgun"
token = "key-1234567890abcdef"
domain = "mg.coalition.org"
"""
POSTMARK = 'kind = "postmark"\ntoken = "token-1234567890"\n'
SES = """\
kind = "ses"
region = "eu-west-1"
access_key = "AKIA1"
secret_key = "s3cr3t"
"""


@pytest.mark.parametrize(
    ("table", "about", "says"),
    [
        (
            'kind = "resend"\ntoken = "re_1234567890abcdef"\nevents_key = "whsec-no-key-4711"',
            "[providers.main] events",
            "whsec_",
        ),
        (
            'kind = "brevo"\ntoken = "xsmtpsib-4711-4711-4711"',
            "[providers.main]",
            "make one at Brevo: SMTP & API, API Keys (xkeysib-…)",
        ),
        (
            f"{SES.replace('eu-west-1', 'eu-west-9')}",
            "[providers.main]",
            "near are eu-west-1",
        ),
        (
            f'{MAILGUN}events_key = "short"',
            "[providers.main] events",
            "can be guessed",
        ),
        (
            f'{SES}events_topic = "https://sns.example"',
            "[providers.main] events",
            "arn:aws:sns:",
        ),
        (
            f'{SES}events_key = "whsec-no-key-4711"',
            "[providers.main]",
            "write events_topic instead",
        ),
        (
            'kind = "smtp"\nhost = "127.0.0.1"\nevents_key = "whsec-no-key-4711"',
            "[providers.main]",
            "take events_key out",
        ),
        (
            'kind = "outbox"\nevents_key = "whsec-no-key-4711"',
            "[providers.main]",
            "take events_key out",
        ),
        (
            'kind = "postmark"\ntoken = "token-1234567890"\nregion = "eu"',
            "[providers.main]",
            "take it out, or write one of: base_url,",
        ),
    ],
)
def test_a_key_that_is_wrong_for_its_provider_is_told(
    shell: Shell, table: str, about: str, says: str
) -> None:
    sends = 'kind = "outbox"' not in table
    ran = with_table(shell, table)("doctor", "--offline", "--json", check=False)

    finding = found(ran.json, about)
    assert ran.code == (1 if sends else 0)
    assert finding["severity"] == ("fail" if sends else "warn")
    assert "[providers.main]" not in finding["message"]  # it is about that
    assert says in f"{finding['message']}; {finding['remedy']}"
    assert finding["remedy"]
    told = [each["message"] for each in ran.json["findings"]]
    assert told.count(finding["message"]) == 1
    assert "4711" not in ran.out


def test_a_key_of_events_that_is_missing_is_told_with_what_it_does_and_the_way_out(
    shell: Shell,
) -> None:
    table = f'{POSTMARK}events_key = "env:EVENTS"'
    ran = with_table(shell, table)("doctor", "--offline", "--json", check=False)

    finding = found(ran.json, "[providers.main] events")
    assert finding["message"].startswith("events_key: the environment has no EVENTS")
    assert "answered with 503" in finding["effect"]
    assert "the pages open all the same" in finding["effect"]
    assert finding["remedy"] == "set EVENTS and retry"


def test_that_nobody_listens_is_noted_while_no_provider_could_reach_us(
    shell: Shell,
) -> None:
    report = with_table(shell, POSTMARK)(
        "doctor", "--offline", "--json", check=False
    ).json

    about = [each for each in report["findings"] if "webhook" in each["about"]]
    assert [each["severity"] for each in about] == ["note", "note"]
    assert "names no events_key: nobody listens" in about[0]["message"]
    assert about[1]["message"].startswith("could not ask: ")


def test_a_secret_written_into_mailer_toml_is_told_and_never_shown(
    shell: Shell,
) -> None:
    with_table(shell, 'kind = "postmark"\ntoken = "token-4711-4711-4711"')

    ran = shell("doctor", "--offline", "--json", check=False)

    finding = found(ran.json, "[providers.main] token")
    assert finding["severity"] == "warn"
    assert 'token = "env:NAME"' in finding["remedy"]
    assert "4711" not in ran.out


def test_what_the_environment_decides_is_told(shell: Shell) -> None:
    report = shell(
        "doctor", "--offline", "--json", MAILER_BASE_URL="https://mail.coalition.org"
    ).json

    finding = found(report, "MAILER_BASE_URL")
    assert finding["severity"] == "note"
    assert "base_url" in finding["message"]


def test_a_secret_that_is_missing_stops_only_what_needs_it(filled: Shell) -> None:
    with_table(filled, 'kind = "postmark"\ntoken = "env:POSTMARK_TOKEN"')

    assert filled("lists").code == 0
    assert filled("status").code == 0
    assert filled("preview", "weekly").code == 0
    told = filled("doctor", "--offline", "--json", check=False).json
    assert "POSTMARK_TOKEN" in found(told, "[providers.main]")["message"]
    for words in (("send", "weekly"), ("send", "weekly", "--dry-run")):
        ran = filled(*words, check=False)
        assert ran.code == 1
        assert "mailer.toml: [providers.main] token: " in ran.err
        assert "POSTMARK_TOKEN" in ran.err


def test_a_mail_server_that_refuses_the_password_is_told(shell: Shell) -> None:
    with smtp_server.running("starttls") as (clerk, port):
        with_table(
            shell,
            f'kind = "smtp"\nhost = "localhost"\nport = {port}\nusername = "mailer"\n'
            f'password = "env:SMTP_PASSWORD"\nca_file = "{smtp_server.TLS / "ca.pem"}"',
        )
        ran = shell("doctor", "--json", check=False, SMTP_PASSWORD="no-such-password")

    finding = found(ran.json, "mail server localhost")
    assert finding["severity"] == "fail"
    assert "sign-in was refused: 535" in finding["message"]
    assert "username and password in [providers.main]" in finding["remedy"]
    assert "no-such-password" not in ran.out + ran.err
    assert not clerk.taken


@pytest.mark.parametrize(
    "words",
    [
        "v=DMARC1; p=oops; x=\x1b[2J\x1b]0;owned\x07",
        "v=DMARC1; p=oops; x=\u202egro\u009b31m",
    ],
)
def test_what_strangers_publish_gives_the_terminal_no_orders(
    shell: Shell, postmark: ApiServer, words: str
) -> None:
    sending(shell, postmark)
    with serving({**ZONE, (f"_dmarc.{D}", "TXT"): [words]}) as nameserver:
        ask = ("doctor", "--resolver", nameserver.address)
        shown = shell(*ask, check=False, POSTMARK_TOKEN=TOKEN).out
        written = shell(*ask, "--json", check=False, POSTMARK_TOKEN=TOKEN)

    assert "x=" in shown
    assert not {"\x1b", "\x07", "\u009b", "\u202e"} & set(shown)
    assert not {"\x1b", "\x07", "\u009b"} & set(written.out)
    assert words in written.out or any(
        "x=" in each["remedy"] for each in written.json["findings"]
    )
