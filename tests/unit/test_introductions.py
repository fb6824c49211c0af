"""Whom to introduce to whom, and what a stranger's name may look like in mail."""

import re
from datetime import timedelta
from typing import Any

from hypothesis import given, strategies as st

from mailer.core.introductions import Pair, Seeker, match, signature
from tests.factories import MONDAY, PLACES, place

DAY = timedelta(days=1)
HERE, THERE, FAR = "San Diego", "Los Angeles", "Newark"


def seeker(host: int, where: str = HERE, day: float = 5, **changes: Any) -> Seeker:
    values: dict[str, Any] = {
        "host": host,
        "action": host * 10,
        "starts_at": MONDAY + day * DAY,
        "place": place(where),
    }
    return Seeker(**{**values, **changes})


def met(*seekers: Seeker, **known: set[tuple[int, int]]) -> set[tuple[int, int]]:
    return {(pair.first.host, pair.second.host) for pair in match(seekers, **known)}


def test_hosts_in_one_state_meet() -> None:
    assert met(seeker(1, HERE), seeker(2, THERE)) == {(1, 2)}


def test_hosts_far_from_each_other_meet_only_over_one_target() -> None:
    assert not met(seeker(1, HERE), seeker(2, FAR))
    assert not met(seeker(1, HERE, targets={7}), seeker(2, FAR, targets={8}))
    assert met(seeker(1, HERE, targets={7}), seeker(2, FAR, targets={7})) == {(1, 2)}


def test_nobody_meets_themselves_or_who_hosts_the_same_action() -> None:
    assert not met(seeker(1, action=10), seeker(1, action=11))
    assert not met(seeker(1, action=10), seeker(2, action=10))


def test_the_nearest_in_time_meet_first_and_each_only_once() -> None:
    found = met(seeker(1, day=5), seeker(2, day=20), seeker(3, day=6), seeker(4, day=9))

    assert found == {(1, 3), (2, 4)}


def test_the_nearest_in_place_meet_first() -> None:
    found = met(seeker(1, HERE), seeker(2, THERE), seeker(3, "Chula Vista"))

    assert found == {(1, 3)}


def test_who_was_asked_before_is_not_asked_again() -> None:
    assert not met(seeker(1), seeker(2), acquainted={(1, 2)})
    assert not met(seeker(1), seeker(2), joined={(10, 20)})
    assert met(seeker(1), seeker(2), seeker(3), acquainted={(1, 2), (1, 3)}) == {(2, 3)}


def test_two_hosts_of_one_action_do_not_both_meet_the_host_of_another() -> None:
    found = met(
        seeker(1, action=10), seeker(2, action=10), seeker(3), seeker(4, action=30)
    )

    assert len(found) == 1


seekers = st.lists(
    st.builds(
        seeker,
        st.integers(1, 12),
        st.sampled_from(sorted(PLACES)),
        st.floats(1, 40),
        action=st.integers(1, 15),
        targets=st.frozensets(st.integers(1, 3), max_size=2),
    ),
    max_size=25,
)


def fits(pair: Pair) -> bool:
    one, other = pair.first, pair.second
    near = one.place.region == other.place.region
    return near or bool(set(one.targets) & set(other.targets))


@given(seekers)
def test_whoever_meets_is_another_person_with_another_action_and_fits(
    several: list[Seeker],
) -> None:
    pairs = match(several)

    hosts = [one.host for pair in pairs for one in (pair.first, pair.second)]
    assert len(hosts) == len(set(hosts))
    for pair in pairs:
        assert pair.first.host < pair.second.host
        assert pair.first.action != pair.second.action
        assert fits(pair)


@given(seekers)
def test_nobody_who_fits_is_left_beside_somebody_who_fits(
    several: list[Seeker],
) -> None:
    pairs = match(several)

    taken = {one.host for pair in pairs for one in (pair.first, pair.second)}
    joined = {tuple(sorted((pair.first.action, pair.second.action))) for pair in pairs}
    alone = [one for one in several if one.host not in taken]
    for pair in match(alone):
        actions = sorted((pair.first.action, pair.second.action))
        assert tuple(actions) in joined  # somebody else asks about these two


def test_thousands_of_seekers_in_one_state_are_matched_soon() -> None:
    many = [seeker(number, day=number % 40) for number in range(1, 4001)]

    assert len(match(many)) == 2000


def test_a_name_stays_a_name() -> None:
    assert signature("  Maribel \t R.  ") == "Maribel R."
    assert signature("J.R. O'Neill") == "J. R. O'Neill"
    assert signature("Ángel Ñuñez (él)") == "Ángel Ñuñez (él)"
    assert signature(None) is None
    assert signature(" \u202e ") is None


@given(st.text(max_size=300) | st.from_regex(r"(https?://)?\w+\.\w+[/@]\w*"))
def test_no_name_is_long_or_becomes_a_link(typed: str) -> None:
    said = signature(typed)

    if said is not None:
        assert 0 < len(said) <= 80
        assert len(said.splitlines()) == 1
        assert not re.search(r"\w\.\w|[@/:\\<>]|www\.\w", said)


@given(st.text(max_size=300))
def test_a_name_that_was_cleaned_is_clean_already(typed: str) -> None:
    said = signature(typed)

    assert signature(said) == said
