"""What every database must do with mailings: nobody twice, nobody lost, all counted."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, text

from mailer.adapters.database.engine import Database
from mailer.adapters.database.organizations import OrganizationStore
from mailer.adapters.database.parked import Parked
from mailer.adapters.database.schema import (
    deliveries,
    subscribers,
    subscriptions,
)
from mailer.adapters.database.work import SqlLedger
from mailer.core.errors import RefusedError
from mailer.core.lists import parse
from mailer.core.preferences import Choices
from mailer.pipeline import plan
from mailer.ports import (
    Accepted,
    Answered,
    Contacted,
    Deferred,
    Enlisted,
    Organized,
    Outcome,
    Outgoing,
    Refused,
)
from tests.contract.post import SECRET, WEEKLY, Post, people
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


# --- making and composing


def test_everybody_gets_one_message_and_the_counts_add_up(post: Post) -> None:
    post.enlist(*people(25))
    provider = ScriptedProvider()

    standing = post.send(provider)

    assert provider.accepted == {f"reader{n}@example.org": 1 for n in range(1, 26)}
    assert (standing.state, standing.audience) == ("finished", 25)
    assert standing.deliveries == {"pending": 0, "sent": 25}
    assert provider.calls == 3  # batches of ten


def test_the_same_edition_is_refused_a_second_time(post: Post) -> None:
    post.enlist(*people(2))
    post.send()
    post.now += timedelta(days=2)  # Wednesday: still Monday's edition

    with pytest.raises(RefusedError, match="nobody is"):
        post.send()


def test_last_weeks_edition_is_not_made_after_this_weeks_by_a_slip(
    post: Post,
) -> None:
    post.enlist(*people(2))
    post.send()
    post.now -= timedelta(hours=15)  # Sunday evening, as a bare date may mean

    with pytest.raises(RefusedError, match="--edition 2019-09-30"):
        post.make()


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


def test_whoever_is_suppressed_pending_or_gone_gets_nothing(post: Post) -> None:
    post.enlist(*people(4), contact(5, consent_basis=None, consent_at=None))
    post.people.suppress(["Reader2@Example.org "], reason="complained", at=MONDAY)
    post.readers.leave(post.uid(3), post.number, at=MONDAY, how="page")
    provider = ScriptedProvider()

    standing = post.send(provider)

    assert set(provider.accepted) == {"reader1@example.org", "reader4@example.org"}
    assert standing.audience == 3  # active when it was made
    assert standing.reasons == {"suppressed: complained": 1}


def test_an_import_does_not_bring_back_whoever_left(post: Post) -> None:
    post.enlist(*people(2))
    post.readers.leave(post.uid(1), post.number, at=MONDAY, how="one-click")

    again = post.enlist(*people(2))

    assert (again.left, again.created) == (1, 0)
    assert not post.readers.leave(post.uid(1), post.number, at=MONDAY, how="page")


def test_an_address_in_another_spelling_is_the_same_person(post: Post) -> None:
    post.enlist(contact(1))
    again = post.enlist(contact(2, address="READER1@example.org"))

    assert again.created == 0
    assert post.send().audience == 1


def test_organizations_spelled_differently_are_one_in_one_import(post: Post) -> None:
    enlisted = post.enlist(
        contact(1, organization="Unidos MN"), contact(2, organization="UNIDOS  MN")
    )

    assert enlisted.created == 2
    organizations = OrganizationStore(post.database).listed()
    assert [row["name"] for row in organizations if row["seats"]] == ["Unidos MN"]


def test_a_long_import_lets_others_write_in_between(post: Post) -> None:
    def arriving() -> Iterator[Contacted]:
        for number, person in enumerate(people(2100)):
            if number % 700 == 0:
                post.people.suppress(
                    [f"gone{number}@example.org"], reason="manual", at=post.now
                )
            yield person

    enlisted = post.people.enlist(arriving(), list_slug="weekly", at=post.now)

    assert enlisted.created == 2100
    assert post.enlist(*people(2100)).unchanged == 2100


def test_a_dry_run_counts_what_would_be_and_changes_nothing(post: Post) -> None:
    post.enlist(*people(3))
    before = post.query("SELECT count(*) FROM subscribers")

    told = post.people.enlist(
        [contact(2, given_name="Ana"), *people(3)[:1], contact(8), contact(9)],
        list_slug="weekly",
        at=post.now,
        dry_run=True,
    )

    assert (told.created, told.updated, told.unchanged) == (2, 1, 1)
    assert post.query("SELECT count(*) FROM subscribers") == before
    assert post.enlist(*people(3)).unchanged == 3


def test_two_imports_of_the_same_people_at_once_keep_each_once(post: Post) -> None:
    def enlist(_number: int) -> Enlisted:
        return post.people.enlist(people(1500), list_slug="weekly", at=post.now)

    with ThreadPoolExecutor(2) as both:
        first, second = both.map(enlist, range(2))

    assert first.created + second.created == 1500
    assert post.query("SELECT count(*) FROM subscriptions") == [1500]
    assert post.query("SELECT count(*) FROM consent_events") == [1500]
    assert post.query("SELECT count(*) FROM seats") == [1500]
    assert post.query("SELECT count(*) FROM organization_aliases") == [1]


def test_imports_in_opposite_order_at_once_wait_for_each_other_one_way(
    post: Post,
) -> None:
    crowd = [contact(n, organization=f"Group {n % 40}") for n in range(1, 901)]

    def enlist(some: list[Contacted]) -> Enlisted:
        return post.people.enlist(some, list_slug="weekly", at=post.now)

    with ThreadPoolExecutor(2) as both:
        first, second = both.map(enlist, (crowd, crowd[::-1]))

    assert first.created + second.created == 900
    assert post.query("SELECT count(*) FROM seats") == [900]
    groups = "SELECT count(*) FROM organization_aliases WHERE name LIKE 'Group %'"
    assert post.query(groups) == [40]


def test_a_consent_that_two_imports_bring_at_once_is_recorded_once(post: Post) -> None:
    post.enlist(*people(900, consent_basis=None, consent_at=None))

    def enlist(_number: int) -> Enlisted:
        return post.people.enlist(people(900), list_slug="weekly", at=post.now)

    with ThreadPoolExecutor(2) as both:
        first, second = both.map(enlist, range(2))

    assert first.updated + second.updated == 900
    assert post.query("SELECT count(*) FROM consent_events") == [900]


def test_with_nothing_to_tell_a_reader_is_skipped_or_gets_a_note(
    database: Database,
) -> None:
    post = Post(database)
    post.enlist(*people(2))
    chosen = Choices(language="en", quiet_weeks=True)
    post.readers.choose(post.uid(2), post.number, chosen, at=MONDAY)

    standing = post.send()

    assert standing.deliveries == {"pending": 0, "sent": 1, "skipped": 1}
    assert standing.reasons == {"skipped: nothing to tell": 1}


def test_an_empty_audience_is_a_finished_mailing(post: Post) -> None:
    assert post.send().state == "finished"


def test_somebody_who_appears_while_composing_is_not_left_out(post: Post) -> None:
    post.enlist(*people(2))
    real, late = post.ledger.address, [contact(9, place=place("Denver"))]

    class Meanwhile(SqlLedger):
        def address(self, *args: Any, **options: Any) -> Any:
            if late:
                post.enlist(late.pop())
            return real(*args, **options)

    post.composer = replace(post.composer, ledger=Meanwhile(post.database, SECRET))
    mailing = post.make()
    post.compose(mailing)

    assert post.ledger.standing(mailing.id).audience == 3


def test_two_composers_at_once_make_the_deliveries_once(post: Post) -> None:
    post.enlist(*people(30))
    mailing = post.make()

    together(*[lambda: post.compose(mailing)] * 3)

    assert post.ledger.standing(mailing.id).audience == 30


def test_three_tickers_at_once_make_one_edition(post: Post) -> None:
    made: list[Any] = []
    together(*[lambda: made.extend(plan.due([WEEKLY], post.ledger, now=post.now))] * 3)

    assert len(made) == 1


def test_a_ticker_that_comes_too_late_asks_a_person(post: Post) -> None:
    post.enlist(*people(1))
    post.now = MONDAY + timedelta(hours=25)

    [planned] = plan.due([WEEKLY], post.ledger, now=post.now)
    again = plan.due([WEEKLY], post.ledger, now=post.now)

    assert (planned.mailing.state, again) == ("missed", [])
    assert post.ledger.planned() == []
    assert post.send().deliveries["sent"] == 1  # a person decides


@pytest.mark.parametrize(
    ("moved_to", "days", "state"),
    [("thursday", 3, "missed"), ("sunday", 6, "missed"), ("tuesday", 8, "planned")],
)
def test_a_list_that_moves_to_another_day_is_not_sent_twice_in_a_week(
    post: Post, moved_to: str, days: int, state: str
) -> None:
    plan.due([WEEKLY], post.ledger, now=post.now)
    cadence = {"on": moved_to, "at": "08:00", "timezone": "America/Los_Angeles"}
    moved = parse({"title": "Weekly", "cadence": cadence}, file="", slug="weekly")

    [made] = plan.due([moved], post.ledger, now=post.now + timedelta(days=days))

    assert made.mailing.state == state
    if state == "missed":
        assert made.reason is not None
        assert "weekly/2019-10-07 is for the same time" in made.reason
        assert f"mailer send weekly --edition {made.mailing.edition}" in made.reason


def test_a_list_that_moves_to_another_hour_is_not_sent_twice_a_day(post: Post) -> None:
    plan.due([WEEKLY], post.ledger, now=post.now)
    cadence = {"on": "monday", "at": "09:00", "timezone": "America/Denver"}
    moved = parse({"title": "Weekly", "cadence": cadence}, file="", slug="weekly")

    assert plan.due([moved], post.ledger, now=post.now + timedelta(hours=3)) == []


def test_an_edition_due_before_the_list_was_known_is_not_made(
    database: Database,
) -> None:
    ledger = SqlLedger(database, SECRET)
    ledger.register(["weekly"], at=MONDAY + timedelta(hours=1))

    assert plan.due([WEEKLY], ledger, now=MONDAY + timedelta(hours=2)) == []


def test_a_plan_that_waited_too_long_asks_a_person(post: Post) -> None:
    mailing = post.make()

    late = MONDAY + timedelta(hours=25)
    assert plan.current(mailing, WEEKLY, post.ledger, now=late) is None
    assert post.ledger.standing(mailing.id).state == "missed"


def test_a_plan_composed_late_tells_nothing_that_is_over_by_then(post: Post) -> None:
    post.enlist(contact(1))
    post.publish(draft("Denver", 7, end_time=time(10)), draft("San Diego"))
    mailing = post.make()
    later = MONDAY + timedelta(hours=10)

    current = plan.current(mailing, WEEKLY, post.ledger, now=later)
    assert current is not None
    [variant] = post.compose(current).variants

    assert len(variant.items) == 2  # Denver's morning is over


# --- what is new since their last edition


def test_the_second_edition_tells_what_is_new_and_changed_since_the_first(
    post: Post,
) -> None:
    post.enlist(contact(1))
    post.send()
    post.now += timedelta(days=1)
    post.publish(draft("San Diego", 13), draft("Denver", 20), draft("Los Angeles", 21))
    post.now = MONDAY + timedelta(days=7)
    post.publish(draft("San Diego", 15), draft("Denver", 20), draft("Los Angeles", 21))
    provider = ScriptedProvider()
    post.send(provider)

    text_part = provider.messages["reader1@example.org"].decode()
    assert "changes changed San Diego, CA 2019-10-15" in text_part
    assert "changes changed Denver, CO 2019-10-20" in text_part
    assert "region new Los Angeles, CA 2019-10-21" in text_part
    assert "Newark" not in text_part  # over


def test_new_is_reckoned_from_each_readers_own_last_edition(post: Post) -> None:
    post.enlist(contact(1))
    post.send()
    post.enlist(contact(2))
    post.publish(draft("San Diego", 18), draft("Denver", 19))
    post.now = MONDAY + timedelta(days=7)

    composition = post.compose(post.make())

    kinds = sorted(
        sorted(kind for _, _, kind in variant.items) for variant in composition.variants
    )
    assert kinds == [["changed", "changed"], ["new", "new"]]


# --- sending


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


# --- the keys that make it so


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


def test_consent_is_on_record_and_leaving_adds_to_it(post: Post) -> None:
    post.enlist(*people(1))
    post.readers.leave(post.uid(1), post.number, at=MONDAY, how="one-click")
    post.readers.rejoin(post.uid(1), post.number, at=MONDAY)

    with post.database.reading() as connection:
        kinds = connection.execute(
            text("SELECT kind, source FROM consent_events ORDER BY id")
        ).all()
        state = connection.execute(select(subscriptions)).mappings().one()
    assert [tuple(kind) for kind in kinds] == [
        ("granted", None),
        ("withdrawn", "one-click"),
        ("granted", "undo"),
    ]
    assert (state["state"], state["consented_on"]) == ("active", date(2019, 9, 3))


def test_undoing_a_leave_confirms_nobody_who_never_did(post: Post) -> None:
    post.enlist(contact(1, consent_basis=None, consent_at=None))
    post.readers.leave(post.uid(1), post.number, at=MONDAY, how="page")
    post.readers.rejoin(post.uid(1), post.number, at=MONDAY)

    with post.database.reading() as connection:
        state = connection.execute(select(subscriptions.c.state)).scalar_one()
    assert state == "pending"


def together(*acts: Callable[[], Any]) -> None:
    """Run all at once; the first failure fails the test."""
    troubles: list[BaseException] = []
    barrier = threading.Barrier(len(acts))

    def run(act: Callable[[], Any]) -> None:
        barrier.wait()
        try:
            act()
        except BaseException as error:  # noqa: BLE001 - shown below
            troubles.append(error)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert troubles == []


# --- what a person decides


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
