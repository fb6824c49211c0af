"""What somebody puts into one row must not spoil the mail of everybody."""

from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from mailer.adapters.gates import Gate, check
from mailer.adapters.renderer.plain import clean, https, shortened
from mailer.core.digest import Section, SectionKind
from mailer.core.model import Place, Sponsor
from tests.unit.gates.messages import SAMPLE, Extreme, rendered

ENDLESS = "W" * 10_000


def _in_the_middle_of(country: Place) -> Extreme:
    item = SAMPLE.digest.near[0]
    facts = replace(
        item.facts,
        place=country,
        title=ENDLESS,
        venue=ENDLESS,
        address=ENDLESS,
        target=ENDLESS,
        sponsors=(Sponsor(name=ENDLESS),),
    )
    elsewhere = replace(SAMPLE.digest.upcoming[-1], action_id=99, public_id="other")
    hostile = replace(item, facts=facts, distance_km=900.0)
    section = Section(kind=SectionKind.COUNTRY, items=(hostile, elsewhere))
    digest = replace(SAMPLE.digest, reader=None, sections=(section,))
    return Extreme(digest=digest, brand={}, organization=ENDLESS)


@pytest.mark.parametrize("language", ["en", "es"])
def test_one_row_without_measure_makes_no_subject_and_no_line_too_long(
    language: str,
) -> None:
    place = Place(label=ENDLESS, locality=ENDLESS, longitude=-170.0, latitude=1.0)
    message = rendered(_in_the_middle_of(place), language)
    assert check(message) == []
    assert len(message.subject) < 250
    assert len(message.preheader) <= 110


def test_half_a_character_from_json_does_not_stop_the_mailing() -> None:
    half = '\ud83d {"emoji": "cut"}'
    place = replace(SAMPLE.digest.near[0].facts.place, label=half, locality=half)
    message = rendered(_in_the_middle_of(place), "en")
    assert '{"emoji": "cut"}' in message.text
    assert Gate.CONTROLS not in {finding.gate for finding in check(message)}


@given(words=st.text(st.characters(codec=None), max_size=60))
def test_whatever_is_cleaned_can_be_written_in_utf_8_on_one_line(words: str) -> None:
    written = clean(words)
    assert written.encode("utf-8").decode("utf-8") == written
    assert len(written.splitlines()) <= 1


@given(words=st.text(max_size=900), limit=st.integers(2, 320))
def test_shortened_words_fit_a_line_of_mail_in_any_script(
    words: str, limit: int
) -> None:
    short = shortened(words, limit)
    assert len(short) <= limit
    assert len(short.encode()) <= 2 * limit + 4
    assert words.startswith(short.removesuffix("…"))


@pytest.mark.parametrize(
    "url",
    [
        "https://trusted.example.org@elsewhere.net/",
        "https://user:word@example.org/",
        "https://example.org:port/",
        f"https://example.org/{'a' * 1000}",
    ],
)
def test_a_link_that_deceives_or_breaks_a_line_is_not_printed(url: str) -> None:
    assert https(url) is None


def test_an_ordinary_link_with_a_port_and_an_at_sign_in_its_path_is_kept() -> None:
    for url in ("https://example.org:8443/a", "https://example.org/@user?a=b@c"):
        assert https(url) == url
