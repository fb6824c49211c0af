"""Which action of ours a source means."""

from collections import Counter
from dataclasses import replace
from datetime import date, time
from random import Random

from hypothesis import given, strategies as st

from mailer.core.matching import Reason, match
from mailer.core.model import Action, Draft, Facts, Place, Sponsor

RENO = Place(label="Reno, NV", locality="Reno", region="NV")
ELKO = Place(label="Elko, NV", locality="Elko", region="NV")


def facts(
    day: int = 12,
    *names: str,
    place: Place = RENO,
    title: str | None = None,
    at: time | None = None,
) -> Facts:
    return Facts(
        start_date=date(2019, 10, day),
        start_time=at,
        time_zone="America/Los_Angeles",
        place=place,
        title=title,
        sponsors=tuple(Sponsor(name=name) for name in names),
    )


def draft(said: Facts, external_id: str | None = None) -> Draft:
    return Draft(line=None, external_id=external_id, facts=said)


def action(number: int, known: Facts, external_id: str | None = None) -> Action:
    return Action(
        id=number,
        public_id=f"a{number}",
        source="page",
        external_id=external_id,
        version=1,
        facts=known,
    )


def test_the_sources_own_identity_is_stronger_than_place_and_date() -> None:
    here, there = facts(12), facts(19, place=ELKO)

    result = match([draft(there, "7")], [action(1, there), action(2, here, "7")])

    (pair,) = result.pairs
    assert (pair.action, pair.reason) == (action(2, here, "7"), Reason.EXTERNAL_ID)
    assert result.missing == (action(1, there),)


def test_place_and_date_are_enough_when_nobody_else_shares_them() -> None:
    before, after = facts(12, "A"), facts(12, "B", title="March")

    (pair,) = match([draft(after)], [action(1, before)]).pairs

    assert (pair.action, pair.reason) == (action(1, before), Reason.PLACE_AND_DATE)


def test_two_actions_in_one_city_on_one_day_are_told_apart_by_their_sponsors() -> None:
    stored = [action(1, facts(12, "A", "B")), action(2, facts(12, "C"))]
    drafts = [draft(facts(12, "C", "D")), draft(facts(12, "B"))]

    result = match(drafts, stored)

    assert [pair.action and pair.action.id for pair in result.pairs] == [2, 1]


def test_a_stranger_on_the_same_day_in_the_same_city_is_new() -> None:
    stored = [action(1, facts(12, "A"))]
    drafts = [draft(facts(12, "A")), draft(facts(12, "Z"))]

    result = match(drafts, stored)

    assert [pair.reason for pair in result.pairs] == [Reason.PLACE_AND_DATE, Reason.NEW]


def test_an_action_on_another_day_with_half_of_its_sponsors_has_moved() -> None:
    stored = [action(1, facts(12, "A", "B"))]

    (pair,) = match([draft(facts(19, "B", "A", "C", "D"))], stored).pairs

    assert (pair.action, pair.reason) == (stored[0], Reason.MOVED)


def test_fewer_than_half_of_the_sponsors_is_another_action() -> None:
    stored = [action(1, facts(12, "A", "B"))]

    result = match([draft(facts(19, "A", "C", "D"))], stored)

    assert result.pairs[0].reason is Reason.NEW
    assert result.missing == tuple(stored)


def test_the_same_title_in_the_same_city_has_moved_but_not_to_another_city() -> None:
    stored = [action(1, facts(12, title="March"))]

    (moved,) = match([draft(facts(19, title="MARCH "))], stored).pairs
    (new,) = match([draft(facts(12, title="March", place=ELKO))], stored).pairs

    assert (moved.reason, new.reason) == (Reason.MOVED, Reason.NEW)


def test_untitled_actions_without_sponsors_do_not_move_into_each_other() -> None:
    (pair,) = match([draft(facts(19))], [action(1, facts(12))]).pairs

    assert pair.reason is Reason.NEW


def test_two_identities_of_the_source_are_never_one_action() -> None:
    same = facts(12, "A", title="March")

    result = match([draft(same, "new")], [action(1, same, "old")])

    assert result.pairs[0].action is None
    assert len(result.missing) == 1


def test_the_action_that_did_not_move_is_found_before_the_one_that_did() -> None:
    first, second = facts(12, "A", "B"), facts(19, "A", "B")
    stored = [action(1, first), action(2, second)]

    result = match([draft(facts(26, "A", "B")), draft(second)], stored)

    assert [pair.action and pair.action.id for pair in result.pairs] == [1, 2]
    assert [pair.reason for pair in result.pairs] == [
        Reason.MOVED,
        Reason.PLACE_AND_DATE,
    ]


many = st.lists(
    st.tuples(
        st.builds(
            lambda day, names, place, title, at: facts(
                day, *names, place=place, title=title, at=at
            ),
            st.integers(10, 12),
            st.lists(st.sampled_from("ABC"), unique=True),
            st.sampled_from([RENO, ELKO]),
            st.sampled_from([None, "March", "Vigil"]),
            st.sampled_from([None, time(10), time(14)]),
        ),
        st.sampled_from([None, None, "1", "2"]),
    ),
    max_size=7,
)


@given(many)
def test_a_reading_matched_with_itself_has_only_unchanged_actions(
    said: list[tuple[Facts, str | None]],
) -> None:
    drafts = [draft(*each) for each in said]
    stored = [action(index, *each) for index, each in enumerate(said)]

    result = match(drafts, stored)

    assert result.missing == ()
    assert all(
        pair.action and pair.action.facts == pair.draft.facts for pair in result.pairs
    )


@given(many, many)
def test_every_draft_appears_once_and_no_action_serves_twice(
    said: list[tuple[Facts, str | None]], known: list[tuple[Facts, str | None]]
) -> None:
    drafts = [draft(*each) for each in said]
    stored = [action(index, *each) for index, each in enumerate(known)]

    result = match(drafts, stored)

    assert [pair.draft for pair in result.pairs] == drafts
    used = [pair.action.id for pair in result.pairs if pair.action]
    left = [each.id for each in result.missing]
    assert sorted(used + left) == list(range(len(stored)))


@given(many, many, st.randoms(use_true_random=False))
def test_order_does_not_matter(
    said: list[tuple[Facts, str | None]],
    known: list[tuple[Facts, str | None]],
    random: Random,
) -> None:
    drafts = [draft(*each) for each in said]
    stored = [action(index, *each) for index, each in enumerate(known)]

    def outcome(some: list[Draft], others: list[Action]) -> Counter[str]:
        pairs = match(some, others).pairs
        return Counter(
            repr((replace(pair.draft, line=None), pair.action)) for pair in pairs
        )

    expected = outcome(drafts, stored)
    shuffled, also = drafts.copy(), stored.copy()
    random.shuffle(shuffled)
    random.shuffle(also)

    assert outcome(shuffled, also) == expected
