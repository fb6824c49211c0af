"""The fields of the form in which hosts describe an action, and what they hold."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from mailer.core.model import Facts, Place
from mailer.core.scope import region_of
from mailer.core.sharing.submission import ShownTo, Submission

KINDS = ("march", "vigil", "rally", "direct action")
MOST_SPONSORS = 50
# Characters that each takes: no more than sources may say and the store can hold.
LIMITS: Mapping[str, int] = {
    "kind": 60,
    "title": 200,
    "target": 200,
    "venue": 200,
    "street": 200,
    "city": 120,
    "sponsors": 200,  # of one name
    "website": 900,  # a longer one cannot be a link in mail
    "name": 120,
    "phone": 40,
    "address": 254,  # RFC 5321 §4.5.3.1
}
LASTS = (30, 60, 90, 120, 150, 180, 240, 300, 360, 480, 600, 720, 1440)  # minutes
# West to east: the zones of the countries whose cities the gazetteer knows.
ZONES = (
    "Pacific/Honolulu",
    "America/Anchorage",
    "America/Los_Angeles",
    "America/Tijuana",
    "America/Phoenix",
    "America/Denver",
    "America/Chicago",
    "America/Mexico_City",
    "America/New_York",
    "America/Toronto",
    "America/Halifax",
    "America/Puerto_Rico",
    "Pacific/Guam",
)

Form = Mapping[str, str]


class Field(StrEnum):
    """What a form can be wrong about, in the order in which it asks."""

    KIND = "kind"
    TITLE = "title"
    TARGET = "target"
    DAY = "day"
    TIMING = "timing"
    CLOCK = "clock"
    LASTS = "lasts"  # minutes
    LAST_DAY = "last_day"
    CITY = "city"
    STATE = "state"
    ZONE = "zone"
    VENUE = "venue"
    STREET = "street"
    SPONSORS = "sponsors"  # one on each line
    WEBSITE = "website"
    NAME = "name"
    ADDRESS = "address"
    PHONE = "phone"
    SHOWN_TO = "shown_to"
    CONNECT = "connect"


class Trouble(StrEnum):
    """What is wrong with a field."""

    MISSING = "missing"
    LONG = "long"
    UNREADABLE = "unreadable"
    PAST = "past"
    FAR = "far"
    MANY = "many"


class Timing(StrEnum):
    """Whether an action begins at an hour."""

    CLOCK = "clock"
    DAY = "day"  # all day, or nobody has said yet


EMPTY: Form = {
    **{each.value: "" for each in Field},
    Field.TIMING.value: Timing.CLOCK,
    Field.SHOWN_TO.value: ShownTo.NOBODY,
    Field.CONNECT.value: "no",
}


def filled(submission: Submission) -> Form:
    """Return the form that says this, for its host to correct."""
    facts, contact = submission.facts, submission.contact
    place, minutes = facts.place, lasts(facts)
    said = {
        Field.KIND: facts.kind,
        Field.TITLE: facts.title,
        Field.TARGET: facts.target,
        Field.DAY: facts.start_date.isoformat(),
        Field.TIMING: Timing.CLOCK if facts.start_time else Timing.DAY,
        Field.CLOCK: f"{facts.start_time:%H:%M}" if facts.start_time else None,
        Field.LASTS: str(minutes) if minutes else None,
        Field.LAST_DAY: None if facts.start_time else _day(facts),
        Field.CITY: place.locality or place.label,
        Field.STATE: state_of(place),
        Field.ZONE: None if facts.time_zone == place.time_zone else facts.time_zone,
        Field.VENUE: facts.venue,
        Field.STREET: facts.address,
        Field.SPONSORS: "\n".join(sponsor.name for sponsor in facts.sponsors),
        Field.WEBSITE: facts.url,
        Field.NAME: contact.name,
        Field.PHONE: contact.phone,
        Field.SHOWN_TO: submission.shown_to,
        Field.CONNECT: "yes" if contact.consent_connect else "no",
    }
    return {**EMPTY, **{name.value: words or "" for name, words in said.items()}}


def state_of(place: Place) -> str:
    """Return a place's state as the form names it: "us-ca", "mx"."""
    return region_of(place) or place.country.lower()


def lasts(facts: Facts) -> int | None:
    """Return for how many minutes of the wall clock it lasts, if that is said."""
    if facts.start_time is None or facts.end_time is None:
        return None
    start = datetime.combine(facts.start_date, facts.start_time)
    end = datetime.combine(facts.end_date or facts.start_date, facts.end_time)
    minutes = (end - start) // timedelta(minutes=1)
    return minutes if minutes > 0 else minutes + LASTS[-1]


def _day(facts: Facts) -> str | None:
    return facts.end_date.isoformat() if facts.end_date else None
