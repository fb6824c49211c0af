"""`mailer admin`: the first admin, and the way back in when all is lost."""

import re

from mailer.bootstrap import Project
from mailer.core.accounts import State
from tests.e2e.conftest import Shell
from tests.e2e.coordinators import NOON, PASSWORD

ANA = "ana@union.example"
AT = ("--as-of", "2026-11-21T12:00:00Z")


def accept(shell: Shell, link: str) -> bool:
    """Set the password as the page behind a link does."""
    project = Project(shell.folder, {}, lambda: NOON)
    token = link.strip().rpartition("/")[2]
    used = project.console.inviter.accept(
        token, name="Ana", language="en", password=PASSWORD
    )
    project.close()
    return used is not None


def test_the_first_admin_gets_a_link_and_no_password_is_on_the_line(
    shell: Shell,
) -> None:
    made = shell("admin", "create", ANA, *AT)

    assert re.fullmatch(r"http://127.0.0.1:8000/console/set-up/[\w-]{51}\n", made.out)
    [row] = shell("admin", "list", "--json").json
    assert (row["address"], row["state"], row["roles"]) == (ANA, "invited", ["admin"])
    assert accept(shell, made.out)
    assert not accept(shell, made.out)
    [row] = shell("admin", "list", "--json").json
    assert row["state"] == State.ACTIVE


def test_what_cannot_be_is_said_with_the_way_out(shell: Shell) -> None:
    assert "mailer admin create ADDRESS" in shell("admin", "list").err
    shell("admin", "create", ANA, *AT)
    for words, said in (
        (("create", ANA), "already"),
        (("create", "nobody"), "must have an @-sign"),
        (("create", "b@union.example", "--language", "fr"), "en, es"),
        (("reset", "b@union.example"), "mailer admin list"),
        (("disable", "b@union.example"), "mailer admin list"),
    ):
        ran = shell("admin", *words, check=False)
        assert ran.code == 1
        assert said in ran.err
    assert shell("admin", "role", ANA, "emperor", check=False).code == 2


def test_roles_are_given_and_people_disabled_while_an_admin_is_left(
    shell: Shell,
) -> None:
    link = shell("admin", "create", ANA, *AT).out
    accept(shell, link)
    ran = shell("admin", "role", ANA, "author", check=False)
    assert "nobody would be left" in ran.err

    other = shell("admin", "create", "ben@union.example", *AT).out
    accept(shell, other)
    shell("admin", "role", ANA, "moderator", "author")
    shell("admin", "disable", ANA)

    row = shell("admin", "list", "--json").json[0]
    assert (row["roles"], row["state"]) == (["author", "moderator"], "disabled")
    assert "mailer admin enable" in shell("admin", "reset", ANA, check=False).err
    shell("admin", "enable", ANA)
    assert "moderator" in shell("admin", "list").out


def test_a_reset_voids_older_links_and_can_take_the_second_factor_away(
    shell: Shell,
) -> None:
    link = shell("admin", "create", ANA, *AT).out
    accept(shell, link)
    project = Project(shell.folder, {}, lambda: NOON)
    credentials = project.console.credentials
    credentials.propose_totp(1, "SECRET", at=NOON)
    credentials.accept_totp(1, 1, at=NOON)
    project.close()

    first = shell("admin", "reset", ANA, *AT, "--json").json["link"]
    assert shell("admin", "list", "--json").json[0]["second_factor"] is True
    second = shell("admin", "reset", ANA, *AT, "--second-factor").out

    assert shell("admin", "list", "--json").json[0]["second_factor"] is False
    assert not accept(shell, first)
    assert accept(shell, second)
