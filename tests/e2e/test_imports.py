"""Imports as people run them: broken off, at once, again, mended."""

import csv
import os
import sqlite3
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Shell, copied
from tests.e2e.forked import Running

PEOPLE = 8_000
HEADER = "organization,email,given_name,language,city,state,consent_basis,consent_at"
# All that an import keeps, but for what differs from run to run.
KEPT = {
    "people": "SELECT address, given_name, language, place_id FROM subscribers ORDER BY address",
    "seats": """SELECT s.address, o.name, t.role FROM seats t
        JOIN subscribers s ON s.id = t.subscriber_id
        JOIN organizations o ON o.id = t.organization_id ORDER BY s.address""",
    "subscriptions": """SELECT s.address, b.list_number, b.state, b.consented_on
        FROM subscriptions b JOIN subscribers s ON s.id = b.subscriber_id
        ORDER BY s.address""",
    "consents": """SELECT s.address, c.kind, c.basis, c.happened_at
        FROM consent_events c JOIN subscribers s ON s.id = c.subscriber_id
        ORDER BY s.address""",
}


def write(path: Path, numbers: Iterable[int]) -> Path:
    rows = [
        f"Org {n % 50},p{n}@one.example,P{n},en,San Diego,CA,form,2019-09-03"
        for n in numbers
    ]
    path.write_text("\n".join([HEADER, *rows, ""]), "utf-8")
    return path


def kept(shell: Shell) -> Mapping[str, list[tuple[object, ...]]]:
    connection = sqlite3.connect(shell.folder / "mailer.db")
    try:
        return {name: connection.execute(q).fetchall() for name, q in KEPT.items()}
    finally:
        connection.close()


def imported(shell: Shell, file: Path, *more: str) -> Mapping[str, Any]:
    words = ("import", "subscribers", str(file), "--list", "weekly", "--json", *more)
    found: Mapping[str, Any] = shell(*words).json
    return found


def started(shell: Shell, file: Path) -> Running:
    return shell.start("import", "subscribers", str(file), "--list", "weekly")


def count(shell: Shell) -> int:
    return len(kept(shell)["people"])


@pytest.fixture
def other(initial: Shell, tmp_path: Path) -> Shell:
    """Another fresh project."""
    return copied(initial, tmp_path / "other")


def test_an_import_that_is_killed_is_run_again_and_ends_as_if_nothing_had_been(
    shell: Shell, other: Shell, tmp_path: Path
) -> None:
    file = write(tmp_path / "people.csv", range(PEOPLE))
    with started(shell, file):
        end = time.monotonic() + 60
        while not count(shell):
            assert time.monotonic() < end, "nobody was ever kept"
            time.sleep(0.02)
    before = count(shell)

    report = imported(shell, file)
    imported(other, file)

    assert 0 < before < PEOPLE, "it was not broken off"
    assert (report["created"], report["unchanged"]) == (PEOPLE - before, before)
    assert kept(shell) == kept(other)


def test_two_imports_of_one_file_at_once_keep_everybody_once(
    shell: Shell, tmp_path: Path
) -> None:
    file = write(tmp_path / "people.csv", range(3_000))
    with started(shell, file) as one, started(shell, file) as two:
        assert [each.wait(100) for each in (one, two)] == [0, 0]

    assert {name: len(rows) for name, rows in kept(shell).items()} == dict.fromkeys(
        KEPT, 3_000
    )
    assert imported(shell, file)["unchanged"] == 3_000


def test_rejected_rows_are_written_out_mended_and_imported_again(
    shell: Shell, tmp_path: Path
) -> None:
    file = write(tmp_path / "people.csv", range(3))
    with file.open("a", encoding="utf-8") as more:
        more.write("=cmd(),no address,Eve,en,San Diego,CA,form,2019-09-03\n")
        more.write("Org 1,p9@one.example,P9,en,San Diego,CA,form,2099-01-01\n")
    rejects = tmp_path / "rejects.csv"

    ran = shell(
        "import", "subscribers", str(file), "--list", "weekly",
        "--rejected", str(rejects), "--json",
    )  # fmt: skip
    with rejects.open(encoding="utf-8-sig", newline="") as written:
        bad = list(csv.DictReader(written))

    assert (ran.json["created"], ran.json["rejections"]) == (3, 2)
    assert "2 rows were rejected" in ran.err
    assert [(row["rejected_line"], row["rejected_column"]) for row in bad] == [
        ("5", "email"),
        ("6", "consent_at"),
    ]
    assert bad[0]["organization"] == "'=cmd()"  # no formula for a spreadsheet

    mended = rejects.read_text("utf-8-sig").replace("no address", "eve@one.example")
    rejects.write_text(mended.replace("2099-01-01", "2019-09-03"), "utf-8")

    again = imported(shell, rejects)
    assert (again["created"], again["rejections"], again["flags"]) == (2, 0, 0)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty; the first row must name the columns"),
        (b"organization\nAna\n", "there is no column email"),
        (b"email\n\x00\x01\n", "is binary, not text"),
        (b"PK\x03\x04rest", "is a spreadsheet or an archive"),
        (b"email" + b",x" * 600 + b"\n", "has more than 500 columns"),
        (b"email\n" + b"x" * 9_000_000, "a line is longer than"),
    ],
    ids=["empty", "no email", "binary", "xlsx", "too wide", "one line"],
)
def test_a_file_that_is_no_list_of_people_is_refused_by_name(
    shell: Shell, tmp_path: Path, content: bytes, says: str
) -> None:
    file = tmp_path / "odd.csv"
    file.write_bytes(content)

    ran = shell("import", "subscribers", str(file), "--list", "weekly", check=False)

    assert ran.code != 0
    assert f"{file}: " in ran.err
    assert says in ran.err
    assert count(shell) == 0


def test_a_quotation_mark_that_never_closes_rejects_its_row_alone(
    shell: Shell, tmp_path: Path
) -> None:
    file = write(tmp_path / "people.csv", range(2))
    with file.open("a", encoding="utf-8") as more:
        more.write('Org 1,"p9@one.example,P9,en,San Diego,CA,form,2019-09-03\n')

    report = imported(shell, file)

    assert (report["created"], report["rejections"]) == (2, 1)


def test_the_file_of_rejected_rows_overwrites_nothing_of_anybodys(
    shell: Shell, tmp_path: Path
) -> None:
    file = write(tmp_path / "people.csv", range(2))
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear all", "utf-8")

    for target in (file, letter):
        ran = shell(
            "import", "subscribers", str(file), "--list", "weekly",
            "--rejected", str(target), check=False,
        )  # fmt: skip
        assert ran.code != 0
        assert str(target) in ran.err
    assert letter.read_text("utf-8") == "Dear all"
    assert count(shell) == 0


def test_what_is_no_file_is_refused_and_not_waited_for(
    shell: Shell, tmp_path: Path
) -> None:
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)

    for odd, says in ((pipe, "is a pipe"), (tmp_path, "is a folder")):
        ran = shell("import", "subscribers", str(odd), "--list", "weekly", check=False)
        assert ran.code == 1
        assert f"{odd}: {says}" in ran.err


def test_letters_that_may_be_wrong_are_pointed_out(
    shell: Shell, tmp_path: Path
) -> None:
    file = tmp_path / "people.csv"
    mixed = "email,given_name\r\na@one.example,José\r\n".encode()
    file.write_bytes(mixed + "b@one.example,Núria\r\n".encode("windows-1252"))

    report = imported(shell, file)

    assert report["created"] == 2
    assert [flag["code"] for flag in report["flagged"]] == ["encoding-guessed"]


def test_a_dry_run_tells_the_counts_that_come_true(
    shell: Shell, tmp_path: Path
) -> None:
    imported(shell, write(tmp_path / "some.csv", range(1_100)))
    file = write(tmp_path / "people.csv", range(900, 2_300))
    before = kept(shell)

    told = imported(shell, file, "--dry-run")

    assert (told["created"], told["unchanged"]) == (1_200, 200)
    assert kept(shell) == before
    assert imported(shell, file) == told


def test_a_file_of_which_every_row_is_rejected_is_a_failure(shell: Shell) -> None:
    file = shell.folder / "people.csv"
    file.write_text("email\nno address\nnone either\n", "utf-8")

    ran = shell("import", "subscribers", str(file), "--list", "weekly", check=False)

    assert ran.code == 1
    assert "every row was rejected" in ran.err
