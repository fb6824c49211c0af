"""An event that names a call settles what that call left in doubt, and nothing else."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import permutations

import pytest

from mailer.adapters.database.engine import Database
from mailer.adapters.database.parked import Parked
from mailer.core.events import Event, EventKind, call_mark, marks
from mailer.pipeline.calls import alone
from mailer.ports import Mailing, Outgoing, Provider
from tests.contract.post import Post
from tests.contract.test_tracking import tracker
from tests.factories import draft
from tests.fakes.provider import ScriptedProvider, accept, accept_and_vanish, vanish

DAY = 86_400.0


@pytest.fixture
def post(database: Database) -> Post:
    post = Post(database)
    post.publish(draft("San Diego"), draft("Denver"))
    return post


class Noting(ScriptedProvider):
    """Notes what came under which key."""

    def send(self, outgoing: Outgoing):  # type: ignore[no-untyped-def]
        noted.append(outgoing)
        return super().send(outgoing)


noted: list[Outgoing] = []


@pytest.fixture(autouse=True)
def _nothing_noted() -> Iterator[None]:
    noted.clear()
    yield
    noted.clear()


def keys() -> Mapping[str, str]:
    """Return the mark that each address was last written to under."""
    return {r.address: out.key for out in noted for r in out.recipients}


def told(
    post: Post,
    address: str,
    mark: str | None,
    kind: EventKind = EventKind.SENT,
    *,
    provider: str = "scripted",
) -> None:
    event = Event(
        event_id=f"{kind}/{address}/{mark}",
        kind=kind,
        address=address.title(),
        happened_at=post.now + timedelta(minutes=1),
        provider_id=f"id-{address}",
        mark=mark,
    )
    hearing = tracker(post)
    hearing.keep(provider, [event])
    hearing.apply()


def doubtful(post: Post, provider: Provider, readers: int = 3) -> Mailing:
    """Return a mailing of which the provider's answers never came: parked."""
    mailing = post.composed(readers)
    post.drain(mailing, provider)
    return mailing


ADDRESSES = [f"reader{n}@example.org" for n in (1, 2, 3)]


def states(post: Post) -> Sequence[str]:
    return post.query("SELECT state FROM deliveries ORDER BY subscriber_id")


@pytest.mark.parametrize("window", [1, 8], ids=["one call for all", "a call for each"])
def test_what_the_provider_says_it_took_is_sent_and_nobody_is_mailed_twice(
    post: Post, window: int
) -> None:
    batch = 1 if window > 1 else 10
    provider = Noting(*[accept_and_vanish] * 3, max_batch=batch, window=window)
    mailing = doubtful(post, provider)
    assert states(post) == ["parked"] * 3
    assert post.ledger.standing(mailing.id).state == "unresolved"

    for address, key in keys().items():
        told(post, address, key)

    assert states(post) == ["sent"] * 3
    assert post.ledger.standing(mailing.id).state == "finished"
    assert set(provider.accepted.values()) == {1}
    assert post.query("SELECT provider_id FROM deliveries ORDER BY subscriber_id") == [
        f"id-{address}" for address in ADDRESSES
    ]


def test_each_parked_message_is_settled_by_its_own_event_alone(post: Post) -> None:
    mailing = doubtful(post, Noting(accept_and_vanish))

    told(post, ADDRESSES[1], keys()[ADDRESSES[1]])

    assert states(post) == ["parked", "sent", "parked"]
    assert post.ledger.standing(mailing.id).state == "unresolved"


@pytest.mark.parametrize(
    "kind", [EventKind.DELIVERED, EventKind.HARD, EventKind.SOFT, EventKind.BLOCK]
)
def test_whatever_became_of_a_message_it_was_taken(post: Post, kind: EventKind) -> None:
    doubtful(post, Noting(accept_and_vanish), readers=1)

    told(post, ADDRESSES[0], keys()[ADDRESSES[0]], kind)

    assert states(post) == ["sent"]
    assert post.query("SELECT heard FROM deliveries") == [kind.value]


def test_an_event_that_comes_before_the_doubt_settles_it_as_well(post: Post) -> None:
    mailing = post.composed(3)
    sender = post.sender(Noting())
    outgoing = post.begin_as(sender)
    for reader in outgoing.recipients:
        told(post, reader.address, outgoing.key)
    assert states(post) == ["inflight"] * 3

    post.lose_the_lease()  # the sender died before it heard the answer
    post.claim("another")
    assert tracker(post).apply() == 0

    assert states(post) == ["sent"] * 3
    assert post.ledger.standing(mailing.id).state == "finished"


KINDS = [EventKind.SENT, EventKind.DELIVERED, EventKind.DEFERRED]


def test_in_whatever_order_and_however_often_the_end_is_the_same(post: Post) -> None:
    doubtful(post, Noting(accept_and_vanish))
    key = keys()[ADDRESSES[0]]
    for order in permutations(KINDS):
        for kind in (*order, *order):
            told(post, ADDRESSES[0], key, kind)

    assert states(post) == ["sent", "parked", "parked"]
    assert post.query("SELECT heard FROM deliveries WHERE state = 'sent'") == [
        "delivered"
    ]
    assert post.query("SELECT count(*) FROM audit WHERE verb = 'settle'") == [1]


def test_a_mark_of_another_call_provider_or_reader_settles_nothing(post: Post) -> None:
    doubtful(post, Noting(accept_and_vanish))
    key = keys()[ADDRESSES[0]]

    told(post, ADDRESSES[0], "0b5bd2ac-7d6c-5c5e-9d1e-3a4f5b6c7d8e")
    told(post, ADDRESSES[0], None)
    told(post, ADDRESSES[0], key, provider="another")
    told(post, "stranger@example.org", key)

    assert states(post) == ["parked"] * 3


def test_what_a_person_has_decided_is_not_undone(post: Post) -> None:
    mailing = doubtful(post, Noting(accept_and_vanish))
    key = keys()[ADDRESSES[0]]
    parked = Parked(post.database)
    first, second, _ = post.query("SELECT id FROM subscribers ORDER BY id")
    parked.resend(mailing.id, first, actor="test", at=post.now)
    parked.mark_sent(mailing.id, second, actor="test", at=post.now)

    for address in ADDRESSES:
        told(post, address, key)

    assert states(post) == ["pending", "sent", "sent"]
    assert post.query("SELECT reason FROM deliveries ORDER BY subscriber_id")[1] == (
        "marked by a person"
    )


def test_a_call_that_can_be_made_again_keeps_its_bytes(post: Post) -> None:
    """Part of it is proven: the rest is asked for under the same key, unchanged."""
    mailing = post.composed(3)
    provider = Noting(accept_and_vanish, idempotency_ttl=DAY)
    sender = post.sender(provider)
    sender.step()
    told(post, ADDRESSES[0], keys()[ADDRESSES[0]])
    assert states(post) == ["unknown"] * 3

    post.drain(mailing, provider)

    assert states(post) == ["sent"] * 3
    assert set(provider.accepted.values()) == {1}
    assert provider.replays == 1


def test_a_call_that_is_proven_whole_is_not_made_again(post: Post) -> None:
    mailing = post.composed(3)
    provider = Noting(accept_and_vanish, idempotency_ttl=DAY)
    post.sender(provider).step()
    for address in ADDRESSES:
        told(post, address, keys()[address])

    post.drain(mailing, provider)

    assert states(post) == ["sent"] * 3
    assert provider.calls == 1
    assert post.ledger.standing(mailing.id).state == "finished"


def test_a_worker_that_looks_into_it_meanwhile_has_nothing_more_to_say(
    post: Post,
) -> None:
    post.composed(3)
    post.sender(Noting(vanish)).step()
    batch = post.claim()
    assert batch is not None
    assert batch.unknown is not None
    for address in ADDRESSES:
        told(post, address, batch.unknown.key)

    assert not post.ledger.park(batch, detail="nobody knows", at=post.now)
    assert states(post) == ["sent"] * 3


def test_what_nobody_is_left_in_is_not_parked(post: Post) -> None:
    mailing = post.composed(1)
    provider = Noting(accept_and_vanish)
    post.sender(provider).step()
    batch = post.claim()
    assert batch is not None
    with post.database.writing() as connection:
        connection.exec_driver_sql("UPDATE deliveries SET state = 'sent'")
    post.ledger.park(batch, detail="nobody is left in it", at=post.now)

    assert post.ledger.standing(mailing.id).state == "finished"


def test_the_next_edition_knows_what_they_were_told_after_all(post: Post) -> None:
    doubtful(post, Noting(accept_and_vanish, accept), readers=1)
    told(post, ADDRESSES[0], keys()[ADDRESSES[0]])

    assert post.query("SELECT remembered FROM mailings") in ([False], [0])


def test_a_message_alone_carries_a_mark_that_names_its_reader(post: Post) -> None:
    post.composed(2)
    outgoing = post.begin_as(post.sender(Noting()))

    for reader in outgoing.recipients:
        own = alone(outgoing, reader).key
        assert own in marks(outgoing.key, reader.uid)
        assert call_mark(own.upper()) == own
        assert own != outgoing.key


@pytest.mark.parametrize("written", ["", "batch", 7, None, ["x"], "x" * 400, "{}"])
def test_what_is_no_key_of_ours_marks_nothing(written: object) -> None:
    assert call_mark(written) is None
