"""Which names on record a moderator is shown beside a new one."""

import pytest
from hypothesis import given, strategies as st

from mailer.core.resembling import resembling

CTUL = "Centro de Trabajadores Unidos en la Lucha (CTUL)"


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("Centro de Trabajadores Unidos", CTUL),
        (CTUL, "Centro de Trabajadores Unidos"),
        ("Union del Barrio", "Unión del Barrio, San Diego"),
        ("Union del Bario", "Unión del Barrio"),
        ("Union dell Barrio", "Unión del Barrio"),
        ("Mijentes Nortte", "Mijente Norte"),
        ("Minnesota Immigrant Rights Committee", "Minnesota Immigrant Rights Action"),
    ],
)
def test_a_name_within_another_or_with_most_of_its_words_is_shown(
    name: str, other: str
) -> None:
    assert resembling(name, [other, "Border Angels"]) == [other]


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("Peace", "Veterans for Peace"),
        ("Veterans for Peace San Diego", "Jewish Voice for Peace San Diego Chapter 7"),
        ("Centro de la Raza", "Centro de Trabajadores"),
        ("Casa Ana", "Casas Anna Marta"),
    ],
)
def test_a_word_or_less_than_most_of_them_says_nothing(name: str, other: str) -> None:
    assert resembling(name, [other]) == []


@given(st.text(), st.text())
def test_likeness_goes_both_ways(one: str, other: str) -> None:
    assert bool(resembling(one, [other])) == bool(resembling(other, [one]))
