"""Sponsor lines as people print them."""

import pytest
from hypothesis import given, strategies as st

from mailer.core.sponsors import Oddity, name_key, similar, split


def test_commas_part_names() -> None:
    assert split("Antiwar Committee, CAIR-MN, MIRAC").names == (
        "Antiwar Committee",
        "CAIR-MN",
        "MIRAC",
    )


def test_semicolons_part_names_when_the_line_uses_them() -> None:
    line = split("Metro Atlanta DSA; Alliance for Faith, Work and Rights; Extinction")

    assert line.names[1] == "Alliance for Faith, Work and Rights"
    assert line.oddities == (Oddity.SEMICOLONS,)


def test_separators_inside_parentheses_part_nothing() -> None:
    line = split("Union (UAW 2865, San Diego), Clergy (CLUE; LA)")

    assert line.names == ("Union (UAW 2865, San Diego)", "Clergy (CLUE; LA)")
    assert line.oddities == ()


def test_slashes_and_dashes_stay_in_their_names() -> None:
    assert split("ARA-LA/PART, White People 4 Black Lives / SURJ").names == (
        "ARA-LA/PART",
        "White People 4 Black Lives / SURJ",
    )


def test_a_trailing_comma_names_nobody() -> None:
    line = split("DSA, SIRAG,")

    assert line.names == ("DSA", "SIRAG")
    assert line.oddities == (Oddity.TRAILING_SEPARATOR,)


def test_odd_spaces_become_plain_ones_and_are_told() -> None:
    line = split("Women's March,\N{NO-BREAK SPACE}Peace &  Justice Center")

    assert line.names == ("Women's March", "Peace & Justice Center")
    assert line.oddities == (Oddity.ODD_SPACES,)


def test_the_bracketed_note_is_cut_out_and_handed_back() -> None:
    line = split("Ginew, Stop Line 3 of America. [Held with Duluth, and others]")

    assert line.names == ("Ginew", "Stop Line 3 of America")
    assert line.note == "Held with Duluth, and others"
    assert line.oddities == (Oddity.EDITORIAL_NOTE, Oddity.TRAILING_PERIOD)


def test_a_note_that_never_closes_ends_with_the_line() -> None:
    line = split("Ginew, MN350 [held with Duluth")

    assert line.names == ("Ginew", "MN350")
    assert line.note == "held with Duluth"


def test_the_period_of_an_abbreviation_stays() -> None:
    assert split("DSA, Neighbors Inc.").names == ("DSA", "Neighbors Inc.")


def test_an_unbalanced_parenthesis_swallows_nobody() -> None:
    line = split("Clergy (CLUE, DSA, SURJ")

    assert line.names == ("Clergy (CLUE", "DSA", "SURJ")
    assert line.oddities == (Oddity.UNBALANCED,)


def test_a_name_printed_twice_counts_once_and_is_told() -> None:
    line = split("DSA \N{EN DASH} LA, Mijente, dsa-la")

    assert line.names == ("DSA \N{EN DASH} LA", "Mijente")
    assert line.oddities == (Oddity.REPEATED,)


@given(
    st.lists(
        st.text(st.sampled_from("abcXYZ'/&-(1"), min_size=1), unique_by=name_key
    ).filter(lambda names: not any("(" in name for name in names)),
    st.sampled_from([", ", ",", "; ", ";"]),
)
def test_what_was_joined_comes_apart_again(names: list[str], separator: str) -> None:
    assert split(separator.join(names)).names == tuple(names)


@given(st.text(st.sampled_from("ab,;()[] .\N{NO-BREAK SPACE}"), max_size=60))
def test_no_line_loses_a_letter_or_invents_one(line: str) -> None:
    result = split(line)
    kept = "".join(result.names) + (result.note or "")

    assert all(name == name.strip() and name for name in result.names)
    assert set(kept) <= set(line) | {" "}
    if "[" not in line and Oddity.REPEATED not in result.oddities:
        letters = [letter for letter in line if letter in "ab"]
        assert [letter for letter in kept if letter in "ab"] == letters


@pytest.mark.parametrize(
    "other",
    [
        "poor people's campaign - sacramento",
        "Poor People\N{RIGHT SINGLE QUOTATION MARK}s Campaign \N{EN DASH} Sacramento",
        "Poor People's Campaign\N{NO-BREAK SPACE}— Sacramento ",
        "Poor\u2003People's Campaign -Sacramento",
    ],
)
def test_one_spelling_has_one_key(other: str) -> None:
    assert name_key(other) == name_key("Poor People's Campaign - Sacramento")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("MIRAC", "Minnesota Immigrant Rights Action Committee (MIRAC)"),
        ("NNJ DSA", "North NJ Democratic Socialists of America"),
        ("Unión del Barrio", "Union del Barrio"),
        ("DSA San Francisco", "DSA, San Francisco"),
    ],
)
def test_different_words_have_different_keys(one: str, other: str) -> None:
    assert name_key(one) != name_key(other)


@given(st.text())
def test_the_key_of_a_key_is_itself(name: str) -> None:
    assert name_key(name_key(name)) == name_key(name)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("MIRAC", "Minnesota Immigrant Rights Action Committee (MIRAC)"),
        ("Mutual Aid and Defense NEK", "Mutual Aid and Defense NEK (MADNEK)"),
        ("NNJ DSA", "North NJ Democratic Socialists of America"),
        ("PSL", "Party for Socialism and Liberation"),
        ("AFT 1931", "American Federation of Teachers Guild (Local 1931)"),
        ("Black Live Matter \N{EN DASH} LA", "Black Lives Matter - LA"),
        ("Bride of Love Across the Border", "Bridge of Love Across the Border"),
    ],
)
def test_two_names_of_one_organization_are_suggested(one: str, other: str) -> None:
    assert [{each.first, each.second} for each in similar([one, other])] == [
        {one, other}
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "Anchorage Democratic Socialists of America",
            "Chicago Democratic Socialists of America",
        ),
        ("Never Again LA", "If Not Now LA"),
        ("25th Ward IPO", "33rd Ward IPO"),
        ("Twin Cities DSA", "Seattle DSA"),
        ("Mijente", "mijente"),
    ],
)
def test_two_chapters_or_one_spelling_are_no_suggestion(one: str, other: str) -> None:
    assert similar([one, other]) == ()


@given(st.lists(st.text(st.sampled_from("abAB1 ()"), max_size=12), max_size=8))
def test_a_suggestion_is_about_two_given_names(names: list[str]) -> None:
    for suggestion in similar(names):
        assert {suggestion.first, suggestion.second} <= set(names)
        assert name_key(suggestion.first) != name_key(suggestion.second)
