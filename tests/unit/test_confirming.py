"""Who is said to vouch for an urgent call: what is true when it goes out, and no more."""

from dataclasses import replace
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from mailer.core.blast import Confirmed
from mailer.core.confirming import confirmed
from mailer.core.draft import Draft, Wording
from mailer.core.model import ActionStatus, Sponsor, SponsorRole
from mailer.core.proposal import Approval
from tests.factories import action

PACIFIC = ZoneInfo("America/Los_Angeles")
APPROVED = Approval(at=datetime(2019, 10, 10, 22, 40, 31, tzinfo=UTC), coordinators=2)
ALONE = replace(APPROVED, coordinators=1)
CALL = Draft(
    list_slug="urgent",
    edition="otay",
    wordings=(Wording(language="en", headline=("Come",)),),
)
SPONSORS = (
    Sponsor(name="Radio 91", role=SponsorRole.PROMOTER),
    Sponsor(name="Mijente", role=SponsorRole.CO_SPONSOR),
    Sponsor(name="Unión del Barrio", role=SponsorRole.LEAD),
)
MARCH = action(1, sponsors=SPONSORS, status=ActionStatus.CONFIRMED)


def test_it_names_who_leads_and_the_moment_on_the_lists_clock() -> None:
    ends = replace(CALL, not_after=datetime(2019, 10, 11, 0, 30, tzinfo=UTC))

    assert confirmed(ends, MARCH, PACIFIC, APPROVED) == Confirmed(
        by="Unión del Barrio",
        coordinators=2,
        checked_at=time(15, 40),
        again_before=time(17, 30),
    )


def test_nobody_vouches_before_an_approval() -> None:
    assert confirmed(CALL, MARCH, PACIFIC, None) is None


@pytest.mark.parametrize(
    "last", [None, datetime(2019, 10, 12, 0, 30, tzinfo=UTC)], ids=str
)
def test_no_hour_of_another_day_is_promised(last: datetime | None) -> None:
    made = confirmed(replace(CALL, not_after=last), MARCH, PACIFIC, APPROVED)

    assert made is not None
    assert made.again_before is None


def test_a_lone_approval_is_not_said_to_be_of_two() -> None:
    made = confirmed(CALL, MARCH, PACIFIC, ALONE)

    assert made is not None
    assert made.coordinators == 1


def test_whoever_approved_alone_does_not_vouch_for_themselves() -> None:
    assert confirmed(CALL, None, PACIFIC, ALONE) is None
    assert confirmed(CALL, None, PACIFIC, APPROVED) is not None


@pytest.mark.parametrize(
    ("status", "sponsors", "by"),
    [
        (ActionStatus.TENTATIVE, SPONSORS, None),
        (ActionStatus.CONFIRMED, SPONSORS[:2], "Mijente"),
        (ActionStatus.CONFIRMED, SPONSORS[:1], None),
    ],
)
def test_only_who_backs_what_is_confirmed_is_named(
    status: ActionStatus, sponsors: tuple[Sponsor, ...], by: str | None
) -> None:
    march = action(1, sponsors=sponsors, status=status)
    made = confirmed(CALL, march, PACIFIC, APPROVED)

    assert made is not None
    assert made.by == by
