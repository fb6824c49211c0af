"""A version of an action comes back from the store as it went in."""

import json
from datetime import date, time

from hypothesis import given, strategies as st

from mailer.core.model import (
    ActionStatus,
    Facts,
    LocationVisibility,
    Place,
    Sponsor,
    SponsorRole,
)
from mailer.core.snapshot import dump, load
from tests.factories import facts

WORDS = st.none() | st.text(max_size=20)
DEGREES = st.none() | st.floats(-180, 180)
PLACES = st.builds(
    Place,
    label=st.text(max_size=9),
    locality=st.text(max_size=9),
    region=WORDS,
    country=st.text(max_size=2),
    latitude=DEGREES,
    longitude=DEGREES,
    time_zone=WORDS,
)
SPONSORS = st.builds(
    Sponsor, name=st.text(max_size=9), role=st.sampled_from(SponsorRole)
)
FACTS = st.builds(
    Facts,
    start_date=st.dates(),
    start_time=st.none() | st.times(),
    end_date=st.none() | st.dates(),
    end_time=st.none() | st.times(),
    time_zone=st.text(max_size=9),
    place=PLACES,
    location_visibility=st.sampled_from(LocationVisibility),
    status=st.sampled_from(ActionStatus),
    sponsors=st.lists(SPONSORS, max_size=4).map(tuple),
    **dict.fromkeys(
        (
            "venue",
            "address",
            "title",
            "kind",
            "target",
            "description",
            "note",
            "url",
            "language",
        ),
        WORDS,
    ),
)


@given(FACTS)
def test_what_was_written_as_json_is_read_as_it_was(said: Facts) -> None:
    assert load(json.loads(json.dumps(dump(said)))) == said


def test_what_nobody_said_takes_no_room() -> None:
    assert set(dump(facts())) == {
        "start_date",
        "time_zone",
        "place",
        "sponsors",
        "status",
        "location_visibility",
    }


def test_a_version_that_older_programs_wrote_can_be_read() -> None:
    written = {
        "start_date": "2019-10-12",
        "start_time": "10:30:00",
        "time_zone": "America/Los_Angeles",
        "place": {"label": "San Diego, CA", "locality": "San Diego", "country": "US"},
        "sponsors": [["Border Angels", "lead"]],
        "status": "postponed",
        "location_visibility": "rsvp_only",
    }

    said = load(written)

    assert (said.start_date, said.start_time) == (date(2019, 10, 12), time(10, 30))
    assert said.sponsors == (Sponsor(name="Border Angels", role=SponsorRole.LEAD),)
    assert said.status is ActionStatus.POSTPONED
    assert said.location_visibility is LocationVisibility.RSVP_ONLY
