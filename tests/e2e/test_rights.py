"""`mailer export` and `mailer forget`: everything, then nothing."""

import json
import re
import shutil
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import MONDAY, Shell

ANA, BEN = "ana@barrio.example", "ben@aft.example"
DOCUMENT = Path(__file__).parents[2] / "docs" / "reference" / "personal-data.md"


@pytest.fixture
def sent(filled: Shell) -> Shell:
    """A project that has sent an edition to three people."""
    filled("send", "weekly", "--as-of", MONDAY)
    return filled


def traces(folder: Path, address: str) -> list[str]:
    """The files whose bytes hold an address, however it is encoded in them."""
    spellings = (address.encode(), address.replace("@", "=40").encode())
    return sorted(
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and any(each in path.read_bytes() for each in spellings)
    )


def fields(value: Any, path: str = "") -> Iterator[str]:
    """The names of all fields: "mailings[].state"."""
    if isinstance(value, Mapping):
        for name, each in value.items():
            yield f"{path}{name}"
            yield from fields(each, f"{path}{name}.")
    elif isinstance(value, list):
        for each in value:
            yield from fields(each, f"{path.removesuffix('.')}[].")


def test_an_export_holds_all_that_is_known_of_a_person_and_of_nobody_else(
    sent: Shell,
) -> None:
    held = sent("export", ANA).json

    assert held["person"]["address"] == ANA
    assert held["seats"] == [{"organization": "Unión del Barrio", "role": "primary"}]
    assert [each["state"] for each in held["subscriptions"]] == ["active"]
    assert held["consents"][0]["basis"] == "form"
    assert held["mailings"][0]["edition"] == "2019-10-07"
    assert held["mailings"][0]["state"] == "sent"
    assert held["suppression"] is None
    assert BEN not in json.dumps(held)


def test_every_field_of_an_export_is_described_and_nothing_else_is(
    sent: Shell,
) -> None:
    described = set(
        re.findall(r"^\| `([^`]+)` \|", DOCUMENT.read_text("utf-8"), re.MULTILINE)
    )
    inner = re.compile(r"^(changes\[\]\.(before|after)|actions\[\]\.contact)\.")

    held = {name for name in fields(sent("export", ANA).json) if not inner.match(name)}

    assert held <= described
    # What Ana has none of is empty here: its fields are named by the statements.
    empty = tuple(
        f"{name}[]." for name in ("changes", "events", "requests", "actions", "hosting")
    )
    empty += ("suppression.",)
    assert {name for name in described - held if not name.startswith(empty)} == set()


def test_an_export_goes_to_a_file_of_its_own_that_others_cannot_read(
    sent: Shell,
) -> None:
    file = sent.folder / "ana.json"

    done = sent("export", ANA, "--out", str(file))
    again = sent("export", ANA, "--out", str(file), check=False)

    assert done.out == ""
    assert json.loads(file.read_bytes())["address"] == ANA
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert again.code == 1
    assert "is there already" in again.err


@pytest.mark.parametrize("command", ["export", "forget"])
def test_of_somebody_unknown_there_is_nothing_and_it_is_said(
    command: str, sent: Shell
) -> None:
    stranger = sent(command, "stranger@away.example", check=False)
    wrong = sent(command, "no address", check=False)

    assert (stranger.code, wrong.code) == (1, 1)
    assert "nothing is held of this address" in stranger.err
    assert "ADDRESS" in wrong.err
    assert "stranger" not in stranger.out + stranger.err


def test_after_forget_no_file_of_the_project_holds_a_byte_of_the_address(
    sent: Shell,
) -> None:
    for name in ("people.csv", "actions.csv"):  # the operator's own files
        (sent.folder / name).unlink()
    assert "mailer.db" in traces(sent.folder, ANA)
    assert any(name.startswith("outbox/") for name in traces(sent.folder, ANA))
    others = traces(sent.folder, BEN)

    done = sent("forget", ANA, "--yes")

    assert "Erased" in done.out
    assert traces(sent.folder, ANA) == []
    assert {Path(name).suffix for name in traces(sent.folder, BEN)} == {
        Path(name).suffix for name in others
    }
    assert sent("db", "check").out == "The database is sound.\n"
    counts = sent("status", "weekly/2019-10-07", "--json").json["deliveries"]
    assert counts["sent"] == 3


def test_forget_asks_first_and_without_an_answer_does_nothing(sent: Shell) -> None:
    asked = sent("forget", ANA, check=False)

    assert asked.code == 1
    assert "1 subscription" in asked.err
    assert "nothing was erased" in asked.err
    assert sent("export", ANA).json["person"]["address"] == ANA


def test_a_restored_backup_forgets_again_at_the_first_command(sent: Shell) -> None:
    backup = sent.folder.parent / "backup.db"
    shutil.copy(sent.folder / "mailer.db", backup)
    sent("forget", ANA, "--yes")
    shutil.copy(backup, sent.folder / "mailer.db")

    listed = sent("subscribers", "--addresses")

    assert BEN in listed.out
    assert ANA not in listed.out
    assert traces(sent.folder, ANA) == ["people.csv"]


def test_whoever_is_imported_again_gets_nothing(sent: Shell) -> None:
    sent("forget", ANA, "--yes")

    again = sent(
        "import", "subscribers", str(sent.folder / "people.csv"), "--list", "weekly"
    )
    why = sent("why", ANA)

    assert "suppressed" in again.out + again.err
    assert "erased" in why.out


def test_forgetting_twice_says_that_it_is_done(sent: Shell) -> None:
    sent("forget", ANA, "--yes")

    again = sent("forget", ANA, "--yes", "--json")

    assert again.json == {"erased": True, "waits": False}
