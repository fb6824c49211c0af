"""Which edition a person may ask for by name."""

from datetime import UTC, date, datetime, timedelta

import pytest

from mailer.core.errors import InputError, RefusedError
from mailer.core.lists import MailingList, parse
from mailer.pipeline.plan import chosen
from tests.factories import MONDAY

CADENCE = {"on": "monday", "at": "20:00", "timezone": "America/Los_Angeles"}


def a_list(**settings: object) -> MailingList:
    return parse({"title": "Weekly", **settings}, file="weekly.toml", slug="weekly")


WEEKLY = a_list(cadence=CADENCE)


def test_without_a_name_it_is_the_one_that_fell_due_last() -> None:
    assert chosen(WEEKLY, None, MONDAY).edition == date(2019, 9, 30)


def test_a_date_is_due_on_the_lists_own_clock() -> None:
    extra = chosen(WEEKLY, "2019-10-09", MONDAY)

    assert extra.due_at == datetime(2019, 10, 10, 3, tzinfo=UTC)


def test_a_list_without_a_cadence_takes_any_date_and_asks_for_one() -> None:
    assert chosen(a_list(), "2019-10-09", MONDAY).edition == date(2019, 10, 9)
    with pytest.raises(InputError, match="--edition 2019-10-07"):
        chosen(a_list(), None, MONDAY)


@pytest.mark.parametrize(
    ("edition", "says"),
    [
        ("next", "write it as 2019-10-07"),
        ("10/07/2019", "write it as 2019-10-07"),
        ("2019-10-32", "write it as 2019-10-07"),
        ("2019-10-21", "more than a week ahead"),
        ("0001-01-01", "check the year"),
        ("9999-12-31", "check the year"),
        ("2091-10-07", "check the year"),
    ],
)
def test_a_date_that_cannot_be_meant_is_answered_with_the_way_out(
    edition: str, says: str
) -> None:
    for each in (WEEKLY, a_list()):
        with pytest.raises(InputError, match=says):
            chosen(each, edition, MONDAY)


def test_an_urgent_list_has_no_editions() -> None:
    with pytest.raises(RefusedError, match="urgent calls"):
        chosen(a_list(kind="blast"), None, MONDAY + timedelta(days=1))
