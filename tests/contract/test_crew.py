"""Senders side by side in one process."""

import threading
from dataclasses import replace

import pytest

from mailer.adapters.database.engine import Database
from mailer.pipeline.crew import Crew
from mailer.ports import Outcome, Outgoing
from tests.contract.post import Post
from tests.factories import draft
from tests.fakes.provider import ScriptedProvider, accept


@pytest.fixture
def post(database: Database) -> Post:
    made = Post(database)
    made.publish(draft("San Diego"), draft("Denver"))
    return made


def crew_of(post: Post, provider: ScriptedProvider, size: int) -> Crew:
    sender = post.sender(provider)
    senders = [replace(sender, owner=f"thread {n}") for n in range(size)]
    return Crew(lambda: senders)


class Meeting(ScriptedProvider):
    """Answers only once so many calls are under way."""

    def __init__(self, together: int) -> None:
        super().__init__()
        self.barrier = threading.Barrier(together, timeout=20)

    def send(self, outgoing: Outgoing) -> Outcome:
        """Wait for the others, then accept."""
        self.barrier.wait()
        return super().send(outgoing)


def test_calls_of_several_threads_are_under_way_at_the_same_time(post: Post) -> None:
    mailing = post.composed(40)
    provider = Meeting(4)

    crew_of(post, provider, 4).drain(mailing.id, sleep=lambda _s: None)

    assert post.counts(mailing) == {"pending": 0, "sent": 40}
    assert max(provider.accepted.values()) == 1


def test_when_one_fails_the_others_end_and_its_error_is_told(post: Post) -> None:
    mailing = post.composed(200)

    def fail(_provider: ScriptedProvider, _outgoing: Outgoing) -> Outcome:
        raise RuntimeError("a defect")

    provider = ScriptedProvider(accept, fail)
    with pytest.raises(RuntimeError, match="a defect"):
        crew_of(post, provider, 3).drain(mailing.id, sleep=lambda _s: None)

    counts = post.counts(mailing)
    assert counts["inflight"] == 10  # of the one that failed; unknown in time
    assert counts["pending"] > 0
