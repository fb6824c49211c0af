"""Letters that ask for an approval: none for what is no longer wanted, and no flood."""

import email
import email.policy
from collections.abc import Callable
from email.message import EmailMessage

import pytest

from mailer.adapters.database.engine import Database
from mailer.core.errors import RefusedError
from mailer.core.proposal import Stage
from mailer.core.roles import Permission, Role
from mailer.pipeline.tell import MOST_OF_ALL, MOST_OF_ONE
from tests.contract.launching import ANA, BEN, NAME, Coalition, draft
from tests.fakes.provider import ScriptedProvider

DEE = "dee@example.org"


@pytest.fixture
def coalition(database: Database) -> Coalition:
    made = Coalition(database)
    made.enlist(3)
    made.employ(BEN, Role.APPROVER)
    return made


def submit(coalition: Coalition, edition: str = "otay") -> None:
    coalition.proposer.new(draft(edition=edition), by=ANA)
    coalition.proposer.submit(f"urgent/{edition}", by=ANA)


def written_to(coalition: Coalition) -> dict[str, int]:
    provider = ScriptedProvider()
    coalition.drain(provider)
    return dict(provider.accepted)


def edit(coalition: Coalition) -> None:
    coalition.proposer.edit(NAME, draft(urgent=True), by=ANA)


def cancel(coalition: Coalition) -> None:
    coalition.proposer.cancel(NAME, by=ANA, reason="it is off")


def approve(coalition: Coalition) -> None:
    coalition.proposer.approve(NAME, by="cy@example.org", count=3)


@pytest.mark.parametrize("act", [edit, cancel, approve])
def test_a_letter_that_has_not_left_is_withdrawn_with_what_it_asks_for(
    coalition: Coalition, act: Callable[[Coalition], None]
) -> None:
    submit(coalition)
    submit(coalition, "other")

    act(coalition)

    assert written_to(coalition) == {BEN: 1}  # about the other
    assert coalition.query("SELECT count(*) FROM mailings WHERE state = 'sending'") == [
        0
    ]


def test_what_comes_too_late_is_not_asked_for_any_more(coalition: Coalition) -> None:
    coalition.proposer.new(draft(not_after="2019-10-07T15:45:00Z"), by=ANA)
    coalition.proposer.submit(NAME, by=ANA)
    coalition.later(hours=1)

    assert coalition.tick().stage is Stage.EXPIRED

    assert written_to(coalition) == {}


def test_who_is_asked_anew_after_an_edit_gets_one_letter_about_the_newest(
    coalition: Coalition,
) -> None:
    submit(coalition)
    edit(coalition)
    coalition.proposer.submit(NAME, by=ANA)

    assert written_to(coalition) == {BEN: 1}


def test_who_may_not_approve_any_more_is_not_asked(coalition: Coalition) -> None:
    dee = coalition.employ(DEE, Role.APPROVER)
    submit(coalition)
    coalition.dismiss(dee)

    coalition.tick()

    assert written_to(coalition) == {BEN: 1}


def test_whoever_submits_again_and_again_floods_nobody(coalition: Coalition) -> None:
    submit(coalition)
    asked = written_to(coalition)[BEN]
    for _ in range(10):
        edit(coalition)
        coalition.later(minutes=1)
        coalition.proposer.submit(NAME, by=ANA)
        asked += written_to(coalition).get(BEN, 0)

    assert asked == MOST_OF_ONE
    assert not coalition.tick().told
    coalition.later(hours=1)
    assert coalition.tick().told
    assert written_to(coalition) == {BEN: 1}


def test_of_many_calls_at_once_as_many_are_asked_about_as_somebody_reads(
    coalition: Coalition,
) -> None:
    for number in range(MOST_OF_ALL + 5):
        submit(coalition, f"call-{number}")

    assert written_to(coalition) == {BEN: MOST_OF_ALL}

    coalition.later(minutes=61)
    coalition.releaser.release()
    assert written_to(coalition) == {BEN: 5}


HOSTILE = (
    "Ben</a><script>alert(1)</script>\r\nBcc: all@example.org {{ 7*7 }} =1+1 \u202e"
)


def test_hostile_names_and_reasons_are_printed_and_run_nowhere(
    coalition: Coalition,
) -> None:
    coalition.employ(
        ANA, Role.AUTHOR, Role.APPROVER, name="<b>Ana</b>\r\nBcc: a@x.example"
    )
    said = {"headline": ["<script>alert(2)</script>", "{{ secret }} Bcc: b@x.example"]}
    coalition.proposer.new(draft(en=said), by=ANA)
    coalition.proposer.submit(NAME, by=ANA)
    wanted = _letter(coalition)
    coalition.proposer.approve(NAME, by=ANA, alone=True, reason=HOSTILE)

    for letter in (wanted, _letter(coalition)):
        assert letter["Bcc"] is None
        assert "\n" not in letter["Subject"]
        part = letter.get_body(("html",))
        assert part is not None
        html = str(part.get_content())
        assert "<script" not in html
        assert "<b>Ana" not in html
        assert "49" not in html
        assert "all@example.org" not in html
        assert "{{ secret }}" in html


def _letter(coalition: Coalition) -> EmailMessage:
    """Send what waits, and return what Ben got of it."""
    provider = ScriptedProvider()
    coalition.drain(provider)
    read = email.message_from_bytes(provider.messages[BEN], policy=email.policy.default)
    assert isinstance(read, EmailMessage)
    return read


def test_an_account_is_told_which_roles_it_has_and_lacks(coalition: Coalition) -> None:
    coalition.employ("dora@example.org", Role.AUTHOR)

    with pytest.raises(RefusedError) as refused:
        coalition.coordinators.person("dora@example.org", Permission.APPROVE)

    assert str(refused.value) == (
        "--by: the roles of this account (author) do not let it approve; an admin can"
        " give it one that does (approver)"
    )


def test_who_stands_in_the_settings_is_written_to_in_the_language_of_their_account(
    coalition: Coalition,
) -> None:
    coalition.employ(ANA, Role.ADMIN, language="es")

    found = coalition.coordinators.entitled(Permission.APPROVE)

    assert {each.address: each.language for each in found}[ANA] == "es"
