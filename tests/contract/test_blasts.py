"""A blast from a draft to everybody who is meant, and everything that stops it."""

from datetime import timedelta

import pytest

from mailer.adapters.database.engine import Database
from mailer.adapters.database.following import SqlFollowing
from mailer.core.caps import Cap
from mailer.core.errors import RefusedError
from mailer.core.events import EventKind
from mailer.core.proposal import Stage
from mailer.core.roles import Role
from mailer.pipeline import describe
from tests.contract.launching import (
    ANA,
    BEN,
    NAME,
    Coalition,
    draft,
    finish,
    launch,
)
from tests.contract.post import people
from tests.factories import draft as action_draft
from tests.fakes.provider import ScriptedProvider


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
