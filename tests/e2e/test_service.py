"""The service as it runs for months: due by rule, killed at any moment, never twice."""

import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from tests.e2e.conftest import MONDAY, Shell, fill

MANY = 60


class Mailbox:
    """An SMTP server that counts what it accepts, and can take its time."""

    def __init__(self) -> None:
        self.accepted: Counter[str] = Counter()
        self.pause = 0.0
        self.first = threading.Event()

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Any
    ) -> str:
        """Accept the message."""
        self.accepted.update(envelope.rcpt_tos)
        self.first.set()
        if self.pause:
            time.sleep(self.pause)  # noqa: ASYNC251 - one client at a time is the point
        return "250 OK"


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    """A running SMTP server and its port."""
    box = Mailbox()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield box, port
    controller.stop()


def use_smtp(shell: Shell, port: int) -> None:
    shell.edit(
        "mailer.toml",
        'kind = "outbox"\nfolder = "outbox"',
        f'kind = "smtp"\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"',
    )
    shell.edit("mailer.toml", "# postal_address", "postal_address")


def crowd(n: int = MANY) -> str:
    rows = [
        f"Group {i},r{i}@crowd.example,en,Denver,CO,form,2019-09-03" for i in range(n)
    ]
    header = "organization,email,language,city,state,consent_basis,consent_at"
    return "\n".join([header, *rows]) + "\n"


def until(true: Callable[[], bool], seconds: float = 45.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.1)


def test_a_send_killed_half_way_mails_nobody_twice_and_loses_nobody(
    shell: Shell, mailbox: tuple[Mailbox, int]
) -> None:
    box, port = mailbox
    fill(shell, people=crowd())
    use_smtp(shell, port)
    box.pause = 0.05
    with shell.start("send", "weekly", "--as-of", MONDAY) as sending:
        assert box.first.wait(45)
        time.sleep(0.3)
        sending.send_signal(signal.SIGKILL)
        sending.wait()
    box.pause = 0.0
    expire_leases(shell)

    assert shell("work", "--until-idle", check=False).code == 1  # a person is needed
    counts = shell("status", "weekly/2019-10-07", "--json").json["deliveries"]

    assert max(box.accepted.values()) == 1
    assert counts["pending"] == 0
    assert sum(counts.values()) == MANY
    assert counts["sent"] <= len(box.accepted)
    assert len(box.accepted) <= counts["sent"] + counts["parked"]
    assert counts["parked"] > 0
    listed = shell("parked")
    reason = shell("parked", "--json").json[0]["reason"]
    assert listed.out.count(reason) == 1  # however many rows
    assert listed.out.count("(1)") == counts["parked"] + 1


def test_a_send_that_is_told_to_end_leaves_nothing_unknown(
    shell: Shell, mailbox: tuple[Mailbox, int]
) -> None:
    box, port = mailbox
    fill(shell, people=crowd(110))  # three batches
    use_smtp(shell, port)
    box.pause = 0.02
    with shell.start("send", "weekly", "--as-of", MONDAY) as sending:
        assert box.first.wait(45)
        sending.send_signal(signal.SIGTERM)
        sending.wait(30)
    box.pause = 0.0
    halted = shell("status", "weekly/2019-10-07", "--json").json

    shell("work", "--until-idle")

    assert halted["state"] == "sending"
    assert halted["deliveries"]["pending"] > 0
    assert "unknown" not in halted["deliveries"]
    assert set(box.accepted.values()) == {1}
    assert len(box.accepted) == 110


def expire_leases(shell: Shell) -> None:
    """Let the time pass after which a dead worker's lease is void."""
    with sqlite3.connect(shell.folder / "mailer.db") as connection:
        connection.execute("UPDATE batches SET lease_until = 0")


def due_a_minute_ago(shell: Shell) -> str:
    """Set the weekly list's cadence so that an edition has just fallen due."""
    due = datetime.now(UTC) - timedelta(minutes=1)
    weekday = f"{due:%A}".lower()
    shell.edit("lists/weekly.toml", 'on = "monday"', f'on = "{weekday}"')
    shell.edit("lists/weekly.toml", 'at = "08:00"', f'at = "{due:%H:%M}"')
    shell.edit("lists/weekly.toml", "America/Los_Angeles", "UTC")
    yesterday = f"{due - timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"
    with sqlite3.connect(shell.folder / "mailer.db") as connection:
        connection.execute(
            "UPDATE lists SET first_seen_at = ?", (yesterday[:19].replace("T", " "),)
        )
    return f"{due:%Y-%m-%d}"


def soon(days: int) -> str:
    return f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%d}"


COMING = (
    "external_id,start_date,city,state,sponsors\n"
    f"1,{soon(3)},Denver,CO,Unidos MN\n2,{soon(9)},San Diego,CA,Mijente\n"
)


def test_the_scheduler_sends_what_is_due_once_and_ends_when_told(shell: Shell) -> None:
    fill(shell, actions=COMING)
    edition = due_a_minute_ago(shell)
    words = ("--project", str(shell.folder), "--every", "0.5")
    command = [sys.executable, str(shell.folder / "scheduler.py"), *words]

    with (
        subprocess.Popen(command, env=shell.environment()) as one,  # noqa: S603 - ours
        shell.scheduler(*words) as two,
    ):
        until(lambda: len(shell.messages) == 3)
        until((shell.folder / "outbox" / "index.html").exists)  # while they run
        time.sleep(2.0)  # several more ticks of both
        for process in (one, two):
            process.send_signal(signal.SIGTERM)
        codes = [process.wait(30) for process in (one, two)]

    status = shell("status", f"weekly/{edition}", "--json").json
    assert codes == [0, 0]
    assert len(shell.messages) == 3
    assert (status["state"], status["deliveries"]["sent"]) == ("finished", 3)


def test_a_tick_that_is_waited_for_leaves_no_line_in_the_log(shell: Shell) -> None:
    fill(shell, actions=COMING)
    due_a_minute_ago(shell)

    with shell.scheduler("--every", "0.02") as service:
        until(lambda: len(shell.messages) == 3)
        service.send_signal(signal.SIGTERM)
        told = service.ended(30)

    assert "started" in told
    assert "skipped" not in told


def test_the_scheduler_reads_the_website_before_each_edition(shell: Shell) -> None:
    site = shell.folder / "site.db"
    with sqlite3.connect(site) as connection:
        connection.execute("CREATE TABLE events (id, title, day, city, state, groups)")
        connection.execute(
            "INSERT INTO events VALUES (1, 'March', ?, 'Denver', 'CO', 'Unidos MN')",
            (soon(4),),
        )
    with (shell.folder / "mailer.toml").open("a", encoding="utf-8") as file:
        file.write(
            '\n[sources.website]\nkind = "sql"\nurl = "sqlite:///site.db"\n'
            'query = "SELECT id AS external_id, title, day AS start_date, city, state,'
            ' groups AS sponsors FROM events"\n'
        )
    people = crowd(2)
    (shell.folder / "people.csv").write_text(people, "utf-8")
    shell("import", "subscribers", str(shell.folder / "people.csv"), "--list", "weekly")
    due_a_minute_ago(shell)

    with shell.scheduler("--every", "0.5") as service:
        until(lambda: len(shell.messages) == 2)
        service.send_signal(signal.SIGTERM)
        assert service.wait(30) == 0

    [action] = shell("actions", "--json").json
    assert (action["source"], action["title"]) == ("website", "March")


def test_the_scheduler_refuses_to_start_with_wrong_settings(shell: Shell) -> None:
    shell.edit("mailer.toml", 'base_url = "http', 'base_url = "gopher')

    ran = subprocess.run(
        [sys.executable, "scheduler.py"],
        cwd=shell.folder, env=shell.environment(), capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip

    assert ran.returncode == 1
    assert "base_url" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_two_sends_at_once_mail_everybody_once(
    shell: Shell, mailbox: tuple[Mailbox, int]
) -> None:
    box, port = mailbox
    fill(shell, people=crowd())
    use_smtp(shell, port)
    words = ("send", "weekly", "--as-of", MONDAY)

    with shell.start(*words) as one, shell.start(*words) as two:
        codes = {process.wait(60) for process in (one, two)}
    shell("work", "--until-idle")

    assert codes <= {0, 1}
    assert set(box.accepted.values()) == {1}
    assert len(box.accepted) == MANY


def test_a_service_that_lacks_a_secret_says_which_as_it_starts(shell: Shell) -> None:
    shell.edit("mailer.toml", 'provider = "outbox"', 'provider = "main"')
    with (shell.folder / "mailer.toml").open("a", encoding="utf-8") as file:
        file.write(
            '\n[providers.main]\nkind = "resend"\ntoken = "env:RESEND_API_KEY"\n'
        )
    with shell.scheduler("--project", str(shell.folder)) as service:
        said = service.ended(30)

    assert service.returncode == 1
    assert "scheduler: mailer.toml: [providers.main] token: " in said
    assert "RESEND_API_KEY" in said


def test_a_send_that_is_interrupted_says_so_and_tells_what_is_left(
    shell: Shell, mailbox: tuple[Mailbox, int]
) -> None:
    box, port = mailbox
    fill(shell, people=crowd(110))
    use_smtp(shell, port)
    box.pause = 0.02
    with shell.start("send", "weekly", "--as-of", MONDAY) as sending:
        assert box.first.wait(45)
        sending.send_signal(signal.SIGINT)
        said = sending.ended(30)
        box.pause = 0.0

    left = shell("status", "weekly/2019-10-07", "--json").json["deliveries"]["pending"]
    assert sending.returncode == 130
    assert f"{left} are still to be sent; to go on: mailer work" in said
    assert "in doubt" not in said


def test_calls_in_doubt_are_told_apart_from_what_was_never_sent(
    shell: Shell, mailbox: tuple[Mailbox, int]
) -> None:
    box, port = mailbox
    fill(shell, people=crowd())
    use_smtp(shell, port)
    box.pause = 0.05
    with shell.start("send", "weekly", "--as-of", MONDAY) as sending:
        assert box.first.wait(45)
        sending.send_signal(signal.SIGKILL)
        sending.wait()

    status = shell("status").out
    assert "in doubt or on the way" in status
    parked = shell("parked")
    assert "Every outcome is known" not in parked.err
    assert "1 call has no known outcome yet" in parked.err
    with shell.start("work", "--until-idle") as working:
        while "Waiting" not in working.line():
            assert working.poll() is None
        working.send_signal(signal.SIGINT)
        said = working.ended(30)
    assert working.returncode == 130, said
    assert "in doubt: a call was begun" in said
    assert "none is sent again before that" in said


INTERRUPTED_IN_A_WORD = """
import io, os, signal, sys

class Pen(io.FileIO):
    begun = False

    def write(self, words):
        if not self.begun:
            self.begun = True
            os.kill(os.getpid(), signal.SIGINT)
        return super().write(words)

sys.stderr = io.TextIOWrapper(io.BufferedWriter(Pen(2, "w")), line_buffering=True)
from mailer.cli import output
from mailer.cli.delivering import until_told

with until_told() as told:
    output.say("Waiting")
    told.wait(30)
sys.exit(told.code)
"""


def test_ctrl_c_in_the_middle_of_a_word_ends_as_it_does_elsewhere() -> None:
    ran = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", INTERRUPTED_IN_A_WORD],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert ran.returncode == 130, ran.stderr
    assert "Waiting" in ran.stderr
    assert "Ending after the call in hand" in ran.stderr
    assert "Traceback" not in ran.stderr
