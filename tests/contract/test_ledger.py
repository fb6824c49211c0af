"""What every database must do with mailings: nobody twice, nobody lost, all counted."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import delete, insert, select, text

from mailer.adapters.database.engine import Database
from mailer.adapters.database.organizations import OrganizationStore
from mailer.adapters.database.parked import Parked
from mailer.adapters.database.schema import (
    deliveries,
    subscribers,
)
from mailer.ports import (
    Accepted,
    Answered,
    Deferred,
    Organized,
    Outcome,
    Outgoing,
    Refused,
)
from tests.contract.post import Post, people
from tests.contract.racing import together
from tests.factories import MONDAY, contact, draft, place
from tests.fakes.provider import (
    ScriptedProvider,
    accept,
    accept_and_vanish,
    refuse_call,
    throttle,
    unauthorized,
)


@pytest.fixture
def post(database: Database) -> Post:
    made = Post(database)
    made.publish(draft("San Diego"), draft("Denver"), draft("Newark", 13))
    return made


def test_everybody_gets_one_message_and_the_counts_add_up(post: Post) -> None:
    post.enlist(*people(25))
    provider = ScriptedProvider()

    standing = post.send(provider)

    assert provider.accepted == {f"reader{n}@example.org": 1 for n in range(1, 26)}
    assert (standing.state, standing.audience) == ("finished", 25)
    assert standing.deliveries == {"pending": 0, "sent": 25}
    assert provider.calls == 3  # batches of ten


def test_readers_alike_share_a_variant_and_others_do_not(post: Post) -> None:
    post.enlist(
        *people(3),
        contact(4, language="es"),
        contact(5, place=place("Denver")),
        contact(6, place=None, organization=None),
    )

    composition = post.compose(post.make())

    assert len(composition.variants) == 4
    assert len(post.renderer.rendered) == 4


def test_a_reader_without_a_place_is_where_their_organization_is(post: Post) -> None:
    OrganizationStore(post.database).organize(
        [Organized(line=1, name="Unión del Barrio", place=place("Denver"))], at=MONDAY
    )
    post.enlist(contact(1, place=None))

    [variant] = post.compose(post.make()).variants

    assert variant.place == "Denver, CO"


def test_every_envelope_holds_its_own_links_and_nobody_elses(post: Post) -> None:
    post.enlist(*people(12))
    provider = ScriptedProvider()
    post.send(provider)

    links = {
        address: {w for w in message.decode().split() if w.startswith("<https")}
        for address, message in provider.messages.items()
    }
    assert all(len(found) == 1 for found in links.values())
    assert len(set.union(*links.values())) == 12


def test_what_nobody_knows_is_listed_and_never_sent_again(post: Post) -> None:
    post.enlist(*people(25))
    provider = ScriptedProvider(accept, accept_and_vanish)

    standing = post.send(provider)

    assert max(provider.accepted.values()) == 1
    assert standing.deliveries == {"pending": 0, "sent": 15, "parked": 10}
    assert standing.state == "unresolved"


def test_a_sender_that_dies_after_the_intent_leaves_unknown_not_twice(
    post: Post,
) -> None:
    post.enlist(*people(25))
    mailing = post.make()
    post.compose(mailing)
    batch = post.claim("doomed")
    post.begin(batch, lease=-1.0)

    provider = ScriptedProvider()
    post.drain(mailing, provider)

    standing = post.ledger.standing(mailing.id)
    assert standing.deliveries == {"pending": 0, "sent": 15, "parked": 10}
    assert (sum(provider.accepted.values()), standing.state) == (15, "unresolved")


def test_a_sender_that_dies_before_the_intent_costs_nothing(post: Post) -> None:
    post.enlist(*people(25))
    mailing = post.make()
    post.compose(mailing)
    assert post.claim("doomed", lease=-1.0)

    post.drain(mailing, ScriptedProvider())

    assert post.ledger.standing(mailing.id).deliveries["sent"] == 25


def test_a_sender_whose_lease_ran_out_changes_nothing(post: Post) -> None:
    post.enlist(*people(5))
    mailing = post.make()
    post.compose(mailing)
    intent = post.begin(post.claim("slow"), lease=-1.0)
    assert intent is not None
    post.claim("other")  # gives up on the slow one

    late = post.ledger.record(
        intent,
        [Accepted()] * 5,
        fingerprint=None,
        settle=0.0,
        delay=0.0,
        at=post.now,
    )

    assert not late
    assert post.ledger.standing(mailing.id).deliveries["unknown"] == 5


def test_whoever_leaves_between_planning_and_sending_gets_nothing(post: Post) -> None:
    post.enlist(*people(3))
    mailing = post.make()
    post.compose(mailing)
    post.readers.leave(post.uid(1), post.number, at=MONDAY, how="one-click")
    post.people.suppress(["reader2@example.org"], reason="bounced", at=MONDAY)
    provider = ScriptedProvider()

    post.drain(mailing, provider)

    assert set(provider.accepted) == {"reader3@example.org"}
    assert post.ledger.standing(mailing.id).audience == 3


def test_a_throttled_batch_is_sent_later_once(post: Post) -> None:
    post.enlist(*people(5))
    provider = ScriptedProvider(throttle, throttle)

    assert post.send(provider).deliveries == {"pending": 0, "sent": 5}
    assert max(provider.accepted.values()) == 1


def test_a_wrong_key_pauses_the_mailing_and_fails_nobody(post: Post) -> None:
    post.enlist(*people(5))
    provider = ScriptedProvider(unauthorized)
    mailing = post.make()
    post.compose(mailing)
    post.drain(mailing, provider)
    paused = post.ledger.standing(mailing.id)

    assert (paused.state, paused.deliveries) == ("paused", {"pending": 5, "sent": 0})
    assert "401" in str(paused.reason)

    assert post.ledger.resume(mailing.id, at=post.now)
    post.drain(mailing, provider)
    assert post.ledger.standing(mailing.id).deliveries["sent"] == 5


def test_one_bad_address_in_a_refused_call_fails_alone(post: Post) -> None:
    post.enlist(*people(5))

    def only_bad(provider: ScriptedProvider, outgoing: Outgoing) -> Outcome:
        if any(r.address.startswith("reader3@") for r in outgoing.recipients):
            return refuse_call(provider, outgoing)
        return accept(provider, outgoing)

    provider = ScriptedProvider(*[only_bad] * 6)
    standing = post.send(provider)

    assert standing.deliveries == {"pending": 0, "sent": 4, "failed": 1}
    assert "reader3@example.org" not in provider.accepted


def test_each_recipient_has_a_result_of_their_own(post: Post) -> None:
    post.enlist(*people(3))

    def mixed(provider: ScriptedProvider, outgoing: Outgoing) -> Outcome:
        first, _second, _third = outgoing.recipients
        provider.take(outgoing, [first.address])
        return Answered(
            results=[
                Accepted(provider_id="1"),
                Refused(code="550", detail="no such mailbox"),
                Deferred(detail="busy"),
            ]
        )

    provider = ScriptedProvider(mixed)
    standing = post.send(provider)

    assert standing.deliveries == {"pending": 0, "sent": 2, "failed": 1}
    assert standing.reasons == {"failed: 550: no such mailbox": 1}
    assert provider.accepted == {"reader1@example.org": 1, "reader3@example.org": 1}


def test_several_senders_at_once_mail_everybody_once(post: Post) -> None:
    post.enlist(*people(200))
    mailing = post.make()
    post.compose(mailing)
    provider = ScriptedProvider()

    together(*[lambda: post.drain(mailing, provider)] * 4)

    assert set(provider.accepted.values()) == {1}
    assert post.ledger.standing(mailing.id).deliveries["sent"] == 200


def test_no_delivery_can_be_made_twice_for_a_person_or_an_address(post: Post) -> None:
    post.enlist(*people(2))
    mailing = post.make()
    post.compose(mailing)
    with post.database.reading() as connection:
        row = connection.execute(select(deliveries)).mappings().first()
    assert row is not None

    for change in ({}, {"subscriber_id": row["subscriber_id"] + 1}):
        with (
            pytest.raises(Exception, match=r"(?i)unique|duplicate"),
            post.database.writing() as connection,
        ):
            connection.execute(insert(deliveries).values({**row, **change}))


def test_a_naive_datetime_never_reaches_the_store(post: Post) -> None:
    with pytest.raises(Exception, match="naive"):
        post.ledger.register(["other"], at=datetime(2019, 10, 7))  # noqa: DTZ001 - what is refused


def test_instants_come_back_in_utc(post: Post) -> None:
    assert post.ledger.first_seen("weekly").tzinfo is UTC


def test_a_foreign_key_is_kept(post: Post) -> None:
    post.enlist(*people(1))
    with (
        pytest.raises(Exception, match=r"(?i)foreign key"),
        post.database.writing() as connection,
    ):
        connection.execute(delete(subscribers))


def test_groups_of_nobody_are_none(post: Post) -> None:
    assert post.ledger.groups(post.make()) == []


def test_pausing_holds_everything_and_resuming_finishes_it(post: Post) -> None:
    post.enlist(*people(25))
    mailing = post.make()
    post.compose(mailing)
    provider = ScriptedProvider()
    sender = post.sender(provider)
    sender.step(mailing.id)

    assert post.ledger.pause(mailing.id, reason="wrong date", at=post.now)
    assert sender.step(mailing.id) is None
    assert post.ledger.standing(mailing.id).deliveries["sent"] == 10

    assert post.ledger.resume(mailing.id, at=post.now)
    post.drain(mailing, provider)
    assert post.ledger.standing(mailing.id).state == "finished"


def test_a_pause_between_claim_and_intent_still_holds(post: Post) -> None:
    post.enlist(*people(5))
    mailing = post.make()
    post.compose(mailing)
    batch = post.claim()
    post.ledger.pause(mailing.id, reason="stop", at=post.now)

    assert post.begin(batch) is None


def test_a_mailing_whose_last_call_ends_while_paused_is_finished_by_resuming(
    post: Post,
) -> None:
    post.enlist(*people(5))
    mailing = post.make()
    post.compose(mailing)

    def pause_meanwhile(provider: ScriptedProvider, outgoing: Outgoing) -> Outcome:
        post.ledger.pause(mailing.id, reason="stop", at=post.now)
        return accept(provider, outgoing)

    post.drain(mailing, ScriptedProvider(pause_meanwhile))
    assert post.ledger.standing(mailing.id).state == "paused"

    post.ledger.resume(mailing.id, at=post.now)
    assert post.ledger.standing(mailing.id).state == "finished"


def test_cancelling_skips_whoever_waits_and_keeps_the_count(post: Post) -> None:
    post.enlist(*people(25))
    mailing = post.make()
    post.compose(mailing)
    provider = ScriptedProvider()
    post.sender(provider).step(mailing.id)

    assert post.ledger.cancel(mailing.id, reason="the march is off", at=post.now)
    post.drain(mailing, provider)

    standing = post.ledger.standing(mailing.id)
    assert standing.deliveries == {"pending": 0, "sent": 10, "skipped": 15}
    assert (standing.state, sum(provider.accepted.values())) == ("cancelled", 10)
    assert not post.ledger.resume(mailing.id, at=post.now)


def test_a_call_that_fails_after_the_cancellation_is_not_tried_again(
    post: Post,
) -> None:
    post.enlist(*people(5))
    mailing = post.make()
    post.compose(mailing)

    def cancel_meanwhile(provider: ScriptedProvider, outgoing: Outgoing) -> Outcome:
        post.ledger.cancel(mailing.id, reason="off", at=post.now)
        return throttle(provider, outgoing)

    post.drain(mailing, ScriptedProvider(cancel_meanwhile))

    standing = post.ledger.standing(mailing.id)
    assert standing.deliveries == {"pending": 0, "sent": 0, "skipped": 5}


def test_what_nobody_knew_is_settled_by_a_person_and_on_record(post: Post) -> None:
    post.enlist(*people(25))
    mailing = post.make()
    post.compose(mailing)
    provider = ScriptedProvider(accept_and_vanish)
    post.drain(mailing, provider)
    parked = Parked(post.database)

    listed = parked.listed(mailing.id)
    first = post.people.find("reader1@example.org")
    marked = parked.mark_sent(mailing.id, first, actor="test", at=post.now)
    resent = parked.resend(mailing.id, None, actor="test", at=post.now)
    post.drain(mailing, provider)

    standing = post.ledger.standing(mailing.id)
    with post.database.reading() as connection:
        verbs = connection.execute(
            text("SELECT verb FROM audit WHERE actor = 'test' ORDER BY id")
        ).scalars()
        assert list(verbs) == ["mark sent", "resend"]
    assert (len(listed), marked, resent) == (10, 1, 9)
    assert standing.deliveries == {"pending": 0, "sent": 25}
    assert standing.state == "finished"
    assert provider.accepted["reader1@example.org"] == 1
    assert provider.accepted["reader2@example.org"] == 2  # as the person chose
    assert parked.listed(None) == []
