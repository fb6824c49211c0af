"""Progress as it goes on: events arrive, end with the session, and are bounded."""

import json
import threading
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest

from mailer.core.accounts import Factor
from mailer.core.roles import Role
from mailer.ports import Mailing, Standing
from tests.e2e import plain
from tests.e2e.conftest import Shell, copied
from tests.e2e.coordinators import House
from tests.e2e.sendings import BATCH, MONDAY, Sendings, prepared

ROSA, BEN = "rosa@union.example", "ben@union.example"
PEOPLE = 3 * BATCH


@pytest.fixture(scope="module")
def running(
    initial: Shell, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    shell = prepared(copied(initial, tmp_path_factory.mktemp("live")))
    house = House(shell.folder)
    house.now = MONDAY
    with house.open():
        house.person(ROSA, [Role.AUDITOR])
        house.person(BEN, [Role.AUTHOR])
        yield house


@pytest.fixture
def sendings(running: House) -> Iterator[Sendings]:
    made = Sendings(running)
    yield made
    made.end()


def cookie(house: House, address: str = ROSA) -> dict[str, str]:
    sessions = house.project.console.sessions
    held = sessions.begin(
        house.account(address).number,
        strong=True,
        how=Factor.PASSWORD,
        agent="",
        at=house.now,
    )
    return {"Cookie": f"console={held}", "Accept": "text/event-stream"}


@contextmanager
def watching(
    house: House, mailing: Mailing | None, headers: dict[str, str]
) -> Iterator[httpx.Response]:
    of = mailing.id if mailing else 9_999_999
    url = f"{house.url}/console/live?of={of}"
    with plain.stream("GET", url, headers=headers, timeout=20) as answer:
        yield answer


def events(answer: httpx.Response) -> Generator[tuple[str, Any]]:
    """Yield the name and the data of each event."""
    name = ""
    for line in answer.iter_lines():
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


def listen(
    open_ones: ExitStack, house: House, mailing: Mailing, headers: dict[str, str]
) -> None:
    """Open a stream that stays open: whoever lets go of its events closes it."""
    answer = open_ones.enter_context(watching(house, mailing, headers))
    heard = events(answer)
    open_ones.callback(heard.close)
    assert next(heard)[0] == "progress"


def test_a_page_is_told_of_every_step_until_the_mailing_is_over(
    running: House, sendings: Sendings
) -> None:
    mailing = sendings.digest(PEOPLE)
    told: list[tuple[str, Any]] = []
    with watching(running, mailing, cookie(running)) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        for name, data in events(answer):
            told.append((name, data))
            if name == "progress":
                sendings.send(mailing, 1)

    assert [name for name, _ in told] == ["progress"] * 4 + ["over"]
    for sent, (_, data) in zip((0, 10, 20, 30), told, strict=False):
        assert data["of"] == mailing.id
        assert f'aria-valuenow="{sent}"' in data["html"]
    assert [data["state"] for _, data in told[:4]] == ["sending"] * 3 + ["finished"]


def test_a_stream_ends_with_the_session_and_with_the_rights_to_it(
    running: House, sendings: Sendings
) -> None:
    mailing = sendings.digest(PEOPLE)
    with watching(running, mailing, cookie(running)) as answer:
        heard = events(answer)
        assert next(heard)[0] == "progress"
        running.project.console.sessions.end(running.account(ROSA).number)

        assert [name for name, _ in heard] == ["ended"]


def test_watching_keeps_nobody_signed_in(running: House, sendings: Sendings) -> None:
    mailing = sendings.digest(PEOPLE)
    held = cookie(running)
    running.now += timedelta(minutes=90)
    with watching(running, mailing, held) as answer:
        assert next(events(answer))[0] == "progress"
    running.now += timedelta(minutes=40)

    with watching(running, mailing, held) as answer:
        assert answer.status_code == 403


def test_streams_are_bounded_for_each_account_and_end_with_what_they_are_about(
    running: House, sendings: Sendings
) -> None:
    mailing = sendings.digest(PEOPLE)
    held = cookie(running)
    with ExitStack() as open_ones:
        for _ in range(6):
            listen(open_ones, running, mailing, held)
        with watching(running, mailing, held) as refused:
            assert refused.status_code == 429
            assert refused.headers["retry-after"] == "30"
        with watching(running, mailing, cookie(running, BEN)) as other:
            assert other.status_code == 200
    with watching(running, None, held) as nothing:
        assert [name for name, _ in events(nothing)] == ["over"]


def test_who_goes_away_gives_back_their_place(
    running: House, sendings: Sendings
) -> None:
    mailing = sendings.digest(PEOPLE)
    held = cookie(running)
    for _ in range(3):
        with ExitStack() as open_ones:
            for _ in range(6):
                listen(open_ones, running, mailing, held)
        threading.Event().wait(0.3)


def test_asking_what_a_stream_is_takes_up_no_place(
    running: House, sendings: Sendings
) -> None:
    mailing = sendings.digest(PEOPLE)
    held = cookie(running)
    with ExitStack() as open_ones:
        for _ in range(8):
            asking = open_ones.enter_context(plain.Client(timeout=5))
            answer = asking.head(
                f"{running.url}/console/live?of={mailing.id}", headers=held
            )
            assert answer.status_code == 200
            assert answer.headers["content-type"].startswith("text/event-stream")

        with watching(running, mailing, held) as other:
            assert other.status_code == 200


def test_however_many_watch_a_mailing_it_is_counted_once_a_second(
    running: House,
    sendings: Sendings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mailing = sendings.digest(PEOPLE)
    meter = running.project.console.meter
    counts: list[int] = []
    count = meter._count

    def counted(number: int) -> Standing:
        counts.append(number)
        return count(number)

    monkeypatch.setattr(meter, "_count", counted)
    enough = threading.Event()
    with ExitStack() as open_ones:
        for _ in range(5):
            listen(open_ones, running, mailing, cookie(running))
        counts.clear()
        enough.wait(3)

    assert 1 <= len(counts) <= 4
