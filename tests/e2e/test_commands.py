"""What coordinators and operators type, and what they are told."""

import email
import email.policy
import json
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from typer.main import get_command

from mailer.cli.app import app
from tests.e2e.conftest import (
    MONDAY,
    ROOT,
    SAMPLE_ACTIONS,
    SAMPLE_PEOPLE,
    Shell,
)

NEXT_MONDAY = "2019-10-14T15:00:00Z"


def test_init_lays_out_a_project_and_never_overwrites_one(shell: Shell) -> None:
    again = shell("init", str(shell.folder), check=False)

    assert again.code == 1
    assert "nothing was changed" in again.err
    assert (shell.folder / "lists" / "weekly.toml").exists()
    assert (shell.folder / "templates" / "email" / "digest").is_dir()
    assert (shell.folder / "secret.key").stat().st_mode & 0o077 == 0


def test_without_a_project_the_way_out_is_named(tmp_path: Path) -> None:
    nowhere = Shell(tmp_path / "nowhere")
    nowhere.folder.mkdir()

    ran = nowhere("lists", check=False)

    assert ran.code == 1
    assert "mailer init" in ran.err


def test_wrong_usage_exits_with_2(shell: Shell) -> None:
    assert shell("send", check=False).code == 2
    assert shell("sned", check=False).code == 2


def test_every_command_helps_with_an_example(shell: Shell) -> None:
    commands = dict(named("mailer", get_command(app)))

    assert len(commands) > 25
    for name, command in commands.items():
        assert f"Example: {name}" in (command.help or ""), name
    assert "Example: mailer db upgrade" in shell("db", "upgrade", "--help").out


def named(path: str, command: Any) -> Iterator[tuple[str, Any]]:
    """Every command beneath one, each by its whole name."""
    below = getattr(command, "commands", {})
    for name, each in below.items():
        yield from named(f"{path} {name}", each)
    if not below:
        yield path, command


def test_an_edition_goes_out_once_and_everybody_is_accounted_for(filled: Shell) -> None:
    shell = filled

    sent = shell("send", "weekly", "--as-of", MONDAY, "--json").json
    again = shell("send", "weekly", "--as-of", MONDAY, check=False)
    status = shell("status", "weekly/2019-10-07", "--json").json

    assert sent["state"] == "finished"
    assert sent["deliveries"] == {"pending": 0, "sent": 3}
    assert sent["audience"] == sum(sent["deliveries"].values()) == 3
    assert again.code == 1
    assert "nobody is mailed twice" in again.err
    told = {"bounced": 0, "complained": 0, "blocked": 0}
    assert status == {**sent, "told": told, "stopped": None}
    assert len(shell.messages) == 3


def test_each_message_has_its_own_leave_link_and_the_right_language(
    filled: Shell,
) -> None:
    shell = filled
    shell("send", "weekly", "--as-of", MONDAY)

    links, languages = set(), {}
    for path in shell.messages:
        message = email.message_from_bytes(
            path.read_bytes(), policy=email.policy.default
        )
        html = message.get_body(("html",))
        assert html is not None
        link = message["List-Unsubscribe"].strip("<>")
        links.add(link)
        languages[message["To"]] = re.findall(
            r'<html[^>]* lang="(\w+)"', html.get_content()
        )
        assert link in html.get_content()
        assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert [part.get_content_type() for part in message.iter_parts()] == [
            "text/plain",
            "text/html",
        ]
        assert all(not part.defects for part in message.walk())
    assert len(links) == 3
    assert languages == {
        "ana@barrio.example": ["es"],
        "ben@aft.example": ["en"],
        "cy@unidos.example": ["en"],
    }


def test_the_next_edition_tells_what_changed_and_what_is_off(filled: Shell) -> None:
    shell = filled
    shell("send", "weekly", "--as-of", MONDAY)
    later = SAMPLE_ACTIONS.replace("2019-10-25", "2019-10-26").replace(
        "2,2019-10-12,,Los Angeles,CA,Mijente; AF3IRM Los Angeles,,confirmed",
        "2,2019-10-20,,Los Angeles,CA,Mijente; AF3IRM Los Angeles,,cancelled",
    )
    (shell.folder / "actions.csv").write_text(later, "utf-8")
    changed = shell("import", "actions", str(shell.folder / "actions.csv"), "--json")
    shell("send", "weekly", "--as-of", NEXT_MONDAY)

    [message] = [
        message
        for message in map(read, shell.messages)
        if message["To"] == "ben@aft.example" and "14 Oct" in message["Date"]
    ]
    part = message.get_body(("plain",))
    assert part is not None
    text = part.get_content()
    assert changed.json["updated"] == 2
    assert "WAS Friday, October 25" in text
    assert "NOW Saturday, October 26" in text
    assert "CANCELLED: Los Angeles, CA" in text
    assert "San Diego" not in text.split("CHANGES")[1].split("ACROSS")[0]


def read(path: Path) -> email.message.EmailMessage:
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert isinstance(message, email.message.EmailMessage)
    return message


def test_preview_writes_what_is_sent_byte_for_byte(filled: Shell) -> None:
    shell = filled
    shell("plan", "--as-of", MONDAY)
    out = shell.folder / "preview"
    shell(
        "preview", "weekly", "--for", "ben@aft.example", "--as-of", MONDAY,
        "--out", str(out),
    )  # fmt: skip
    shell("send", "weekly", "--as-of", MONDAY)

    [previewed] = out.glob("*.eml")
    sent = [
        p.read_bytes()
        for p in shell.messages
        if b"To: ben@aft.example" in p.read_bytes()
    ]
    assert [previewed.read_bytes()] == sent
    assert {p.suffix for p in out.iterdir()} == {".eml", ".html", ".txt"}


def test_a_dry_run_counts_and_sends_nothing(filled: Shell) -> None:
    shell = filled

    ran = shell("send", "weekly", "--dry-run", "--as-of", MONDAY, "--json").json

    assert (ran["would_get_it"], ran["variants"]) == (3, 3)
    assert shell.messages == []
    assert shell("status", "--json").json == []


def test_a_dry_run_says_when_the_edition_would_be_refused(filled: Shell) -> None:
    filled("send", "weekly", "--as-of", MONDAY)

    again = filled("send", "weekly", "--dry-run", "--as-of", MONDAY)

    assert "exists already and is finished: mailer send would refuse" in again.out


def test_what_the_demo_calls_refused_is_refused(tmp_path: Path) -> None:
    shell = Shell(tmp_path / "demo")
    told = shell("demo", "--dir", str(shell.folder)).out
    (line,) = (one for one in told.splitlines() if " send weekly " in one)

    again = shell("send", *line.split(" send ")[1].split(), check=False)

    assert again.code == 1
    assert "nobody is mailed twice" in again.err


def test_why_tells_each_person_their_reason(filled: Shell) -> None:
    shell = filled
    (shell.folder / "stop.csv").write_text("email\nben@aft.example\n", "utf-8")
    shell(
        "import",
        "suppressions",
        str(shell.folder / "stop.csv"),
        "--reason",
        "complained",
    )
    shell("send", "weekly", "--as-of", MONDAY)

    def findings(address: str) -> str:
        return " ".join(shell("why", address, "--json").json["findings"])

    assert "sent 2019-10-07" in findings("ana@barrio.example")
    assert "suppressed: complained" in findings("ben@aft.example")
    assert "pending: gets nothing until they confirm" in findings("dee@nobody.example")
    assert shell("why", "eve@nowhere.example", check=False).code == 1


def test_why_says_that_somebody_who_was_erased_stays_suppressed(filled: Shell) -> None:
    filled("forget", "ben@aft.example", "--yes")

    said = filled("why", "ben@aft.example").out

    assert "Nobody may mail this address: erased, since" in said
    assert "No subscriber has it, and nothing else of it is kept." in said


def test_organizations_can_be_read_on_a_terminal_of_eighty_columns(
    filled: Shell,
) -> None:
    printed = filled("organizations").out

    assert max(map(len, printed.splitlines())) <= 80
    assert "Unión del Barrio" in printed


def test_addresses_are_masked_unless_asked_for(filled: Shell) -> None:
    shell = filled

    assert "ana@barrio.example" not in shell("subscribers").out
    assert "a…@barrio.example" in shell("subscribers").out
    assert "ana@barrio.example" in shell("subscribers", "--addresses").out


def test_a_bad_row_is_named_and_the_rest_goes_in_unless_strict(shell: Shell) -> None:
    people = SAMPLE_PEOPLE + "X,not an address,en,Denver,CO,form,2019-09-05\n"
    (shell.folder / "people.csv").write_text(people, "utf-8")
    file = str(shell.folder / "people.csv")

    strict = shell(
        "import", "subscribers", file, "--list", "weekly", "--strict", check=False
    )
    empty = shell("subscribers", "--json").json
    loose = shell("import", "subscribers", file, "--list", "weekly", "--json").json

    assert (strict.code, empty) == (1, [])
    assert "line 6, email" in strict.err
    assert "not an address" not in strict.err.replace("not an address that", "")
    assert loose["created"] == 4
    assert [(r["line"], r["field"]) for r in loose["rejected"]] == [(6, "email")]


def test_a_wrong_list_file_names_file_and_key(shell: Shell) -> None:
    shell.edit("lists/weekly.toml", 'on = "monday"', 'on = "moonday"')

    ran = shell("lists", check=False)

    assert ran.code == 1
    assert "lists/weekly.toml: [cadence] on" in ran.err


def test_a_wrong_setting_names_the_key_and_no_secret(shell: Shell) -> None:
    shell.edit("mailer.toml", 'provider = "outbox"', 'provider = "pigeon"')

    ran = shell("lists", check=False)

    assert ran.code == 1
    assert "mailer.toml: [delivery] provider" in ran.err


def test_mail_to_the_world_needs_a_postal_address(filled: Shell) -> None:
    shell = filled
    shell.edit(
        "mailer.toml",
        'kind = "outbox"\nfolder = "outbox"',
        'kind = "smtp"\nhost = "127.0.0.1"\nport = 1',
    )

    ran = shell("send", "weekly", "--as-of", MONDAY, check=False)

    assert ran.code == 1
    assert "postal_address" in ran.err


def test_in_test_mode_nobody_outside_is_mailed_and_every_report_says_so(
    filled: Shell,
) -> None:
    shell = filled
    shell.edit(
        "mailer.toml",
        '[delivery]\nprovider = "outbox"',
        '[delivery]\nallow_only = []\nprovider = "relay"',
    )
    shell.edit("mailer.toml", "# postal_address = ", "postal_address = ")
    shell.edit(
        "mailer.toml",
        '# [providers.relay]\n# kind = "smtp"\n# host = "smtp.example.org"\n# port = 587',
        '[providers.relay]\nkind = "smtp"\nhost = "127.0.0.1"\nport = 1',
    )

    sent = shell("send", "weekly", "--as-of", MONDAY, "--json")
    status = shell("status")

    assert sent.json["deliveries"] == {"pending": 0, "sent": 3}
    assert len(shell.messages) == 3
    assert "Test mode" in sent.err
    assert "Test mode" in status.err


def test_a_list_that_names_another_provider_goes_through_it(filled: Shell) -> None:
    shell = filled
    spare = '[providers.spare]\nkind = "outbox"\nfolder = "elsewhere"'
    shell.edit("mailer.toml", "# [providers.resend]", spare)
    shell.edit("lists/weekly.toml", 'opt_in = "double"', 'provider = "spare"')

    sent = shell("send", "weekly", "--as-of", MONDAY, "--json")

    assert sent.json["carried"] == {"spare": 3}
    assert len(list((shell.folder / "elsewhere").rglob("*.eml"))) == 3
    assert shell.messages == []


def test_a_provider_that_cannot_carry_is_told_before_anything_is_composed(
    filled: Shell,
) -> None:
    shell = filled
    spare = '[providers.spare]\nkind = "smtp"'
    shell.edit("mailer.toml", "# [providers.resend]", spare)
    shell.edit("lists/weekly.toml", 'opt_in = "double"', 'provider = "spare"')

    ran = shell("send", "weekly", "--as-of", MONDAY, check=False)

    assert ran.code == 1
    assert "postal_address" in ran.err
    assert "Composing" not in ran.err
    assert shell.messages == []


def test_organizations_are_merged_by_a_person_only(filled: Shell) -> None:
    shell = filled

    shell("organizations", "merge", "AFT 1931", "Mijente")
    names = {
        row["name"]: row["aliases"] for row in shell("organizations", "--json").json
    }

    assert names["Mijente"] == ["AFT 1931"]
    assert "AFT 1931" not in names
    assert shell("organizations", "part", "Mijente", check=False).code == 1
    shell("organizations", "part", "aft 1931")
    apart = {row["name"] for row in shell("organizations", "--json").json}
    assert {"AFT 1931", "Mijente"} <= apart


def test_an_alias_that_is_an_organization_names_file_line_and_way_out(
    filled: Shell,
) -> None:
    file = filled.folder / "organizations.csv"
    file.write_text("name,aliases\nNew Name,Mijente\n", encoding="utf-8")

    ran = filled("import", "organizations", str(file), check=False)

    assert ran.code == 1
    assert "organizations.csv, line 2: aliases:" in ran.err
    assert 'organizations merge "Mijente" INTO; nothing was imported' in ran.err


def test_names_that_differ_are_said_to_differ(shell: Shell) -> None:
    ran = shell("organizations", "--suggest")

    assert (ran.out, ran.err) == ("", "No two names look like one organization.\n")


def test_a_dry_run_of_an_import_says_that_nothing_was_changed(filled: Shell) -> None:
    people = filled.folder / "more.csv"
    people.write_text("email\nfay@nobody.example\n", encoding="utf-8")
    actions = filled.folder / "more-actions.csv"
    actions.write_text("start_date,city,state\n2019-10-13,Reno,NV\n", encoding="utf-8")

    of_people = filled(
        "import", "subscribers", str(people), "--list", "weekly", "--dry-run"
    )
    of_actions = filled("import", "actions", str(actions), "--dry-run")

    assert "nothing was changed" in of_people.out
    assert "Nothing was changed: this was a dry run." in of_actions.err
    assert len(filled("subscribers", "--json").json) == 4


def test_db_check_and_upgrade_say_how_it_stands(shell: Shell) -> None:
    assert shell("db", "check", "--json").json == {"sound": True, "findings": []}
    assert shell("db", "upgrade", "--json").json == {"before": "0017", "after": "0017"}


def test_an_output_that_is_cut_off_is_no_crash(filled: Shell) -> None:
    shell = filled
    cut = subprocess.run(  # noqa: S602 - a pipe is the point
        f"{sys.executable} -m mailer --project {shell.folder} actions --all --json | head -1",
        shell=True,
        capture_output=True,
        text=True,
        env=shell.environment(),
        timeout=60,
        check=False,
    )

    assert "Traceback" not in cut.stderr


def test_the_demo_does_the_whole_job_and_can_be_repeated(tmp_path: Path) -> None:
    shell = Shell(tmp_path / "demo")
    first = shell("demo", "--dir", str(shell.folder), "--json").json
    second = shell("demo", "--dir", str(shell.folder), "--json").json

    assert first == second
    assert first["actions"]["created"] == 27
    assert first["actions"]["sponsorships"] == 159
    assert first["deliveries"]["pending"] == 0
    assert len(shell.messages) == first["deliveries"]["sent"] > 30
    assert Path(first["outbox"]).is_file()


def test_the_demo_never_empties_a_folder_it_did_not_make(tmp_path: Path) -> None:
    shell = Shell(tmp_path / "precious")
    shell.folder.mkdir()
    (shell.folder / "thesis.txt").write_text("years of work", "utf-8")

    ran = shell("demo", "--dir", str(shell.folder), check=False)

    assert ran.code == 1
    assert (shell.folder / "thesis.txt").read_text("utf-8") == "years of work"


def test_the_sample_page_gives_what_it_holds(shell: Shell) -> None:
    page = str(ROOT / "mailer" / "sample" / "october-2019.txt")
    words = ("import", "actions", page, "--format", "page", "--year", "2019", "--json")
    first, second = shell(*words).json, shell(*words).json

    assert (first["created"], first["unchanged"]) == (27, 0)
    assert (second["created"], second["unchanged"]) == (0, 27)
    assert (first["sponsorships"], len(first["endorsers"])) == (159, 5)
    codes = {flag["code"] for flag in first["flagged"]}
    assert {"year-assumed", "place-respelled", "place-unknown", "same-place"} <= codes
    assert json.dumps(first["rejected"]) == "[]"


def test_a_list_that_was_removed_keeps_no_other_from_being_sent(filled: Shell) -> None:
    (filled.folder / "lists" / "gone.toml").write_text('title = "Gone"\n', "utf-8")
    filled("lists")
    with closing(sqlite3.connect(filled.folder / "mailer.db")) as database, database:
        database.execute(
            "INSERT INTO mailings (key, list_number, edition, kind, state, due_at,"
            " as_of, until, planned_at) SELECT x'00', number, '2019-10-07', 'digest',"
            " 'planned', '2019-10-07 15:00:00', '2019-10-07 15:00:00',"
            " '2019-11-07 15:00:00', '2019-10-07 15:00:00'"
            " FROM lists WHERE slug IN ('gone', 'weekly')"
        )
    (filled.folder / "lists" / "gone.toml").unlink()

    ran = filled("work", "--until-idle", "--as-of", MONDAY, check=False)

    assert ran.code == 1
    assert "gone/2019-10-07: there is no list" in ran.err
    assert filled("status", "weekly/2019-10-07", "--json").json["state"] == "finished"
    assert len(filled.messages) == 3


def test_watching_a_mailing_ends_with_it(filled: Shell) -> None:
    filled("send", "weekly", "--as-of", MONDAY)

    ran = filled("status", "weekly/2019-10-07", "--watch", "--json")

    assert ran.json["state"] == "finished"
    assert ran.json["deliveries"] == {"pending": 0, "sent": 3}


def test_several_processes_share_the_work(filled: Shell) -> None:
    ran = filled("work", "--until-idle", "--processes", "3", "--json")

    assert ran.json == []


def test_without_a_subscriber_no_edition_is_used_up(shell: Shell) -> None:
    ran = shell("send", "weekly", "--as-of", MONDAY, check=False)

    assert ran.code == 1
    assert "no active subscriber" in ran.err
    assert shell("status", "--json").json == []


def sent_so_far(shell: Shell) -> int:
    with closing(sqlite3.connect(shell.folder / "mailer.db")) as database:
        query = "SELECT count(*) FROM deliveries WHERE state = 'sent'"
        count: int = database.execute(query).fetchone()[0]
        return count


def test_a_send_that_is_stopped_says_what_is_left_and_how_to_go_on(
    filled: Shell,
) -> None:
    filled.edit("mailer.toml", "[delivery]", '[delivery]\nrate = "6/minute"')
    with filled.start("send", "weekly", "--as-of", MONDAY) as sending:
        end = time.monotonic() + 60
        while not sent_so_far(filled):
            time.sleep(0.05)
            assert time.monotonic() < end, "nothing was ever sent"
        filled("stop", "--reason", "trying it")
        said = sending.ended(60)

    after = filled("status", "weekly/2019-10-07", "--json").json
    assert after["stopped"]["reason"] == "trying it"
    assert sending.returncode == 1
    assert "still to be sent, because all sending was stopped: trying it" in said
    assert "mailer start, then mailer work" in said


def test_it_tells_its_version(shell: Shell) -> None:
    assert re.fullmatch(r"mailer \d{4}\.\d+\.\d+\n", shell("--version").out)
