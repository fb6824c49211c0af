"""Workers that PostgreSQL wakes: sooner than they would look, and never needed."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import text

from mailer.adapters.database.engine import Database
from mailer.adapters.database.parked import Parked
from mailer.adapters.database.waking import ProcrastinateWaker
from mailer.pipeline.crew import Crew
from tests.contract.post import Post
from tests.factories import draft
from tests.fakes.provider import ScriptedProvider, accept_and_vanish

EVERY_SECOND = "* * * * * *"
NEVER = "0 0 1 1 *"


@pytest.fixture
def post(database: Database) -> Post:
    made = Post(database)
    made.publish(draft("San Diego"), draft("Denver"))
    return made


class Host:
    """A worker on some machine, with a provider that all of them share."""

    def __init__(self, post: Post, provider: ScriptedProvider, sweep: str) -> None:
        self.waker = ProcrastinateWaker(post.database, sweep=sweep)
        sender = post.sender(provider)
        self.crew = Crew(lambda: [sender])
        self.asked: list[int | None] = []
        self.troubles: list[str] = []
        self.stop = threading.Event()

    def drain(self, mailing_id: int | None) -> None:
        self.asked.append(mailing_id)
        self.crew.drain(
            mailing_id, sleep=time.sleep, stopping=self.stop.is_set, wait=False
        )

    @contextmanager
    def running(self) -> Iterator[None]:
        work = threading.Thread(
            target=self.waker.run, args=(self.drain, self.stop, self.troubles.append)
        )
        work.start()
        try:
            yield
        finally:
            self.stop.set()
            work.join(20)
            assert not work.is_alive()


def until(true: Callable[[], bool], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.05)


def jobs(post: Post) -> int:
    [count] = post.query("SELECT count(*) FROM procrastinate_jobs")
    return int(count)


def test_an_idle_worker_is_woken_by_a_mailing_that_is_composed_elsewhere(
    post: Post,
) -> None:
    provider = ScriptedProvider()
    host = Host(post, provider, NEVER)
    with host.running():
        mailing = post.composed(25)
        until(lambda: post.counts(mailing) == {"pending": 0, "sent": 25})

    assert host.asked[0] == mailing.id
    assert max(provider.accepted.values()) == 1


def test_a_mailing_that_is_not_made_after_all_wakes_nobody(post: Post) -> None:
    with post.database.writing() as connection:
        post.database.wake(connection, 1, 1)
        connection.rollback()

    assert jobs(post) == 0


def test_resuming_and_resending_wake_workers(post: Post) -> None:
    mailing = post.composed(5)
    provider = ScriptedProvider(accept_and_vanish)
    post.drain(mailing, provider)
    forget_jobs(post)

    Parked(post.database).resend(mailing.id, None, actor="test", at=post.now)
    assert jobs(post) == 1
    forget_jobs(post)
    post.ledger.pause(mailing.id, reason="", at=post.now)
    post.ledger.resume(mailing.id, at=post.now)
    assert jobs(post) == 1


def test_being_woken_for_the_same_again_is_one_job(post: Post) -> None:
    for _ in range(3):
        with post.database.writing() as connection:
            post.database.wake(connection, 7, 45)

    assert jobs(post) == 3  # for three workers, not nine


def test_when_every_job_is_lost_the_sweep_finds_the_work(post: Post) -> None:
    mailing = post.composed(25)
    forget_jobs(post)
    provider = ScriptedProvider()
    host = Host(post, provider, EVERY_SECOND)
    with host.running():
        until(lambda: post.counts(mailing) == {"pending": 0, "sent": 25})

    assert set(host.asked) == {None}


def test_jobs_that_come_twice_mail_nobody_twice(post: Post) -> None:
    mailing = post.composed(60)
    with post.database.writing() as connection:
        for _ in range(3):
            connection.execute(
                text(
                    "INSERT INTO procrastinate_jobs (queue_name, task_name, args)"
                    " SELECT queue_name, task_name, args FROM procrastinate_jobs"
                )
            )
    provider = ScriptedProvider()
    hosts = [Host(post, provider, NEVER), Host(post, provider, NEVER)]
    with hosts[0].running(), hosts[1].running():
        until(lambda: post.counts(mailing) == {"pending": 0, "sent": 60})
        until(lambda: jobs(post) == 0)

    assert max(provider.accepted.values()) == 1
    assert all(host.troubles == [] for host in hosts)


def test_a_worker_survives_the_loss_of_its_connections(post: Post) -> None:
    provider = ScriptedProvider()
    host = Host(post, provider, NEVER)
    with host.running():
        first = post.composed(5)
        until(lambda: post.counts(first)["sent"] == 5)
        hang_up(post)
        with post.database.writing() as connection:
            post.database.wake(connection, first.id, 1)
        until(lambda: len(host.asked) >= 2, 30)


def forget_jobs(post: Post) -> None:
    with post.database.writing() as connection:
        connection.execute(text("DELETE FROM procrastinate_jobs"))


def hang_up(post: Post) -> None:
    with post.database.writing() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
