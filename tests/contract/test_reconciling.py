"""A provider's list and ours are brought into line, and nobody is told too much."""

import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from sqlalchemy import func, select, text, update

from mailer.adapters.database.engine import Database
from mailer.adapters.database.schema import consent_events
from mailer.adapters.database.suppressing import SqlSuppressions
from mailer.core.errors import ProviderError
from mailer.core.events import EventKind
from mailer.core.suppressions import Held, Listed
from mailer.pipeline.reconcile import Reconciled, Reconciler
from tests.contract.post import PEPPER, Post, people
from tests.contract.test_tracking import hear, told
from tests.factories import MONDAY
from tests.fakes.suppressions import ListInMemory

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BEFORE = MONDAY - DAY


@pytest.fixture
def post(database: Database) -> Post:
    post = Post(database)
    post.enlist(*people(3))
    return post


def address(number: int) -> str:
    return f"reader{number}@example.org"


def listed(number: int, held: Held, *, since: datetime = BEFORE) -> Listed:
    return Listed(address=address(number).title(), held=held, since=since)


def run(post: Post, theirs: ListInMemory, **more: Any) -> Reconciled:
    done = maybe(post, theirs, **more)
    assert done
    return done


def maybe(
    post: Post,
    theirs: ListInMemory,
    *,
    due: bool = False,
    again: bool = False,
    **more: Any,
) -> Reconciled | None:
    reconciler = Reconciler(
        ours=SqlSuppressions(post.database, PEPPER), clock=lambda: post.now, **more
    )
    return reconciler.run(theirs, due=due, again=again)


def suppress(post: Post, number: int, reason: str) -> None:
    post.people.suppress([address(number)], reason=reason, at=post.now)


def reasons(post: Post) -> list[str]:
    return sorted(post.query("SELECT reason FROM suppressions"))


def subscriptions(post: Post) -> list[str]:
    return post.query(
        "SELECT state || coalesce(ended_reason, '') FROM subscriptions"
        " ORDER BY subscriber_id"
    )


# --- theirs becomes ours


@pytest.mark.parametrize(
    ("held", "suppressed", "first"),
    [
        (Held.BOUNCED, ["bounced"], "active"),
        (Held.COMPLAINED, ["complained"], "endedcomplained"),
        (Held.UNSUBSCRIBED, [], "endedleft"),
        (Held.MANUAL, ["manual"], "active"),
        (Held.BLOCKED, [], "active"),
    ],
)
def test_what_the_provider_holds_changes_what_we_send(
    post: Post, held: Held, suppressed: list[str], first: str
) -> None:
    done = run(post, ListInMemory(listed(1, held)))

    assert reasons(post) == suppressed
    assert subscriptions(post) == [first, "active", "active"]
    assert (done.read, done.suppressed) == (1, len(suppressed))
    assert done.blocked == (held is Held.BLOCKED)


def test_a_stranger_on_their_list_is_protected_as_well(post: Post) -> None:
    theirs = [listed(70, Held.BOUNCED), listed(71, Held.UNSUBSCRIBED)]
    run(post, ListInMemory(*theirs, listed(72, Held.BLOCKED)))

    assert reasons(post) == ["bounced", "manual"]


def test_a_complaint_weighs_more_than_a_bounce_whichever_comes_first(
    post: Post,
) -> None:
    both = [listed(1, Held.BOUNCED), listed(1, Held.COMPLAINED)]
    suppressions = SqlSuppressions(post.database, PEPPER)
    for order in permutations(both):
        suppressions.take("main", order, at=post.now)
        assert reasons(post) == ["complained"]


def test_the_same_list_twice_changes_nothing_more(post: Post) -> None:
    theirs = ListInMemory(*(listed(n, h) for n, h in enumerate(Held, 1)))
    run(post, theirs, again=True)
    before = (reasons(post), subscriptions(post), post.query("SELECT id FROM audit"))

    done = run(post, theirs, again=True)

    after = (reasons(post), subscriptions(post), post.query("SELECT id FROM audit"))
    assert after == before
    assert (done.suppressed, done.left, done.told, done.freed) == (0, 0, 0, 0)


def test_whoever_came_back_since_stays_and_is_taken_off_their_list(post: Post) -> None:
    post.readers.leave(post.uid(1), post.number, at=BEFORE, how="link")
    post.readers.rejoin(post.uid(1), post.number, at=BEFORE + 2 * HOUR)
    theirs = ListInMemory(
        listed(1, Held.UNSUBSCRIBED, since=BEFORE + HOUR),
        listed(2, Held.UNSUBSCRIBED, since=BEFORE + HOUR),
    )

    done = run(post, theirs)

    assert subscriptions(post) == ["active", "endedleft", "active"]
    assert theirs.removed == [address(1).title()]
    assert done.freed == 1


def test_whoever_came_back_and_is_suppressed_here_stays_on_their_list(
    post: Post,
) -> None:
    post.readers.leave(post.uid(1), post.number, at=BEFORE, how="link")
    post.readers.rejoin(post.uid(1), post.number, at=MONDAY)
    suppress(post, 1, "complained")
    theirs = ListInMemory(listed(1, Held.COMPLAINED))

    run(post, theirs)
    run(post, theirs)

    assert theirs.removed == []


# --- ours becomes theirs


def test_what_we_hold_is_told_once_if_we_know_the_address(post: Post) -> None:
    suppress(post, 1, "manual")
    suppress(post, 2, "bounced")
    suppress(post, 77, "complained")  # a hash without a subscriber
    post.now += 2 * HOUR
    theirs = ListInMemory()

    first = run(post, theirs)
    post.now += 3 * DAY
    second = run(post, theirs)

    assert sorted(theirs.added) == [address(1), address(2)]
    assert (first.told, second.told) == (2, 0)
    assert theirs.asked == [None, MONDAY + 2 * HOUR - 2 * DAY]


def test_nobody_is_told_of_who_was_erased_or_merely_not_reached(post: Post) -> None:
    suppress(post, 1, "erased")
    suppress(post, 2, "unreachable")
    with post.database.writing() as connection:  # as forgetting somebody does
        for table in ("consent_events", "seats", "subscriptions"):
            connection.execute(
                text(
                    f"DELETE FROM {table} WHERE subscriber_id ="  # noqa: S608 - ours
                    " (SELECT max(id) FROM subscribers)"
                )
            )
        connection.execute(
            text("DELETE FROM subscribers WHERE address = 'reader3@example.org'")
        )
    suppress(post, 3, "manual")
    theirs = ListInMemory()

    assert run(post, theirs).told == 0
    assert theirs.added == []


def test_a_provider_is_not_told_what_it_told_us_and_another_is(post: Post) -> None:
    hear(post, told(EventKind.HARD, 1, at=BEFORE))  # by "scripted"
    run(post, ListInMemory(listed(2, Held.COMPLAINED), name="main"))
    post.now += HOUR
    scripted, main = ListInMemory(name="scripted"), ListInMemory(name="main")

    run(post, scripted, again=True)
    run(post, main, again=True)

    assert scripted.added == [address(2)]
    assert main.added == [address(1)]


@pytest.mark.parametrize("order", list(permutations(("main", "second"))), ids="-".join)
def test_whoever_tells_it_first_in_the_end_every_provider_knows(
    post: Post, order: tuple[str, ...]
) -> None:
    held = listed(1, Held.BOUNCED)
    theirs = {name: ListInMemory(held, name=name) for name in ("main", "second")}
    theirs["third"] = ListInMemory(name="third")

    for name in (*order, "third", *order):
        run(post, theirs[name])
        post.now += DAY

    for each in theirs.values():
        assert held.address.casefold() in {known.casefold() for known in each.listed}
    assert reasons(post) == ["bounced"]


def test_what_was_only_unreachable_is_told_once_it_bounces_for_good(
    post: Post,
) -> None:
    suppress(post, 1, "unreachable")
    theirs = ListInMemory()
    run(post, theirs)
    post.now += 3 * DAY
    run(post, theirs)
    assert theirs.added == []

    hear(post, told(EventKind.HARD, 1))  # by another provider
    run(post, theirs)

    assert theirs.added == [address(1)]


def test_what_was_put_there_by_us_has_nobody_leave_when_it_is_read_again(
    post: Post,
) -> None:
    suppress(post, 1, "bounced")
    run(post, ListInMemory())
    theirs = ListInMemory(listed(1, Held.UNSUBSCRIBED, since=MONDAY))

    run(post, theirs, again=True)

    assert reasons(post) == ["bounced"]
    assert subscriptions(post)[0] == "active"


def test_what_a_provider_does_not_take_is_counted(post: Post) -> None:
    suppress(post, 1, "manual")

    done = run(post, ListInMemory(takes=False))

    assert (done.told, done.untold) == (0, 1)


# --- whoever comes back later


def back(post: Post, number: int) -> None:
    before = post.now - HOUR
    post.readers.leave(post.uid(number), post.number, at=before - HOUR, how="link")
    post.readers.rejoin(post.uid(number), post.number, at=before)


def test_whoever_comes_back_between_two_runs_is_taken_off(post: Post) -> None:
    theirs = ListInMemory()
    run(post, theirs)
    back(post, 2)
    post.now += DAY

    done = run(post, theirs)
    again = run(post, theirs)

    assert theirs.removed == [address(2)]
    assert (done.freed, again.freed) == (1, 0)


def test_a_consent_that_was_being_written_down_meanwhile_is_not_missed(
    post: Post,
) -> None:
    """Its number is lower than that of another which could be seen already."""
    theirs = ListInMemory()
    run(post, theirs)
    post.now += HOUR
    for number in (1, 2):
        post.readers.leave(post.uid(number), post.number, at=post.now, how="link")
    post.readers.rejoin(post.uid(1), post.number, at=post.now)
    with post.database.writing() as connection:  # as if its transaction were open
        late = connection.scalar(select(func.max(consent_events.c.id)))
        mine = update(consent_events).where(consent_events.c.id == late)
        connection.execute(mine.values(kind="unseen"))
    post.readers.rejoin(post.uid(2), post.number, at=post.now)
    post.now += timedelta(seconds=30)
    run(post, theirs)
    assert theirs.removed == [address(2)]

    with post.database.writing() as connection:
        connection.execute(mine.values(kind="granted"))
    post.now += HOUR
    run(post, theirs)

    assert address(1) in theirs.removed


def test_whom_the_provider_does_not_let_go_the_operator_hears_of(post: Post) -> None:
    theirs = ListInMemory()
    theirs.keeps = {address(2)}
    run(post, theirs)
    back(post, 2)

    done = run(post, theirs)

    assert (done.freed, done.stuck) == (0, [address(2)])
    assert address(2) not in repr(done)


# --- when, and how much


def test_it_is_due_once_a_day_and_soon_after_somebody_came_back(post: Post) -> None:
    theirs = ListInMemory()
    assert maybe(post, theirs, due=True)
    post.now += 23 * HOUR
    assert maybe(post, theirs, due=True) is None
    back(post, 1)
    assert maybe(post, theirs, due=True)
    post.now += HOUR
    assert maybe(post, theirs, due=True) is None
    post.now += 23 * HOUR
    assert maybe(post, theirs, due=True)


@pytest.mark.parametrize("where", ["read", "add"])
def test_what_broke_off_is_run_again_within_the_hour_and_misses_nobody(
    post: Post, where: str
) -> None:
    suppress(post, 1, "manual")
    theirs = ListInMemory(listed(2, Held.BOUNCED))
    theirs.fails_in = where
    with pytest.raises(ProviderError):
        maybe(post, theirs, due=True)
    assert maybe(post, theirs, due=True) is None

    theirs.fails_in = ""
    post.now += HOUR
    assert maybe(post, theirs, due=True)

    assert theirs.asked == [None, None]
    assert theirs.added == [address(1)]
    assert reasons(post) == ["bounced", "manual"]


def test_a_service_that_ends_breaks_it_off(post: Post) -> None:
    theirs = ListInMemory(listed(1, Held.BOUNCED), listed(2, Held.BOUNCED))
    done = run(post, theirs, stopping=lambda: True)

    assert not done.whole
    assert run(post, theirs).whole
    assert theirs.asked == [None, None]


def test_a_dry_run_tells_what_would_be_and_changes_nothing(post: Post) -> None:
    suppress(post, 1, "manual")
    back(post, 3)
    post.now += DAY
    theirs = ListInMemory(
        listed(2, Held.COMPLAINED),
        listed(3, Held.UNSUBSCRIBED),
        listed(9, Held.BOUNCED),
    )

    done = run(post, theirs, dry_run=True)

    assert (done.suppressed, done.left, done.told, done.freed) == (2, 1, 1, 1)
    assert reasons(post) == ["manual"]
    assert (theirs.added, theirs.removed) == ([], [])
    assert run(post, theirs).suppressed == done.suppressed


def test_where_nobody_may_be_told_their_list_is_read_and_left_alone(
    post: Post,
) -> None:
    suppress(post, 1, "manual")
    back(post, 3)
    theirs = ListInMemory(listed(2, Held.BOUNCED), listed(3, Held.BOUNCED))

    run(post, theirs, push=False)
    assert (theirs.added, theirs.removed) == ([], [])
    assert reasons(post) == ["bounced", "manual"]

    run(post, theirs)  # and nothing was noted as done
    assert theirs.added == [address(1)]


HELD = st.sampled_from([h for h in Held if h is not Held.BLOCKED])
FIRST = {Held.BOUNCED: "bounced", Held.COMPLAINED: "complained"}


@pytest.fixture(scope="module")
def shared(
    migrated_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    folder = tmp_path_factory.mktemp("shared")
    shutil.copy(migrated_file, folder / "mailer.db")
    database = Database("sqlite:///mailer.db", folder=folder)
    yield database
    database.close()


@settings(max_examples=40)
@given(entries=st.lists(st.tuples(st.integers(1, 4), HELD), min_size=1, max_size=8))
def test_however_a_list_is_cut_and_ordered_nobody_is_let_go(
    shared: Database, entries: list[tuple[int, Held]]
) -> None:
    post, suppressions = Post(shared), SqlSuppressions(shared, PEPPER)
    with shared.writing() as connection:
        connection.execute(text("DELETE FROM suppressions"))
    wanted: dict[int, str] = {}
    for number, held in entries:  # all are strangers
        suppressions.take("main", [listed(number, held)], at=post.now)
        before = wanted.setdefault(number, FIRST.get(held, "manual"))
        if (before, held) == ("bounced", Held.COMPLAINED):
            wanted[number] = "complained"
        assert reasons(post) == sorted(wanted.values())

    suppressions.take("main", [listed(*entry) for entry in entries], at=post.now)
    assert len(reasons(post)) == len(wanted)
