"""What people and machines do to a program: an answer each time, never a traceback."""

import pytest

from tests.e2e.conftest import Shell, fill

INTERNATIONAL = """\
email,consent_basis,consent_at
Ana+news@bücher.example,form,2019-09-03
"""


@pytest.mark.parametrize("when", ["0001-01-01", "9999-12-31"])
@pytest.mark.parametrize("command", ["send weekly", "plan", "lists"])
def test_a_moment_outside_the_calendar_is_refused(
    filled: Shell, command: str, when: str
) -> None:
    ran = filled(*command.split(), "--as-of", when, check=False)

    assert ran.code == 1
    assert "--as-of: the year" in ran.err


def test_a_terminal_that_knows_only_ascii_still_gets_its_answer(filled: Shell) -> None:
    ran = filled("organizations", LC_ALL="C", PYTHONCOERCECLOCALE="0", PYTHONUTF8="0")

    assert r"Uni\xf3n del Barrio" in ran.out


@pytest.mark.parametrize(
    "spelling",
    [
        "ana+news@BÜCHER.example",
        "ANA+NEWS@xn--bcher-kva.example",
        " ana+news@bücher.example ",
    ],
)
def test_a_person_is_found_by_any_spelling_of_their_address(
    shell: Shell, spelling: str
) -> None:
    fill(shell, people=INTERNATIONAL)

    why = shell("why", spelling, "--json").json

    assert why["subscriptions"][0]["state"] == "active"


def test_a_damaged_database_is_named(filled: Shell) -> None:
    for left in filled.folder.glob("mailer.db*"):
        left.unlink()
    (filled.folder / "mailer.db").write_bytes(b"this is a text file\n" * 500)

    ran = filled("status", check=False)

    assert ran.code == 1
    assert f"{filled.folder / 'mailer.db'}: file is not a database" in ran.err


def test_an_empty_template_is_named(filled: Shell) -> None:
    (filled.folder / "templates/email/digest/body.html").write_text("", "utf-8")

    ran = filled("send", "weekly", "--as-of", "2019-10-07", "--dry-run", check=False)

    assert ran.code == 1
    assert "email/digest/body.html: the page is empty" in ran.err
