"""What every database must do when nobody knows what became of a call."""

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from mailer.adapters.database.engine import Database
from mailer.adapters.database.parked import Parked
from mailer.adapters.database.schema import batches, paces, subscribers
from mailer.adapters.database.work import SqlLedger
from mailer.core.errors import RefusedError
from mailer.pipeline.calls import alone
from mailer.ports import Batch, NotTaken, Outcome, Outgoing, Pace, Search
from tests.contract.post import SECRET, Post, people
from tests.factories import MONDAY, draft
from tests.fakes.provider import (
    ScriptedProvider,
    accept,
    accept_and_vanish,
    refuse_call,
    throttle,
    unauthorized,
    vanish,
)

DAY = 86_400.0
SEARCH = Search(lag=0.0, keeps=45 * DAY)


@pytest.fixture
def post(database: Database) -> Post:
    made = Post(database)
    made.publish(draft("San Diego"), draft("Denver"))
    return made


def everybody(count: int) -> dict[str, int]:
    return {f"reader{n}@example.org": 1 for n in range(1, count + 1)}


# --- with a key


@pytest.mark.parametrize("first", [vanish, accept_and_vanish])
def test_with_a_key_the_same_call_is_made_again_and_taken_once(
    post: Post, first: object
) -> None:
    mailing = post.composed(25)
    provider = ScriptedProvider(accept, first, idempotency_ttl=DAY)  # type: ignore[arg-type]

    post.drain(mailing, provider)

    assert provider.accepted == everybody(25)
    assert post.counts(mailing) == {"pending": 0, "sent": 25}
    assert post.ledger.standing(mailing.id).state == "finished"


def test_a_sender_that_died_after_the_call_is_replayed_with_the_same_bytes(
    post: Post,
) -> None:
    mailing = post.composed(5)
    provider = ScriptedProvider(idempotency_ttl=DAY)

    def die(_provider: ScriptedProvider, outgoing: Outgoing) -> Outcome:
        accept(provider, outgoing)
        raise KeyboardInterrupt

    provider.script(die)
    with pytest.raises(KeyboardInterrupt):
        post.sender(provider).step()
    post.lose_the_lease()
    post.drain(mailing, provider)

    assert (provider.accepted, provider.replays) == (everybody(5), 1)
    assert post.counts(mailing) == {"pending": 0, "sent": 5}


def test_somebody_suppressed_after_the_call_stays_in_the_call_that_is_repeated(
    post: Post,
) -> None:
    mailing = post.composed(5)
    provider = ScriptedProvider(accept_and_vanish, idempotency_ttl=DAY)
    sender = post.sender(provider)
    sender.step()
    post.people.suppress(["reader2@example.org"], reason="bounced", at=post.now)

    post.drain(mailing, provider)

    assert provider.replays == 1  # under the same key nothing else may be said
    assert post.counts(mailing)["sent"] == 5


def test_a_throttled_replay_leaves_the_first_call_unknown(post: Post) -> None:
    mailing = post.composed(5)
    provider = ScriptedProvider(accept_and_vanish, throttle, idempotency_ttl=DAY)
    sender = post.sender(provider)
    sender.step()
    sender.step()

    assert post.counts(mailing) == {"pending": 0, "sent": 0, "unknown": 5}
    post.drain(mailing, provider)
    assert (provider.accepted, provider.replays) == (everybody(5), 1)


@pytest.mark.parametrize("search", [None, SEARCH])
def test_other_bytes_are_never_sent_under_the_key(
    post: Post, search: Search | None
) -> None:
    mailing = post.composed(5)
    provider = ScriptedProvider(accept_and_vanish, idempotency_ttl=DAY, search=search)
    sender = post.sender(provider)
    sender.step()
    with post.database.writing() as connection:
        connection.execute(
            update(subscribers)
            .where(subscribers.c.address == "reader3@example.org")
            .values(address="reader3@example.net", address_hash=b"another address.")
        )

    post.drain(mailing, provider)

    assert provider.calls == 1
    expected = {"sent": 0, "parked": 5} if search is None else {"sent": 4, "parked": 1}
    assert post.counts(mailing) == {"pending": 0, **expected}


def test_a_key_is_not_trusted_to_its_last_minute(post: Post) -> None:
    mailing = post.composed(5)
    provider = ScriptedProvider(accept_and_vanish, idempotency_ttl=100.0)
    post.sender(provider).step()
    post.age_calls(85.0)

    post.drain(mailing, provider)

    assert provider.calls == 1
    assert post.counts(mailing)["parked"] == 5


def test_after_another_version_was_installed_nothing_is_replayed(post: Post) -> None:
    mailing = post.composed(5)
    provider = ScriptedProvider(accept_and_vanish, idempotency_ttl=DAY)
    post.sender(provider).step()
    post.build = b"the next version"

    post.drain(mailing, provider)

    assert provider.calls == 1
    assert post.counts(mailing)["parked"] == 5


def test_a_worker_frozen_right_after_its_claim_repeats_nothing(post: Post) -> None:
    post.composed(5)
    provider = ScriptedProvider(accept_and_vanish, idempotency_ttl=DAY)
    post.sender(provider).step()
    elapsed = [0.0]

    class Frozen(SqlLedger):
        def claim(self, *args: Any, **options: Any) -> Batch | None:
            batch = super().claim(*args, **options)
            elapsed[0] += DAY  # the provider has forgotten the key meanwhile
            return batch

    sender = replace(
        post.sender(provider),
        ledger=Frozen(post.database, SECRET),
        monotonic=lambda: elapsed[0],
    )
    assert sender.step() is not None
    assert provider.calls == 1


# --- with a search


def test_with_a_search_what_arrived_counts_and_what_did_not_is_sent(
    post: Post,
) -> None:
    mailing = post.composed(25)
    provider = ScriptedProvider(accept_and_vanish, vanish, search=SEARCH)

    post.drain(mailing, provider)

    assert provider.accepted == everybody(25)
    assert provider.searches == 2
    assert post.counts(mailing) == {"pending": 0, "sent": 25}


def test_part_of_a_call_is_found_and_the_rest_is_sent(post: Post) -> None:
    mailing = post.composed(10)

    def half(provider: ScriptedProvider, outgoing: Outgoing) -> Outcome:
        provider.take(outgoing, [r.address for r in outgoing.recipients[:5]])
        return vanish(provider, outgoing)

    provider = ScriptedProvider(half, search=SEARCH)
    post.drain(mailing, provider)

    assert provider.accepted == everybody(10)
    assert post.counts(mailing) == {"pending": 0, "sent": 10}


def test_a_search_waits_until_what_was_accepted_must_show(post: Post) -> None:
    mailing = post.composed(5)
    provider = ScriptedProvider(
        accept_and_vanish, search=Search(lag=600.0, keeps=45 * DAY)
    )
    sender = post.sender(provider)
    sender.step()

    assert sender.step() is None
    count, delay = post.ledger.waiting(mailing.id, provider="scripted")
    assert count == 1
    assert delay is not None
    assert 500 < delay <= 600
    assert provider.searches == 0


def test_whoever_unsubscribed_before_the_second_call_is_left_out(post: Post) -> None:
    mailing = post.composed(5)
    provider = ScriptedProvider(vanish, search=SEARCH)
    post.sender(provider).step()
    post.people.suppress(["reader2@example.org"], reason="bounced", at=post.now)

    post.drain(mailing, provider)

    assert "reader2@example.org" not in provider.accepted
    assert post.counts(mailing) == {"pending": 0, "sent": 4, "suppressed": 1}


def test_a_search_that_is_refused_is_tried_again_later(post: Post) -> None:
    mailing = post.composed(5)

    class Busy(ScriptedProvider):
        def find(self, outgoing: Outgoing):  # type: ignore[no-untyped-def]
            if not self.searches:
                self.searches += 1
                return NotTaken(detail="429: slow down")
            return super().find(outgoing)

    provider = Busy(accept_and_vanish, search=SEARCH)
    post.drain(mailing, provider)

    assert (provider.accepted, provider.searches) == (everybody(5), 2)


# --- with neither, and parked


def test_with_neither_everybody_in_doubt_is_parked_and_listed(post: Post) -> None:
    mailing = post.composed(25)
    provider = ScriptedProvider(accept, accept_and_vanish, vanish)

    post.drain(mailing, provider)

    assert max(provider.accepted.values()) == 1
    assert post.counts(mailing) == {"pending": 0, "sent": 10, "parked": 15}
    assert len(Parked(post.database).listed(mailing.id)) == 15
    assert post.ledger.standing(mailing.id).state == "unresolved"


def test_nothing_of_a_cancelled_mailing_waits_to_be_sent_again(post: Post) -> None:
    mailing = post.composed(15)
    provider = ScriptedProvider(accept_and_vanish)
    sender, parked = post.sender(provider), Parked(post.database)
    sender.step()
    sender.step()
    post.ledger.cancel(mailing.id, reason="off", at=post.now)
    post.drain(mailing, provider)

    with pytest.raises(RefusedError, match="mark-sent"):
        parked.resend(mailing.id, None, actor="test", at=post.now)
    assert post.counts(mailing)["parked"] == 10
    assert parked.mark_sent(mailing.id, None, actor="test", at=post.now) == 10
    assert post.counts(mailing) == {"pending": 0, "sent": 10, "skipped": 5}


# --- windows of one message per call


def test_in_a_window_only_the_unknown_ones_are_sent_again(post: Post) -> None:
    mailing = post.composed(10)
    script = [accept] * 8 + [accept_and_vanish, vanish]
    provider = ScriptedProvider(*script, window=64, idempotency_ttl=DAY)

    post.drain(mailing, provider)

    assert provider.accepted == everybody(10)
    assert (provider.calls, provider.replays) == (12, 1)
    assert post.counts(mailing) == {"pending": 0, "sent": 10}


def test_a_window_whose_sender_died_is_replayed_message_by_message(
    post: Post,
) -> None:
    mailing = post.composed(10)
    provider = ScriptedProvider(window=64, idempotency_ttl=DAY)
    outgoing = post.begin_as(post.sender(provider))
    for recipient in outgoing.recipients[:4]:
        accept(provider, alone(outgoing, recipient))  # and died
    post.lose_the_lease()

    post.drain(mailing, provider)

    assert provider.accepted == everybody(10)
    assert post.counts(mailing) == {"pending": 0, "sent": 10}


def test_what_is_throttled_in_a_window_goes_later_and_the_unknown_stay_apart(
    post: Post,
) -> None:
    mailing = post.composed(10)
    script = [accept] * 5 + [accept_and_vanish] + [throttle] * 4
    provider = ScriptedProvider(*script, window=64, search=SEARCH)

    post.drain(mailing, provider)

    assert provider.accepted == everybody(10)
    assert post.counts(mailing) == {"pending": 0, "sent": 10}


# --- a refused call


def test_a_poisoned_batch_is_halved_down_to_the_one_that_is_bad(post: Post) -> None:
    mailing = post.composed(10)

    def picky(provider: ScriptedProvider, outgoing: Outgoing) -> Outcome:
        if any(r.address.startswith("reader7@") for r in outgoing.recipients):
            return refuse_call(provider, outgoing)
        return accept(provider, outgoing)

    provider = ScriptedProvider(*[picky] * 50, max_batch=10)
    post.drain(mailing, provider)

    assert post.counts(mailing) == {"pending": 0, "sent": 9, "failed": 1}
    assert "reader7@example.org" not in provider.accepted
    assert provider.calls <= 9  # two halves at each of four steps


def test_a_letter_that_is_refused_to_everybody_fails_three_and_waits_for_a_person(
    post: Post,
) -> None:
    mailing = post.composed(40)
    provider = ScriptedProvider(*[refuse_call] * 50, max_batch=10)
    sender = post.sender(provider)
    while sender.step():
        continue

    assert post.counts(mailing) == {"pending": 37, "failed": 3, "sent": 0}
    assert post.ledger.standing(mailing.id).state == "paused"
    assert post.ledger.standing(mailing.id).reason == (
        "scripted refuses every message of it: 422"
    )


# --- everybody waits, everybody stops


def test_a_throttled_provider_is_left_alone_by_every_worker(post: Post) -> None:
    mailing = post.composed(25)
    provider = ScriptedProvider(throttle)
    one, other = post.sender(provider), post.sender(provider)
    one.step()

    assert other.step() is None
    assert post.counts(mailing)["pending"] == 25
    _count, delay = post.ledger.waiting(None, provider="scripted")
    assert delay is not None
    assert delay > 5


def test_a_wrong_key_fails_nobody_and_what_was_unknown_stays_so(post: Post) -> None:
    mailing = post.composed(10)
    provider = ScriptedProvider(accept_and_vanish, unauthorized, idempotency_ttl=DAY)
    sender = post.sender(provider)
    sender.step()
    sender.step()

    assert post.ledger.standing(mailing.id).state == "paused"
    assert post.counts(mailing) == {"pending": 0, "sent": 0, "unknown": 10}
    post.ledger.resume(mailing.id, at=post.now)
    post.drain(mailing, provider)
    assert (provider.accepted, provider.replays) == (everybody(10), 1)


def test_after_a_cancellation_nothing_is_repeated_but_the_outcome_is_found(
    post: Post,
) -> None:
    mailing = post.composed(20)
    provider = ScriptedProvider(idempotency_ttl=DAY, search=SEARCH)
    for answer in (accept_and_vanish, vanish):
        outgoing = post.begin_as(post.sender(provider))
        answer(provider, outgoing)  # and died
    post.lose_the_lease()
    post.ledger.cancel(mailing.id, reason="off", at=post.now)

    post.drain(mailing, provider)

    assert (provider.calls, provider.searches) == (0, 2)
    assert post.counts(mailing) == {"pending": 0, "sent": 10, "skipped": 10}


# --- paces


def test_a_pace_lets_one_batch_through_and_the_next_waits_its_time(post: Post) -> None:
    mailing = post.composed(30)
    post.paces = [Pace(name="provider:scripted", rate=0.5)]  # 10 messages: 20 s
    provider = ScriptedProvider()
    sender = post.sender(provider)
    while sender.step():
        pass

    assert sum(provider.accepted.values()) == 10
    _count, delay = post.ledger.waiting(mailing.id, provider="scripted")
    assert delay is not None
    assert 15 < delay <= 20


def test_who_is_woken_stays_for_what_a_pace_lets_through_soon(post: Post) -> None:
    mailing = post.composed(30)
    post.paces = [Pace(name="provider:scripted", rate=1.0)]
    provider = ScriptedProvider(*[accept] * 9, max_batch=10)
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        with post.database.writing() as connection:
            connection.execute(update(paces).values(free_at=0))
            connection.execute(update(batches).values(not_before=0))

    post.sender(provider).drain(mailing.id, sleep=sleep, wait=False, soon=5.0)
    assert (provider.calls, waited) == (1, [])  # the next is due in ten seconds

    post.sender(provider).drain(mailing.id, sleep=sleep, wait=False, soon=60.0)
    assert provider.calls == 3
    assert waited


def test_waiting_for_a_pace_is_no_attempt(post: Post) -> None:
    post.composed(20)
    post.paces = [Pace(name="mailing:1", rate=0.5)]
    sender = post.sender(ScriptedProvider())
    for _ in range(20):
        sender.step()

    assert max(post.query("SELECT attempt FROM batches")) == 1


def test_workers_at_once_keep_to_one_pace_together(post: Post) -> None:
    post.composed(200)
    post.paces = [Pace(name="provider:scripted", rate=1.0)]
    provider = ScriptedProvider()

    def work() -> None:
        sender = post.sender(provider)
        for _ in range(10):
            sender.step()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(provider.accepted.values()) == 10  # one batch, then ten seconds' rest


def test_a_domain_with_a_pace_has_small_batches_of_its_own(post: Post) -> None:
    post.enlist(
        *[
            replace(each, address=f"r{n}@slow.example")
            for n, each in enumerate(people(9))
        ],
        *people(25),
    )
    post.domains["slow.example"] = 2
    mailing = post.make()
    post.compose(mailing)

    sizes = post.query(
        "SELECT count(*) FROM deliveries d JOIN batches b"
        " ON b.variant_id = d.variant_id AND b.seq = d.seq"
        " WHERE b.pace = 'slow.example' GROUP BY b.seq ORDER BY b.seq"
    )
    strangers = post.query(
        "SELECT count(*) FROM deliveries d JOIN batches b"
        " ON b.variant_id = d.variant_id AND b.seq = d.seq"
        " JOIN subscribers s ON s.id = d.subscriber_id"
        " WHERE (b.pace IS NULL) = (s.address LIKE '%slow.example')"
    )
    provider = ScriptedProvider()
    post.drain(mailing, provider)

    assert (sizes, strangers) == ([2, 2, 2, 2, 1], [0])
    assert len(provider.accepted) == 34
    assert post.counts(mailing)["sent"] == 34


def test_a_slow_domain_does_not_hold_up_the_others(post: Post) -> None:
    post.enlist(
        *[
            replace(each, address=f"r{n}@slow.example")
            for n, each in enumerate(people(9))
        ],
        *people(25),
    )
    post.domains["slow.example"] = 2
    mailing = post.make()
    post.compose(mailing)
    provider = ScriptedProvider()
    sender = replace(
        post.sender(provider),
        paces=lambda batch: (
            [Pace(name="domain:slow.example", rate=0.01)] if batch.domain else []
        ),
    )
    while sender.step():
        pass

    slow = [
        address for address in provider.accepted if address.endswith("slow.example")
    ]
    assert len(slow) == 2
    assert len(provider.accepted) == 27
    assert post.counts(mailing)["pending"] == 7


def test_instants_of_unknown_calls_survive_a_copy_of_the_clock(post: Post) -> None:
    """The Date of a repeated call is that of the first: it is part of the bytes."""
    mailing = post.composed(3)
    provider = ScriptedProvider(accept_and_vanish, idempotency_ttl=DAY)
    post.sender(provider).step()
    post.now = MONDAY + timedelta(hours=3)

    post.drain(mailing, provider)

    assert provider.replays == 1
