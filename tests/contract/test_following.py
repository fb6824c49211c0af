"""Mailings as those look at them who sent them, on both databases."""

from datetime import timedelta

import pytest

from mailer.adapters.database.engine import Database
from mailer.adapters.database.following import SqlFollowing
from mailer.adapters.database.parked import Parked
from mailer.adapters.database.records import SqlRecords
from mailer.core.errors import InputError, NotFoundError, RefusedError
from mailer.core.events import EventKind
from mailer.pipeline.halt import Halter
from mailer.ports import Accepted, Answered, Outcome, Outgoing, Refused
from tests.contract.launching import ANA, BEN, Coalition
from tests.fakes.provider import ScriptedProvider, accept_and_vanish


@pytest.fixture
def coalition(database: Database) -> Coalition:
    return Coalition(database)


def halter(coalition: Coalition, person: str = "") -> Halter:
    return Halter(
        ledger=coalition.post.ledger,
        proposer=lambda: coalition.proposer,
        clock=lambda: coalition.now,
        actor="account 7",
        person=person,
    )


def refuse_one(provider: ScriptedProvider, outgoing: Outgoing) -> Outcome:
    """Take all but the first."""
    first, *others = outgoing.recipients
    provider.take(outgoing, [one.address for one in others])
    taken = [Accepted(provider_id=f"id-{one.address}") for one in others]
    return Answered(results=[Refused(code="550", detail=first.address), *taken])


def test_a_mailing_is_read_with_its_versions_its_failures_and_its_story(
    coalition: Coalition, database: Database
) -> None:
    coalition.enlist(20)
    coalition.enlist(10, first=21, language="es")
    coalition.launched()
    coalition.drain(ScriptedProvider(refuse_one))
    following = SqlFollowing(database)
    number = coalition.mailing.id

    versions, more = following.versions(number, most=1)
    both, none = following.versions(number, most=9)
    [failed] = following.failed(number, most=9)

    assert ([each.language for each in versions], more) == (["en"], 1)
    assert [(each.language, each.people) for each in both] == [("en", 20), ("es", 10)]
    assert none == 0
    assert sum(each.deliveries.get("sent", 0) for each in both) == 19
    assert sum(each.open for each in both) == 10
    assert following.languages(number) == {"en": 20, "es": 10}
    assert failed.masked_address == "r…@example.org"
    assert failed.reason.startswith("550: ")
    verbs = [one.verb for one in following.story(coalition.mailing, most=9)]
    assert verbs[-4:] == ["launch", "approve", "submit", "new"]


def test_the_report_is_the_same_whoever_asks_for_it(
    coalition: Coalition, database: Database
) -> None:
    coalition.enlist(20)
    coalition.launched()
    coalition.drain(ScriptedProvider())
    people = [f"reader{number}@example.org" for number in range(1, 6)]
    coalition.heard(EventKind.DELIVERED, *people[:3])
    coalition.heard(EventKind.SOFT, people[3])
    coalition.leave(1)

    fared = SqlFollowing(database).fared(coalition.mailing.id)

    assert fared == coalition.blasts.fared(coalition.blasts.find("urgent/otay"))
    assert (fared.sent, fared.left) == (20, 1)
    assert fared.heard == {"delivered": 3, "soft": 1}


def test_mailings_come_page_by_page_and_letters_to_one_person_never(
    coalition: Coalition, database: Database
) -> None:
    coalition.enlist(3)
    coalition.launched()
    weekly = coalition.post.make()
    following = SqlFollowing(database)

    assert [each.id for each in following.page((), most=9)] == [
        weekly.id,
        coalition.mailing.id,
    ]
    assert following.page((), most=9, before=weekly.id) == [coalition.mailing]
    assert following.page(("planned",), most=9) == [weekly]
    with pytest.raises(NotFoundError):
        following.mailing(weekly.id + 1)


def test_one_door_halts_digests_and_blasts_and_says_who_did(
    coalition: Coalition, database: Database
) -> None:
    coalition.enlist(40)
    coalition.launched()
    door = halter(coalition, BEN)
    blast = coalition.mailing

    door.pause(blast, reason="is it still on?")
    with pytest.raises(RefusedError):
        door.pause(blast, reason="again")
    door.resume(blast, reason="it is")
    with pytest.raises(InputError):
        door.cancel(blast, reason=" ")
    door.cancel(blast, reason="the march is off")

    assert coalition.blasts.find("urgent/otay").stage.value == "cancelled"
    weekly = coalition.post.make()
    with pytest.raises(RefusedError, match="is planned; nothing was changed"):
        door.pause(weekly, reason="wait")
    door.cancel(weekly, reason="not this week")
    [record, *_] = SqlRecords(database).latest(most=1)
    assert (record.actor, record.verb) == ("account 7", "cancelled")
    [*_, paused] = [
        one
        for one in SqlFollowing(database).story(blast, most=20)
        if one.verb == "paused"
    ]
    assert paused.actor == "b…@example.org"
    assert paused.detail == {"reason": "is it still on?"}


def test_whoever_may_not_move_blasts_on_does_not_halt_them_by_this_door(
    coalition: Coalition,
) -> None:
    coalition.enlist(3)
    coalition.launched()

    with pytest.raises(RefusedError, match="is no coordinator"):
        halter(coalition, "mallory@example.org").pause(
            coalition.mailing, reason="because"
        )
    halter(coalition).pause(coalition.mailing, reason="somebody at the shell")
    halter(coalition, ANA).resume(coalition.mailing)

    assert coalition.post.ledger.standing(coalition.mailing.id).state == "sending"


def test_what_is_in_doubt_is_listed_without_addresses_and_as_far_as_asked(
    coalition: Coalition, database: Database
) -> None:
    coalition.enlist(20)
    coalition.launched()
    coalition.drain(ScriptedProvider(accept_and_vanish))
    coalition.later(hours=1)
    coalition.drain(ScriptedProvider())
    parked = Parked(database)

    doubtful = parked.doubtful(most=100)

    assert len(doubtful) == len(parked.listed(None)) > 1
    assert len(parked.doubtful(most=1)) == 1
    assert {each.masked_address for each in doubtful} == {"r…@example.org"}
    assert doubtful[0].mailing == coalition.mailing.id
    done = parked.mark_sent(
        doubtful[0].mailing,
        doubtful[0].subscriber,
        actor="account 7",
        at=coalition.now + timedelta(minutes=1),
    )
    assert (done, len(parked.doubtful(most=100))) == (1, len(doubtful) - 1)
