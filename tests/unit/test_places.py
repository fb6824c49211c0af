"""Where places are, by the real gazetteer."""

import pytest
from hypothesis import given, strategies as st

from mailer.adapters.placenames import country_code, parse_place
from mailer.adapters.places import GeonamesGazetteer
from mailer.core.errors import ConfigError
from mailer.ports import Resolved


@pytest.fixture(scope="module")
def gazetteer() -> GeonamesGazetteer:
    return GeonamesGazetteer(aliases={"Bay Area, CA": "Oakland, CA"})


def find(gazetteer: GeonamesGazetteer, words: str) -> Resolved:
    return gazetteer.resolve(*parse_place(words))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("San Diego, CA", ("San Diego", "CA", "US")),
        (" San  Diego ,ca ", ("San Diego", "CA", "US")),
        ("Portland, Oregon, USA", ("Portland", "OR", "US")),
        ("Washington, D.C.", ("Washington", "DC", "US")),
        ("Washington DC", ("Washington", "DC", "US")),
        ("New York City", ("New York City", None, "US")),
        ("San Juan, Puerto Rico", ("San Juan", "PR", "US")),
        ("Tijuana, México", ("Tijuana", None, "MX")),
        ("Toronto, Ontario, Canada", ("Toronto", "Ontario", "CA")),
        ("", ("", None, "US")),
    ],
)
def test_a_place_is_taken_apart(
    words: str, expected: tuple[str, str | None, str]
) -> None:
    assert parse_place(words) == expected


@given(st.text())
def test_any_words_can_be_taken_apart(words: str) -> None:
    locality, region, country = parse_place(words)

    assert region is None or region
    assert len(country) == 2
    assert locality or not words.replace(",", "").strip()


def test_countries_have_codes() -> None:
    assert [country_code(each) for each in ("usa", "México", "de", "Elbonia")] == [
        "US",
        "MX",
        "DE",
        None,
    ]


@pytest.mark.parametrize(
    ("words", "label", "zone"),
    [
        ("San Diego, CA", "San Diego, CA", "America/Los_Angeles"),
        ("Anchorage, Alaska", "Anchorage, AK", "America/Anchorage"),
        ("Clearbrook, MN", "Clearbrook, MN", "America/Chicago"),
        ("Washington, DC", "Washington, DC", "America/New_York"),
        ("New York, NY", "New York, NY", "America/New_York"),
        ("St. Paul, MN", "St. Paul, MN", "America/Chicago"),
        ("Ft. Worth, TX", "Ft. Worth, TX", "America/Chicago"),
        ("San Juan, PR", "San Juan, PR", "America/Puerto_Rico"),
        ("Tijuana, Mexico", "Tijuana", "America/Tijuana"),
    ],
)
def test_a_place_that_is_there_is_found_without_a_flag(
    gazetteer: GeonamesGazetteer, words: str, label: str, zone: str
) -> None:
    found = find(gazetteer, words)

    assert (found.place.label, found.place.time_zone) == (label, zone)
    assert found.place.latitude is not None
    assert found.code is None


def test_two_names_of_one_city_are_one_place(gazetteer: GeonamesGazetteer) -> None:
    assert (
        find(gazetteer, "NYC, NY").place.key
        == find(gazetteer, "New York City").place.key
    )


def test_a_city_beside_which_others_are_small_needs_no_state_but_a_look(
    gazetteer: GeonamesGazetteer,
) -> None:
    found = find(gazetteer, "New York City")

    assert (found.place.label, found.place.region) == ("New York City", "NY")
    assert found.code == "place-without-region"
    assert "taken for New York City, NY" in (found.message or "")


def test_one_of_many_springfields_is_not_guessed(gazetteer: GeonamesGazetteer) -> None:
    found = find(gazetteer, "Springfield")

    assert found.code == "place-ambiguous"
    assert (found.place.latitude, found.place.time_zone) == (None, None)
    assert "Springfield, MO" in (found.message or "")


@pytest.mark.parametrize(
    ("words", "label"),
    [
        ("Alburquerque, NM", "Albuquerque, NM"),
        ("Los Angles, CA", "Los Angeles, CA"),
        ("Minneapolois, MN", "Minneapolis, MN"),
    ],
)
def test_a_misspelt_city_is_respelled_and_flagged(
    gazetteer: GeonamesGazetteer, words: str, label: str
) -> None:
    found = find(gazetteer, words)

    assert (found.place.label, found.code) == (label, "place-respelled")
    assert words in (found.message or "")


def test_an_alias_keeps_its_label_and_borrows_where_it_is(
    gazetteer: GeonamesGazetteer,
) -> None:
    found = find(gazetteer, "bay area, California")

    assert (found.place.label, found.place.region) == ("bay area, CA", "CA")
    assert round(found.place.latitude or 0, 1) == 37.8
    assert found.code is None


def test_a_region_without_an_alias_keeps_label_state_and_zone() -> None:
    found = GeonamesGazetteer().resolve("Bay Area", "CA", "US")

    assert (found.place.label, found.place.region) == ("Bay Area, CA", "CA")
    assert (found.place.latitude, found.place.longitude) == (None, None)
    assert found.place.time_zone == "America/Los_Angeles"
    assert found.code == "place-unknown"
    assert "[places]" in (found.message or "")


def test_the_zone_of_a_state_with_several_is_said_to_be_a_guess(
    gazetteer: GeonamesGazetteer,
) -> None:
    found = find(gazetteer, "Panhandle Region, TX")

    assert found.place.time_zone == "America/Chicago"
    assert "taken for America/Chicago" in (found.message or "")


def test_a_place_nobody_knows_comes_back_as_written(
    gazetteer: GeonamesGazetteer,
) -> None:
    found = find(gazetteer, "Nowhereville, XX")

    assert found.place.label == "Nowhereville, XX"
    assert found.place.time_zone is None
    assert found.code == "place-unknown"


def test_an_alias_that_leads_nowhere_is_a_mistake_in_the_settings() -> None:
    gazetteer = GeonamesGazetteer(aliases={"Bay Area, CA": "Nowhereville, CA"})

    with pytest.raises(ConfigError, match=r"\[places\].*Nowhereville"):
        gazetteer.resolve("Bay Area", "CA", "US")


def test_an_alias_of_itself_is_a_mistake_not_an_endless_loop() -> None:
    gazetteer = GeonamesGazetteer(aliases={"A, CA": "B, CA", "B, CA": "A, CA"})

    with pytest.raises(ConfigError, match=r"\[places\]"):
        gazetteer.resolve("A", "CA", "US")
