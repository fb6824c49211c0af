"""Introductions, on every database: who is asked, who is told, and who never is."""

import random
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from mailer.adapters.database.engine import Database
from mailer.adapters.database.hosting import SqlHosts
from mailer.adapters.database.introducing import SqlIntroductions
from mailer.adapters.database.notes import SqlNotes
from mailer.adapters.database.schema import (
    audit,
    hosts as hosts_table,
    mailings,
    subscribers,
    variants,
)
from mailer.adapters.renderer.mail import MailRenderer
from mailer.adapters.renderer.specimens import specimens
from mailer.core.introductions import Ending, Reply, Standing, State
from mailer.core.model import Action, ActionStatus
from mailer.pipeline.introduce import Introducer
from mailer.pipeline.notify import Notifier
from mailer.ports import Introduction
from tests.contract.post import SECRET, WEEKLY, Post, people
from tests.contract.test_hosts import join, said, send
from tests.depth import deep
from tests.factories import MONDAY, draft, place
from tests.fakes.provider import ScriptedProvider

TEMPLATES = Path(__file__).parents[2] / "templates"
DAY = timedelta(days=1)
WEEK, FORTNIGHT = 7 * DAY, 14 * DAY
YES, NO = Reply.AGREED, Reply.DECLINED


@pytest.fixture(scope="module")
def renderer() -> MailRenderer:
    brand = specimens(TEMPLATES)["digest"].sample.brand
    return MailRenderer(TEMPLATES, brand, "https://mail.example.org")


@dataclass
class Stage:
    """Hosts who wish to meet, and what is written to them."""

    post: Post
    introducer: Introducer
    store: SqlIntroductions
    hosts: SqlHosts
    seen: set[int] = field(default_factory=set)
    troubles: list[str] = field(default_factory=list)

    def host(self, number: int, **changes: Any) -> Action:
        """Let a reader's action be listed, who wishes to be connected."""
        values = {"connect": True, "name": f"Host {number}", **changes}
        waiting = send(self.post, said(**values), host=number)
        action = self.hosts.accept(waiting, by="cli", at=self.post.now)
        assert action is not None
        return action

    def tick(self) -> int:
        return self.introducer.introduce()

    def answer(self, host: int, reply: Reply | None, number: int = 1) -> Standing:
        seen = self.store.answer(self.post.uid(host), number, reply, at=self.post.now)
        assert seen is not None
        return seen.standing

    def standing(self, host: int, number: int = 1) -> tuple[Standing, Reply | None]:
        seen = self.store.offered(self.post.uid(host), number, at=self.post.now)
        assert seen is not None
        return seen.standing, seen.reply

    @property
    def all(self) -> list[Introduction]:
        return list(self.store.every())

    @property
    def only(self) -> Introduction:
        (found,) = self.all
        return found

    def written(self) -> list[str]:
        """Return the words of all notes that were ever composed."""
        with self.post.database.reading() as connection:
            rows = connection.execute(select(variants).order_by(variants.c.id)).all()
        return [f"{row.subject} {row.html} {row.text}" for row in rows]

    def fresh(self) -> list[str]:
        """Return those that were composed since the last look."""
        with self.post.database.reading() as connection:
            rows = connection.execute(select(variants).order_by(variants.c.id)).all()
        new = [row for row in rows if row.id not in self.seen]
        self.seen |= {row.id for row in new}
        return [f"{row.subject} {row.html} {row.text}" for row in new]


@pytest.fixture
def stage(database: Database, renderer: MailRenderer) -> Iterator[Stage]:
    post = Post(database)
    post.enlist(*people(6))
    troubles: list[str] = []
    store = SqlIntroductions(database)
    introducer = Introducer(
        introductions=store,
        notifier=Notifier(
            notes=SqlNotes(database, SECRET),
            renderer=renderer,
            secret=SECRET,
            base_url="https://mail.example.org",
            route_of=lambda _list: post.route,
        ),
        lists=lambda: {post.number: WEEKLY},
        languages=("en", "es"),
        clock=lambda: post.now,
        trouble=troubles.append,
    )
    yield Stage(post, introducer, store, SqlHosts(database), troubles=troubles)
    assert troubles == []


def two(stage: Stage, **changes: Any) -> tuple[Action, Action]:
    """Let two hosts be asked about each other."""
    both = stage.host(1, **changes), stage.host(2, **changes)
    assert stage.tick() == 2
    stage.fresh()
    return both


# --- who is asked


def test_two_who_wish_it_are_asked_once_about_each_others_action(stage: Stage) -> None:
    stage.host(1, target="Otay Mesa")
    stage.host(2, place=place("Los Angeles"), target="Adelanto")

    assert stage.tick() == 2
    assert stage.tick() == 0

    assert stage.only.state is State.ASKED
    first, second = stage.fresh()
    assert "Los Angeles, CA" in first
    assert "Adelanto" in first
    assert "Otay Mesa" in second
    assert "https://mail.example.org/i/" in first


def test_nobody_is_asked_who_does_not_wish_it(stage: Stage) -> None:
    stage.host(1)
    stage.host(2, connect=False)

    assert stage.tick() == 0
    assert stage.all == []


def test_one_person_with_two_actions_does_not_meet_themselves(stage: Stage) -> None:
    stage.host(1)
    stage.host(1, title="Another")

    assert stage.tick() == 0


def test_hosts_of_other_states_meet_over_one_target_alone(stage: Stage) -> None:
    stage.host(1, target="Otay Mesa")
    stage.host(2, place=place("Newark"), target="Otay Mesa")
    stage.host(3, place=place("Denver"), target="Aurora")

    assert stage.tick() == 2
    assert stage.store.offered(stage.post.uid(3), 1, at=MONDAY) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"status": ActionStatus.CANCELLED},
        {"status": ActionStatus.POSTPONED},
        {"start_date": MONDAY.date()},
    ],
    ids=["cancelled", "postponed", "too soon"],
)
def test_what_is_off_or_too_soon_introduces_nobody(
    stage: Stage, changes: dict[str, Any]
) -> None:
    stage.host(1)
    stage.host(2, **changes)

    assert stage.tick() == 0


def test_a_host_is_asked_once_a_week_and_about_nobody_twice(stage: Stage) -> None:
    stage.host(1, start_date=(MONDAY + 30 * DAY).date())
    stage.host(2, start_date=(MONDAY + 30 * DAY).date())
    stage.tick()
    stage.host(3, start_date=(MONDAY + 31 * DAY).date())
    assert stage.tick() == 0

    stage.post.now = MONDAY + WEEK
    assert stage.tick() == 2
    assert len(stage.all) == 2

    stage.post.now = MONDAY + 2 * WEEK
    assert stage.tick() == 2
    assert len(stage.all) == 3
    stage.post.now = MONDAY + 3 * WEEK
    assert stage.tick() == 0


def test_two_hosts_of_one_action_are_not_both_asked_about_another(
    stage: Stage,
) -> None:
    later = (MONDAY + 30 * DAY).date()
    action = stage.host(1, start_date=later)
    join(stage.post, action, host=2)
    with stage.post.database.writing() as connection:
        connection.execute(update(hosts_table).values(connect=True))
    stage.host(3, start_date=later)

    assert stage.tick() == 2
    stage.post.now = MONDAY + WEEK
    assert stage.tick() == 0


def test_who_is_suppressed_is_not_asked_and_nobody_about_them(stage: Stage) -> None:
    stage.host(1)
    stage.host(2)
    stage.post.people.suppress(["reader1@example.org"], reason="complained", at=MONDAY)

    assert stage.tick() == 0


def test_an_action_of_a_source_has_no_host_to_introduce(stage: Stage) -> None:
    stage.post.publish(draft("San Diego", 19), draft("Los Angeles", 20))
    stage.host(1)

    assert stage.tick() == 0


def test_tickers_at_once_propose_each_pair_once(stage: Stage) -> None:
    for number in range(1, 7):
        stage.host(number, start_date=(MONDAY + (20 + number) * DAY).date())
    made: list[int] = []
    barrier = threading.Barrier(4)

    def propose() -> None:
        barrier.wait()
        made.append(stage.store.propose(at=MONDAY))

    threads = [threading.Thread(target=propose) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(made) == len(stage.all) == 3
    assert stage.tick() == 6


# --- who is told


def test_both_are_told_only_when_both_have_agreed(stage: Stage) -> None:
    two(stage)

    assert stage.answer(1, YES) is Standing.OPEN
    assert stage.tick() == 0
    assert stage.answer(2, YES) is Standing.INTRODUCED
    assert stage.tick() == 2
    assert stage.tick() == 0

    first, second = stage.fresh()
    assert "reader2@example.org" in first
    assert "Host 2" in first
    assert "reader1@example.org" not in first
    assert "reader1@example.org" in second
    assert stage.only.state is State.INTRODUCED


def test_it_is_taken_back_until_the_other_has_agreed(stage: Stage) -> None:
    two(stage)

    stage.answer(1, YES)
    assert stage.answer(1, None) is Standing.OPEN
    assert stage.answer(2, YES) is Standing.OPEN
    assert stage.answer(1, YES) is Standing.INTRODUCED
    assert stage.answer(1, None) is Standing.INTRODUCED
    assert stage.answer(2, NO) is Standing.INTRODUCED
    assert stage.tick() == 2


def test_a_no_is_taken_back_as_well(stage: Stage) -> None:
    two(stage)

    stage.answer(1, NO)
    stage.answer(2, YES)
    stage.answer(1, None)

    assert stage.standing(1) == (Standing.OPEN, None)
    assert stage.answer(1, YES) is Standing.INTRODUCED


def test_two_who_agree_at_once_get_exactly_two_letters(stage: Stage) -> None:
    two(stage)
    barrier = threading.Barrier(4)

    def agree(host: int) -> None:
        barrier.wait()
        stage.store.answer(stage.post.uid(host), 1, YES, at=MONDAY)
        stage.tick()

    threads = [threading.Thread(target=agree, args=(host,)) for host in (1, 2, 1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    stage.tick()
    assert stage.only.state is State.INTRODUCED
    assert len(stage.fresh()) == 2
    assert _verbs(stage).count("agree") == 1


def test_an_outsider_sees_and_answers_nothing(stage: Stage) -> None:
    two(stage)
    stranger = stage.post.uid(3)

    for uid in (stranger, bytes(16)):
        assert stage.store.offered(uid, 1, at=MONDAY) is None
        assert stage.store.answer(uid, 1, YES, at=MONDAY) is None
    assert stage.store.offered(stage.post.uid(1), 2, at=MONDAY) is None
    assert stage.standing(1) == stage.standing(2) == (Standing.OPEN, None)


def test_what_one_sees_has_only_their_own_address(stage: Stage) -> None:
    two(stage)

    seen = stage.store.offered(stage.post.uid(1), 1, at=MONDAY)

    assert seen is not None
    assert seen.mine.address == "reader1@example.org"
    assert seen.mine.name == "Host 1"
    assert not hasattr(seen.other, "contact")
    assert "reader" not in repr(seen)


# --- what nobody can tell


@pytest.mark.parametrize("other", [NO, None], ids=["declined", "silent"])
def test_who_agreed_cannot_tell_whether_the_other_declined_or_was_silent(
    stage: Stage, other: Reply | None
) -> None:
    later = (MONDAY + 40 * DAY).date()
    two(stage, start_date=later)
    stage.answer(1, YES)
    if other:
        stage.answer(2, other)

    stage.tick()
    assert stage.standing(1) == (Standing.OPEN, YES)
    stage.post.now = MONDAY + FORTNIGHT - timedelta(seconds=1)
    stage.tick()
    assert stage.standing(1) == (Standing.OPEN, YES)
    stage.post.now = MONDAY + FORTNIGHT
    assert stage.standing(1)[0] is Standing.CLOSED
    stage.tick()
    assert stage.standing(1)[0] is Standing.CLOSED
    assert stage.only.ending is Ending.UNANSWERED
    assert stage.fresh() == []
    assert stage.post.query("SELECT first_reply FROM introductions") == [None]
    assert stage.post.query("SELECT second_reply FROM introductions") == [None]


def test_a_late_yes_changes_nothing(stage: Stage) -> None:
    two(stage, start_date=(MONDAY + 40 * DAY).date())
    stage.answer(1, YES)
    stage.post.now = MONDAY + FORTNIGHT

    assert stage.answer(2, YES) is Standing.CLOSED
    assert stage.tick() == 0


def suppress(stage: Stage, _: Action) -> None:
    stage.post.people.suppress(["reader2@example.org"], reason="bounced", at=MONDAY)


def erase(stage: Stage, _: Action) -> None:
    """Strip the row as erasing a person does: it stays, and says of nobody who."""
    with stage.post.database.writing() as connection:
        connection.execute(
            update(subscribers)
            .where(subscribers.c.uid == stage.post.uid(2))
            .values(uid=b"n" * 16, address="", address_hash=b"n" * 16, language="und")
        )


def depart(stage: Stage, action: Action) -> None:
    with stage.post.database.writing() as connection:
        connection.execute(
            delete(hosts_table).where(hosts_table.c.action_id == action.id)
        )


def refrain(stage: Stage, action: Action) -> None:
    with stage.post.database.writing() as connection:
        mine = hosts_table.c.action_id == action.id
        connection.execute(update(hosts_table).where(mine).values(connect=False))


@pytest.mark.parametrize("leave", [suppress, erase, depart, refrain])
@pytest.mark.parametrize("agreed", [False, True], ids=["asked", "agreed"])
def test_a_host_who_is_gone_ends_it_and_the_other_cannot_tell(
    stage: Stage, leave: Any, *, agreed: bool
) -> None:
    _, theirs = two(stage)
    stage.answer(1, YES)
    if agreed:
        stage.answer(2, YES)

    leave(stage, theirs)

    assert stage.tick() == 0
    assert stage.only.ending is Ending.GONE
    assert stage.standing(1) == (Standing.OPEN, YES)
    assert stage.answer(1, None) is Standing.OPEN
    assert stage.answer(1, YES) is Standing.OPEN
    assert stage.fresh() == []


@pytest.mark.parametrize("leave", [suppress, erase, depart, refrain])
def test_a_yes_to_somebody_who_is_gone_introduces_nobody(
    stage: Stage, leave: Any
) -> None:
    _, theirs = two(stage)
    stage.answer(2, YES)
    leave(stage, theirs)

    assert stage.answer(1, YES) is Standing.OPEN  # no tick has come by yet
    assert stage.tick() == 0
    assert stage.fresh() == []


@pytest.mark.parametrize("agreed", [False, True], ids=["asked", "agreed"])
def test_an_action_that_is_cancelled_ends_it_for_both(
    stage: Stage, *, agreed: bool
) -> None:
    mine, _ = two(stage)
    stage.answer(1, YES)
    if agreed:
        stage.answer(2, YES)
    off = said(connect=True, status=ActionStatus.CANCELLED)
    stage.hosts.change(stage.post.uid(1), mine.id, off, version=1, at=MONDAY)

    if not agreed:
        assert stage.answer(2, YES) is Standing.CLOSED
    assert stage.tick() == 0

    assert stage.only.ending is Ending.CANCELLED
    assert stage.standing(1)[0] is stage.standing(2)[0] is Standing.CLOSED
    assert stage.fresh() == []


def test_an_action_that_is_over_ends_it(stage: Stage) -> None:
    two(stage)
    stage.answer(1, YES)
    stage.post.now = MONDAY + 13 * DAY  # the nineteenth is over

    assert stage.answer(2, YES) is Standing.CLOSED
    assert stage.tick() == 0
    assert stage.only.ending is Ending.OVER


def test_who_was_introduced_stays_so_when_all_is_over(stage: Stage) -> None:
    two(stage)
    stage.answer(1, YES)
    stage.answer(2, YES)
    stage.tick()
    stage.post.now = MONDAY + 30 * DAY

    stage.tick()

    assert stage.standing(1)[0] is Standing.INTRODUCED
    assert stage.only.state is State.INTRODUCED


# --- what is kept


def _verbs(stage: Stage) -> list[str]:
    return [
        str(verb)
        for verb in stage.post.query(
            "SELECT verb FROM audit WHERE object LIKE 'introduction %' ORDER BY id"
        )
    ]


def test_what_happened_is_on_record_in_numbers_alone(stage: Stage) -> None:
    two(stage)
    stage.answer(1, NO)
    stage.answer(1, None)
    stage.answer(1, YES)
    stage.answer(2, YES)
    stage.tick()

    assert _verbs(stage) == [
        "propose",
        *["answer"] * 4,
        "agree",
        "introduce",
    ]
    with stage.post.database.reading() as connection:
        rows = connection.execute(
            select(audit).where(audit.c.object.like("introduction %"))
        ).all()
    assert {row.object for row in rows} == {"introduction 1"}
    assert not re.search(r"agreed|declined|@|Host", str(rows))


def test_our_copies_of_the_letters_are_emptied_once_they_are_sent(
    stage: Stage,
) -> None:
    two(stage)
    stage.answer(1, YES)
    stage.answer(2, YES)
    stage.tick()
    stage.tick()
    assert "reader1@example.org" in "".join(stage.written())

    provider = ScriptedProvider()
    with stage.post.database.reading() as connection:
        notes = connection.scalars(select(mailings.c.id)).all()
    for number in notes:
        stage.post.sender(provider).drain(number, sleep=lambda _seconds: None)
    stage.tick()

    kept = "".join(stage.written())
    assert "reader1@example.org" not in kept
    assert "reader2@example.org" not in kept
    assert "You both said yes" in kept
    assert stage.tick() == 0


# --- whatever happens


@pytest.mark.parametrize("seed", range(deep(everyday=2, thorough=6)))
def test_no_address_is_seen_before_both_have_agreed_whatever_happens(
    stage: Stage, seed: int
) -> None:
    dice = random.Random(seed)  # noqa: S311 - to be repeated
    far = (MONDAY + 60 * DAY).date()
    for number in range(1, 7):
        city = dice.choice(["San Diego", "Los Angeles", "Newark"])
        stage.host(
            number,
            start_date=far,
            place=place(city),
            target=dice.choice([None, "Otay Mesa"]),
        )
    agreed: set[frozenset[int]] = set()
    told: set[tuple[int, int]] = set()
    numbers = {stage.post.uid(number): number for number in range(1, 7)}
    for _ in range(40):
        _step(stage, dice, numbers, agreed)
        for words in stage.fresh():
            theirs = set(map(int, re.findall(r"reader(\d)@example", words)))
            names = set(map(int, re.findall(r"Host (\d)", words)))
            assert names == theirs
            assert len(theirs) <= 1
            for one in theirs:
                assert any(one in pair for pair in agreed)
                told.add((one, words.count(f"reader{one}@")))
    assert len(told) <= 2 * len(agreed)


def _step(
    stage: Stage,
    dice: random.Random,
    numbers: dict[bytes, int],
    agreed: set[frozenset[int]],
) -> None:
    """Let something happen, and look at every page afterwards."""
    uids = list(numbers)
    match dice.randrange(5):
        case 0:
            stage.post.now += dice.choice([timedelta(hours=1), 3 * DAY])
        case 1:
            stage.tick()
        case _:
            stage.store.answer(
                dice.choice(uids),
                dice.randrange(1, len(stage.all) + 2),
                dice.choice([YES, YES, NO, None]),
                at=stage.post.now,
            )
    for introduction in stage.all:
        seen = {
            uid: stage.store.offered(uid, introduction.number, at=stage.post.now)
            for uid in uids
        }
        both = {uid: page for uid, page in seen.items() if page}
        assert len(both) == 2
        for uid, page in both.items():
            assert page.mine.address == f"reader{numbers[uid]}@example.org"
        if {page.standing for page in both.values()} == {Standing.INTRODUCED}:
            assert {page.reply for page in both.values()} == {YES}
            agreed.add(frozenset(numbers[uid] for uid in both))
