"""Who may approve a blast, for whom and for which words, and who is told of it."""

import email
import email.policy
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from mailer.adapters.database.engine import Database
from mailer.core.errors import InputError, RefusedError
from mailer.core.findings import error, warning
from mailer.core.proposal import Stage
from mailer.core.roles import Role
from tests.contract.launching import (
    ANA,
    BASE,
    BEN,
    CY,
    NAME,
    Coalition,
    draft,
)
from tests.fakes.provider import ScriptedProvider

NOT_AFTER = "2019-10-07T15:15:00Z"


@pytest.fixture
def coalition(database: Database) -> Coalition:
    return Coalition(database)


def test_nobody_but_another_coordinator_approves(coalition: Coalition) -> None:
    coalition.enlist(3)
    coalition.proposer.new(draft(), by=ANA)
    coalition.proposer.edit(NAME, draft(urgent=True), by=BEN)
    coalition.proposer.submit(NAME, by=BEN)

    for hand in (ANA, BEN, "Ana@Example.org"):
        with pytest.raises(RefusedError, match="does not approve it"):
            coalition.proposer.approve(NAME, by=hand)
    with pytest.raises(RefusedError, match="is no coordinator"):
        coalition.proposer.approve(NAME, by="dee@example.org")

    approved = coalition.proposer.approve(NAME, by=CY)
    assert approved.stage is Stage.HELD
    assert approved.hold_until == coalition.now + timedelta(minutes=2)


def test_an_edit_voids_the_approval_whatever_it_changes(coalition: Coalition) -> None:
    coalition.enlist(30)
    coalition.approved()

    edited = coalition.proposer.edit(NAME, draft(not_after=NOT_AFTER), by=ANA)

    assert (edited.stage, edited.approver, edited.expected) == (Stage.DRAFT, None, None)
    assert coalition.query("SELECT count(*) FROM blast_recipients") == [0]
    coalition.later(minutes=30)
    assert coalition.tick().stage is Stage.DRAFT
    assert coalition.query("SELECT count(*) FROM deliveries") == [0]


def test_the_story_says_what_an_edit_voids_and_of_a_draft_that_it_voids_nothing(
    coalition: Coalition,
) -> None:
    coalition.enlist(3)
    coalition.proposer.new(draft(), by=ANA)
    coalition.proposer.edit(NAME, draft(), by=ANA)
    coalition.proposer.submit(NAME, by=ANA)
    edited = coalition.proposer.edit(NAME, draft(), by=ANA)

    told = [why for *_, what, why in coalition.blasts.story(edited) if what == "edit"]
    assert [sorted(why.split("; ")) for why in told] == [
        ["revision 2"],
        ["revision 3", "voids submitted"],
    ]


def test_an_approval_of_what_was_changed_meanwhile_is_refused(
    coalition: Coalition,
) -> None:
    coalition.enlist(3)
    coalition.proposer.new(draft(), by=ANA)
    coalition.proposer.submit(NAME, by=ANA)
    seen = coalition.blasts.find(NAME).revision
    coalition.proposer.edit(NAME, draft(urgent=True), by=ANA)
    coalition.proposer.submit(NAME, by=ANA)

    with pytest.raises(RefusedError, match="just changed"):
        coalition.proposer.approve(NAME, by=BEN, revision=seen)


def test_two_edits_of_one_revision_are_one(coalition: Coalition) -> None:
    seen = coalition.proposer.new(draft(), by=ANA)

    first = coalition.blasts.edit(seen, draft(urgent=True), by=ANA, at=coalition.now)
    second = coalition.blasts.edit(seen, draft(), by=BEN, at=coalition.now)

    assert first is not None
    assert second is None
    assert coalition.blasts.find(NAME).draft.is_urgent


def test_errors_stop_and_warnings_are_acknowledged_by_name(
    coalition: Coalition,
) -> None:
    coalition.enlist(3)
    coalition.proposer.new(draft(), by=ANA)
    coalition.findings = [error("link-dead", "nothing is there"), warning("odd", "?")]
    with pytest.raises(RefusedError, match="link-dead"):
        coalition.proposer.submit(NAME, by=ANA, acknowledged=["odd", "link-dead"])

    coalition.findings = [warning("odd", "?"), warning("strange", "?")]
    with pytest.raises(RefusedError, match="--acknowledge strange"):
        coalition.proposer.submit(NAME, by=ANA, acknowledged=["odd"])
    with pytest.raises(InputError, match="no such warning"):
        coalition.proposer.submit(NAME, by=ANA, acknowledged=["odd", "strange", "new"])

    done, _ = coalition.proposer.submit(NAME, by=ANA, acknowledged=["odd", "strange"])
    assert done.acknowledged == ("odd", "strange")


def test_who_approves_for_many_types_how_many(coalition: Coalition) -> None:
    coalition.enlist(12)
    coalition.counted_from = 10
    coalition.proposer.new(draft(), by=ANA)
    coalition.proposer.submit(NAME, by=ANA)

    with pytest.raises(RefusedError, match="type how many"):
        coalition.proposer.approve(NAME, by=BEN)
    with pytest.raises(RefusedError, match="not how many"):
        coalition.proposer.approve(NAME, by=BEN, count=11)
    assert coalition.proposer.approve(NAME, by=BEN, count=12).approved == 12


def test_one_alone_needs_a_reason_and_all_coordinators_are_told_before_it_leaves(
    coalition: Coalition,
) -> None:
    coalition.enlist(3)
    coalition.proposer.new(draft(urgent=True), by=ANA)
    coalition.proposer.submit(NAME, by=ANA)
    with pytest.raises(InputError, match="--reason"):
        coalition.proposer.approve(NAME, by=ANA, alone=True)

    alone = coalition.proposer.approve(
        NAME, by=ANA, alone=True, reason="everybody else is at the gate"
    )

    assert (alone.alone, alone.told) == (True, True)
    provider = ScriptedProvider()
    coalition.drain(provider)
    assert set(provider.accepted) == {ANA, BEN, CY}
    letter = provider.messages[BEN].decode()
    assert "everybody else is at the gate" in letter.replace("=\r\n", "")
    coalition.later(minutes=2)
    coalition.tick()
    coalition.drain(provider)
    assert provider.accepted.total() == 6


def test_who_approved_alone_and_was_killed_before_telling_is_told_of_by_the_clock(
    coalition: Coalition,
) -> None:
    coalition.enlist(3)
    coalition.proposer.new(draft(), by=ANA)
    seen, _ = coalition.proposer.submit(NAME, by=ANA)
    coalition.blasts.approve(
        seen,
        by=ANA,
        reason="nobody answers",
        words=coalition.words(seen.draft),
        hold_until=coalition.now,
        terms=coalition.terms(seen.draft),
        at=coalition.now,
    )
    held = coalition.blasts.find(NAME)
    assert not held.told

    assert coalition.tick().told
    provider = ScriptedProvider()
    coalition.drain(provider)
    assert {ANA, BEN, CY} <= set(provider.accepted)


def _told(provider: ScriptedProvider, address: str) -> str:
    """Return the words of the letter that somebody got, on one line."""
    letter = email.message_from_bytes(
        provider.messages[address], policy=email.policy.default
    )
    part = letter.get_body(("plain",))
    assert part is not None
    return " ".join(str(part.get_content()).split())


def test_who_may_approve_is_asked_once_in_their_language_and_its_writer_is_not(
    coalition: Coalition,
) -> None:
    coalition.enlist(3)
    roles = (Role.AUTHOR, Role.APPROVER)
    coalition.employ(ANA, *roles, name="Ana Ruiz")
    coalition.employ(BEN, Role.APPROVER, language="es")
    coalition.employ("dee@example.org", Role.AUTHOR)
    coalition.proposer.new(draft(not_after="2019-10-08T02:00:00Z"), by=ANA)
    coalition.proposer.submit(NAME, by=ANA)
    assert coalition.tick().told

    provider = ScriptedProvider()
    coalition.drain(provider)

    assert dict(provider.accepted) == {BEN: 1}
    said = _told(provider, BEN)
    assert "Ana Ruiz pide aprobar el llamado urgente “Vengan a Otay Mesa hoy" in said
    assert "Personas que lo recibirían: 3." in said
    assert "el lunes 7 de octubre, 7:00 p. m. (PDT)" in said.replace("\xa0", " ")
    assert f"{BASE}/console/calls/urgent/otay" in said


def test_an_approval_that_drift_has_voided_is_asked_for_anew(
    coalition: Coalition,
) -> None:
    coalition.enlist(30)
    coalition.employ(BEN, Role.APPROVER)
    coalition.approved()
    coalition.drain(ScriptedProvider())
    coalition.suppress(*range(1, 9))
    coalition.later(minutes=10)

    assert coalition.tick().stage is Stage.SUBMITTED

    coalition.tick()
    provider = ScriptedProvider()
    coalition.drain(provider)
    assert dict(provider.accepted) == {BEN: 1}
    assert "People who would get it: 22." in _told(provider, BEN)


def test_somebody_who_may_approve_only_later_is_asked_then(
    coalition: Coalition,
) -> None:
    coalition.enlist(3)
    coalition.proposer.new(draft(), by=ANA)
    coalition.proposer.submit(NAME, by=ANA)
    assert not coalition.tick().told

    coalition.employ("dee@example.org", Role.APPROVER)

    assert coalition.tick().told
    provider = ScriptedProvider()
    coalition.drain(provider)
    assert set(provider.accepted) == {"dee@example.org"}


def test_the_letter_of_a_lone_approval_names_who_and_when_and_leads_to_the_call(
    coalition: Coalition,
) -> None:
    coalition.enlist(3)
    coalition.employ(ANA, Role.AUTHOR, Role.APPROVER, name="Ana Ruiz")
    coalition.employ(BEN, Role.APPROVER, name="Ben Cho")
    coalition.proposer.new(draft(urgent=True), by=ANA)
    coalition.proposer.submit(NAME, by=ANA)
    coalition.drain(ScriptedProvider())
    alone = coalition.proposer.approve(NAME, by=ANA, alone=True, reason="at the gate")

    provider = ScriptedProvider()
    coalition.drain(provider)

    said = _told(provider, BEN).replace("\xa0", " ")
    assert alone.hold_until is not None
    hour = alone.hold_until.astimezone(ZoneInfo("America/Los_Angeles"))
    assert "Ana Ruiz has approved the urgent call “Come to Otay Mesa" in said
    assert f"{hour:%-I:%M} " in said
    assert "(PDT). People who get it: 3." in said
    assert "mailer blast" not in said
    assert f"{BASE}/console/calls/urgent/otay" in said
    assert "/console/" not in _told(provider, CY)  # who has no account there


def test_what_was_approved_for_a_few_less_goes_out_and_says_so(
    coalition: Coalition,
) -> None:
    coalition.enlist(60)
    coalition.approved()
    coalition.leave(1, 2)
    coalition.suppress(3)
    coalition.enlist(1, first=61)
    coalition.later(minutes=10)

    after = coalition.tick()

    assert after.stage is Stage.CANARY
    assert str(after.change) == "approved 60, sending 58: 1 bounced, 2 left, 1 came"
    assert coalition.counts() == {
        "pending": 58,
        "sent": 0,
        "skipped": 2,
        "suppressed": 1,
    }
    assert coalition.query("SELECT count(*) FROM blast_recipients") == [0]


def test_an_audience_that_has_drifted_asks_for_another_approval(
    coalition: Coalition,
) -> None:
    coalition.enlist(60)
    coalition.approved()
    coalition.leave(*range(1, 7))
    coalition.later(minutes=10)

    after = coalition.tick()

    assert after.stage is Stage.SUBMITTED
    assert "approved 60, sending 54: 6 left" in (after.reason or "")
    assert coalition.query("SELECT count(*) FROM mailings") == [0]
    assert coalition.query("SELECT count(*) FROM deliveries") == [0]
    assert coalition.troubles
    assert coalition.proposer.approve(NAME, by=BEN).approved == 54


def test_an_approval_for_others_than_it_was_submitted_for_is_refused(
    coalition: Coalition,
) -> None:
    coalition.enlist(60)
    coalition.proposer.new(draft(), by=ANA)
    coalition.proposer.submit(NAME, by=ANA)
    coalition.enlist(6, first=61)

    with pytest.raises(RefusedError, match="submitted for 60 people, and it is 66"):
        coalition.proposer.approve(NAME, by=BEN)
    assert coalition.blasts.find(NAME).stage is Stage.SUBMITTED
    assert coalition.query("SELECT count(*) FROM blast_recipients") == [0]
