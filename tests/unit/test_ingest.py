"""What one reading of a source does to what is stored: decided without a database."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time

import pytest

from mailer.core.errors import InputError
from mailer.core.model import Action, CallDraft, Draft, Facts, Flag, Reading, Rejection
from mailer.pipeline.ingest import Report, ingest
from mailer.ports import ActionChanges
from tests.factories import MONDAY, action, draft


@dataclass
class Shelf:
    """Keeps one source's actions; remembers whether anything was applied."""

    stored: list[Action] = field(default_factory=list)
    applied: list[ActionChanges] = field(default_factory=list)

    def reconcile(
        self,
        source: str,
        decide: Callable[[Sequence[Action]], ActionChanges],
        *,
        call: CallDraft | None,
        at: datetime,
        dry_run: bool,
    ) -> ActionChanges:
        assert source
        assert at.tzinfo
        assert call is None or call.slug
        decided = decide(self.stored)
        if not dry_run:
            self.applied.append(decided)
        return decided

    def relevant(self, as_of: datetime) -> Sequence[Action]:
        raise AssertionError(as_of)

    def known(self, variant_id: int) -> Mapping[int, Facts]:
        raise AssertionError(variant_id)


REJECTION = Rejection(file="a.csv", line=3, field="date", message="is no date")


def run(
    shelf: Shelf,
    *drafts: Draft,
    rejections: tuple[Rejection, ...] = (),
    flags: tuple[Flag, ...] = (),
    strict: bool = False,
    dry_run: bool = False,
    quarantine: bool = False,
) -> Report:
    return ingest(
        Reading(drafts=drafts, rejections=rejections, flags=flags),
        source="website",
        store=shelf,
        at=MONDAY,
        strict=strict,
        dry_run=dry_run,
        quarantine=quarantine,
    )


def test_new_changed_same_and_vanished_are_told_apart() -> None:
    shelf = Shelf([action(1), action(2, "Newark"), action(3, "Denver")])

    report = run(
        shelf,
        draft(),
        draft("Newark", start_time=time(9)),
        draft("Anchorage"),
    )

    assert (report.created, report.updated, report.unchanged) == (1, 1, 1)
    assert report.missing == ["2019-10-12 Denver, CO"]
    assert report.applied
    assert len(shelf.applied) == 1


def test_what_is_missing_already_is_not_missing_again() -> None:
    gone = replace(action(1), missing_since=MONDAY)

    assert run(Shelf([gone])).missing == []


def test_what_is_back_as_it_was_counts_as_unchanged() -> None:
    gone = replace(action(1), missing_since=MONDAY)
    report = run(Shelf([gone]), draft())

    assert (report.unchanged, report.returned, report.updated) == (1, 1, 0)


def test_what_is_back_on_another_day_is_an_update() -> None:
    gone = replace(action(1), missing_since=MONDAY)
    report = run(Shelf([gone]), draft(day=13))

    assert (report.updated, report.returned) == (1, 0)


def test_an_identity_that_a_source_now_gives_is_kept() -> None:
    shelf = Shelf([action(1)])
    report = run(shelf, draft(external_id="event-7"))

    assert report.updated == 1
    assert shelf.applied[0].updated[0][1].external_id == "event-7"


def test_a_moved_date_is_flagged_for_a_person_to_agree() -> None:
    [flag] = run(Shelf([action(1)]), draft(day=19, line=4)).flagged

    assert (flag.line, flag.field, flag.code) == (4, "date", "date-moved")
    assert "2019-10-12" in flag.message
    assert "2019-10-19" in flag.message
    assert "external_id" in flag.message


def test_a_date_moved_under_one_identity_needs_nobody_to_agree() -> None:
    stored = replace(action(1), external_id="event-7")
    report = run(Shelf([stored]), draft(day=19, external_id="event-7"))

    assert (report.updated, report.flagged) == (1, [])


def test_flags_come_in_the_order_of_the_file() -> None:
    late = Flag(line=9, field="city", code="place-respelled", message="…")
    report = run(Shelf([action(1)]), draft(day=19, line=4), flags=(late,))

    assert [flag.line for flag in report.flagged] == [4, 9]


# --- strict and dry


def test_a_rejected_row_leaves_the_rest_alone() -> None:
    shelf = Shelf()
    report = run(shelf, draft(), rejections=(REJECTION,))

    assert (report.applied, report.created) == (True, 1)
    assert report.rejected == (REJECTION,)
    assert len(shelf.applied) == 1


def test_strict_imports_nothing_when_one_row_is_rejected() -> None:
    shelf = Shelf()
    report = run(shelf, draft(), rejections=(REJECTION,), strict=True)

    assert not report.applied
    assert shelf.applied == []


def test_strict_imports_everything_when_no_row_is_rejected() -> None:
    shelf = Shelf()

    assert run(shelf, draft(), strict=True).applied
    assert len(shelf.applied) == 1


def test_a_dry_run_tells_what_would_happen_and_does_nothing() -> None:
    shelf = Shelf([action(1)])
    report = run(shelf, draft("Denver"), dry_run=True)

    assert (report.created, len(report.missing), report.applied) == (1, 1, False)
    assert shelf.applied == []


# --- a source that falls silent

CITIES = ("San Diego", "Newark", "Denver", "Anchorage")
UPCOMING = [action(number, city) for number, city in enumerate(CITIES, start=1)]


def test_a_source_that_lost_most_of_what_is_to_come_changes_nothing() -> None:
    shelf = Shelf(list(UPCOMING))

    with pytest.raises(InputError, match=r"website: 3 of 4 .*--accept-missing"):
        run(shelf, draft("San Diego"), quarantine=True)

    assert shelf.applied == []


def test_a_source_that_lost_half_is_believed() -> None:
    report = run(
        Shelf(list(UPCOMING)), draft("San Diego"), draft("Newark"), quarantine=True
    )

    assert len(report.missing) == 2


def test_what_is_over_and_no_longer_listed_is_not_missing() -> None:
    over = [
        replace(each, facts=replace(each.facts, start_date=DAY)) for each in UPCOMING
    ]
    still = action(9, "Los Angeles")

    report = run(Shelf([*over, still]), draft("Los Angeles"), quarantine=True)

    assert (report.unchanged, report.missing) == (1, [])


def test_a_source_that_lists_what_is_over_can_lose_some_of_it() -> None:
    report = run(Shelf([action(1, "Newark", 5)]), draft("Denver", 4))

    assert report.missing == ["2019-10-05 Newark, NJ"]


DAY = datetime(2019, 10, 5, tzinfo=MONDAY.tzinfo).date()


def test_a_few_actions_may_vanish_together() -> None:
    assert len(run(Shelf(UPCOMING[:3]), quarantine=True).missing) == 3


def test_a_person_may_believe_the_source() -> None:
    assert len(run(Shelf(list(UPCOMING))).missing) == 4
