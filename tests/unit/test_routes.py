"""Who carries a list's mail: what may be written, and which way each call goes."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, strategies as st

from mailer.core.errors import ConfigError
from mailer.core.routes import Route, check, read
from mailer.core.tables import Table

SHARES = st.dictionaries(
    st.sampled_from(["a", "b", "c", "d"]), st.integers(1, 1000), min_size=1
)
CALLS = st.binary(min_size=16, max_size=16)


def table(**data: Any) -> Table:
    return Table(data, "lists/weekly.toml")


def test_without_a_word_about_it_there_is_no_route() -> None:
    assert read(table()) is None


def test_one_provider_carries_everything() -> None:
    route = read(table(provider="main"))

    assert route == Route(shares={"main": 1})
    assert route.preference(b"any call") == ("main",)


@given(shares=SHARES, call=CALLS)
def test_a_call_always_goes_the_same_way(shares: dict[str, int], call: bytes) -> None:
    route = Route(shares=shares, fallback="spare")

    first, second = route.preference(call)
    assert route.preference(call) == (first, second)
    assert first in shares
    assert second == "spare"


def test_calls_are_shared_out_as_it_is_written() -> None:
    route = Route(shares={"main": 80, "second": 20})

    calls = [number.to_bytes(8) for number in range(10_000)]
    counts = Counter(route.preference(call)[0] for call in calls)

    assert 7_800 < counts["main"] < 8_200
    assert counts["main"] + counts["second"] == 10_000
    assert route.main == "main"


def test_nobody_stands_in_for_themselves() -> None:
    route = Route(shares={"a": 1, "b": 1}, fallback="a")

    ways = {route.preference(number.to_bytes(8)) for number in range(100)}

    assert ways == {("a",), ("b", "a")}


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
