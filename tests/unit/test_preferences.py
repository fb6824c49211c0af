"""What readers choose: how it is kept, what of it a place is in, what comes next."""

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from mailer.core import scope
from mailer.core.editions import next_due, occurrences
from mailer.core.errors import InputError
from mailer.core.lists import Cadence
from mailer.core.model import Place
from mailer.core.preferences import (
    GAPS,
    Change,
    Choices,
    Frequency,
    differences,
    dump,
    load,
    next_edition,
    undone,
)
from mailer.core.scope import EVERYWHERE, Scope
from tests.factories import MONDAY, place

SLUGS = st.from_regex(r"[a-z]{2}-[a-z0-9]{1,6}", fullmatch=True)
SCOPES = st.one_of(
    st.just(EVERYWHERE),
    st.builds(Scope, km=st.integers(1, 20_000)),
    st.builds(
        Scope,
        regions=st.sets(SLUGS, min_size=1, max_size=57).map(
            lambda slugs: tuple(sorted(slugs))
        ),
    ),
)
MOMENTS = st.datetimes(
    datetime(2019, 1, 1),  # noqa: DTZ001 - hypothesis wants bounds without a zone
    datetime(2021, 1, 1),  # noqa: DTZ001 - hypothesis wants it bare
    timezones=st.sampled_from([UTC, ZoneInfo("America/Los_Angeles")]),
).map(lambda moment: moment.astimezone(UTC))  # some hours on a clock never were
CHOICES = st.builds(
    Choices,
    language=st.sampled_from(["en", "es"]),
    frequency=st.sampled_from(Frequency),
    scope=SCOPES,
    quiet_weeks=st.booleans(),
    paused_until=st.none() | MOMENTS,
)
WEEKLY = Cadence(weekday=0, at=time(8), zone=ZoneInfo("America/Los_Angeles"))


@given(SCOPES)
def test_a_scope_is_read_as_it_was_written(wanted: Scope) -> None:
    assert scope.parse(str(wanted)) == wanted
    assert len(str(wanted)) <= scope.LONGEST


@pytest.mark.parametrize(
    "written",
    [
        "within:",
        "within:0",
        "within:-1",
        "within:1.5",
        "within:999999",
        "in:",
        "in:us-ca,",
        "in:US-CA",
        "in:us ca",
        "near",
        "in:" + ",".join(["us-ca"] * 200),
        "in:us-ca\n",
    ],
)
def test_what_no_scope_is_is_refused_with_an_example(written: str) -> None:
    with pytest.raises(InputError, match="within:160"):
        scope.parse(written)


def test_every_state_at_once_can_be_kept() -> None:
    states = ",".join(f"us-{a}{b}" for a in "abcdef" for b in "abcdefghij")

    assert len(scope.parse(f"in:{states}").regions) == 60


@pytest.mark.parametrize(
    ("written", "where", "heard"),
    [
        ("", "Anchorage", True),
        ("within:40", "San Diego", True),
        ("within:40", "Chula Vista", True),
        ("within:40", "Los Angeles", False),
        ("within:300", "Los Angeles", True),
        ("in:us-ca", "Los Angeles", True),
        ("in:us-ca", "Denver", False),
        ("in:us-co,us-nj", "Newark", True),
    ],
)
def test_what_readers_in_san_diego_hear_of(
    written: str, where: str, *, heard: bool
) -> None:
    assert scope.parse(written).covers(place(where), place("San Diego")) is heard


UNKNOWN = Place(label="Somewhere", locality="Somewhere")
IN_CALIFORNIA = Place(label="Weed, CA", locality="Weed", region="CA")
IN_MEXICO = Place(label="Tijuana", locality="Tijuana", country="MX")


@pytest.mark.parametrize(
    ("there", "reader", "heard"),
    [
        (IN_CALIFORNIA, place("San Diego"), True),  # the same state
        (IN_CALIFORNIA, place("Denver"), False),
        (UNKNOWN, place("Denver"), True),  # the same country, and no more is known
        (IN_MEXICO, place("Denver"), False),
        (place("Anchorage"), UNKNOWN, True),
        (place("Anchorage"), None, True),
    ],
)
def test_without_coordinates_the_region_decides_and_without_one_everything_comes(
    there: Place, reader: Place | None, *, heard: bool
) -> None:
    assert Scope(km=40).covers(there, reader) is heard


def test_a_place_without_a_region_is_heard_of_by_those_who_chose_its_country() -> None:
    assert scope.parse("in:us-ca").covers(UNKNOWN, None)
    assert not scope.parse("in:us-ca").covers(IN_MEXICO, None)


# --- choices and changes


@given(CHOICES)
def test_choices_are_read_as_they_were_kept(choices: Choices) -> None:
    assert load(dump(choices)) == choices


@given(st.lists(CHOICES, min_size=2, max_size=6))
def test_undoing_change_after_change_leads_back_to_the_beginning(
    chosen: list[Choices],
) -> None:
    stack = [
        Change(number=0, at=MONDAY, before=before, after=after)
        for one, other in pairwise(chosen)
        for before, after in [differences(one, other)]
    ]
    now = chosen[-1]
    while stack:
        now = undone(now, stack.pop())

    assert now == chosen[0]


@given(CHOICES, CHOICES, CHOICES)
def test_undoing_an_earlier_change_keeps_what_was_chosen_since(
    first: Choices, second: Choices, third: Choices
) -> None:
    before, after = differences(first, second)
    change = Change(number=1, at=MONDAY, before=before, after=after)
    start, middle, end = dump(first), dump(second), dump(third)

    left = dump(undone(third, change))

    for name, value in left.items():
        was_ours = start[name] != middle[name] and end[name] == middle[name]
        assert value == (start[name] if was_ours else end[name])


def test_a_pause_that_is_over_is_none() -> None:
    choices = Choices(language="en", paused_until=MONDAY)

    assert choices.standing(MONDAY).paused_until is None
    assert choices.standing(MONDAY - timedelta(seconds=1)) == choices


@given(CHOICES)
def test_only_what_keeps_mail_away_counts_as_less(choices: Choices) -> None:
    less = choices.lessened

    assert ("frequency" in less) == (choices.frequency is not Frequency.EVERY)
    assert ("scope" in less) == (choices.scope != EVERYWHERE)
    assert ("paused_until" in less) == (choices.paused_until is not None)
    assert set(less) <= {"frequency", "scope", "paused_until"}


# --- what comes next


@given(
    choices=CHOICES,
    every=st.sampled_from([1, 2, 4]),
    told=st.none() | MOMENTS,
    now=MOMENTS,
)
def test_the_next_edition_is_the_first_that_no_rule_withholds(
    choices: Choices, every: int, told: datetime | None, now: datetime
) -> None:
    told = told if told is None or told <= now else now
    cadence = Cadence(weekday=0, at=time(8), zone=WEEKLY.zone, every_weeks=every)

    found = next_edition(cadence, choices, told_at=told, now=now)

    if choices.frequency is Frequency.URGENT:
        assert found is None
        return
    gap = GAPS.get(choices.frequency, timedelta())
    for occurrence in occurrences(cadence, now):
        due = occurrence.due_at
        paused = choices.paused_until is not None and choices.paused_until > due
        too_soon = told is not None and told > due - gap
        if due > now and not paused and not too_soon:
            assert occurrence.edition == found
            return


def test_without_a_cadence_nothing_is_promised() -> None:
    assert next_edition(None, Choices(language="en"), told_at=None, now=MONDAY) is None


def test_each_edition_is_simply_the_next_one() -> None:
    expected = next_due(WEEKLY, MONDAY).edition
    choices = Choices(language="en")

    assert next_edition(WEEKLY, choices, told_at=MONDAY, now=MONDAY) == expected
