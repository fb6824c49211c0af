"""Several providers over one ledger: who carries what, and what nobody else may take."""

import threading
from collections import Counter
from collections.abc import Sequence

import pytest
from sqlalchemy import update

from mailer.adapters.database.engine import Database
from mailer.adapters.database.gauges import held
from mailer.adapters.database.parked import Parked
from mailer.adapters.database.schema import paces
from mailer.core.routes import Route, Routing
from mailer.pipeline.crew import Crew
from mailer.ports import (
    Accepted,
    Answered,
    Deferred,
    NotTaken,
    Outcome,
    Outgoing,
    Pace,
    Refused,
    Search,
)
from tests.contract.post import Post
from tests.factories import draft
from tests.fakes.provider import (
    Answer,
    ScriptedProvider,
    accept,
    accept_and_vanish,
    refuse_call,
    unauthorized,
    vanish,
)

DAY = 86_400.0
SEARCH = Search(lag=0.0, keeps=45 * DAY)
PAIR = Route(shares={"main": 1}, fallback="spare")


@pytest.fixture
def post(database: Database) -> Post:
    made = Post(database, route=PAIR)
    made.publish(draft("San Diego"), draft("Denver"))
    return made


def named(
    name: str,
    *script: Answer,
    ttl: float | None = None,
    search: Search | None = None,
    window: int = 1,
) -> ScriptedProvider:
    provider = ScriptedProvider(
        *script, idempotency_ttl=ttl, search=search, window=window
    )
    provider.name = name
    return provider


def down(_provider: ScriptedProvider, _outgoing: Outgoing) -> Outcome:
    return NotTaken(detail="the connection was refused")


def quota(_provider: ScriptedProvider, _outgoing: Outgoing) -> Outcome:
    return NotTaken(detail="429: this day's quota is used up", retry_after=14_400.0)


def taken(*providers: ScriptedProvider) -> Counter[str]:
    """Count who got how many, from whomever."""
    return sum((provider.accepted for provider in providers), Counter())


def everybody(count: int) -> dict[str, int]:
    return {f"reader{n}@example.org": 1 for n in range(1, count + 1)}


def look_once(crew: Crew, rounds: int = 1) -> None:
    """Send what is due, as a service does at each tick."""
    for _ in range(rounds):
        crew.drain(sleep=lambda _seconds: None, wait=False)


# --- shares


def test_batches_are_shared_out_as_it_is_written(post: Post) -> None:
    post.reroute(Route(shares={"main": 70, "second": 30}))
    mailing = post.composed(400)  # 40 batches
    main, second = named("main"), named("second")

    post.drain_by(mailing, post.crew(main, second))

    assert taken(main, second) == everybody(400)
    assert main.calls + second.calls == 40
    assert 27 <= main.calls <= 29
    rows = "SELECT count(*) FROM deliveries WHERE provider = 'main'"
    assert post.query(rows) == [sum(main.accepted.values())]


def test_each_half_of_a_split_goes_the_way_of_the_whole(post: Post) -> None:
    post.reroute(Route(shares={"main": 50, "second": 50}))
    mailing = post.composed(400)
    points = set(post.query("SELECT point FROM batches"))
    main, second = named("main", refuse_call, refuse_call), named("second")

    post.drain_by(mailing, post.crew(main, second))

    assert taken(main, second) == everybody(400)
    assert sum(main.accepted.values()) == 200
    assert set(post.query("SELECT point FROM batches")) == points


def test_one_provider_keeps_none_of_the_others_waiting(post: Post) -> None:
    post.reroute(Route(shares={"main": 50, "second": 50}))
    post.composed(100)
    main, second = named("main", quota), named("second")

    look_once(post.crew(main, second))

    assert (main.calls, second.calls) == (1, 5)


# --- in another's stead


def test_while_one_is_down_the_other_carries_and_then_it_goes_on(post: Post) -> None:
    mailing = post.composed(200)
    main, spare = named("main", accept, accept, down), named("spare")
    crew = post.crew(main, spare)

    look_once(crew)

    assert taken(main, spare) == everybody(200)
    assert main.calls == 3
    assert len(main.accepted) == 20
    assert post.counts(mailing) == {"pending": 0, "sent": 200}
    assert post.ledger.standing(mailing.id).state == "finished"
    [waits] = held(post.database)
    assert (waits.name, waits.reason) == ("provider:main", "the connection was refused")


def test_a_woken_worker_takes_over_before_it_waits_for_the_one_that_is_held_off(
    post: Post,
) -> None:
    post.composed(100)
    main, spare = named("main", accept, down), named("spare")
    waited: list[float] = []

    post.crew(main, spare).drain(sleep=waited.append, wait=False, soon=60.0)

    assert taken(main, spare) == everybody(100)
    assert (main.calls, waited) == (2, [])


def test_a_pace_is_no_reason_to_go_to_the_other(post: Post) -> None:
    post.composed(50)
    main, spare = named("main"), named("spare")
    post.paces = [Pace(name="provider:main", rate=0.1)]

    look_once(post.crew(main, spare))

    assert (main.calls, spare.calls) == (1, 0)


def test_what_was_put_off_for_one_reader_waits_for_the_same_provider(
    post: Post,
) -> None:
    mailing = post.composed(10)

    def later(provider: ScriptedProvider, outgoing: Outgoing) -> Outcome:
        provider.take(outgoing, [r.address for r in outgoing.recipients[:9]])
        return Answered(results=[Accepted()] * 9 + [Deferred(detail="451: greylisted")])

    main, spare = named("main", later), named("spare")
    post.drain_by(mailing, post.crew(main, spare))

    assert (main.calls, spare.calls) == (2, 0)
    assert post.counts(mailing) == {"pending": 0, "sent": 10}


def test_whom_a_throttled_window_left_the_other_takes(post: Post) -> None:
    mailing = post.composed(10)
    main = named("main", *[accept] * 4, *[quota] * 6, window=10)
    spare = named("spare")

    look_once(post.crew(main, spare))

    assert taken(main, spare) == everybody(10)
    assert sum(spare.accepted.values()) == 6
    assert post.counts(mailing) == {"pending": 0, "sent": 10}


def test_a_bad_address_is_not_tried_at_the_other(post: Post) -> None:
    mailing = post.composed(10)

    def one_bad(provider: ScriptedProvider, outgoing: Outgoing) -> Outcome:
        provider.take(outgoing, [r.address for r in outgoing.recipients[1:]])
        refused = Refused(code="550", detail="no such person")
        return Answered(results=[refused, *[Accepted()] * 9])

    main, spare = named("main", one_bad, down), named("spare")
    post.drain_by(mailing, post.crew(main, spare))

    assert spare.calls == 0
    assert post.counts(mailing) == {"pending": 0, "sent": 9, "failed": 1}


def test_when_both_are_down_nobody_is_lost_and_both_are_tried_again(
    post: Post,
) -> None:
    mailing = post.composed(30)
    main, spare = named("main", down, down), named("spare", down, down)

    post.drain_by(mailing, post.crew(main, spare))

    assert taken(main, spare) == everybody(30)
    assert post.counts(mailing) == {"pending": 0, "sent": 30}


# --- in doubt


@pytest.mark.parametrize("answer", [vanish, accept_and_vanish])
def test_whoever_may_have_it_from_one_is_never_sent_it_by_the_other(
    post: Post, answer: Answer
) -> None:
    mailing = post.composed(30)
    main = named("main", answer, down)
    spare = named("spare", ttl=DAY, search=SEARCH)
    look_once(post.crew(main, spare), rounds=3)

    post.drain_by(mailing, post.crew(main, spare))

    assert spare.searches == 0
    assert len(spare.accepted) == 20
    assert max(taken(main, spare).values()) == 1
    assert post.counts(mailing) == {"pending": 0, "sent": 20, "parked": 10}
    assert {row["provider"] for row in Parked(post.database).listed(None)} == {"main"}


def test_a_call_is_repeated_only_to_whom_it_was_made_to(post: Post) -> None:
    mailing = post.composed(10)
    main = named("main", accept_and_vanish, ttl=DAY)
    spare = named("spare", ttl=DAY)

    post.drain_by(mailing, post.crew(main, spare))

    assert (main.calls, main.replays, spare.calls) == (2, 1, 0)
    assert post.counts(mailing) == {"pending": 0, "sent": 10}


def test_what_a_search_does_not_find_the_other_may_take(post: Post) -> None:
    mailing = post.composed(10)
    main, spare = named("main", vanish, down, search=SEARCH), named("spare")
    crew = post.crew(main, spare)

    post.drain_by(mailing, crew)

    assert main.searches == 1
    assert taken(main, spare) == everybody(10)


def test_what_the_stand_in_took_without_a_word_is_found_out_with_it_alone(
    post: Post,
) -> None:
    mailing = post.composed(10)
    main, spare = (
        named("main", down, ttl=DAY),
        named("spare", accept_and_vanish, ttl=DAY),
    )

    look_once(post.crew(main, spare))
    post.drain_by(mailing, post.crew(main, spare))

    assert (main.calls, spare.calls, spare.replays) == (1, 2, 1)
    assert post.counts(mailing) == {"pending": 0, "sent": 10}


def test_a_lost_call_is_looked_into_as_late_as_its_own_provider_needs(
    post: Post,
) -> None:
    post.reroute(Route(shares={"scripted": 1}, fallback="spare"))
    slow = Search(lag=2_700.0, keeps=DAY)
    main, spare = named("scripted", search=slow), named("spare")
    mailing = post.composed(10)
    post.begin(post.claim())  # and died
    post.lose_the_lease()

    look_once(post.crew(main, spare))

    _count, delay = post.ledger.waiting(mailing.id, provider="scripted")
    assert main.searches == 0
    assert delay is not None
    assert 2_600 < delay <= 2_700


def test_a_stand_in_stays_while_the_other_is_in_its_call(post: Post) -> None:
    post.reroute(Route(shares={"scripted": 1}, fallback="spare"))
    mailing = post.composed(10)
    post.begin(post.claim())  # and may be told that nothing is taken today

    assert post.ledger.waiting(mailing.id, provider="spare") == (1, None)


# --- shut out


def test_whoever_shuts_us_out_is_left_out_and_the_operator_told(post: Post) -> None:
    mailing = post.composed(100)
    main, spare = named("main", unauthorized), named("spare")
    said: list[str] = []

    look_once(post.crew(main, spare, trouble=said.append))

    assert (main.calls, taken(spare)) == (1, everybody(100))
    assert post.ledger.standing(mailing.id).state == "finished"
    [words] = said
    assert words.startswith("main: 401: the token is wrong; spare carries its mail")
    [waits] = held(post.database)
    assert (waits.name, waits.reason) == ("barred:main", "401: the token is wrong")


def test_a_mailing_that_nobody_else_carries_still_pauses(post: Post) -> None:
    post.reroute(Route(shares={"main": 1}))
    mailing = post.composed(20)
    main, spare = named("main", unauthorized), named("spare")

    look_once(post.crew(main, spare))

    assert spare.calls == 0
    standing = post.ledger.standing(mailing.id)
    assert (standing.state, standing.reason) == (
        "paused",
        "main: 401: the token is wrong",
    )


def test_when_both_shut_us_out_it_pauses_with_both_reasons_and_resumes_at_once(
    post: Post,
) -> None:
    mailing = post.composed(20)
    main, spare = named("main", unauthorized), named("spare", unauthorized)

    look_once(post.crew(main, spare))
    standing = post.ledger.standing(mailing.id)
    assert standing.state == "paused"
    assert standing.reason is not None
    assert standing.reason.count("401: the token is wrong") == 2
    assert post.counts(mailing) == {"pending": 20, "sent": 0}

    post.ledger.resume(mailing.id, at=post.now)
    look_once(post.crew(main, spare))
    assert taken(main, spare) == everybody(20)


def test_whoever_was_left_out_is_tried_again_when_sending_starts_anew(
    post: Post,
) -> None:
    post.composed(20)
    main, spare = named("main", unauthorized), named("spare", *[down] * 9)
    look_once(post.crew(main, spare))

    look_once(post.crew(main, spare))  # a service that was started again

    assert sum(main.accepted.values()) == 20


# --- settings change in flight


def test_what_waits_goes_the_new_way_and_what_is_in_doubt_stays(post: Post) -> None:
    post.reroute(Route(shares={"old": 1}))
    mailing = post.composed(30)
    old = named("old", accept_and_vanish, accept, ttl=DAY)
    new = named("new", ttl=DAY)
    post.sender(old).step()
    post.route = Route(shares={"new": 1})

    post.drain_by(mailing, post.crew(new, old))  # old is still described

    assert taken(old, new) == everybody(30)
    assert (old.calls, old.replays, len(new.accepted)) == (2, 1, 20)
    assert post.counts(mailing) == {"pending": 0, "sent": 30}


def test_calls_to_a_provider_that_is_gone_wait_for_a_person(post: Post) -> None:
    post.reroute(Route(shares={"old": 1}))
    mailing = post.composed(30)
    old, new = named("old", accept_and_vanish, ttl=DAY), named("new", ttl=DAY)
    post.sender(old).step()
    post.route = Route(shares={"new": 1})

    post.drain_by(mailing, post.crew(new))

    assert len(new.accepted) == 20
    assert post.counts(mailing) == {"pending": 0, "sent": 20, "parked": 10}
    [reason] = set(post.query("SELECT reason FROM deliveries WHERE state = 'parked'"))
    assert reason.startswith('sent through "old", which mailer.toml does not describe')


def test_what_a_person_sends_again_after_a_provider_is_gone_is_carried(
    post: Post,
) -> None:
    post.reroute(Route(shares={"old": 1}))
    mailing = post.composed(10)
    post.sender(named("old", vanish)).step()
    post.route = Route(shares={"new": 1})
    new = named("new")
    crew = post.crew(new)
    look_once(crew)

    Parked(post.database).resend(mailing.id, None, actor="test", at=post.now)
    look_once(crew)

    assert taken(new) == everybody(10)


def test_a_list_has_its_own_way(post: Post) -> None:
    post.reroute(Route(shares={"main": 1}))
    mailing = post.composed(10)
    post.ledger.route(Routing(usual=PAIR, lists={"weekly": Route(shares={"spare": 1})}))

    assert set(post.query("SELECT carrier FROM batches")) == {"spare"}
    assert post.query("SELECT stand_in FROM batches WHERE stand_in IS NOT NULL") == []
    assert post.counts(mailing)["pending"] == 10


# --- many at once


def test_many_workers_of_both_mail_nobody_twice_while_one_comes_and_goes(
    post: Post,
) -> None:
    mailing = post.composed(400)
    flapping: Sequence[Answer] = [accept, down, accept, quota, accept] * 4
    main, spare = named("main", *flapping), named("spare")

    def work() -> None:
        crew = post.crew(main, spare)
        while post.ledger.standing(mailing.id).state == "sending":
            look_once(crew)
            with post.database.writing() as connection:
                connection.execute(update(paces).values(free_at=0))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert taken(main, spare) == everybody(400)
    assert post.counts(mailing) == {"pending": 0, "sent": 400}


def test_a_dry_run_beside_a_worker_takes_nothing_of_its_mailing(post: Post) -> None:
    mailing = post.composed(30)
    main, outbox = named("main"), named("outbox")
    worker = post.crew(main, named("spare"))

    trying = Post(post.database, now=post.now, route=Route(shares={"outbox": 1}))
    trying.drain_by(mailing, trying.crew(outbox, takes_over=False))

    assert outbox.calls == 0
    post.drain_by(mailing, worker)
    assert post.ledger.standing(mailing.id).carried == {"main": 30}
