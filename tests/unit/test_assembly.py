"""One group's digest: what is new, changed or off since they last heard, how near."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, strategies as st

from mailer.core.assembly import NEAR_KM, assemble, distance_km
from mailer.core.changes import over_at, starts_at
from mailer.core.digest import Digest, ItemKind, SectionKind
from mailer.core.model import Action, ActionStatus, Facts, Place
from tests.factories import MONDAY, PLACES, action, facts, place

CANCELLED = ActionStatus.CANCELLED
POSTPONED = ActionStatus.POSTPONED
HORIZON = timedelta(weeks=2)
UNTIL = MONDAY + HORIZON  # 2019-10-21 15:00 UTC
BEYOND = date(2019, 10, 30)


def digest(
    *actions: Action,
    reader: Place | None = None,
    known: Mapping[int, Facts] | None = None,
    as_of: datetime = MONDAY,
) -> Digest:
    return assemble(
        actions,
        list_slug="weekly",
        edition="2019-10-07",
        edition_date=as_of.date(),
        language="en",
        reader=reader,
        known=known,
        as_of=as_of,
        until=as_of + HORIZON,
    )


def told(found: Digest) -> dict[str, list[tuple[int, str]]]:
    """What stands where: section → (action, kind)."""
    return {
        section.kind.value: [
            (item.action_id, item.kind.value) for item in section.items
        ]
        for section in found.sections
    }


# --- what appears at all


def test_what_is_over_never_appears_not_even_as_a_change() -> None:
    over = action(1, day=6)
    known = {1: facts(day=12)}

    assert digest(over, known=known).sections == ()


def test_what_has_begun_but_is_not_over_still_appears() -> None:
    under_way = action(1, day=7, start_time=time(7), end_time=time(9))

    assert told(digest(under_way)) == {"country": [(1, "new")]}


def test_what_ends_at_this_very_moment_is_over() -> None:
    ending = action(1, day=7, start_time=time(7), end_time=time(8))

    assert digest(ending).sections == ()


def test_what_starts_at_the_horizon_waits_for_the_next_edition() -> None:
    at, before = time(8), time(7, 59)  # the horizon is at 8 in Los Angeles

    assert digest(action(1, day=21, start_time=at)).sections == ()
    assert digest(action(1, day=21, start_time=before)).upcoming


def test_a_first_digest_is_all_new_and_says_that_it_is_the_first() -> None:
    found = digest(action(1), action(2, "Denver"))

    assert found.first
    assert {item.kind for item in found.upcoming} == {ItemKind.NEW}


def test_what_they_know_is_coming_and_the_rest_is_new() -> None:
    found = digest(action(1), action(2, "Denver"), known={1: facts()})

    assert not found.first
    assert told(found) == {"country": [(2, "new"), (1, "coming")]}


def test_whoever_got_an_empty_edition_is_not_a_first_reader() -> None:
    assert not digest(action(1), known={}).first


# --- what changed


def test_what_moved_stands_under_changes_and_again_where_it_belongs() -> None:
    found = digest(action(1, day=13), known={1: facts(day=12)})

    assert told(found) == {"changes": [(1, "changed")], "country": [(1, "changed")]}
    assert found.changes[0].before == facts(day=12)


def test_what_moved_beyond_the_horizon_is_told_but_does_not_count_as_coming() -> None:
    found = digest(action(1, start_date=BEYOND), known={1: facts()})

    assert told(found) == {"changes": [(1, "changed")]}
    assert found.upcoming == ()


def test_what_lies_beyond_the_horizon_unchanged_is_not_told() -> None:
    later = facts(start_date=BEYOND)

    assert digest(action(1, start_date=BEYOND), known={1: later}).sections == ()


@pytest.mark.parametrize("status", [CANCELLED, POSTPONED])
def test_what_is_off_is_told_to_those_who_knew_it(status: ActionStatus) -> None:
    found = digest(action(1, status=status), known={1: facts()})

    assert told(found) == {"changes": [(1, "cancelled")]}


@pytest.mark.parametrize("known", [None, {}, {2: facts()}])
def test_what_is_off_is_not_told_to_those_who_never_knew_it(
    known: dict[int, Facts] | None,
) -> None:
    assert digest(action(1, status=CANCELLED), known=known).sections == ()


@pytest.mark.parametrize("now", [CANCELLED, POSTPONED])
def test_what_is_off_is_told_once(now: ActionStatus) -> None:
    known = {1: facts(status=CANCELLED)}

    assert digest(action(1, status=now), known=known).sections == ()


def test_what_is_on_again_is_a_change() -> None:
    found = digest(action(1), known={1: facts(status=CANCELLED)})

    assert told(found) == {"changes": [(1, "changed")], "country": [(1, "changed")]}


def test_what_its_source_no_longer_shows_stays_as_it_was() -> None:
    missing = replace(action(1), missing_since=MONDAY)

    assert told(digest(missing, known={1: facts()})) == {"country": [(1, "coming")]}


def test_more_sponsors_are_no_change() -> None:
    found = digest(action(1, sponsors=()), known={1: facts()})

    assert told(found) == {"country": [(1, "coming")]}
    assert found.upcoming[0].before is None


# --- how near


def test_sections_go_from_the_readers_own_city_to_the_country() -> None:
    everywhere = [action(n, name) for n, name in enumerate(PLACES, start=1)]
    found = digest(*everywhere, reader=place("San Diego"))

    assert [section.kind for section in found.sections] == [
        SectionKind.NEAR,
        SectionKind.REGION,
        SectionKind.COUNTRY,
    ]
    assert [item.facts.place.locality for item in found.near] == [
        "San Diego",
        "Chula Vista",
    ]
    assert told(found)["region"] == [(3, "new")]


def test_near_is_by_distance_and_the_rest_by_date() -> None:
    found = digest(
        action(1, "Chula Vista", 9),
        action(2, "San Diego", 10),
        action(3, "Newark", 12),
        action(4, "Denver", 11, start_time=time(9)),
        action(5, "Anchorage", 11),
        reader=place("San Diego"),
    )

    assert [item.action_id for item in found.upcoming] == [2, 1, 4, 5, 3]


def somewhere_north(of: Place, kilometres: float) -> Place:
    assert of.latitude is not None
    degrees = kilometres / (6371.0 * 3.141592653589793 / 180)
    return replace(of, locality="Elsewhere", latitude=of.latitude + degrees)


@pytest.mark.parametrize(
    ("kilometres", "section"),
    [(NEAR_KM - 0.01, "near"), (NEAR_KM + 0.01, "region")],
)
def test_near_ends_at_forty_kilometres(kilometres: float, section: str) -> None:
    there = action(1, place=somewhere_north(place("San Diego"), kilometres))

    assert list(told(digest(there, reader=place("San Diego")))) == [section]


def test_near_does_not_stop_at_a_state_line() -> None:
    across = replace(somewhere_north(place("San Diego"), 30), region="NV")

    assert digest(action(1, place=across), reader=place("San Diego")).near


def test_whoever_has_no_place_gets_the_whole_country() -> None:
    found = digest(action(1), action(2, "Denver"))

    assert list(told(found)) == ["country"]
    assert {item.distance_km for item in found.upcoming} == {None}


def test_a_reader_with_nothing_but_a_state_gets_it_before_the_country() -> None:
    california = Place(label="California", locality="California", region="CA")
    found = digest(action(1, "Denver", 8), action(2), reader=california)

    assert told(found) == {"region": [(2, "new")], "country": [(1, "new")]}


def test_one_city_is_near_itself_though_nobody_knows_where_it_is() -> None:
    unknown = Place(label="Bay Area, CA", locality="Bay Area", region="CA")
    spelled = replace(unknown, label="BAY AREA", locality="BAY AREA")

    assert digest(action(1, place=unknown), reader=spelled).near


def test_states_of_two_countries_with_one_code_are_two() -> None:
    western_australia = Place(
        label="Perth", locality="Perth", region="WA", country="AU"
    )
    seattle = Place(label="Seattle, WA", locality="Seattle", region="WA")

    found = digest(action(1, place=western_australia), reader=seattle)

    assert list(told(found)) == ["country"]


def test_places_without_a_state_are_not_one_state() -> None:
    vienna = Place(label="Vienna", locality="Vienna", country="AT")
    graz = replace(vienna, label="Graz", locality="Graz")

    assert list(told(digest(action(1, place=graz), reader=vienna))) == ["country"]


def test_distances_agree_with_the_map() -> None:
    to_newark = distance_km(place("San Diego"), place("Newark"))

    assert to_newark == pytest.approx(3895, rel=0.01)  # as the crow flies
    assert distance_km(place("Denver"), place("Denver")) == 0
    antipodes = Place(label="a", locality="a", latitude=-32.7157, longitude=62.8353)
    assert distance_km(place("San Diego"), antipodes) == pytest.approx(20015, rel=0.01)


def test_the_week_of_an_edition_begins_on_its_monday() -> None:
    sunday = datetime(2019, 10, 13, 15, tzinfo=UTC)

    assert digest(as_of=sunday).week_of == date(2019, 10, 7)


# --- for any actions and any reader

STORED = st.lists(
    st.builds(
        lambda where, day, at, status: facts(where, day, start_time=at, status=status),
        st.sampled_from(sorted(PLACES)),
        st.integers(1, 31),
        st.none() | st.times(),
        st.sampled_from(ActionStatus),
    ),
    max_size=12,
)


@given(
    now=STORED,
    before=STORED,
    first=st.booleans(),
    reader=st.none() | st.sampled_from(sorted(PLACES)).map(place),
)
def test_every_coming_action_appears_once_and_every_change_under_changes(
    *,
    now: list[Facts],
    before: list[Facts],
    first: bool,
    reader: Place | None,
) -> None:
    actions = [
        replace(action(number), facts=each) for number, each in enumerate(now, start=1)
    ]
    known = None if first else dict(enumerate(before, start=1))

    found = digest(*actions, reader=reader, known=known)

    counted = Counter(item.action_id for item in found.upcoming)
    coming = {
        each.id
        for each in actions
        if over_at(each.facts) > MONDAY
        and starts_at(each.facts) < UNTIL
        and not each.facts.status.is_off
    }
    assert counted == Counter(coming)
    for item in found.changes:
        assert item.kind in (ItemKind.CHANGED, ItemKind.CANCELLED)
        assert known is not None
        assert item.before == known[item.action_id]
        stands_again = item.action_id in coming
        assert stands_again == (
            item.kind is ItemKind.CHANGED and starts_at(item.facts) < UNTIL
        )
    assert {i.action_id for i in found.upcoming if i.kind is ItemKind.CHANGED} <= {
        i.action_id for i in found.changes
    }
