"""Actions from a CSV file with our columns."""

from datetime import date, time
from pathlib import Path

import pytest

from mailer.adapters.sources.csv import CsvSource
from mailer.core.errors import InputError
from mailer.core.model import (
    ActionStatus,
    Contact,
    LocationVisibility,
    Reading,
    Sponsor,
    SponsorRole,
)
from tests.gazetteer import gazetteer

TEMPLATE = (
    "external_id,title,status,start_date,start_time,end_time,time_zone,venue,address,"
    "city,state,postal_code,country,location_visibility,url,target,kind,sponsors,"
    "lead_sponsor,description,contact_name,contact_email,contact_public,"
    "consent_connect,language\n"
)


@pytest.fixture
def read(tmp_path: Path) -> "Read":
    return Read(tmp_path)


class Read:
    def __init__(self, folder: Path) -> None:
        self.file = folder / "actions.csv"

    def __call__(self, words: str | bytes, zone: str | None = None) -> Reading:
        data = words if isinstance(words, bytes) else words.encode()
        self.file.write_bytes(data)
        return CsvSource(self.file, gazetteer=gazetteer(), default_zone=zone).read()

    def row(self, **cells: str) -> Reading:
        given = {"start_date": "2019-10-12", "city": "Reno", "state": "NV"} | cells
        values = ",".join(
            '"' + each.replace('"', '""') + '"' for each in given.values()
        )
        return self(f"{','.join(given)}\n{values}\n")


def test_a_full_row_becomes_an_action_with_all_it_says(read: Read) -> None:
    reading = read(
        TEMPLATE + "42,March for All,tentative,2019-10-12,10:00,13:00,,Civic Center,"
        "1200 Third Ave,San Diego,CA,92101,US,public,https://x.example/42,"
        'ICE office,march,"DSA; Faith, Work and Rights",Unión del Barrio,'
        "Bring water.,Ana,ana@x.example,no,yes,es\n"
    )

    (draft,) = reading.drafts
    facts = draft.facts
    assert draft.external_id == "42"
    assert (facts.title, facts.status) == ("March for All", ActionStatus.TENTATIVE)
    assert (facts.start_time, facts.end_time) == (time(10), time(13))
    assert (facts.venue, facts.address) == ("Civic Center", "1200 Third Ave")
    assert (facts.target, facts.kind, facts.language) == ("ICE office", "march", "es")
    assert facts.url == "https://x.example/42"
    assert facts.sponsors == (
        Sponsor(name="Unión del Barrio", role=SponsorRole.LEAD),
        Sponsor(name="DSA"),
        Sponsor(name="Faith, Work and Rights"),
    )
    assert draft.contact == Contact(
        name="Ana", email="ana@x.example", public=False, consent_connect=True
    )
    assert [flag.code for flag in reading.flags] == ["column-not-kept"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "windows-1252"])
@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_headers_may_be_other_words_and_files_may_come_from_anywhere(
    read: Read, encoding: str, delimiter: str
) -> None:
    lines = ("Fecha|Ciudad|Estado|Lugar", "12 de octubre de 2019|Reno|NV|Jardín")
    words = "\r\n".join(lines).replace("|", delimiter)

    (draft,) = read(words.encode(encoding)).drafts

    assert (draft.facts.start_date, draft.facts.venue) == (date(2019, 10, 12), "Jardín")


def test_an_unknown_column_is_told_once(read: Read) -> None:
    reading = read(
        "date,city,state,Mood\n2019-10-12,Reno,NV,good\n2019-10-13,Elko,NV,x\n"
    )

    assert [(flag.code, flag.field) for flag in reading.flags] == [
        ("column-unknown", "Mood")
    ]


def test_a_guessed_encoding_is_told(read: Read) -> None:
    reading = read(
        "date,city,state,title\n2019-10-12,Reno,NV,Acción\n".encode("cp1252")
    )

    assert reading.drafts[0].facts.title == "Acción"
    assert [flag.code for flag in reading.flags] == ["encoding-guessed"]


@pytest.mark.parametrize(
    ("written", "flags"),
    [
        ("2019-10-12", []),
        ("Oct 12, 2019", []),
        ("Saturday, October 12, 2019", []),
        ("12 de octubre de 2019", []),
        ("10/12/2019", ["date-month-first"]),
        ("10/12/19", ["date-month-first"]),
    ],
)
def test_dates_are_read_in_many_forms_and_doubtful_ones_flagged(
    read: Read, written: str, flags: list[str]
) -> None:
    reading = read.row(start_date=written)

    assert reading.drafts[0].facts.start_date == date(2019, 10, 12)
    assert [flag.code for flag in reading.flags] == flags


def test_a_day_that_can_only_be_a_day_is_not_doubtful(read: Read) -> None:
    assert read.row(start_date="10/25/2019").flags == ()


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("10:00", time(10)),
        ("10:00 a.m.", time(10)),
        ("10am", time(10)),
        ("12 p.m.", time(12)),
        ("12:30 AM", time(0, 30)),
        ("6:30 p. m.", time(18, 30)),
        ("18 h", time(18)),
        ("noon", time(12)),
        ("TBA", None),
        ("", None),
    ],
)
def test_times_are_read_in_many_forms(
    read: Read, written: str, expected: time | None
) -> None:
    assert read.row(start_time=written).drafts[0].facts.start_time == expected


def test_a_moment_with_an_offset_is_put_on_the_clock_of_the_place(read: Read) -> None:
    facts = read.row(start_date="2019-10-13T01:30:00Z").drafts[0].facts

    assert (facts.start_date, facts.start_time) == (date(2019, 10, 12), time(18, 30))


def test_midnight_as_databases_export_dates_is_no_time(read: Read) -> None:
    reading = read.row(start_date="2019-10-12 00:00:00")

    assert reading.drafts[0].facts.start_time is None
    assert [flag.code for flag in reading.flags] == ["midnight-unsaid"]


def test_an_end_after_midnight_is_on_the_next_day_and_flagged(read: Read) -> None:
    reading = read.row(start_time="22:00", end_time="02:00")

    assert reading.drafts[0].facts.end_date == date(2019, 10, 13)
    assert [flag.code for flag in reading.flags] == ["ends-next-day"]


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("start_date", "", "is missing"),
        ("start_date", "25/10/2019", "day before the month"),
        ("start_date", "2019-02-30", "not in the calendar"),
        ("start_date", "soon", "is no date"),
        ("start_time", "7", "morning or evening"),
        ("start_time", "25:00", "is no time"),
        ("start_time", "13 pm", "is no time"),
        ("end_date", "2019-10-11", "before it starts"),
        ("city", "", "is missing"),
        ("country", "Elbonia", "is no country"),
        ("time_zone", "PST8PDT/../x", "is no time zone"),
        ("status", "maybe", "confirmed, tentative, cancelled, postponed"),
        ("location_visibility", "secret", "public, rsvp_only, city_only"),
    ],
)
def test_a_cell_that_cannot_be_used_rejects_its_row_by_line_and_column(
    read: Read, column: str, value: str, words: str
) -> None:
    reading = read.row(**{column: value})

    assert reading.drafts == ()
    (rejection,) = reading.rejections
    assert (rejection.file, rejection.line, rejection.field) == (
        str(read.file),
        2,
        column,
    )
    assert words in rejection.message


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("url", "javascript:alert(1)", "url-dropped"),
        ("url", "www.x.example", "url-dropped"),
        ("url", "https://user:hunter2@x.example/", "url-dropped"),
        ("url", "https://bank.example@x.example/", "url-dropped"),
        ("language", "Klingonish!", "language-dropped"),
        ("contact_email", "ana at x", "contact-email-dropped"),
        ("contact_public", "perhaps", "yes-or-no"),
        ("sponsors", "DSA, SURJ", "sponsors-with-commas"),
        ("title", "x" * 400, "text-cut"),
    ],
)
def test_a_cell_that_is_odd_is_flagged_and_the_action_kept(
    read: Read, column: str, value: str, code: str
) -> None:
    reading = read.row(**{column: value})

    assert len(reading.drafts) == 1
    assert [(flag.field, flag.code) for flag in reading.flags] == [(column, code)]


def test_no_flag_repeats_an_address(read: Read) -> None:
    reading = read.row(contact_email="ana@ x.example")

    assert all("ana" not in flag.message for flag in reading.flags)


def test_a_line_break_or_an_invisible_mark_never_gets_into_a_title(read: Read) -> None:
    reading = read.row(title="March\r\nBcc: x\u202e\u0007 now")

    assert reading.drafts[0].facts.title == "March Bcc: x now"


def test_who_may_read_the_address_is_kept(read: Read) -> None:
    reading = read.row(location_visibility="RSVP only")

    assert reading.drafts[0].facts.location_visibility is LocationVisibility.RSVP_ONLY


def test_one_identity_is_one_action(read: Read) -> None:
    reading = read(
        "id,date,city,state\n1,2019-10-12,Reno,NV\n1,2019-10-13,Elko,NV\n"
        "2,2019-10-14,Elko,NV\n"
    )

    assert [draft.external_id for draft in reading.drafts] == ["1", "2"]
    assert "line 2" in reading.rejections[0].message


def test_a_place_may_stand_in_one_column_with_its_venue(read: Read) -> None:
    reading = read(
        'date,where\n2019-10-12,"Civic Center, 1200 Third Ave, San Diego, CA"\n'
    )

    facts = reading.drafts[0].facts
    assert (facts.venue, facts.address) == ("Civic Center", "1200 Third Ave")
    assert facts.place.label == "San Diego, CA"


def test_a_place_beside_a_city_is_told_not_lost_in_silence(read: Read) -> None:
    (flag,) = read.row(place="Waterfront Park").flags

    assert (flag.line, flag.field, flag.code) == (2, "place", "place-not-read")
    assert '"Waterfront Park"' in flag.message
    assert "name its column venue" in flag.message


def test_a_place_nobody_knows_takes_the_sources_zone_and_says_so(read: Read) -> None:
    words = "date,city\n2019-10-12,Nowhereville\n"

    assumed = read(words, zone="America/Denver")
    rejected = read(words)

    assert assumed.drafts[0].facts.time_zone == "America/Denver"
    assert {flag.code for flag in assumed.flags} == {"place-unknown", "zone-assumed"}
    assert rejected.rejections[0].field == "place"


def test_coordinates_that_are_none_are_left_out_and_told(read: Read) -> None:
    right = read.row(latitude="39.5", longitude="-119.8")
    wrong = read.row(latitude="391", longitude="nan")

    assert right.drafts[0].facts.place.latitude == 39.5
    assert wrong.drafts[0].facts.place.latitude != 391
    assert [flag.code for flag in wrong.flags] == ["coordinates-dropped"]


@pytest.mark.parametrize(
    ("header", "words"), [("city,state", "date"), ("date,title", "place")]
)
def test_without_a_date_or_a_place_column_nothing_is_read(
    read: Read, header: str, words: str
) -> None:
    with pytest.raises(InputError, match=f"no column for the {words}"):
        read(f"{header}\na,b\n")
