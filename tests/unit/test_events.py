"""Bounces are sorted by whose they are: the mailbox's, the moment's or ours."""

import pytest
from hypothesis import given, strategies as st

from mailer.core.breaker import Limits, Tally, verdict
from mailer.core.events import EventKind, made_up_id, sort_bounce

HARD, SOFT, BLOCK = EventKind.HARD, EventKind.SOFT, EventKind.BLOCK


@pytest.mark.parametrize(
    ("status", "words", "kind"),
    [
        ("5.1.1", "550 5.1.1 user unknown", HARD),
        (None, "550 5.1.1 The email account that you tried to reach", HARD),
        ("5.1.2", "host not found", HARD),
        ("5.2.1", "mailbox disabled", HARD),
        ("5.1.10", "null MX", HARD),
        ("5.2.2", "mailbox full", SOFT),
        ("4.2.2", "over quota", SOFT),
        ("4.1.1", "try later", SOFT),
        ("5.3.4", "message too big", SOFT),
        ("5.7.1", "rejected due to policy", BLOCK),
        ("5.7.26", "unauthenticated", BLOCK),
        ("4.7.0", "greylisted", BLOCK),
        ("5.1.8", "bad sender domain", BLOCK),
        ("5.1.1", "554 5.1.1 blocked: your IP has a poor reputation", BLOCK),
        ("5.1.1", "no such user here; not on any blocklist", HARD),
        (None, "550 no such user", HARD),
        (None, "450 mailbox not found yet", SOFT),
        (None, "550 spam message rejected", BLOCK),
        (None, "something went wrong", SOFT),
        (None, "", SOFT),
        ("not a code", "not one either 5.x.1", SOFT),
    ],
)
def test_a_bounce_is_sorted_by_its_code_and_words(
    status: str | None, words: str, kind: EventKind
) -> None:
    assert sort_bounce(status, words) is kind


@given(st.none() | st.text(max_size=20), st.text(max_size=200))
def test_whatever_a_server_says_is_sorted(status: str | None, words: str) -> None:
    assert sort_bounce(status, words) in {HARD, SOFT, BLOCK}


def test_an_event_without_an_id_gets_the_same_one_each_time() -> None:
    assert made_up_id("a", "bc") == made_up_id("a", "bc")
    assert made_up_id("a", "bc") != made_up_id("ab", "c")


def tally(attempts: int, hard: int = 0, complained: int = 0, **domains: int) -> Tally:
    blocked = {f"{name}.example": (100, count) for name, count in domains.items()}
    return Tally(attempts=attempts, hard=hard, complained=complained, domains=blocked)


@pytest.mark.parametrize(
    ("fares", "says"),
    [
        (tally(199, hard=199), None),
        (tally(200, hard=10), None),
        (tally(200, hard=11), "11 of 200 (5.5%) bounced for good"),
        (tally(1000, complained=1), None),
        (tally(1000, complained=2), "2 of 1,000 (0.2%) called it spam"),
        (tally(1000, big=10), None),
        (tally(1000, big=11, other=1), "big.example blocks 11 of 100 (11.0%)"),
    ],
)
def test_a_mailing_pauses_when_too_much_of_it_goes_wrong(
    fares: Tally, says: str | None
) -> None:
    found = verdict(fares, Limits())

    assert (found is None) == (says is None)
    assert says is None or (found and found.startswith(says))


def test_what_a_person_has_seen_does_not_count_again() -> None:
    seen = tally(1000, hard=60, big=20)
    now = Tally(
        attempts=1300, hard=65, complained=0, domains={"big.example": (130, 20)}
    )

    assert verdict(now, Limits())
    assert verdict(now.since(seen), Limits()) is None
