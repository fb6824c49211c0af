"""A kept call that this version cannot read, on every page that shows it."""

import json
from collections.abc import Iterator

import pytest
from sqlalchemy import update

from mailer.adapters.database.schema import blasts
from mailer.core.draft import dump
from mailer.core.proposal import Stage
from tests.e2e.callers import Callers, furnish
from tests.e2e.conftest import Shell, copied
from tests.e2e.coordinators import House, words

UNREAD = "This call cannot be read"


@pytest.fixture(scope="module")
def shell(initial: Shell, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    made = copied(initial, tmp_path_factory.mktemp("unread"))
    furnish(made)
    return made


@pytest.fixture(scope="module")
def house(shell: Shell) -> Iterator[House]:
    with House(shell.folder).open() as house:
        yield house


@pytest.fixture
def callers(house: House) -> Iterator[Callers]:
    """A call that was submitted, and then written over by another version."""
    made = Callers.of(house)
    made.submitted()
    kept = {**dump(made.call.draft), "mood": "<script>of a version to come</script>"}
    with house.project.database.writing() as connection:
        connection.execute(
            update(blasts)
            .where(blasts.c.edition == made.name.partition("/")[2])
            .values(draft=kept)
        )
    yield made
    proposer = house.project.proposer()
    if made.call.stage is not Stage.CANCELLED:
        proposer.cancel(made.name, by="", reason="the test is over")


def test_every_page_of_it_opens_and_says_why_it_is_not_shown(callers: Callers) -> None:
    for path in (
        "/console",
        "/console/calls",
        "/console/calls?stage=waiting",
        callers.page,
        f"{callers.page}/edit",
        f"{callers.page}/preview",
    ):
        for who in (callers.rosa, callers.marta):
            answer = who.get(path)
            assert answer.status_code == 200, path
            assert "<script>of" not in answer.text
    assert UNREAD in words(callers.marta.get("/console/calls"))
    page = words(callers.marta.get(callers.page))
    assert "mood" in page
    assert "what is kept of it cannot be read" in page
    assert "mood" in callers.rosa.get(f"{callers.page}/message").text


def test_nobody_approves_it_and_somebody_ends_it(callers: Callers) -> None:
    status, said = callers.press(callers.marta, "approve")
    assert (status, "cannot be read" in said) == (409, True)
    status, said = callers.press(callers.rosa, "submit", **callers.reasons())
    assert status == 409
    status, said = callers.press(callers.rosa, "test")
    assert status == 409

    ended = {"cancel-reason": "it is damaged"}
    status, said = callers.press(callers.rosa, "cancel", **ended)
    assert status == 303, said
    assert callers.call.stage is Stage.CANCELLED


def test_it_is_written_anew_in_the_form(callers: Callers) -> None:
    form = callers.form(revision=str(callers.call.revision))
    assert callers.rosa.post(f"{callers.page}/edit", form).status_code == 303

    assert callers.call.draft.unread is None
    assert callers.call.stage is Stage.DRAFT


def test_commands_list_and_show_it_and_the_doctor_fails(
    callers: Callers, shell: Shell
) -> None:
    listed = shell("blast", "list", "--json").json
    assert [each["subject"] for each in listed] == [UNREAD]
    assert "mood" in shell("blast", "show", callers.name).out

    found = shell("doctor", "--offline", "--json", check=False)

    assert found.code == 1
    assert f"mailer blast cancel {callers.name}" in json.dumps(found.json)
