"""A blast by the command line: from the file to the outbox, to the byte."""

import email
import email.policy
import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.e2e import forked
from tests.e2e.conftest import Shell, copied

ANA, BEN = "ana@example.org", "ben@example.org"
OTAY = """\
list = "urgent"
edition = "otay-mesa"
answer_url = "https://example.org/answer"

[audience]
include = [{ region = "us-ca" }]

[en]
headline = ["Come to Otay Mesa", "tonight at 6"]
reason = "People held at the detention center are being moved tonight; stand with them."
where = "Main gate, Otay Mesa"
body = "Bring **water** and read [how](https://example.org/how)."

[es]
headline = ["Vengan a Otay Mesa", "hoy a las 6"]
reason = "Esta noche trasladan a personas detenidas; sus familias nos piden acompañarlas."
where = "Entrada principal, Otay Mesa"
body = "Traigan **agua** y lean [cómo](https://example.org/how)."
"""
PEOPLE = "organization,email,language,city,state,consent_basis,consent_at\n"


def at(minutes: int) -> str:
    """Return the moment so many minutes after the approval."""
    return f"2019-10-07T{15 + minutes // 60:02}:{minutes % 60:02}:00Z"


@pytest.fixture
def coalition(initial: Shell, tmp_path: Path) -> Shell:
    """A project with two coordinators and three readers of urgent calls."""
    shell = copied(initial, tmp_path)
    shell.edit("mailer.toml", "# coordinators", f'coordinators = ["{ANA}", "{BEN}"] #')
    shell.edit("mailer.toml", "# postal_address", "postal_address")
    enlist(
        shell,
        "Unión del Barrio,eva@barrio.example,es,San Diego,CA,form,2019-09-03\n"
        "AFT 1931,bob@aft.example,en,San Diego,CA,form,2019-09-04\n"
        "Unidos MN,cy@unidos.example,en,Minneapolis,MN,form,2019-09-05\n",
    )
    write(shell)
    return shell


def enlist(shell: Shell, rows: str) -> None:
    file = shell.folder / "people.csv"
    file.write_text(PEOPLE + rows, "utf-8")
    shell("import", "subscribers", str(file), "--list", "urgent")


def write(shell: Shell, words: str = OTAY) -> str:
    file = shell.folder / "otay.toml"
    file.write_text(words, "utf-8")
    return str(file)


def approved(shell: Shell) -> None:
    file = str(shell.folder / "otay.toml")
    shell("blast", "new", file, "--by", ANA, "--as-of", at(0))
    shell("blast", "submit", "otay-mesa", "--by", ANA, "--offline", "--as-of", at(0))
    shell("blast", "approve", "otay-mesa", "--by", BEN, "--as-of", at(0))


def shown(shell: Shell) -> dict[str, object]:
    found: dict[str, object] = shell("blast", "show", "otay-mesa", "--json").json
    return found


def to(message: Path) -> str:
    read = email.message_from_bytes(message.read_bytes(), policy=email.policy.default)
    return str(read["To"])


def test_what_is_previewed_is_sent_to_the_byte_to_those_who_are_meant(
    coalition: Shell,
) -> None:
    approved(coalition)
    coalition("work", "--until-idle", "--as-of", at(9))
    assert coalition.messages == []
    for address in ("eva@barrio.example", "bob@aft.example"):
        out = str(coalition.folder / "preview" / address)
        coalition(
            "blast", "preview", "otay-mesa", "--for", address, "--out", out,
            "--as-of", at(10),
        )  # fmt: skip

    coalition("work", "--until-idle", "--as-of", at(10))

    sent = {to(message): message.read_bytes() for message in coalition.messages}
    assert set(sent) == {"eva@barrio.example", "bob@aft.example"}
    for address, words in sent.items():
        (previewed,) = (coalition.folder / "preview" / address).glob("*.eml")
        assert previewed.read_bytes() == words
    coalition("work", "--until-idle", "--as-of", at(11))
    report = shown(coalition)
    assert report["state"] == "done"
    assert report["report"]["sent"] == 2  # type: ignore[index]
    assert report["report"]["opens"] is None  # type: ignore[index]
    told = coalition("blast", "show", "otay-mesa").out
    assert "Approved 2, sending 2." in told
    assert "Nobody is tracked" in told


def test_the_story_is_refused_step_by_step_where_it_must_be(coalition: Shell) -> None:
    def refused(*words: str) -> str:
        ran = coalition("blast", *words, check=False)
        assert ran.code == 1
        return ran.err

    file = write(coalition, OTAY.replace("[es]", "[fr]"))
    assert "otay.toml, line 14: fr: is not known here" in refused(
        "new", file, "--by", ANA
    )
    file = write(coalition, OTAY.partition("[es]")[0] + "# Heading\n")
    coalition("blast", "new", file, "--by", ANA)
    assert "no blast" in refused("show", "nowhere")
    assert "missing-language" in refused(
        "submit", "otay-mesa", "--by", ANA, "--offline"
    )
    assert "is no coordinator" in refused(
        "submit", "otay-mesa", "--by", "x@example.org"
    )
    coalition(
        "blast", "submit", "otay-mesa", "--by", ANA, "--offline",
        "--acknowledge", "missing-language",
    )  # fmt: skip
    assert "--revision 1" in coalition("blast", "show", "otay-mesa").out
    unseen = ("--by", BEN, "--revision", "2")
    assert "just changed it" in refused("approve", "otay-mesa", *unseen)
    assert "does not approve it" in refused("approve", "otay-mesa", "--by", ANA)
    assert "--reason" in refused("approve", "otay-mesa", "--by", ANA, "--alone")
    assert "not how many" in refused(
        "approve", "otay-mesa", "--by", BEN, "--count", "7"
    )
    assert "nothing was changed" in refused("pause", "otay-mesa")
    assert coalition("blast", "stop", "otay-mesa").code == 0


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (f"action = {'[' * 100_000}", "is nested too deeply"),
        (f"action = {'9' * 5_000}", "holds a number that cannot be meant"),
    ],
)
def test_a_file_that_no_reader_survives_is_refused(
    coalition: Shell, line: str, words: str
) -> None:
    file = write(coalition, f"{line}\n{OTAY}")

    ran = coalition("blast", "new", file, "--by", ANA, check=False)

    assert ran.code == 1
    assert f"otay.toml: {words}" in ran.err


def test_a_stop_during_the_hold_is_a_stop_until_somebody_goes_on(
    coalition: Shell,
) -> None:
    approved(coalition)

    coalition("blast", "stop", "otay-mesa", "--reason", "wrong gate", "--as-of", at(5))
    coalition("work", "--until-idle", "--as-of", at(50))
    assert coalition.messages == []
    assert shown(coalition)["state"] == "paused"

    coalition("blast", "resume", "otay-mesa", "--by", BEN, "--as-of", at(60))
    coalition("work", "--until-idle", "--as-of", at(69))
    assert coalition.messages == []
    coalition("work", "--until-idle", "--as-of", at(70))
    assert len(coalition.messages) == 2


def test_one_alone_is_told_of_to_all_coordinators(coalition: Shell) -> None:
    file = str(coalition.folder / "otay.toml")
    coalition("blast", "new", file, "--by", ANA, "--as-of", at(0))
    coalition(
        "blast", "submit", "otay-mesa", "--by", ANA, "--offline", "--as-of", at(0)
    )

    coalition(
        "blast", "approve", "otay-mesa", "--by", ANA, "--alone",
        "--reason", "Ben is on the road", "--as-of", at(0),
    )  # fmt: skip
    coalition("work", "--until-idle", "--as-of", at(1))

    assert sorted(map(to, coalition.messages)) == [ANA, BEN]
    assert shown(coalition)["alone"] is True


def test_a_test_goes_to_one_address_in_every_language_and_says_so(
    coalition: Shell,
) -> None:
    file = str(coalition.folder / "otay.toml")
    coalition("blast", "new", file, "--by", ANA)

    coalition("blast", "test", "otay-mesa", "--to", "ana@example.org")
    coalition("work", "--until-idle")

    read = email.policy.default
    subjects = [
        email.message_from_bytes(each.read_bytes(), policy=read)["Subject"]
        for each in coalition.messages
    ]
    assert sorted(subjects) == [
        "Prueba: Vengan a Otay Mesa hoy a las 6",
        "Test: Come to Otay Mesa tonight at 6",
    ]
    assert {to(each) for each in coalition.messages} == {ANA}
    assert shown(coalition)["state"] == "draft"


def test_a_correction_is_prefilled_for_whoever_got_the_wrong_one(
    coalition: Shell,
) -> None:
    approved(coalition)
    coalition("work", "--until-idle", "--as-of", at(10))
    file = coalition.folder / "fix.toml"

    coalition("blast", "new", str(file), "--correcting", "urgent/otay-mesa")
    ran = coalition("blast", "new", str(file), "--by", ANA, "--as-of", at(20), "--json")

    assert ran.json["blast"] == "urgent/otay-mesa-corrected"
    found = coalition(
        "blast", "check", "otay-mesa-corrected", "--offline", "--json",
        "--as-of", at(20), check=False,
    ).json["findings"]  # fmt: skip
    named = {each["name"]: each["words"] for each in found}
    assert named["audience"] == "2 people would get it"
    assert "mailed-lately" in named
    again = coalition(
        "blast", "new", str(file), "--correcting", "urgent/otay-mesa", check=False
    )
    assert "exists already" in again.err


class _Pages(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        page = self.path == "/how"
        self.send_response(200 if page else 302 if self.path == "/on" else 404)
        self.send_header("Location", "/how")
        self.end_headers()
        self.wfile.write(b"<title>How &amp; where</title>" if page else b"")

    def log_message(self, *_words: object) -> None:
        """Say nothing."""


@pytest.fixture
def pages() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Pages) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_links_are_asked_and_say_what_they_are(coalition: Shell, pages: str) -> None:
    words = OTAY.replace("https://example.org/answer", f"{pages}/gone")
    words = words.replace("https://example.org/how", f"{pages}/how", 1)
    words = words.replace("https://example.org/how", f"{pages}/on", 1)
    words = words.replace("**agua**", "[agua](http://example.org/)")
    file = write(coalition, words)

    ran = coalition(
        "blast", "check", file, "--json", check=False, MAILER_BASE_URL=pages
    )

    assert ran.code == 1
    found = [
        (each["name"], each["severity"], each["words"]) for each in ran.json["findings"]
    ]
    assert ("link", "ok", f"{pages}/how is “How & where”") in found
    on = f"{pages}/on leads on to {pages}/how, which is “How & where”"
    assert ("link", "ok", on) in found
    assert (
        "link-dead",
        "error",
        f"{pages}/gone answers 404: nothing is there",
    ) in found
    assert any(
        n == "link" and s == "error" and "http://example.org/" in w for n, s, w in found
    )


def test_whoever_is_killed_while_it_is_released_and_sent_mails_nobody_twice(
    coalition: Shell,
) -> None:
    enlist(
        coalition,
        "".join(
            f"AFT,reader{n}@example.org,en,San Diego,CA,form,2019-09-04\n"
            for n in range(150)
        ),
    )
    approved(coalition)
    chance = random.Random(7)  # noqa: S311 - no secret
    for minutes in (10, 10, 10, 11, 22, 22, 22, 22):
        killed_after(coalition, chance.uniform(0.05, 1.2), minutes)
    for minutes in (30, 31, 45, 46, 47):
        coalition("work", "--until-idle", "--as-of", at(minutes))

    had = Counter(map(to, coalition.messages))
    assert len(had) == 152
    assert set(had.values()) == {1}
    status = coalition("status", "urgent/otay-mesa", "--json").json
    assert status["deliveries"] == {"pending": 0, "sent": 152}
    assert status["audience"] == 152
    assert shown(coalition)["state"] == "done"


def killed_after(shell: Shell, seconds: float, minutes: int) -> None:
    """Run a worker and kill it, without a chance to say goodbye."""
    words = [
        "--project",
        str(shell.folder),
        "work",
        "--until-idle",
        "--as-of",
        at(minutes),
    ]
    process = forked.started(
        words, environment=shell.environment(), folder=shell.folder
    )
    time.sleep(seconds)
    process.kill()
    process.join()


def test_the_list_and_the_report_are_for_machines_too(coalition: Shell) -> None:
    approved(coalition)

    (row,) = coalition("blast", "list", "--json").json
    assert (row["blast"], row["state"], row["approved"]) == (
        "urgent/otay-mesa",
        "held",
        2,
    )
    told = json.dumps(shown(coalition)["story"])
    assert ANA not in told
    assert "a…@example.org" in json.loads(told)[0]["by"]
