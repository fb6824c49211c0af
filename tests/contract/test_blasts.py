"""A blast from a draft to everybody who is meant, and everything that stops it."""

import email
import email.policy
from datetime import time, timedelta
from zoneinfo import ZoneInfo

import pytest

from mailer.adapters.database.engine import Database
from mailer.adapters.database.following import SqlFollowing
from mailer.core.caps import Cap
from mailer.core.draft import Draft
from mailer.core.errors import InputError, RefusedError
from mailer.core.events import EventKind
from mailer.core.findings import error, warning
from mailer.core.proposal import Stage
from mailer.core.quiet import QuietHours
from mailer.core.roles import Role
from mailer.pipeline import describe
from tests.contract.launching import ANA, BASE, BEN, CY, NAME, Coalition, draft
from tests.contract.post import people
from tests.factories import draft as action_draft
from tests.fakes.provider import ScriptedProvider

NOT_AFTER = "2019-10-07T15:15:00Z"
QUIET = QuietHours(begin=time(21), end=time(8))


@pytest.fixture
def coalition(database: Database) -> Coalition:
    return Coalition(database)


def test_from_the_draft_to_everybody_a_few_first(coalition: Coalition) -> None:
    coalition.enlist(60)
    provider = ScriptedProvider()

    coalition.approved()
    coalition.later(minutes=9, seconds=59)
    assert coalition.tick().stage is Stage.HELD
    coalition.drain(provider)
    assert provider.calls == 0

    coalition.later(seconds=1)
    assert coalition.tick().stage is Stage.CANARY
    coalition.drain(provider)
    assert sum(provider.accepted.values()) == 20

    assert coalition.tick().canary_until == coalition.now + timedelta(minutes=10)
    coalition.later(minutes=9)
    assert coalition.tick().stage is Stage.CANARY
    coalition.drain(provider)
    assert sum(provider.accepted.values()) == 20

    coalition.later(minutes=1)
    assert coalition.tick().stage is Stage.SENDING
    coalition.drain(provider)
    assert coalition.tick().stage is Stage.DONE
    assert len(provider.accepted) == 60
    assert set(provider.accepted.values()) == {1}


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


def test_a_stop_during_the_hold_means_that_nothing_ever_leaves(
    coalition: Coalition,
) -> None:
    coalition.enlist(30)
    coalition.approved()
    coalition.later(minutes=9)

    coalition.proposer.stop(NAME, by="", reason="wrong gate")
    coalition.proposer.stop(NAME, by="", reason="asked twice")
    coalition.later(days=3)

    assert coalition.tick().stage is Stage.STOPPED
    assert coalition.query("SELECT count(*) FROM deliveries") == [0]
    assert coalition.proposer.state(coalition.blasts.find(NAME)) == "paused"

    again = coalition.proposer.resume(NAME, by=BEN)
    assert again.hold_until == coalition.now + timedelta(minutes=10)
    assert coalition.tick().stage is Stage.HELD


def test_a_stop_during_sending_leaves_everybody_in_one_accounted_state(
    coalition: Coalition,
) -> None:
    coalition.enlist(60)
    coalition.launched()
    provider = ScriptedProvider()
    coalition.post.sender(provider).step()
    had = provider.accepted.total()

    coalition.proposer.stop(NAME, by=CY, reason="it is off")
    coalition.drain(provider)
    coalition.later(minutes=30)
    coalition.tick()
    coalition.drain(provider)
    assert provider.accepted.total() == had
    assert coalition.counts() == {"pending": 60 - had, "sent": had}

    coalition.proposer.resume(NAME, by=CY)
    finish(coalition, provider)
    assert set(provider.accepted.values()) == {1}
    assert coalition.counts() == {"pending": 0, "sent": 60}


def test_a_batch_claimed_before_the_stop_is_not_sent_after_it(
    coalition: Coalition,
) -> None:
    coalition.enlist(30)
    coalition.launched()
    batch = coalition.post.claim()
    coalition.proposer.cancel(NAME, by="", reason="the march is off")

    assert coalition.post.begin(batch) is None
    assert coalition.blasts.find(NAME).stage is Stage.CANCELLED
    assert coalition.counts() == {"pending": 0, "sent": 0, "skipped": 30}


def test_a_blast_that_was_ended_by_somebody_who_was_killed_is_ended_by_the_clock(
    coalition: Coalition,
) -> None:
    coalition.enlist(30)
    seen = coalition.launched()
    coalition.blasts.close(
        seen, Stage.CANCELLED, by=ANA, reason="off", at=coalition.now
    )

    assert coalition.post.begin(coalition.post.claim()) is None
    coalition.tick()

    assert coalition.counts()["skipped"] == 30


def test_a_mailing_cancelled_by_its_own_name_ends_the_blast(
    coalition: Coalition,
) -> None:
    coalition.enlist(30)
    coalition.launched()
    coalition.post.ledger.cancel(
        coalition.mailing.id, reason="by hand", at=coalition.now
    )

    after = coalition.tick()

    assert (after.stage, after.reason) == (Stage.CANCELLED, "by hand")


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


def test_a_blast_whose_moment_has_passed_never_goes_out(coalition: Coalition) -> None:
    coalition.enlist(30)
    coalition.approved(draft(not_after=NOT_AFTER))
    coalition.later(minutes=20)

    after = coalition.tick()

    assert after.stage is Stage.EXPIRED
    assert coalition.query("SELECT count(*) FROM deliveries") == [0]


def test_and_what_of_it_has_not_left_by_then_stays(coalition: Coalition) -> None:
    coalition.enlist(60)
    coalition.launched(draft(not_after=NOT_AFTER))
    provider = ScriptedProvider()
    coalition.drain(provider)
    first = coalition.post.now
    batch_left = coalition.post.claim()
    assert batch_left is None  # the rest waits for the canary
    coalition.later(minutes=5)

    assert coalition.now > first
    after = coalition.tick()

    assert after.stage is Stage.EXPIRED
    coalition.drain(provider)
    assert provider.accepted.total() == 20
    assert coalition.counts() == {"pending": 0, "sent": 20, "skipped": 40}


def test_no_call_begins_after_the_last_moment_even_before_the_clock_has_ticked(
    coalition: Coalition,
) -> None:
    coalition.enlist(30)
    coalition.launched(draft(not_after=NOT_AFTER))
    batch = coalition.post.claim()
    coalition.later(minutes=5)

    assert coalition.post.begin(batch) is None


def test_the_rest_is_not_begun_before_the_first_fared_well_whoever_claims_it(
    coalition: Coalition,
) -> None:
    coalition.enlist(60)
    coalition.launched()
    coalition.drain(ScriptedProvider())
    coalition.post._no_sleep(0)  # as if somebody let all batches go

    assert coalition.post.begin(coalition.post.claim()) is None
    assert coalition.counts() == {"pending": 40, "sent": 20}


def test_the_first_are_another_few_each_time(coalition: Coalition) -> None:
    coalition.enlist(200)
    firsts = []
    for edition in ("otay", "calexico"):
        written = draft(edition=edition)
        coalition.proposer.new(written, by=ANA)
        coalition.proposer.submit(written.name, by=ANA)
        coalition.proposer.approve(written.name, by=BEN)
        coalition.later(minutes=10)
        coalition.releaser.release()
        provider = ScriptedProvider()
        coalition.drain(provider)
        firsts.append(set(provider.accepted))

    assert [len(first) for first in firsts] == [20, 20]
    assert firsts[0] != firsts[1]


@pytest.mark.parametrize(
    ("kind", "number", "goes_on"),
    [
        (EventKind.HARD, 2, True),
        (EventKind.HARD, 3, False),
        (EventKind.BLOCK, 3, False),
        (EventKind.COMPLAINED, 1, True),
        (EventKind.COMPLAINED, 2, False),
    ],
)
def test_the_rest_waits_for_a_person_if_the_first_fare_badly(
    coalition: Coalition, kind: EventKind, number: int, *, goes_on: bool
) -> None:
    coalition.enlist(60)
    coalition.launched()
    provider = ScriptedProvider()
    coalition.drain(provider)
    coalition.tick()
    coalition.heard(kind, *sorted(provider.accepted)[:number])
    coalition.later(minutes=10)

    after = coalition.tick()

    state = coalition.proposer.state(after)
    assert state == ("sending" if goes_on else "paused")
    if not goes_on:
        coalition.drain(provider)
        assert provider.accepted.total() == 20
        assert "first 20" in coalition.troubles[-1]
        coalition.proposer.resume(NAME, by=BEN)
        finish(coalition, provider)
        assert coalition.counts()["sent"] == 60


def test_nobody_is_woken_and_each_zone_gets_it_in_its_morning(
    coalition: Coalition,
) -> None:
    coalition.quiet_hours = QUIET
    coalition.enlist(10, time_zone="America/Los_Angeles")  # 8:00
    coalition.enlist(10, first=11, time_zone="Asia/Tokyo")  # midnight
    coalition.launched(draft(not_after=None))
    provider = ScriptedProvider()
    coalition.drain(provider)

    assert provider.accepted.total() == 10
    coalition.later(hours=7)
    coalition.drain(provider)
    assert provider.accepted.total() == 10
    coalition.later(hours=1)
    coalition.drain(provider)
    assert provider.accepted.total() == 20


def test_quiet_hours_that_begin_meanwhile_hold_what_is_left(
    coalition: Coalition,
) -> None:
    coalition.quiet_hours = QUIET
    coalition.enlist(10, time_zone="America/Los_Angeles")
    coalition.launched()
    batch = coalition.post.claim()
    coalition.later(hours=13)  # 21:10

    assert coalition.post.begin(batch) is None


def test_quiet_hours_are_overridden_for_a_reason(coalition: Coalition) -> None:
    coalition.quiet_hours = QUIET
    coalition.enlist(10, time_zone="Asia/Tokyo")
    coalition.launched(draft(despite_quiet_hours="People are moved tonight."))
    provider = ScriptedProvider()

    coalition.drain(provider)

    assert provider.accepted.total() == 10


def test_everybody_reads_their_own_language_and_whoever_reads_neither_the_first(
    coalition: Coalition,
) -> None:
    coalition.enlist(2, language="en")
    coalition.enlist(2, first=3, language="es")
    coalition.launched()
    provider = ScriptedProvider()
    coalition.drain(provider)

    subjects = {
        a: m.decode().partition("Subject: ")[2] for a, m in provider.messages.items()
    }
    assert subjects["reader1@example.org"].startswith("Come to Otay")
    assert subjects["reader3@example.org"].startswith("Vengan a Otay")


def test_batches_keep_to_domains_that_have_a_pace(coalition: Coalition) -> None:
    coalition.domains = {"example.org": 3}
    coalition.enlist(30)
    coalition.launched()

    sizes = coalition.query("SELECT count(*) FROM deliveries GROUP BY variant_id, seq")
    assert max(sizes) == 3
    assert coalition.query("SELECT DISTINCT pace FROM batches") == ["example.org"]
    finish(coalition, ScriptedProvider())
    assert coalition.counts() == {"pending": 0, "sent": 30}


def test_the_report_counts_by_outcome_domain_and_state_and_names_nobody(
    coalition: Coalition,
) -> None:
    coalition.enlist(30)
    coalition.launched()
    provider = ScriptedProvider()
    finish(coalition, provider)
    coalition.heard(
        EventKind.DELIVERED, *[f"reader{n}@example.org" for n in range(1, 25)]
    )
    coalition.heard(EventKind.HARD, "reader30@example.org")
    coalition.leave(1)

    fared = coalition.blasts.fared(coalition.blasts.find(NAME))

    assert fared.sent == 30
    assert fared.heard == {"delivered": 24, "hard": 1}
    assert fared.left == 1
    assert fared.domains == [("example.org", {"delivered": 24, "hard": 1, "sent": 5})]
    assert [name for name, _ in fared.regions] == ["CA"]


def test_its_story_tells_who_did_what_and_no_address(coalition: Coalition) -> None:
    coalition.enlist(30)
    coalition.launched()
    finish(coalition, ScriptedProvider())

    story = coalition.blasts.story(coalition.blasts.find(NAME))

    assert [(who, what) for _, who, what, _ in story] == [
        ("a…@example.org", "new"),
        ("a…@example.org", "submit"),
        ("b…@example.org", "approve"),
        ("tick", "launch"),
        ("tick", "send the rest"),
        ("tick", "done"),
    ]


def test_records_tell_two_people_apart_whose_addresses_look_alike(
    coalition: Coalition,
) -> None:
    coalition.enlist(30)
    amy = "amy@example.org"
    roles = (Role.AUTHOR, Role.APPROVER)
    writer = coalition.employ(ANA, *roles, name="Ana Ruiz")
    approver = coalition.employ(amy, *roles, name="Amy Cole")
    coalition.proposer.new(draft(), by=ANA)
    coalition.proposer.submit(NAME, by=ANA)
    coalition.proposer.approve(NAME, by=amy)
    coalition.later(minutes=10)
    coalition.tick()
    coalition.proposer.stop(NAME, by=amy, reason="the road is shut")

    story = coalition.blasts.story(coalition.blasts.find(NAME))
    paused, *_ = SqlFollowing(coalition.database).story(coalition.mailing, most=1)

    assert [(who, what) for _, who, what, _ in story][1:3] == [
        (writer.actor, "submit"),
        (approver.actor, "approve"),
    ]
    assert paused.actor == approver.actor
    told = describe.story(story, coalition.coordinators.accounts.every())
    assert [each["by"] for each in told][1:3] == ["Ana Ruiz", "Amy Cole"]


def test_a_name_is_taken_once_and_told_exactly(coalition: Coalition) -> None:
    coalition.proposer.new(draft(), by=ANA)

    with pytest.raises(RefusedError, match="exists already"):
        coalition.proposer.new(draft(), by=BEN)
    assert coalition.blasts.find("otay").name == NAME


def finish(coalition: Coalition, provider: ScriptedProvider) -> None:
    """Let the clock and the senders take turns until it is over."""
    for _ in range(12):
        coalition.tick()
        coalition.drain(provider)
        coalition.later(minutes=10)
    assert coalition.tick().stage is Stage.DONE


def test_whoever_waits_for_it_sees_why_it_does_not_go_out(coalition: Coalition) -> None:
    coalition.enlist(3)
    coalition.approved()
    coalition.has_its_list = False
    coalition.later(minutes=10)

    hindered = coalition.tick()

    assert (hindered.stage, hindered.reason) == (
        Stage.HELD,
        'there is no list "urgent"',
    )
    assert coalition.troubles == [f"{NAME}: {hindered.reason}"]
    coalition.has_its_list = True
    after = coalition.tick()
    assert (after.stage, after.reason) == (Stage.CANARY, None)


def test_an_urgent_one_overtakes_an_edition_on_its_way(coalition: Coalition) -> None:
    post = coalition.post
    post.publish(action_draft("San Diego"))
    post.enlist(*people(2))
    post.compose(post.make())
    coalition.enlist(3)
    coalition.launched(draft(urgent=True))

    first = post.claim()

    assert first is not None
    assert first.mailing.kind == "blast"


def test_a_cap_keeps_people_from_a_third_blast_but_not_from_an_urgent_one(
    coalition: Coalition,
) -> None:
    coalition.caps = (Cap(times=2, unit="week"),)
    coalition.enlist(3)
    for edition in ("one", "two"):
        launch(coalition, draft(edition=edition))
    coalition.proposer.new(draft(edition="three"), by=ANA)
    submitted, _ = coalition.proposer.submit("three", by=ANA)
    assert submitted.expected == 0
    with pytest.raises(RefusedError, match="0 now"):
        coalition.proposer.approve("three", by=BEN)

    provider = launch(coalition, draft(edition="four", urgent=True))
    assert provider.accepted.total() == 3


def launch(coalition: Coalition, written: Draft) -> ScriptedProvider:
    """Send a blast to its end."""
    coalition.proposer.new(written, by=ANA)
    coalition.proposer.submit(written.name, by=ANA)
    coalition.proposer.approve(written.name, by=BEN)
    provider = ScriptedProvider()
    for _ in range(4):
        coalition.later(minutes=10)
        coalition.releaser.release()
        coalition.drain(provider)
    return provider
