"""What a draft takes from its action: the way to it leads to a page of ours."""

from zoneinfo import ZoneInfo

import pytest

from mailer.adapters.markdown import CommonMark
from mailer.adapters.renderer.mail import MailRenderer
from mailer.adapters.renderer.specimens import specimens
from mailer.core.draft import Draft, Wording
from mailer.core.model import LocationVisibility
from mailer.pipeline.typeset import Typesetter
from tests.factories import action
from tests.fakes.people import MemoryActions
from tests.fakes.site import TEMPLATES

BASE = "https://mail.example.org"
CALL = Draft(
    list_slug="urgent",
    edition="otay",
    wordings=(Wording(language="en", headline=("Come",)),),
)


@pytest.fixture
def typesetter() -> Typesetter:
    brand = specimens(TEMPLATES)["digest"].sample.brand
    return Typesetter(
        renderer=MailRenderer(TEMPLATES, brand, BASE),
        markdown=CommonMark(),
        actions=MemoryActions(),
        secret=b"s" * 32,
        base_url=BASE,
        zone=ZoneInfo("UTC"),
    )


def test_directions_lead_to_our_own_page_and_to_no_map_of_others(
    typesetter: Typesetter,
) -> None:
    march = action(7, venue="Main gate", address="446 Alta Rd")
    told = typesetter.message(CALL, march, "en")

    assert told.occasion is not None
    assert told.occasion.directions == f"{BASE}/actions/public-7#where"


@pytest.mark.parametrize(
    "seen", [LocationVisibility.RSVP_ONLY, LocationVisibility.CITY_ONLY]
)
def test_there_are_no_directions_to_a_place_that_is_not_public(
    typesetter: Typesetter, seen: LocationVisibility
) -> None:
    march = action(7, venue="Main gate", location_visibility=seen)
    told = typesetter.message(CALL, march, "en")

    assert told.occasion is not None
    assert told.occasion.directions is None
