"""What becomes of a batch, whatever its provider answers; the store is in memory."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, cycle
from math import inf
from typing import Any

import pytest

from mailer.core.envelope import Segments
from mailer.core.errors import NotFoundError, StoreError
from mailer.core.lists import MailingList, parse
from mailer.core.routes import Route
from mailer.core.tokens import Keyring, Purpose
from mailer.pipeline.compose import Composer
from mailer.pipeline.conclude import ATTEMPTS
from mailer.pipeline.crew import Crew
from mailer.pipeline.letters import Imprint, Writer, fingerprint
from mailer.pipeline.send import MARGIN, PATIENT_MARGIN, Sender
from mailer.pipeline.tick import Ticker
from mailer.ports import (
    Accepted,
    Addressee,
    Answered,
    Batch,
    Deferred,
    Intent,
    Mailing,
    NotTaken,
    Outcome,
    Outgoing,
    Refused,
    Result,
    Standing,
    Unknown,
)
from tests.factories import MAILING, MONDAY, batch_of
from tests.fakes.provider import Answer, ScriptedProvider, accept, refuse_call
from tests.fakes.renderer import PlainRenderer

IMPRINT = Imprint(
    sender_name="Coalition",
    sender_address="actions@mail.example.org",
    reply_to=None,
    headers=(),
)
WORDS = Segments(("to leave: ", " because: ", ""), ("leave", "reason_text"))


def uid(number: int) -> bytes:
    return bytes([number]) * 16


def imprint(_slug: str, _edition: str) -> Imprint:
    return IMPRINT


@dataclass
class Book:
    """A ledger that gives out what it is given and writes down what it is told."""

    batches: list[Batch] = field(default_factory=lambda: [batch_of()])
    people: int = 3
    kept: list[Sequence[Result]] = field(default_factory=list)
    back: list[str] = field(default_factory=list)  # why they were put back
    halved: list[str] = field(default_factory=list)  # why
    delays: list[float] = field(default_factory=list)  # of what was deferred
    held_off: list[float] = field(default_factory=list)  # seconds, for everybody
    released: list[Batch] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)  # of the variant's deliveries
    paused: list[str] = field(default_factory=list)
    away: int = 0  # times that the database cannot be written
    waited: list[float] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def claim(self, _owner: str, **_options: object) -> Batch | None:
        return self.batches.pop(0) if self.batches and not self.paused else None

    def begin(
        self, batch: Batch, *, seal: Callable[[Intent], bytes], **_options: object
    ) -> Intent:
        intent = self.intent(batch)
        seal(intent)
        return intent

    def intent(self, batch: Batch) -> Intent:
        return Intent(
            batch=batch,
            key="0a3f3c56-7b1e-4c0e-9f0c-5f3f6d1f2a12",
            language="en",
            subject="Weekly",
            html=WORDS,
            text=WORDS,
            sent_at=MONDAY,
            addressees=[
                Addressee(
                    subscriber_id=number,
                    uid=uid(number),
                    address=f"reader{number}@example.org",
                    organization=None,
                    consented_on=None,
                )
                for number in range(1, self.people + 1)
            ],
        )

    def release(self, batch: Batch) -> None:
        self.released.append(batch)

    def record(
        self,
        intent: Intent,
        results: Sequence[Result],
        *,
        delay: float,
        **_options: object,
    ) -> bool:
        if self.away > 0:
            self.away -= 1
            raise StoreError("the database is locked")
        assert len(results) == len(intent.addressees)
        self.kept.append(list(results))
        self.delays.append(delay)
        return True

    def put_back(self, _intent: Intent, *, detail: str, **_options: object) -> bool:
        self.back.append(detail)
        return True

    def alike(self, _batch: Batch, state: str, *, most: int) -> int:
        return min(most, self.counts.get(state, 0))

    def split(self, _intent: Intent, *, detail: str, **_options: object) -> bool:
        self.halved.append(detail)
        return True

    def hold_off(self, _provider: str, *, seconds: float, **_options: object) -> None:
        self.held_off.append(seconds)

    def pause(self, _mailing_id: int, *, reason: str, **_options: object) -> None:
        self.paused.append(reason)

    def planned(self) -> Sequence[Mailing]:
        return []

    def sender(
        self,
        provider: ScriptedProvider,
        imprint: Callable[[str, str], Imprint] = imprint,
    ) -> Sender:
        itself: Any = self
        return Sender(
            ledger=itself,
            provider=provider,
            writer=Writer(
                renderer=PlainRenderer(),
                keyring=Keyring({1: b"k" * 32}),
                base_url="https://mail.example.org",
                imprint=imprint,
            ),
            clock=lambda: MONDAY,
            monotonic=time.monotonic,
            owner="test",
            sleep=self.waited.append,
            trouble=self.said.append,
        )

    def send(self, *script: Answer, window: int = 1) -> ScriptedProvider:
        provider = ScriptedProvider(*script, window=window)
        sender = self.sender(provider)
        while sender.step():
            pass
        return provider


def answer(outcome: Outcome) -> Answer:
    return lambda _provider, _outgoing: outcome


def throttled(retry_after: float | None = None) -> Answer:
    return answer(NotTaken(detail="429: slow down", retry_after=retry_after))


STOPPED = answer(NotTaken(detail="401: the token is wrong", stop=True))
VANISHED = answer(Unknown(detail="the connection broke"))


def kinds(results: Sequence[Result]) -> list[str]:
    return [type(result).__name__ for result in results]


# --- later


@pytest.mark.parametrize(
    ("attempt", "delay"),
    [(1, 10.0), (2, 30.0), (4, 300.0), (7, 3600.0), (8, 3600.0), (80, 3600.0)],
)
def test_each_attempt_waits_longer_up_to_an_hour(attempt: int, delay: float) -> None:
    book = Book([batch_of(attempt)])
    book.send(throttled())

    assert book.held_off == [delay]
    assert book.back == ["429: slow down"]


@pytest.mark.parametrize(
    ("asked", "waited"),
    [(None, 30.0), (5.0, 30.0), (90.0, 90.0), (1e9, 86_400.0), (inf, 86_400.0)],
)
def test_a_provider_that_asks_for_longer_gets_it_up_to_a_day(
    asked: float | None, waited: float
) -> None:
    book = Book([batch_of(2)])
    book.send(throttled(asked))

    assert book.held_off == [waited]


def test_after_so_many_attempts_a_person_must_look() -> None:
    patient, book = Book([batch_of(ATTEMPTS - 1)]), Book([batch_of(ATTEMPTS)])
    patient.send(throttled())
    book.send(throttled())

    assert patient.paused == []
    assert book.paused == [f"scripted took nothing {ATTEMPTS} times: 429: slow down"]
    assert book.back  # nobody is lost: the batch is there when they resume


@pytest.mark.parametrize(
    ("attempt", "kind"), [(ATTEMPTS - 1, "Deferred"), (ATTEMPTS, "Refused")]
)
def test_one_address_that_is_deferred_again_and_again_is_given_up(
    attempt: int, kind: str
) -> None:
    book = Book([batch_of(attempt)], people=2)
    book.send(answer(Answered(results=[Accepted(), Deferred(detail="mailbox full")])))

    assert kinds(book.kept[0]) == ["Accepted", kind]


def test_what_is_given_up_says_why() -> None:
    book = Book([batch_of(ATTEMPTS)], people=1)
    book.send(answer(Answered(results=[Deferred(detail="mailbox full")])))

    assert book.kept == [[Refused(code="gave up", detail="mailbox full")]]


def test_what_nobody_knows_is_never_sent_again_by_itself() -> None:
    book = Book()
    provider = book.send(VANISHED)

    assert kinds(book.kept[0]) == ["Unsure"] * 3
    assert (provider.calls, book.back) == (1, [])


def test_a_provider_that_shuts_us_out_pauses_the_mailing() -> None:
    book = Book([batch_of(), batch_of(seq=1)])
    provider = book.send(STOPPED)

    assert book.paused == ["scripted: 401: the token is wrong"]
    assert (provider.calls, book.back) == (1, ["401: the token is wrong"])


def test_an_answer_outlasts_a_database_that_is_away() -> None:
    book = Book(away=5)
    provider = book.send(accept)

    assert kinds(book.kept[0]) == ["Accepted"] * 3
    assert provider.calls == 1
    assert len(book.waited) == 5
    [said] = book.said
    assert said.startswith("the database is locked; what the provider answered is kept")


def test_a_database_that_stays_away_is_given_up_within_the_lease() -> None:
    book = Book(away=1000)

    with pytest.raises(StoreError):
        book.send(accept)

    assert MARGIN < sum(book.waited) < PATIENT_MARGIN


# --- a call that is refused as such


def test_a_refused_call_is_halved_and_nobody_is_asked_to_wait() -> None:
    book = Book()
    provider = book.send(refuse_call)

    assert (book.halved, book.held_off, book.kept) == (["422"], [], [])
    assert provider.calls == 1


def test_a_single_message_that_is_refused_is_not_tried_twice() -> None:
    book = Book(people=1)
    provider = book.send(refuse_call)

    assert book.kept == [[Refused(code="refused", detail="422")]]
    assert provider.calls == 1


@pytest.mark.parametrize(
    ("counts", "held"),
    [
        ({"failed": 3}, True),
        ({"failed": 3, "pending": 900}, True),
        ({"failed": 2}, False),
        ({"failed": 50, "sent": 1}, False),
    ],
)
def test_a_letter_that_is_refused_to_everybody_fails_only_the_first(
    counts: dict[str, int], *, held: bool
) -> None:
    book = Book(people=1, counts=counts)
    book.send(refuse_call)

    assert bool(book.paused) == held
    assert bool(book.kept) != held
    if held:
        assert book.paused == ["scripted refuses every message of it: 422"]
        assert book.back == ["422"]


def test_a_window_of_which_every_call_is_refused_fails_nobody() -> None:
    book = Book(people=20)
    book.send(*[refuse_call] * 20, window=64)

    assert (book.kept, len(book.paused), book.back) == ([], 1, ["422"])


def test_a_refused_window_is_its_readers_doing_where_others_got_the_letter() -> None:
    book = Book(people=20, counts={"sent": 1})
    book.send(*[refuse_call] * 20, window=64)

    assert (kinds(book.kept[0]), book.paused) == (["Refused"] * 20, [])


# --- windows of calls with one message each


def test_each_message_of_a_window_has_a_key_and_a_result_of_its_own() -> None:
    book, keys = Book(people=4), list[str]()

    def watch(provider: ScriptedProvider, outgoing: Outgoing) -> Outcome:
        keys.append(outgoing.key)
        return accept(provider, outgoing)

    book.send(watch, refuse_call, VANISHED, watch, window=64)

    assert sorted(kinds(book.kept[0])) == ["Accepted", "Accepted", "Refused", "Unsure"]
    assert len(set(keys)) == 2


def test_a_provider_that_takes_nothing_more_is_not_asked_for_each_one() -> None:
    book = Book(people=64)
    provider = book.send(*[accept] * 10, *[throttled(60.0)] * 54, window=64)

    assert provider.calls < 20  # ten, and what was under way with the first refusal
    assert Counter(kinds(book.kept[0])) == {"Accepted": 10, "Deferred": 54}
    assert (book.held_off, book.delays) == ([60.0], [0.0])


def test_a_window_of_which_nothing_was_taken_is_put_back_as_one() -> None:
    book = Book(people=64)
    book.send(*[throttled()] * 64, window=64)

    assert (book.kept, book.back) == ([], ["429: slow down"])


def test_a_key_that_is_revoked_in_between_pauses_the_mailing() -> None:
    book = Book(people=64)
    book.send(accept, *[STOPPED] * 63, window=64)

    assert Counter(kinds(book.kept[0])) == {"Accepted": 1, "Deferred": 63}
    assert book.paused == ["scripted: 401: the token is wrong"]


def test_messages_that_a_throttled_provider_leaves_are_not_given_up() -> None:
    book = Book([batch_of(ATTEMPTS)], people=8)
    book.send(accept, *[throttled()] * 7, window=64)

    assert Counter(kinds(book.kept[0])) == {"Accepted": 1, "Deferred": 7}


# --- a worker that was held up


@dataclass
class Watch:
    """A clock that jumps when it is told to."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_worker_held_up_between_intent_and_call_does_not_call() -> None:
    watch, book, provider = Watch(), Book(), ScriptedProvider(idempotency_ttl=60.0)
    begin = book.begin

    def slow(batch: Batch, **options: Any) -> Intent:
        intent = begin(batch, **options)
        watch.now += MARGIN
        return intent

    book.begin = slow  # type: ignore[method-assign]
    replace(book.sender(provider), monotonic=watch).step()

    assert provider.calls == 0
    assert (book.kept, book.held_off, len(book.back)) == ([], [], 1)


def test_the_rest_of_a_window_is_left_when_its_time_is_over() -> None:
    watch, book = Watch(), Book(people=20)

    def slow(provider: ScriptedProvider, outgoing: Outgoing) -> Outcome:
        watch.now += MARGIN / 8
        return accept(provider, outgoing)

    provider = ScriptedProvider(*[slow] * 20, window=64, idempotency_ttl=60.0)
    replace(book.sender(provider), monotonic=watch).step()

    assert provider.calls < 10
    results = Counter(kinds(book.kept[0]))
    assert results == {"Accepted": provider.calls, "Deferred": 20 - provider.calls}
    assert book.held_off == []


# --- what is sent


def test_the_same_intent_is_the_same_call_down_to_its_fingerprint() -> None:
    writer, intent = Book().sender(ScriptedProvider()).writer, Book().intent(batch_of())
    call = writer.outgoing(intent)

    assert writer.outgoing(intent) == call
    assert fingerprint(writer.outgoing(intent), b"1.0") == fingerprint(call, b"1.0")


@pytest.mark.parametrize(
    "changes",
    [
        {"key": "0a3f3c56-7b1e-4c0e-9f0c-5f3f6d1f2a13"},
        {"subject": "Weekly!"},
        {"html": Segments(("to leave, ", " because: ", ""), WORDS.slots)},
        {"text": Segments(WORDS.texts, ("preferences", "reason_text"))},
        {"sent_at": MONDAY.replace(microsecond=1)},
    ],
)
def test_whatever_changes_the_bytes_changes_the_fingerprint(changes: Any) -> None:
    writer, intent = Book().sender(ScriptedProvider()).writer, Book().intent(batch_of())
    other = replace(intent, **changes)

    assert fingerprint(writer.outgoing(intent), b"") != fingerprint(
        writer.outgoing(other), b""
    )


def test_another_version_of_the_program_has_other_fingerprints() -> None:
    writer = Book().sender(ScriptedProvider()).writer
    call = writer.outgoing(Book().intent(batch_of()))

    assert fingerprint(call, b"1.0") != fingerprint(call, b"1.1")


@pytest.mark.parametrize(
    "changes",
    [{"address": "new@example.org"}, {"organization": "Harbor"}, {"uid": b"x" * 16}],
)
def test_a_recipient_who_has_changed_changes_the_fingerprint(changes: Any) -> None:
    writer, intent = Book().sender(ScriptedProvider()).writer, Book().intent(batch_of())
    first, *others = intent.addressees
    other = replace(intent, addressees=[first._replace(**changes), *others])

    assert fingerprint(writer.outgoing(intent), b"") != fingerprint(
        writer.outgoing(other), b""
    )


def test_everybody_gets_links_of_their_own_for_this_list_only() -> None:
    writer = Book().sender(ScriptedProvider()).writer
    outgoing = writer.outgoing(Book().intent(batch_of()))

    for number, recipient in enumerate(outgoing.recipients, start=1):
        leave = writer.keyring.read(recipient.leave)
        preferences = writer.keyring.read(recipient.preferences)
        assert leave is not None
        assert preferences is not None
        assert (leave.uid, leave.list_number) == (uid(number), 7)
        assert (leave.purpose, preferences.purpose) == (
            Purpose.LEAVE,
            Purpose.PREFERENCES,
        )
    assert outgoing.letter.leave_prefix == "https://mail.example.org/u/"
    assert outgoing.letter.domain == "mail.example.org"


def list_is_gone(slug: str, _edition: str) -> Imprint:
    raise NotFoundError(f'there is no list "{slug}"')


def test_a_list_that_was_removed_pauses_its_mailing_and_loses_nobody() -> None:
    book, provider = Book(), ScriptedProvider()

    assert book.sender(provider, list_is_gone).step() is not None

    assert provider.calls == 0
    assert (book.released, book.kept) == ([batch_of()], [])
    assert book.paused == ['there is no list "weekly"']


# --- the tick around it


def ticker(book: Book, sender: Sender, troubles: list[str], *lists: MailingList) -> Any:
    itself: Any = book
    composer: Any = Composer(
        ledger=itself,
        actions=itself,
        renderer=PlainRenderer(),
        secret=b"",
        route_of=lambda _list: Route(shares={"scripted": 1}),
        batch_size=lambda _list: 1,
    )
    return Ticker(
        lists=lists,
        ledger=itself,
        composer=composer,
        sender=Crew(lambda: [sender]),
        clock=lambda: MONDAY,
        pull=lambda: None,
        track=lambda _stopping: 0,
        admit=lambda _stopping: 0,
        recheck=lambda _stopping: 0,
        seat=lambda: 0,
        introduce=lambda _stopping: 0,
        release=lambda _stopping: 0,
        prune=lambda: None,
        trouble=troubles.append,
    )


def test_a_tick_sends_all_that_is_open_and_stops_when_it_is_told() -> None:
    book, provider = Book([batch_of(seq=n) for n in range(5)]), ScriptedProvider()
    answers = chain([False, False], cycle([True]))
    tick = ticker(book, book.sender(provider), []).tick

    tick(stopping=lambda: next(answers))
    assert provider.calls == 2

    tick()
    assert provider.calls == 5


def test_a_mailing_whose_list_is_gone_is_trouble_and_stops_nothing() -> None:
    troubles: list[str] = []
    book, provider = Book(), ScriptedProvider()
    book.planned = lambda: [MAILING]  # type: ignore[method-assign]
    other = parse({"title": "Other"}, file="lists/other.toml", slug="other")

    ticker(book, book.sender(provider), troubles, other).tick()

    assert troubles == ["weekly/2019-10-07: its list is no longer in lists/"]
    assert provider.calls == 1


def test_a_database_that_is_away_is_trouble_and_the_next_tick_tries_again() -> None:
    troubles: list[str] = []
    book, provider = Book(), ScriptedProvider()

    def away() -> Sequence[Mailing]:
        raise StoreError("the database is locked")

    book.planned = away  # type: ignore[method-assign]
    ticker(book, book.sender(provider), troubles).tick()

    assert troubles == ["composing: the database is locked"]
    assert provider.calls == 1


def standing(**deliveries: int) -> Standing:
    return Standing(
        mailing="weekly/2019-10-07",
        state="sending",
        reason=None,
        audience=sum(deliveries.values()),
        variants=1,
        deliveries=deliveries,
        reasons={},
    )


def test_totals_count_only_what_was_to_be_sent() -> None:
    some = standing(sent=5, failed=1, pending=2, inflight=1, skipped=9)

    assert (some.settled, some.due) == (6, 9)
    assert (standing().settled, standing().due) == (0, 0)


def test_what_is_being_found_out_is_open_and_what_waits_for_a_person_is_not() -> None:
    some = standing(unknown=2, parked=1, pending=1)

    assert (some.settled, some.due) == (1, 4)
