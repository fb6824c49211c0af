"""How fast something may go, as people write it."""

import pytest

from mailer.core.errors import ConfigError
from mailer.core.rates import Rate, parse
from mailer.core.tables import Table


@pytest.mark.parametrize(
    ("written", "rate", "together"),
    [
        ("50/second", Rate(50, 1), 50),
        ("600/minute", Rate(600, 60), 10),
        ("20000 per hour", Rate(20000, 3600), 333),
        ("30/minute", Rate(30, 60), 1),
        ("10/hour", Rate(10, 3600), 1),
    ],
)
def test_a_rate_says_how_many_go_at_once(
    written: str, rate: Rate, together: int
) -> None:
    assert parse(written) == rate
    assert rate.together == together


@pytest.mark.parametrize(
    "written", ["", "50", "50/day", "-5/second", "0/second", "1.5/second", "x/hour"]
)
def test_what_is_no_rate_is_refused_with_the_way_to_write_one(written: str) -> None:
    with pytest.raises(ConfigError, match=r'm\.toml: rate: must be written as "50/sec'):
        Table({"rate": written or " "}, "m.toml").rate("rate")


def test_a_number_is_no_rate() -> None:
    with pytest.raises(ConfigError, match="not "):
        Table({"rate": 50}, "m.toml").rate("rate")


def test_no_rate_is_no_limit() -> None:
    assert Table({}, "m.toml").rate("rate") is None
