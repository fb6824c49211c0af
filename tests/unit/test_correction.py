"""What a correction is called, and what it takes from the call that was wrong."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from mailer.core import correction
from mailer.core.draft import Draft, parse
from mailer.core.lists import SLUG

NOW = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)


def call(**more: object) -> Draft:
    said = {
        "list": "urgent",
        "edition": "otay",
        "urgent": True,
        "not_after": NOW + timedelta(hours=3),
        "audience": {"include": [{"region": "us-ca"}]},
        "en": {"headline": ["Come to Otay Mesa"], "reason": "People are moved."},
        "es": {"headline": ["Vengan a Otay Mesa"], "reason": "Trasladan a gente."},
    }
    return parse({**said, **more}, file="call.toml")


@pytest.mark.parametrize(
    ("edition", "named"),
    [
        ("otay-mesa", "otay-mesa-corrected"),
        (
            "come-to-the-gate-of-otay-mesa-tonight",
            "come-to-the-gate-of-otay-mesa-corrected",
        ),
        (
            "come-to-the-gates-of-otay-mesa-tonight",
            "come-to-the-gates-of-otay-mesa-corrected",
        ),
        ("x" * 38, "x" * 30 + "-corrected"),
    ],
)
def test_a_long_name_is_cut_between_words(edition: str, named: str) -> None:
    assert correction.name(edition) == named


@given(st.from_regex(SLUG, fullmatch=True))
def test_every_correction_has_a_name_that_a_call_may_have(edition: str) -> None:
    named = correction.name(edition)

    assert SLUG.fullmatch(named)
    assert len(named) <= correction.LONGEST_NAME


def test_a_correction_says_so_in_each_language_and_is_as_urgent() -> None:
    begun = correction.begun(call(), NOW)

    assert [each.subject for each in begun.wordings] == [
        "Correction: Come to Otay Mesa",
        "Corrección: Vengan a Otay Mesa",
    ]
    assert begun.is_urgent
    assert (begun.corrects, begun.edition) == ("urgent/otay", "otay-corrected")
    assert begun.not_after == NOW + timedelta(hours=3)


def test_a_last_moment_that_has_passed_does_not_end_the_correction() -> None:
    assert correction.begun(call(), NOW + timedelta(hours=3)).not_after is None


def test_a_headline_without_room_for_a_mark_is_left_as_it_is() -> None:
    full = {"headline": ["x" * 80, "b", "c", "d"], "reason": "People are moved."}

    begun = correction.begun(call(en=full), NOW)

    assert begun.wordings[0].headline == ("x" * 80, "b", "c", "d")
