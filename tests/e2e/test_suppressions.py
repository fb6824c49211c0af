"""`mailer suppressions sync`, and the service that does so by itself, by real HTTP."""

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

import pytest

from mailer.core.suppressions import Held
from tests.contract.keepers import TOKEN, Entry, Postmark
from tests.contract.providers import api_server
from tests.contract.providers.api_server import ApiServer, Say
from tests.e2e.conftest import Shell

AT = datetime(2019, 10, 1, tzinfo=UTC)


@pytest.fixture
def keeper() -> Postmark:
    made = Postmark()
    made.put(Entry(address="ana@barrio.example", held=Held.BOUNCED, at=AT))
    return made


@pytest.fixture
def api(keeper: Postmark, filled: Shell) -> Iterator[ApiServer]:
    """Postmark's list, and a project that mails through it."""
    with api_server.running(keeper) as server:
        secret = filled.folder / "token"
        secret.write_text(TOKEN, "utf-8")
        secret.chmod(0o600)
        filled.edit("mailer.toml", "# postal_address", "postal_address")
        filled.edit("mailer.toml", 'provider = "outbox"', 'provider = "postmark"')
        with (filled.folder / "mailer.toml").open("a", encoding="utf-8") as written:
            written.write(
                '\n[providers.postmark]\nkind = "postmark"\ntoken = "file:token"\n'
                f'base_url = "{server.url}"\n'
            )
        manual = filled.folder / "manual.csv"
        manual.write_text("email\nben@aft.example\nstranger@away.example\n", "utf-8")
        filled("import", "suppressions", str(manual))
        yield server


def reasons(shell: Shell) -> list[str]:
    with closing(sqlite3.connect(shell.folder / "mailer.db")) as database:
        rows = database.execute("SELECT reason FROM suppressions ORDER BY reason")
        return [row[0] for row in rows]


@pytest.mark.usefixtures("api")
def test_both_lists_hold_the_same_people_and_no_address_is_printed(
    filled: Shell, keeper: Postmark
) -> None:
    done = filled("suppressions", "sync", "--json")

    (found,) = done.json
    assert (found["provider"], found["read"], found["suppressed"], found["told"]) == (
        "postmark", 1, 1, 1,
    )  # fmt: skip
    assert reasons(filled) == ["bounced", "manual", "manual"]
    # Nobody but a subscriber: of the other one only the hash is known.
    assert set(keeper.entries) == {"ana@barrio.example", "ben@aft.example"}
    words = filled("suppressions", "sync", "--all")
    assert "2 on its list" in words.out
    assert "example" not in done.out + done.err + words.out + words.err


def test_a_dry_run_changes_nothing_on_either_side(
    filled: Shell, api: ApiServer, keeper: Postmark
) -> None:
    done = filled("suppressions", "sync", "--dry-run")

    assert "Told there: 1" in done.out
    assert "dry run" in done.err
    assert reasons(filled) == ["manual", "manual"]
    assert set(keeper.entries) == {"ana@barrio.example"}
    assert {call.method for call in api.calls} == {"GET"}


@pytest.mark.usefixtures("api")
@pytest.mark.parametrize("kind", ["stopped", "tried out"])
def test_where_nothing_is_sent_the_provider_is_told_nothing(
    filled: Shell, keeper: Postmark, kind: str
) -> None:
    allowed = "" if kind == "stopped" else "@ours.example"
    if kind == "stopped":
        filled("stop", "--reason", "a look first")

    done = filled("suppressions", "sync", MAILER_ALLOW_ONLY=allowed)

    assert "only read" in done.err
    assert set(keeper.entries) == {"ana@barrio.example"}
    assert reasons(filled) == ["bounced", "manual", "manual"]


def test_a_provider_that_is_down_is_an_error_that_names_the_way_on(
    filled: Shell, api: ApiServer
) -> None:
    api.script = Say(503, b"{}", {"Retry-After": "900"}, takes=True)

    done = filled("suppressions", "sync", "--json", check=False)

    assert done.code == 1
    assert done.json == []
    assert "[providers.postmark] its list" in done.err


def test_who_has_no_list_and_who_is_not_there_is_said(filled: Shell) -> None:
    assert "has no list" in filled("suppressions", "sync").out
    missing = filled("suppressions", "sync", "nobody", check=False)
    assert missing.code == 1
    assert "[providers.nobody]" in missing.err


@pytest.mark.usefixtures("api")
def test_the_service_does_so_by_itself(filled: Shell, keeper: Postmark) -> None:
    with filled.scheduler(
        "--project", str(filled.folder), "--every", "3600"
    ) as service:
        end = time.monotonic() + 60
        while "ben@aft.example" not in keeper.entries:
            assert service.poll() is None, "the service ended"
            assert time.monotonic() < end, "it was never done"
            time.sleep(0.1)
        service.terminate()
        said = service.ended(30)

    assert "bounced" in reasons(filled)
    assert "example" not in said.replace(str(filled.folder), "").replace(
        "mail.example.org", ""
    )


# --- looking, and lifting one


def consents(shell: Shell) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(shell.folder / "mailer.db")) as database:
        return list(
            database.execute(
                "SELECT basis, wording FROM consent_events WHERE wording IS NOT NULL"
            )
        )


def audited(shell: Shell) -> list[str]:
    with closing(sqlite3.connect(shell.folder / "mailer.db")) as database:
        rows = database.execute("SELECT detail FROM audit WHERE verb = 'lift'")
        return [row[0] for row in rows]


@pytest.mark.usefixtures("api")
def test_the_list_says_when_why_and_by_whom_and_masks_addresses(filled: Shell) -> None:
    filled("suppressions", "sync")

    rows = filled("suppressions", "list", "--json").json
    shown = filled("suppressions", "list")

    assert [(row["reason"], row["told_by"]) for row in rows if row["told_by"]] == [
        ("bounced", "postmark")
    ]
    assert sorted(str(row["address"]) for row in rows) == [
        "None", "a…@barrio.example", "b…@aft.example",
    ]  # fmt: skip
    assert "3 in all: 1 bounced, 2 manual." in shown.err
    assert "ana@" not in shown.out + shown.err


def test_whole_addresses_are_shown_to_who_asks_and_that_they_looked_is_on_record(
    filled: Shell,
) -> None:
    manual = filled.folder / "manual.csv"
    manual.write_text("email\nana@barrio.example\nstranger@away.example\n", "utf-8")
    filled("import", "suppressions", str(manual))

    shown = filled("suppressions", "list", "--addresses")
    rows = filled("suppressions", "list", "--addresses", "--json").json

    assert "ana@barrio.example" in shown.out
    assert "on record" in shown.err
    assert {row["address"] for row in rows} == {"ana@barrio.example", None}
    with closing(sqlite3.connect(filled.folder / "mailer.db")) as database:
        looks = database.execute(
            "SELECT actor, detail FROM audit WHERE verb = 'look'"
        ).fetchall()
    assert [(who, json.loads(what)) for who, what in looks] == [
        ("cli", {"addresses": 1})
    ] * 2


@pytest.mark.usefixtures("api")
def test_one_who_asked_to_be_mailed_again_is_and_the_provider_lets_go(
    filled: Shell, keeper: Postmark
) -> None:
    filled("suppressions", "sync")

    done = filled(
        "suppressions", "lift", "Ana@barrio.example",
        "--reason", "ana@barrio.example wrote on 3 May: the mailbox is open again",
    )  # fmt: skip

    assert "Mail of weekly reaches them again." in done.out
    assert "mailer suppressions sync --all" in done.err
    assert consents(filled) == [
        (
            "the person's own act",
            "[address] wrote on 3 May: the mailbox is open again",
        )
    ]
    assert "ana@" not in audited(filled)[0]
    assert "[address] wrote on 3 May" in audited(filled)[0]
    filled("suppressions", "sync", "--all")
    assert "ana@barrio.example" not in keeper.entries
    assert reasons(filled) == ["manual", "manual"]


def test_nobody_but_themselves_brings_back_who_was_erased(filled: Shell) -> None:
    gone = filled.folder / "gone.csv"
    gone.write_text("email\nana@barrio.example\n", "utf-8")
    filled("import", "suppressions", str(gone), "--reason", "erased")

    ran = filled(
        "suppressions", "lift", "ana@barrio.example", "--reason", "asked", check=False
    )

    assert ran.code == 1
    assert "only they themselves" in ran.err
    assert reasons(filled) == ["erased"]


def test_lifting_needs_a_reason_and_somebody_suppressed(filled: Shell) -> None:
    words = ("suppressions", "lift", "ana@barrio.example")

    assert filled(*words, check=False).code == 2
    assert filled(*words, "--reason", " ", check=False).code == 2
    unknown = filled(*words, "--reason", "asked", check=False)
    assert (unknown.code, "not suppressed" in unknown.err) == (1, True)


@pytest.mark.usefixtures("api")
def test_what_was_told_before_is_not_counted_as_told_again(filled: Shell) -> None:
    first = filled("suppressions", "sync", "--json").json
    second = filled("suppressions", "sync", "--json").json

    assert (first[0]["told"], second[0]["told"]) == (1, 0)
