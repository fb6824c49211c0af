"""Who gets what by their own choice, week by week, against a filter in plain Python."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import select

from mailer.adapters.database.engine import Database
from mailer.adapters.database.schema import (
    audit,
    consent_events,
    deliveries,
    subscribers,
    variant_items,
)
from mailer.core.model import ActionStatus, Draft, Facts
from mailer.core.preferences import Choices, Frequency
from mailer.core.scope import Scope
from mailer.ports import Mailing, Reader
from tests.contract.post import WEEKLY, Post, people
from tests.factories import MONDAY, contact, draft, place
from tests.fakes.provider import ScriptedProvider

WEEK = timedelta(weeks=1)
IN_NOVEMBER = date(2019, 11, 2)
IN_A_YEAR = date(2020, 10, 1)
FAR_SIGHTED = replace(WEEKLY, horizon=timedelta(weeks=60))
READERS = ("San Diego", "San Diego", "Denver", "Denver", "Newark", None)
# What is within a hundred kilometres of whom, looked up on a map.
NEAR = {"San Diego": {"San Diego", "Chula Vista"}, "Denver": {"Denver"}}
STATES = {"us-ca": {"San Diego", "Chula Vista", "Los Angeles"}, "us-co": {"Denver"}}
SCOPES = ("", "within:100", "in:us-ca", "in:us-ca,us-co")


@pytest.fixture
def post(database: Database) -> Post:
    return Post(database)


@dataclass
class Model:
    """One reader as the rules of the preferences describe them."""

    city: str | None
    choices: Choices = field(default_factory=lambda: Choices(language="en"))
    told_at: datetime | None = None
    known: dict[str, Facts] = field(default_factory=dict)

    def reason(self, now: datetime) -> str | None:
        choices = self.choices
        if choices.paused_until is not None and choices.paused_until > now:
            return "paused"
        if choices.frequency is Frequency.URGENT:
            return "urgent only"
        weeks = {"fortnightly": 2, "monthly": 4}.get(choices.frequency, 0)
        if self.told_at and now - self.told_at < WEEK * weeks:
            return "not their week"
        return None

    def wants(self, city: str) -> bool:
        scope = self.choices.scope
        if scope.km is not None:
            return self.city is None or city in NEAR.get(self.city, {self.city})
        return not scope.regions or any(city in STATES[r] for r in scope.regions)

    def told(self, stated: Mapping[str, Facts]) -> set[str]:
        """Return what an edition must tell, of what is not over."""
        heard: set[str] = set()
        for name, facts in stated.items():
            known = self.known.get(name)
            changed = known is not None and known != facts
            if changed or (
                not facts.status.is_off and self.wants(facts.place.locality)
            ):
                heard.add(name)
        return heard


@dataclass
class World:
    """Actions that come and change, and readers who change their minds."""

    post: Post
    chance: Random
    readers: dict[int, Model] = field(default_factory=dict)
    stated: dict[str, Draft] = field(default_factory=dict)

    def begin(self) -> None:
        for number, city in enumerate(READERS, start=1):
            where = place(city) if city else None
            self.post.enlist(contact(number, place=where, organization=None))
            self.readers[number] = Model(city=city)

    def news(self, week: int) -> None:
        """Announce some actions, move or cancel others."""
        for name, old in list(self.stated.items()):
            if self.chance.random() < 0.25:
                day = old.facts.start_date + timedelta(days=1)
                facts = replace(old.facts, start_date=day)
                if self.chance.random() < 0.3:
                    facts = replace(old.facts, status=ActionStatus.CANCELLED)
                self.stated[name] = replace(old, facts=facts)
        for place_name in self.chance.sample(sorted({*NEAR, "Los Angeles"}), 2):
            name = f"{week}-{place_name}"
            far_off = IN_A_YEAR
            self.stated[name] = draft(
                place_name, external_id=name, start_date=far_off, title=name
            )
        self.post.publish(*self.stated.values())

    def minds(self) -> None:
        for number, reader in self.readers.items():
            if self.chance.random() < 0.4:
                weeks = self.chance.choice([0, 0, 1, 2, 3])
                self.choose(
                    number,
                    frequency=self.chance.choice(list(Frequency)),
                    scope=_scope(self.chance.choice(SCOPES)),
                    paused_until=self.post.now + WEEK * weeks if weeks else None,
                )
            assert reader.choices.language == "en"

    def choose(self, number: int, **changes: Any) -> None:
        reader = self.readers[number]
        now = self.post.now
        reader.choices = replace(reader.choices.standing(now), **changes)
        uid = self.post.uid(number)
        self.post.readers.choose(uid, self.post.number, reader.choices, at=now)

    def edition(self) -> None:
        """Send one, and hold it against what the rules say."""
        mailing = _sent(self.post)
        stated = {name: each.facts for name, each in self.stated.items()}
        for number, (state, reason, told) in _outcomes(self.post, mailing).items():
            reader = self.readers[number]
            expected = reader.reason(self.post.now)
            heard = reader.told(stated)
            if expected is None and not heard:
                expected = "nothing to tell"
            who = (number, reader.choices, reader.told_at)
            assert (state, reason) == (
                ("skipped", expected) if expected else ("sent", None)
            ), who
            if expected is None:
                assert told == heard, who
                reader.told_at = self.post.now
                reader.known |= {name: stated[name] for name in heard}


def _scope(written: str) -> Scope:
    kind, _, rest = written.partition(":")
    if kind == "within":
        return Scope(km=int(rest))
    return Scope(regions=tuple(rest.split(","))) if rest else Scope()


def _sent(post: Post) -> Mailing:
    mailing = post.make(FAR_SIGHTED)
    post.compose(mailing)
    post.drain(mailing, ScriptedProvider())
    return mailing


def _outcomes(
    post: Post, mailing: Mailing
) -> Mapping[int, tuple[str, str | None, set[str]]]:
    """Return what became of each reader, and what they were told."""
    titles = {
        action.id: str(action.facts.title) for action in post.actions.relevant(post.now)
    }
    with post.database.reading() as connection:
        items = connection.execute(
            select(variant_items).where(variant_items.c.kind != "known")
        ).all()
        rows = connection.execute(
            select(
                subscribers.c.address,
                deliveries.c.state,
                deliveries.c.reason,
                deliveries.c.variant_id,
            )
            .join(subscribers, subscribers.c.id == deliveries.c.subscriber_id)
            .where(deliveries.c.mailing_id == mailing.id)
        ).all()
    told: dict[int | None, set[str]] = {}
    for item in items:
        told.setdefault(item.variant_id, set()).add(titles[item.action_id])
    return {
        int(row.address.removeprefix("reader").partition("@")[0]): (
            row.state,
            row.reason,
            told.get(row.variant_id, set()),
        )
        for row in rows
    }


@pytest.mark.parametrize("seed", range(3))
def test_every_reader_gets_exactly_what_they_chose_and_in_the_end_misses_nothing(
    post: Post, seed: int
) -> None:
    world = World(post, Random(seed))  # noqa: S311 - a game, not a secret
    world.begin()
    post.now += timedelta(hours=1)  # late enough also when the clocks have changed
    for week in range(6):
        world.news(week)
        world.edition()
        world.minds()
        post.now += WEEK

    for number in world.readers:
        world.choose(
            number, frequency=Frequency.EVERY, scope=Scope(), paused_until=None
        )
    world.edition()

    standing = {
        name: each.facts
        for name, each in world.stated.items()
        if not each.facts.status.is_off
    }
    for reader in world.readers.values():
        assert standing.items() <= reader.known.items()


def test_whoever_narrows_the_places_still_hears_what_became_of_what_they_know(
    post: Post,
) -> None:
    far = draft("Newark", external_id="far", title="far", start_date=IN_NOVEMBER)
    near = draft("San Diego", external_id="near", title="near", start_date=IN_NOVEMBER)
    post.publish(far, near)
    post.enlist(contact(1))
    _sent(post)
    choose(post, scope=Scope(km=100))
    off = replace(far, facts=replace(far.facts, status=ActionStatus.CANCELLED))
    post.now += WEEK
    post.publish(off, near)

    told = _outcomes(post, _sent(post))[1]

    assert told == ("sent", None, {"far", "near"})


def test_nothing_is_composed_for_those_who_rest(post: Post) -> None:
    post.publish(draft("San Diego"))
    post.enlist(contact(1), contact(2, place=place("Denver")))
    choose(post, 2, frequency=Frequency.URGENT)
    mailing = post.make()

    assert len(post.ledger.groups(mailing)) == 1
    assert post.ledger.left_out(mailing) == {"urgent only": 1}
    assert sum(post.ledger.sizes(mailing).values()) == 1


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"paused_until": MONDAY + WEEK}, "paused meanwhile"),
        ({"frequency": Frequency.URGENT}, "urgent only meanwhile"),
    ],
)
def test_whoever_chooses_so_while_a_mailing_is_on_its_way_does_not_get_it(
    post: Post, changes: dict[str, Any], reason: str
) -> None:
    post.publish(draft("San Diego"))
    mailing = post.composed(2)
    choose(post, 2, **changes)

    post.drain(mailing, ScriptedProvider())

    standing = post.ledger.standing(mailing.id)
    assert standing.deliveries["sent"] == 1
    assert standing.reasons == {f"skipped: {reason}": 1}


def test_the_page_knows_of_an_edition_as_soon_as_it_was_sent(post: Post) -> None:
    post.publish(draft("San Diego"))
    post.enlist(*people(1))
    assert reader(post).told_at is None

    mailing = _sent(post)

    assert reader(post).told_at == mailing.as_of


# --- what a choice leaves behind


def test_every_choice_and_its_undoing_are_on_record_without_an_address(
    post: Post,
) -> None:
    post.enlist(*people(1))
    choose(post, frequency=Frequency.MONTHLY, scope=Scope(regions=("us-ca",)))
    change = reader(post).last_change
    assert change is not None
    post.readers.undo(post.uid(1), post.number, change.number, at=post.now)

    with post.database.reading() as connection:
        consents = connection.execute(
            select(consent_events).where(consent_events.c.kind == "chose")
        ).all()
        audited = connection.execute(
            select(audit).where(audit.c.actor == "reader")
        ).all()
    assert [(row.source, row.wording) for row in consents] == [
        ("page", "frequency: monthly; scope: in:us-ca"),
        ("undo", "frequency: every; scope: "),
    ]
    assert [row.detail["how"] for row in audited] == ["page", "undo"]
    assert "example.org" not in str([tuple(row) for row in (*consents, *audited)])


def test_choosing_what_is_chosen_leaves_nothing_behind(post: Post) -> None:
    post.enlist(*people(1))
    uid = post.uid(1)

    assert not post.readers.choose(uid, post.number, Choices(language="en"), at=MONDAY)

    assert reader(post).last_change is None


def test_the_language_counts_for_every_list(post: Post) -> None:
    post.enlist(*people(1))
    post.ledger.register(["urgent"], at=post.now)
    post.people.enlist(people(1), list_slug="urgent", at=post.now)

    choose(post, language="es")

    other = post.readers.reader(post.uid(1), post.number + 1)
    assert other is not None
    assert other.language == "es"
    assert other.also_on == (post.number,)


def test_only_the_newest_change_that_stands_is_offered_and_undone_once(
    post: Post,
) -> None:
    post.enlist(*people(1))
    choose(post, frequency=Frequency.MONTHLY)
    choose(post, frequency=Frequency.URGENT)
    uid, number = post.uid(1), post.number
    newest = reader(post).last_change
    assert newest is not None

    assert post.readers.undo(uid, number, newest.number, at=post.now)
    assert not post.readers.undo(uid, number, newest.number, at=post.now)

    assert reader(post).choices.frequency is Frequency.MONTHLY
    older = reader(post).last_change
    assert older is not None
    assert older.number < newest.number


def test_nobody_undoes_what_another_changed(post: Post) -> None:
    post.enlist(*people(2))
    choose(post, frequency=Frequency.MONTHLY)
    change = reader(post).last_change
    assert change is not None

    assert not post.readers.undo(post.uid(2), post.number, change.number, at=post.now)

    assert reader(post).choices.frequency is Frequency.MONTHLY


def test_changes_are_forgotten_when_it_is_too_late_to_undo_them(post: Post) -> None:
    post.enlist(*people(1))
    choose(post, frequency=Frequency.MONTHLY)
    post.now += timedelta(days=31)
    choose(post, frequency=Frequency.EVERY)

    assert post.query("SELECT count(*) FROM preference_changes") == [1]


def test_leaving_every_list_ends_those_that_are_left_and_undoing_brings_back_these(
    post: Post,
) -> None:
    slugs = ["urgent", "regional"]
    numbers = post.ledger.register(slugs, at=post.now)
    for slug in ("weekly", *slugs):
        post.people.enlist(people(1), list_slug=slug, at=post.now)
    uid = post.uid(1)
    post.readers.leave(uid, numbers["regional"], at=post.now, how="page")

    left = post.readers.leave_all(uid, post.number, at=post.now)

    assert sorted(left) == sorted([post.number, numbers["urgent"]])
    change = reader(post).last_change
    assert change is not None
    assert post.readers.undo(uid, post.number, change.number, at=post.now)
    assert set(reader(post).also_on) == {numbers["urgent"]}
    assert reader(post).active
    assert post.query("SELECT count(*) FROM consent_events WHERE source = 'undo'") == [
        2
    ]


def test_an_unknown_link_changes_nothing(post: Post) -> None:
    post.enlist(*people(1))
    before = reader(post)
    nobody = bytes(16)

    assert post.readers.reader(nobody, post.number) is None
    assert not post.readers.choose(
        nobody, post.number, Choices(language="es"), at=post.now
    )
    assert not post.readers.undo(nobody, post.number, 1, at=post.now)
    assert post.readers.leave_all(nobody, post.number, at=post.now) == []
    assert post.readers.leave_all(post.uid(1), 77, at=post.now) == []
    assert reader(post) == before


def choose(post: Post, number: int = 1, **changes: Any) -> None:
    """Change some of a reader's choices, as their page does."""
    choices = replace(reader(post, number).choices, **changes)
    assert post.readers.choose(post.uid(number), post.number, choices, at=post.now)


def reader(post: Post, number: int = 1) -> Reader:
    found = post.readers.reader(post.uid(number), post.number)
    assert found is not None
    return found
