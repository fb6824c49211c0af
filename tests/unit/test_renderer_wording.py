"""Dates, hours, numbers and lists, as people write them."""

from datetime import date, time
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from mailer.adapters.renderer.environment import translations
from mailer.adapters.renderer.plain import clean, shortened, tidied, wrapped
from mailer.adapters.renderer.wording import Wording
from mailer.core.errors import TemplateError
from mailer.core.states import state_name

WORDS = Path(__file__).parents[2] / "templates" / "translations"
ENGLISH = Wording("en", translations(WORDS, "en"))
SPANISH = Wording("es", translations(WORDS, "es"))
SATURDAY = date(2019, 10, 12)


@pytest.mark.parametrize(
    ("skeleton", "english", "spanish"),
    [
        ("MMMMEEEEd", "Saturday, October 12", "sábado 12 de octubre"),
        ("yMMMMd", "October 12, 2019", "12 de octubre de 2019"),
        ("yMMMMEEEEd", "Saturday, October 12, 2019", "sábado 12 de octubre de 2019"),
        ("MMMMd", "October 12", "12 de octubre"),
        ("EEEE", "Saturday", "sábado"),
        ("EEE", "Sat", "sáb"),
        ("MMM", "Oct", "oct"),
    ],
)
def test_a_date_is_as_long_as_was_asked(
    skeleton: str, english: str, spanish: str
) -> None:
    assert ENGLISH.day(SATURDAY, skeleton) == english
    assert SPANISH.day(SATURDAY, skeleton) == spanish


def test_an_hour_never_breaks_over_two_lines() -> None:
    assert ENGLISH.clock(time(10)) == "10:00\u00a0a.m."
    assert ENGLISH.clock(time(12, 30)) == "12:30\u00a0p.m."
    assert SPANISH.clock(time(10)) == "10:00\u00a0a.\u00a0m."
    assert SPANISH.clock(time(0, 5)) == "12:05\u00a0a.\u00a0m."


def test_numbers_are_words_up_to_ten() -> None:
    assert [ENGLISH.spelled(n) for n in (0, 2, 10, 11)] == ["0", "two", "ten", "11"]
    assert [SPANISH.spelled(n) for n in (2, 9, 1902)] == ["dos", "nueve", "1,902"]


@pytest.mark.parametrize(
    ("names", "joined"),
    [
        ([], ""),
        (["A"], "A"),
        (["A", "B"], "A y B"),
        (["A", "B", "C"], "A, B y C"),
        (["A", "Indivisible"], "A e Indivisible"),
        (["A", "Hijas"], "A e Hijas"),
        (["A", "Hielo"], "A y Hielo"),
    ],
)
def test_spanish_says_e_before_an_i(names: list[str], joined: str) -> None:
    assert SPANISH.listed(names) == joined


def test_english_lists_have_no_comma_before_and() -> None:
    assert ENGLISH.listed(["DSA", "PSL", "AFT 1931"]) == "DSA, PSL and AFT 1931"


def test_states_have_their_names() -> None:
    assert state_name("CA", "US") == "California"
    assert state_name("DC", "US") == "Washington, DC"
    assert state_name("BC", "CA") == "BC"
    assert state_name(None, "US") is None


def test_a_broken_catalogue_is_named(tmp_path: Path) -> None:
    (tmp_path / "es.po").write_text('msgid "a"\nnonsense\n')
    with pytest.raises(TemplateError, match=r"es\.po"):
        translations(tmp_path, "es")


def test_catalogues_of_one_language_are_read_as_one(tmp_path: Path) -> None:
    (tmp_path / "es.po").write_text('msgid "a"\nmsgstr "mail"\n')
    (tmp_path / "es.web.po").write_text(
        'msgid "a"\nmsgstr "web"\n\nmsgid "b"\nmsgstr "both"\n'
    )
    spanish = translations(tmp_path, "es")
    assert (spanish.gettext("a"), spanish.gettext("b")) == ("mail", "both")


@given(st.text())
def test_cleaned_words_stay_on_one_line_and_are_clean_already(words: str) -> None:
    once = clean(words)
    assert clean(once) == once
    assert len(once.splitlines()) <= 1


@given(st.text(alphabet="ab \N{NO-BREAK SPACE}", max_size=300), st.integers(2, 80))
def test_shortened_words_are_never_longer_than_asked(words: str, limit: int) -> None:
    assert len(shortened(words, limit)) <= limit


def test_links_are_never_broken_by_wrapping() -> None:
    url = "https://example.org/" + "long-" * 30
    assert url in wrapped(f"See {url} for more").splitlines()


def test_only_the_signature_line_keeps_its_space_at_the_end() -> None:
    assert tidied("\na  \n\n\n\n-- \nb \n") == "a\n\n-- \nb\n"
