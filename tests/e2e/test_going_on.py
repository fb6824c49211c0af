"""What commands answer when there is nothing to do, or something was done before."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.contract.providers import smtp_server
from tests.e2e.conftest import MONDAY, Shell

NAME = "weekly/2019-10-07"


def put(shell: Shell, statement: str) -> None:
    with closing(sqlite3.connect(shell.folder / "mailer.db")) as database, database:
        database.execute(statement)


@pytest.fixture
def sent(filled: Shell) -> Shell:
    """A project whose edition of Monday went to the outbox."""
    filled("send", "weekly", "--as-of", MONDAY)
    return filled


def test_a_second_pause_and_a_second_resume_say_already(sent: Shell) -> None:
    put(sent, "UPDATE mailings SET state = 'sending', finished_at = NULL")

    first = sent("pause", NAME, "--reason", "wrong date for Denver")
    second = sent("pause", NAME)
    told = sent("pause", NAME, "--json").json
    put(sent, "UPDATE mailings SET state = 'sending'")
    again = sent("resume", NAME)

    assert first.out.startswith(f"{NAME} is paused.")
    assert f"{NAME} is paused already: wrong date for Denver." in second.out
    assert told["changed"] is False
    assert f"{NAME} is sending already." in again.out


def test_what_is_over_is_neither_paused_nor_resumed(sent: Shell) -> None:
    for verb in ("pause", "resume"):
        ran = sent(verb, NAME, check=False)
        assert ran.code == 1
        assert f"{NAME} is finished" in ran.err


def test_work_with_nothing_open_names_what_waits_for_a_person(sent: Shell) -> None:
    assert "Nothing was open." in sent("work", "--until-idle").err
    put(sent, "UPDATE mailings SET state = 'unresolved'")

    said = sent("work", "--until-idle").err

    assert f"{NAME} waits for you: mailer parked" in said
    assert "No mailing yet" not in said


def test_settling_without_saying_whom_is_wrong_usage(sent: Shell) -> None:
    for words in ((), ("--all", "--address", "ana@barrio.example")):
        ran = sent("parked", "mark-sent", NAME, *words, check=False)
        assert ran.code == 2
        assert "--address ADDRESS or --all" in ran.err


def test_a_copy_of_a_database_names_the_mailing_that_is_under_way(
    sent: Shell, tmp_path: Path
) -> None:
    put(sent, "UPDATE mailings SET state = 'sending', finished_at = NULL")

    ran = sent("db", "copy", f"sqlite:///{tmp_path / 'other.db'}", check=False)

    assert ran.code == 1
    assert NAME in ran.err


def test_a_trial_says_what_went_to_the_outbox_instead(filled: Shell) -> None:
    filled.edit("mailer.toml", "# postal_address", "postal_address")
    filled.edit(
        "mailer.toml",
        'provider = "outbox"',
        'provider = "relay"\nallow_only = ["@nobody.example"]',
    )
    with (filled.folder / "mailer.toml").open("a", encoding="utf-8") as file:
        file.write('\n[providers.relay]\nkind = "smtp"\nhost = "127.0.0.1"\nport = 1\n')

    said = filled("send", "weekly", "--as-of", MONDAY).err
    status = filled("status", NAME)

    assert "3 of 3 went to the outbox instead, because of [delivery] allow_only" in said
    assert "mailer send weekly --edition DATE" in said
    assert "3 of 3 went to the outbox instead" in status.out
    assert filled("status", NAME, "--json").json["kept"] == 3


def test_why_tells_mail_that_the_fence_kept_from_mail_that_left(filled: Shell) -> None:
    filled.edit("mailer.toml", "# postal_address", "postal_address")
    with smtp_server.running("none") as (clerk, port):
        filled.edit(
            "mailer.toml",
            'provider = "outbox"',
            'provider = "relay"\nallow_only = ["ben@aft.example"]',
        )
        with (filled.folder / "mailer.toml").open("a", encoding="utf-8") as file:
            file.write(
                '\n[providers.relay]\nkind = "smtp"\nhost = "127.0.0.1"\n'
                f'security = "none"\nport = {port}\n'
            )
        filled("send", "weekly", "--as-of", MONDAY)

    kept = filled("why", "ana@barrio.example", "--json").json
    mailed = filled("why", "ben@aft.example", "--json").json

    assert len(clerk.taken) == 1
    assert kept["deliveries"][0]["kept"] is True
    assert mailed["deliveries"][0]["kept"] is False
    said = kept["findings"][-1]
    assert "written to the outbox, not mailed: [delivery] allow_only" in said
    assert "sent" not in said
    assert "through" not in said
    assert "through relay" in mailed["findings"][-1]


def test_a_provider_that_cannot_be_made_keeps_an_edition_from_being_made(
    filled: Shell,
) -> None:
    filled.edit("mailer.toml", "# postal_address", "postal_address")
    filled.edit("mailer.toml", 'provider = "outbox"', 'provider = "main"')
    with (filled.folder / "mailer.toml").open("a", encoding="utf-8") as file:
        file.write('\n[providers.main]\nkind = "ses"\nregion = "Europe"\n')

    tried = filled("send", "weekly", "--as-of", MONDAY, "--dry-run", check=False)
    ran = filled("send", "weekly", "--as-of", MONDAY, check=False)

    assert tried.code == ran.code == 1
    assert "would go to 3 people" in tried.out
    assert '[providers.main] region: must be such as "eu-west-1", not "Europe"' in (
        tried.err
    )
    assert filled("status", "--json").json == []


def test_a_name_that_is_no_part_of_an_address_is_refused(shell: Shell) -> None:
    with (shell.folder / "mailer.toml").open("a", encoding="utf-8") as file:
        file.write('\n[providers."a/b"]\nkind = "outbox"\n')

    ran = shell("lists", check=False)

    assert ran.code == 1
    assert 'mailer.toml: [providers."a/b"]' in ran.err
