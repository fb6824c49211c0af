"""Who carries a list's mail: what may be written, and which way each call goes."""

from typing import Any

import pytest
from hypothesis import given, strategies as st

from mailer.core.errors import ConfigError
from mailer.core.routes import POINTS, Route, Routing, check, read
from mailer.core.tables import Table

SHARES = st.dictionaries(
    st.sampled_from(["a", "b", "c", "d"]), st.integers(1, 1000), min_size=1
)


def table(**data: Any) -> Table:
    return Table(data, "lists/weekly.toml")


def test_without_a_word_about_it_there_is_no_route() -> None:
    assert read(table()) is None


def way(route: Route, point: int) -> tuple[str, str | None]:
    """Return who carries the batch with this point, and who stands in."""
    arc = next(arc for arc in route.arcs() if point < arc.end)
    return arc.carrier, arc.stand_in


def test_one_provider_carries_everything() -> None:
    route = read(table(provider="main"))

    assert route == Route(shares={"main": 1})
    assert [way(route, point) for point in (0, POINTS - 1)] == [("main", None)] * 2


@given(shares=SHARES)
def test_every_point_is_somebodys_and_the_arcs_are_as_long_as_the_shares(
    shares: dict[str, int],
) -> None:
    arcs = list(Route(shares=shares, fallback="spare").arcs())

    assert [arc.carrier for arc in arcs] == list(shares)
    assert {arc.stand_in for arc in arcs} == {"spare"}
    assert arcs[-1].end == POINTS
    begin = 0
    for arc in arcs:
        exact = POINTS * shares[arc.carrier] / sum(shares.values())
        assert abs(arc.end - begin - exact) <= 1
        begin = arc.end


def test_a_changed_share_moves_only_what_lies_beside_the_border() -> None:
    before = Route(shares={"main": 80, "second": 20})
    after = Route(shares={"main": 70, "second": 30})

    moved = [
        point
        for point in range(0, POINTS, 1000)
        if way(before, point) != way(after, point)
    ]
    assert (moved[0], moved[-1]) == (700_000, 799_000)


def test_the_main_one_has_the_largest_share() -> None:
    assert Route(shares={"second": 20, "main": 80}).main == "main"


def test_nobody_stands_in_for_themselves() -> None:
    route = Route(shares={"a": 1, "b": 1}, fallback="a")

    assert {way(route, point) for point in (0, POINTS - 1)} == {("a", None), ("b", "a")}


def test_each_of_a_pair_relieves_the_other_and_nobody_else() -> None:
    routing = Routing(
        usual=Route(shares={"main": 1}, fallback="spare"),
        lists={"blasts": Route(shares={"quick": 1, "main": 1})},
    )

    assert routing.names == ("main", "spare", "quick")
    assert routing.relieves("spare") == ("main",)
    assert routing.relieves("main") == ("spare",)
    assert routing.relieves("quick") == ()


@pytest.mark.parametrize(
    ("data", "key"),
    [
        ({"provider": ""}, "provider"),
        ({"provider": 7}, "provider"),
        ({"provider": {}}, "provider"),
        ({"provider": ["a", "b"]}, "provider"),
        ({"provider": {"a": 0}}, "provider.a"),
        ({"provider": {"a": "80 %"}}, "provider.a"),
        ({"provider": {"a": True}}, "provider.a"),
        ({"provider": "a", "fallback": "a"}, "fallback"),
        ({"provider": "a", "fallback": 1}, "fallback"),
        ({"fallback": "b"}, "fallback"),
    ],
)
def test_what_is_no_route_names_the_file_and_the_key(
    data: dict[str, Any], key: str
) -> None:
    with pytest.raises(ConfigError, match=rf"^lists/weekly\.toml: {key}: "):
        read(table(**data))


@pytest.mark.parametrize(
    ("route", "key"),
    [
        (Route(shares={"mian": 1}), "provider"),
        (Route(shares={"main": 1, "mian": 1}), "provider"),
        (Route(shares={"main": 1}, fallback="mian"), "fallback"),
    ],
)
def test_a_provider_that_is_not_described_is_named(route: Route, key: str) -> None:
    with pytest.raises(ConfigError, match=rf"{key}: .*providers\.mian.*main, spare"):
        check(table(), route, ["main", "spare"])


def test_a_name_that_the_database_cannot_keep_is_refused() -> None:
    name = "n" * 41
    with pytest.raises(ConfigError, match=r"provider: .*40 characters"):
        check(table(), Route(shares={name: 1}), [name])
