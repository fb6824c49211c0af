"""People who move, hand over, leave, pause or are erased while a call is on its way."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlalchemy import update

from mailer.adapters.database.engine import Database
from mailer.adapters.database.erasing import SqlErasures
from mailer.adapters.database.requests import SqlRequests
from mailer.adapters.database.rights import SqlRights
from mailer.adapters.database.schema import deliveries
from mailer.core.erasures import Erasure
from mailer.core.preferences import Choices
from mailer.core.proposal import OVER, Stage
from mailer.core.requests import Kind, Moved, Moving, Request
from mailer.core.tokens import address_hash
from tests.contract.launching import Coalition
from tests.contract.post import PEPPER
from tests.factories import contact
from tests.fakes.provider import ScriptedProvider

READERS = 40


def of(number: int) -> str:
    return f"reader{number}@example.org"


@dataclass
class Town:
    """Readers of urgent calls, each with a seat at one union."""

    coalition: Coalition
    addresses: dict[int, str] = field(default_factory=dict)
    uids: dict[int, bytes] = field(default_factory=dict)
    barred: set[str] = field(default_factory=set)  # who must not get it from now on
    came: set[str] = field(default_factory=set)  # who took over a seat meanwhile
    fresh: int = 1000

    def __post_init__(self) -> None:
        self.coalition.enlist(READERS, organization="AFT 1931")
        self.addresses = {number: of(number) for number in range(1, READERS + 1)}
        self.uids = {
            number: self.coalition.post.uid(number) for number in self.addresses
        }
        self.requests = SqlRequests(self.coalition.database, PEPPER)
        self.rights = SqlRights(self.coalition.database, self.requests)

    def _offered(self, kind: Kind, number: int, to: str) -> tuple[bytes, int]:
        """Ask from a reader's own page, follow both links; return the second."""
        now, at = self.coalition.now, self.coalition.number
        self.rights.ask(kind, self.uids[number], at, at=now)
        [due] = self.requests.due(at=now)
        self.requests.written(due, at=now)
        found = self.requests.find(due.to, due.number)
        assert isinstance(found, Request)
        self.rights.ask_at(found, to, at=now, lists=[at])
        [due] = self.requests.due(at=now)
        self.requests.written(due, at=now)
        return due.to, due.number

    def move(self, number: int) -> Moved:
        self.fresh += 1
        there = of(self.fresh)
        moved = self.rights.move(
            *self._offered(Kind.READDRESS, number, there), at=self.coalition.now
        )
        if moved.what is Moving.DONE:
            self.barred.add(self.addresses[number])
            self.addresses[number] = there
        return moved

    def hand_over(self, number: int) -> Moved:
        self.fresh += 1
        self.coalition.post.people.enlist(
            [contact(self.fresh, organization="AFT 1931")],
            list_slug="weekly",
            at=self.coalition.now,
        )
        moved = self.rights.sit(
            *self._offered(Kind.HAND_OVER, number, of(self.fresh)),
            at=self.coalition.now,
        )
        assert moved.what is Moving.DONE
        assert moved.ended == (self.coalition.number,)
        self._gone(number)
        self.addresses[self.fresh] = of(self.fresh)
        self.uids[self.fresh] = self.coalition.post.uid(self.fresh)
        self.came.add(of(self.fresh))
        return moved

    def leave(self, number: int) -> None:
        self.coalition.post.readers.leave(
            self.uids[number], self.coalition.number, at=self.coalition.now, how="page"
        )
        self._gone(number)

    def erase(self, number: int) -> None:
        hashed = address_hash(PEPPER, self.addresses[number])
        erasures = SqlErasures(self.coalition.database, PEPPER)
        erasures.erase(Erasure(address_hash=hashed, at=self.coalition.now))
        erasures.complete(at=self.coalition.now)
        self._gone(number)

    def pause(self, number: int) -> None:
        until = self.coalition.now + timedelta(days=9)
        self._choose(number, Choices(language="en", paused_until=until))
        self._gone(number)

    def read_spanish(self, number: int) -> None:
        self._choose(number, Choices(language="es"))

    def bounce(self, number: int) -> None:
        self.coalition.post.people.suppress(
            [self.addresses[number]], reason="bounced", at=self.coalition.now
        )
        self._gone(number)

    def _choose(self, number: int, choices: Choices) -> None:
        self.coalition.post.readers.choose(
            self.uids[number], self.coalition.number, choices, at=self.coalition.now
        )

    def _gone(self, number: int) -> None:
        self.barred.add(self.addresses.pop(number))


Act = Callable[[Town, int], object]
ACTS: Mapping[str, Act] = {
    "moves": Town.move,
    "hands over": Town.hand_over,
    "leaves": Town.leave,
    "is erased": Town.erase,
    "pauses": Town.pause,
    "reads Spanish": Town.read_spanish,
    "bounces": Town.bounce,
}


@pytest.fixture
def town(database: Database) -> Town:
    return Town(Coalition(database))


def to_its_end(town: Town, provider: ScriptedProvider) -> None:
    coalition = town.coalition
    for _ in range(6):
        coalition.later(minutes=10)
        coalition.tick()
        coalition.drain(provider)


@pytest.mark.parametrize("act", ACTS)
def test_who_changes_during_the_hold_gets_it_where_they_are_or_not_at_all(
    town: Town, act: str
) -> None:
    town.coalition.approved()
    before = town.addresses.copy()
    ACTS[act](town, 7)

    to_its_end(town, provider := ScriptedProvider())

    assert provider.accepted == dict.fromkeys(town.addresses.values(), 1)
    done = town.coalition.tick()
    assert done.stage is Stage.DONE
    assert done.change is not None
    lost, came = before.keys() - town.addresses.keys(), len(town.came)
    assert (done.change.approved, done.change.sending) == (
        READERS,
        READERS - len(lost) + came,
    )
    assert sum(done.change.gone.values()) == len(lost)
    assert done.change.came == came


@pytest.mark.parametrize("act", ACTS)
def test_who_changes_while_the_first_few_are_watched_gets_it_once_at_most(
    town: Town, act: str
) -> None:
    town.coalition.launched()
    town.coalition.drain(provider := ScriptedProvider())
    first = [n for n, address in town.addresses.items() if provider.accepted[address]]
    rest = [n for n in town.addresses if n not in first]
    had = dict(provider.accepted)
    ACTS[act](town, first[0])  # has it already
    ACTS[act](town, rest[0])
    barred = town.barred - had.keys()

    to_its_end(town, provider)

    assert set(provider.accepted.values()) == {1}
    assert not provider.accepted.keys() & barred
    expected = had.keys() | {town.addresses[n] for n in rest if n in town.addresses}
    assert provider.accepted.keys() == expected
    counts = town.coalition.counts()
    assert counts["sent"] == len(expected)
    assert sum(counts.values()) == READERS
    assert town.coalition.tick().stage in OVER


@pytest.mark.parametrize("seed", range(3))
def test_whatever_people_do_meanwhile_each_gets_one_where_they_are(
    town: Town, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret is drawn
    coalition, provider = town.coalition, ScriptedProvider()
    coalition.approved()
    barred: set[str] = set()
    for step in range(8):
        for _ in range(2):
            number = chance.choice(sorted(town.addresses))
            if step or len(town.addresses) > READERS - 4:
                ACTS[chance.choice(sorted(ACTS))](town, number)
        barred |= town.barred - provider.accepted.keys()
        coalition.later(minutes=5)
        coalition.tick()
        coalition.drain(provider)
        if coalition.tick().stage is Stage.SUBMITTED:  # too many have gone
            coalition.proposer.approve(
                "urgent/otay", by="ben@example.org", count=coalition.tick().expected
            )
    to_its_end(town, provider)

    assert set(provider.accepted.values()) == {1}
    assert not provider.accepted.keys() & barred
    assert coalition.tick().stage is Stage.DONE
    counts = coalition.counts()
    assert counts["pending"] == 0
    assert counts["sent"] == provider.accepted.total()


def test_who_moved_while_it_was_released_is_heeded_under_the_new_address(
    town: Town,
) -> None:
    """PostgreSQL shows a move that is committed meanwhile no delivery to correct."""
    town.coalition.launched()
    for number in (3, 4):
        old = address_hash(PEPPER, town.addresses[number])
        assert town.move(number).what is Moving.DONE
        theirs = deliveries.c.address_hash == address_hash(
            PEPPER, town.addresses[number]
        )
        with town.coalition.database.writing() as connection:
            connection.execute(
                update(deliveries).where(theirs).values(address_hash=old)
            )
    there = town.addresses[3]
    town.bounce(4)

    to_its_end(town, provider := ScriptedProvider())

    assert provider.accepted == dict.fromkeys(town.addresses.values(), 1)
    kept = town.coalition.query("SELECT address_hash FROM deliveries")
    assert address_hash(PEPPER, there) in {bytes(each) for each in kept}
