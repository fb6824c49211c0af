"""A form in which a host describes an action: what is read, and what is refused."""

from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given, strategies as st

from mailer.core.model import ActionStatus, Contact, Place, SponsorRole
from mailer.core.sharing import fields, submission, words
from mailer.core.sharing.fields import EMPTY, Field, Form, Trouble
from mailer.core.sharing.reading import Read, read
from mailer.core.sharing.submission import ShownTo
from tests.factories import facts, place

NOW = datetime(2019, 10, 8, 17, 30, tzinfo=UTC)
VIGIL: Form = {
    **EMPTY,
    "kind": "vigil",
    "title": "Vigil for Roxsana",
    "target": "Otay Mesa Detention Center",
    "day": "2019-10-19",
    "clock": "18:30",
    "lasts": "90",
    "city": "San Diego",
    "state": "us-ca",
    "venue": "Chicano Park",
    "street": "1949 Logan Ave",
    "sponsors": "Unión del Barrio\nBorder Angels\r\n\nborder angels",
    "website": "vigil.example.org/roxsana",
    "name": "Ana",
    "address": "ana@barrio.example",
    "phone": "+1 (619) 555-0100",
    "shown_to": "organizers",
    "connect": "yes",
}


def somewhere(locality: str, region: str | None, country: str) -> Place:
    """A gazetteer of one city."""
    if (locality, region, country) == ("San Diego", "CA", "US"):
        return place("San Diego")
    label = f"{locality}, {region}" if region else locality
    return Place(label=label, locality=locality, region=region, country=country)


def posted(**changes: str) -> Read:
    form = {**VIGIL, **changes}
    return read(form, place_of=somewhere, now=NOW, language="es")


def test_a_form_becomes_the_facts_that_readers_are_told() -> None:
    said = posted().submission
    assert said is not None

    assert said.facts.start_date == date(2019, 10, 19)
    assert (said.facts.start_time, said.facts.end_time) == (time(18, 30), time(20))
    assert said.facts.time_zone == "America/Los_Angeles"
    assert said.facts.place == place("San Diego")
    assert said.facts.url == "https://vigil.example.org/roxsana"
    assert said.facts.language == "es"
    assert [(one.name, one.role) for one in said.facts.sponsors] == [
        ("Unión del Barrio", SponsorRole.LEAD),
        ("Border Angels", SponsorRole.CO_SPONSOR),
    ]
    assert said.shown_to is ShownTo.ORGANIZERS
    assert said.contact == Contact(
        name="Ana", phone="+1 (619) 555-0100", consent_connect=True
    )
    assert posted().address == "ana@barrio.example"


def test_only_who_shows_it_to_everybody_has_a_public_contact() -> None:
    said = posted(shown_to="everybody").submission
    assert said is not None
    assert said.contact.public


@pytest.mark.parametrize(
    ("changes", "field", "trouble"),
    [
        ({"day": ""}, Field.DAY, Trouble.MISSING),
        ({"day": "next Friday"}, Field.DAY, Trouble.UNREADABLE),
        ({"day": "2019-10-07"}, Field.DAY, Trouble.PAST),
        ({"day": "2039-10-19"}, Field.DAY, Trouble.FAR),
        ({"day": "9999-12-31"}, Field.DAY, Trouble.FAR),
        ({"clock": ""}, Field.CLOCK, Trouble.MISSING),
        ({"clock": "evening"}, Field.CLOCK, Trouble.UNREADABLE),
        ({"timing": "whenever"}, Field.TIMING, Trouble.UNREADABLE),
        ({"lasts": "forever"}, Field.LASTS, Trouble.UNREADABLE),
        ({"lasts": "99999"}, Field.LASTS, Trouble.UNREADABLE),
        (
            {"timing": "day", "last_day": "2019-10-18"},
            Field.LAST_DAY,
            Trouble.PAST,
        ),
        ({"timing": "day", "last_day": "2020-10-18"}, Field.LAST_DAY, Trouble.FAR),
        ({"city": " \u200b "}, Field.CITY, Trouble.MISSING),
        ({"city": "x" * 121}, Field.CITY, Trouble.LONG),
        ({"state": "California"}, Field.STATE, Trouble.UNREADABLE),
        ({"city": "Nowhereville"}, Field.ZONE, Trouble.MISSING),
        ({"zone": "Mars/Olympus"}, Field.ZONE, Trouble.UNREADABLE),
        ({"zone": "EST"}, Field.ZONE, Trouble.UNREADABLE),
        ({"kind": "party"}, Field.KIND, Trouble.UNREADABLE),
        ({"title": "x" * 201}, Field.TITLE, Trouble.LONG),
        ({"target": "x" * 201}, Field.TARGET, Trouble.LONG),
        ({"venue": "x" * 201}, Field.VENUE, Trouble.LONG),
        ({"street": "x" * 201}, Field.STREET, Trouble.LONG),
        ({"sponsors": "\n \n"}, Field.SPONSORS, Trouble.MISSING),
        ({"sponsors": "x" * 201}, Field.SPONSORS, Trouble.LONG),
        (
            {"sponsors": "\n".join(f"Group {n}" for n in range(51))},
            Field.SPONSORS,
            Trouble.MANY,
        ),
        ({"website": "javascript://alert(1)"}, Field.WEBSITE, Trouble.UNREADABLE),
        ({"website": "https://us@evil.example"}, Field.WEBSITE, Trouble.UNREADABLE),
        ({"website": "https://[::"}, Field.WEBSITE, Trouble.UNREADABLE),
        ({"website": "x" * 901}, Field.WEBSITE, Trouble.LONG),
        ({"name": "x" * 121}, Field.NAME, Trouble.LONG),
        ({"phone": "call me"}, Field.PHONE, Trouble.UNREADABLE),
        ({"address": ""}, Field.ADDRESS, Trouble.MISSING),
        ({"address": "ana at barrio"}, Field.ADDRESS, Trouble.UNREADABLE),
        ({"shown_to": "the police"}, Field.SHOWN_TO, Trouble.UNREADABLE),
        ({"connect": "maybe"}, Field.CONNECT, Trouble.UNREADABLE),
    ],
)
def test_a_field_that_is_wrong_is_named_and_nothing_else(
    changes: dict[str, str], field: Field, trouble: Trouble
) -> None:
    answer = posted(**changes)

    assert answer.submission is None
    assert dict(answer.troubles) == {field: trouble}


def test_everything_that_is_wrong_is_told_at_once_and_in_the_order_of_the_form() -> (
    None
):
    answer = read({}, place_of=somewhere, now=NOW, language="en")

    assert list(answer.troubles) == [
        Field.DAY,
        Field.CLOCK,
        Field.CITY,
        Field.SPONSORS,
        Field.ADDRESS,
    ]


def test_a_place_that_nobody_knows_is_taken_with_a_zone() -> None:
    said = posted(city="Nowhereville", zone="America/Denver").submission
    assert said is not None

    assert not said.is_placed
    assert said.facts.place.label == "Nowhereville, CA"
    assert said.facts.time_zone == "America/Denver"


def test_the_hour_decides_whether_today_is_past() -> None:
    # It is 10:30 in San Diego.
    assert posted(day="2019-10-08", clock="8:00", lasts="60").troubles == {
        Field.DAY: Trouble.PAST
    }
    assert not posted(day="2019-10-08", clock="10:00", lasts="60").troubles
    assert not posted(day="2019-10-08", timing="day").troubles


def test_an_action_may_last_past_midnight_and_for_days() -> None:
    night = posted(clock="11 p.m.", lasts="180").submission
    camp = posted(timing="day", last_day="2019-10-21").submission
    assert night is not None
    assert camp is not None

    assert night.facts.end_date == date(2019, 10, 20)
    assert night.facts.end_time == time(2)
    assert camp.facts.start_time is None
    assert camp.facts.end_date == date(2019, 10, 21)


@pytest.mark.parametrize(
    ("written", "clock"),
    [
        ("18:30", time(18, 30)),
        ("6:30 PM", time(18, 30)),
        ("6 p. m.", time(18)),
        ("12 am", time()),
        ("12:05pm", time(12, 5)),
        ("18.30", time(18, 30)),
        ("07:00:00", time(7)),
        ("18", None),
        ("13 pm", None),
        ("25:00", None),
        ("١٨:٣٠", None),
    ],
)
def test_hours_are_read_as_people_write_them(written: str, clock: time | None) -> None:
    assert words.clock(written) == clock


def test_what_cannot_be_seen_is_left_out_and_all_is_on_one_line() -> None:
    said = posted(title="Free\u202e them\x07\n all\ud800\u200b").submission
    assert said is not None

    assert said.facts.title == "Free them all"


def test_a_correction_keeps_what_the_form_does_not_ask() -> None:
    known = facts(
        description="Bring water.", status=ActionStatus.TENTATIVE, language="en"
    )
    answer = read(VIGIL, place_of=somewhere, now=NOW, language="es", known=known)
    assert answer.submission is not None

    told = answer.submission.facts
    assert told.description == "Bring water."
    assert told.status is ActionStatus.TENTATIVE
    assert told.language == "en"
    assert told.title == "Vigil for Roxsana"
    assert answer.address is None


def test_what_is_sent_twice_is_about_the_same() -> None:
    first, again = posted().submission, posted(title="VIGIL for Roxsana").submission
    other = posted(day="2019-10-20").submission
    assert first is not None
    assert again is not None
    assert other is not None

    assert first.about == again.about
    assert first.about != other.about


_WORDS = st.text(max_size=60)
_FORMS = st.fixed_dictionaries(
    {},
    optional={
        name: st.one_of(_WORDS, st.just(VIGIL[name]))
        for name in (each.value for each in Field)
    },
)


@given(_FORMS)
def test_no_form_breaks_the_reading(form: dict[str, str]) -> None:
    answer = read(form, place_of=somewhere, now=NOW, language="en")

    assert (answer.submission is None) == bool(answer.troubles)


@given(
    st.fixed_dictionaries(
        {
            "title": _WORDS,
            "clock": st.sampled_from(["18:30", "00:00", "23:59"]),
            "lasts": st.sampled_from(["", *map(str, fields.LASTS), "4000"]),
            "timing": st.sampled_from(["clock", "day"]),
            "last_day": st.sampled_from(["", "2019-10-19", "2019-11-02"]),
            "zone": st.sampled_from(["", *fields.ZONES]),
            "connect": st.sampled_from(["yes", "no"]),
            "shown_to": st.sampled_from([*ShownTo]),
        }
    )
)
def test_a_form_filled_again_says_the_same(changes: dict[str, str]) -> None:
    said = posted(**changes).submission
    assert said is not None

    again = read(
        fields.filled(said),
        place_of=somewhere,
        now=NOW,
        language="es",
        known=said.facts,
    )

    assert again.submission == said
    assert submission.load(submission.dump(said)) == said


def test_a_place_of_another_source_stays_as_that_has_it() -> None:
    there = replace(place("San Diego"), latitude=1.0, label="San Diego (north)")
    known = facts(place=there)

    answer = read(VIGIL, place_of=somewhere, now=NOW, language="es", known=known)

    assert answer.submission is not None
    assert answer.submission.facts.place == there
