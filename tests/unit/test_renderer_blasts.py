"""The line after the subject of an urgent call, whatever its author wrote."""

from datetime import date, time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from mailer.adapters.renderer.mail import MailRenderer
from mailer.adapters.renderer.sample import read_sample
from mailer.core.blast import Blast, Occasion, Urgency, Version
from mailer.core.envelope import markers

TEMPLATES = Path(__file__).parents[2] / "templates"
SAMPLE = read_sample(TEMPLATES / "email" / "digest" / "sample.json")
MAIL = MailRenderer(TEMPLATES, SAMPLE.brand, "https://mail.example.org")
OCCASION = Occasion(day=date(2026, 5, 3), starts=time(18, 0))
WORDS = st.text("abcdeñ .", min_size=1, max_size=300).filter(str.strip)


def preheader(blast: Blast) -> str:
    return MAIL.blast(blast, slots=markers("5ec2e7")).preheader


def a_blast(
    reason: str,
    where: str | None,
    occasion: Occasion | None = None,
    language: str = "en",
) -> Blast:
    version = Version(
        language=language,
        headline=("Come to Otay Mesa", "tonight at 6"),
        reason=reason,
        where=where,
    )
    return Blast(version=version, urgency=Urgency.URGENT, occasion=occasion)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(
    reason=WORDS,
    where=st.none() | WORDS,
    occasion=st.sampled_from([None, OCCASION]),
    language=st.sampled_from(["en", "es"]),
)
def test_the_line_after_the_subject_fills_an_inbox_however_little_was_written(
    reason: str, where: str | None, occasion: Occasion | None, language: str
) -> None:
    line = preheader(a_blast(reason, where, occasion, language))
    assert 60 <= len(line) <= 110


@pytest.mark.parametrize(
    ("reason", "where", "line"),
    [
        (
            "They are moved tonight",
            "City Hall, Las Vegas",
            (
                "City Hall, Las Vegas. They are moved tonight. Please read all of it"
                " before you set out."
            ),
        ),
        (
            "People held at the detention center are being moved tonight; come.",
            None,
            "People held at the detention center are being moved tonight; come.",
        ),
    ],
)
def test_place_and_reason_come_first_and_are_padded_only_where_they_are_short(
    reason: str, where: str | None, line: str
) -> None:
    assert preheader(a_blast(reason, where)) == line
