"""A pasted web page, with everything that is wrong with real ones."""

import time
from datetime import date
from importlib.resources import files

import pytest
from hypothesis import given, strategies as st

from mailer.adapters.sources.page import PageSource
from mailer.core.errors import InputError
from mailer.core.model import CallDraft, Draft, Flag, Reading
from tests.gazetteer import gazetteer


def read(words: str, *, year: int | None = 2019, call: str | None = None) -> Reading:
    return PageSource(
        words, file="page.txt", year=year, gazetteer=gazetteer(), default_call=call
    ).read()


def names(draft: Draft) -> list[str]:
    return [sponsor.name for sponsor in draft.facts.sponsors]


@pytest.fixture(scope="module")
def october() -> Reading:
    sample = files("mailer.sample") / "october-2019.txt"
    return read(sample.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def by_code(october: Reading) -> dict[str, list[Flag]]:
    found: dict[str, list[Flag]] = {}
    for flag in october.flags:
        found.setdefault(flag.code, []).append(flag)
    return found


# --- the actions of October 2019 ----------------------------------------------


def test_october_has_27_actions_with_159_sponsorships(october: Reading) -> None:
    assert len(october.drafts) == 27
    assert sum(len(draft.facts.sponsors) for draft in october.drafts) == 159
    assert october.rejections == ()


def test_october_has_a_call_with_its_window_and_five_endorsers(
    october: Reading,
) -> None:
    assert october.call == CallDraft(
        slug="actions-for-immigrant-rights",
        title="Actions for Immigrant Rights",
        opens_on=date(2019, 10, 11),
        closes_on=date(2019, 10, 14),
        endorsers=(
            "American Federation of Teachers Guild (Local 1931)",
            "Coalition to Close the Concentration Camps",
            "Democratic Socialists of America",
            "The Red Nation",
            "United Teachers Los Angeles",
        ),
    )


def test_actions_outside_of_the_calls_window_are_actions_all_the_same(
    october: Reading,
) -> None:
    days = [draft.facts.start_date for draft in october.drafts]

    assert (min(days), max(days)) == (date(2019, 9, 28), date(2019, 10, 25))


@pytest.mark.parametrize(
    ("code", "field", "words"),
    [
        ("year-assumed", "year", "--year"),
        ("date-abbreviation", "date", '"Oct."'),
        ("place-without-region", "place", "New York City"),
        ("place-unknown", "place", "Bay Area, CA"),
        ("place-respelled", "place", "Alburquerque"),
        ("semicolons", "sponsors", "semicolons"),
        ("trailing-separator", "sponsors", "separator"),
        ("odd-spaces", "sponsors", "non-breaking"),
        ("editorial-note", "sponsors", "square brackets"),
        ("note-contradicts-list", "note", "Minneapolis"),
    ],
)
def test_every_trap_of_october_is_flagged_once(
    by_code: dict[str, list[Flag]], code: str, field: str, words: str
) -> None:
    (flag,) = by_code[code]

    assert flag.field == field
    assert flag.line is not None
    assert words in flag.message


def test_the_flag_of_a_trap_names_its_own_line(by_code: dict[str, list[Flag]]) -> None:
    sample = files("mailer.sample") / "october-2019.txt"
    lines = sample.read_text(encoding="utf-8").split("\n")

    assert lines[(by_code["semicolons"][0].line or 0) - 1].count(";") == 2
    assert lines[(by_code["date-abbreviation"][0].line or 0) - 1].startswith("Oct. 11")
    assert "\N{NO-BREAK SPACE}" in lines[(by_code["odd-spaces"][0].line or 0) - 1]


def test_five_cities_of_october_have_two_actions_each(
    by_code: dict[str, list[Flag]],
) -> None:
    places = sorted(flag.message.split(" has")[0] for flag in by_code["same-place"])

    assert places == [
        "Minneapolis, MN",
        "Newark, NJ",
        "Sacramento, CA",
        "San Antonio, TX",
        "San Diego, CA",
    ]


def test_the_note_that_contradicts_the_list_is_kept_and_told_with_both_dates(
    october: Reading, by_code: dict[str, list[Flag]]
) -> None:
    (clearbrook,) = [
        d for d in october.drafts if d.facts.place.locality == "Clearbrook"
    ]

    assert "Minneapolis on Oct. 11" in (clearbrook.facts.note or "")
    message = by_code["note-contradicts-list"][0].message
    assert "Oct 11" in message
    assert "Oct 10" in message


def test_the_bay_area_keeps_its_name_its_state_and_its_clock(october: Reading) -> None:
    (draft,) = [d for d in october.drafts if d.facts.place.locality == "Bay Area"]

    assert (draft.facts.place.label, draft.facts.place.region) == ("Bay Area, CA", "CA")
    assert draft.facts.place.latitude is None
    assert draft.facts.time_zone == "America/Los_Angeles"


def test_the_sample_holds_no_address_of_a_real_person() -> None:
    people = (files("mailer.sample") / "subscribers.csv").read_text(encoding="utf-8")
    addresses = [word for word in people.split(",") if "@" in word]

    assert len(addresses) == 42
    assert all(address.endswith(".example") for address in addresses)


# --- headings -----------------------------------------------------------------


@pytest.mark.parametrize(
    "heading",
    [
        "Oct 12 Denver, CO",
        "Oct. 12 Denver, CO",
        "October 12, 2019 Denver, CO",
        "Oct 12, 2019 \u2013 Denver, Colorado",
        "Saturday, October 12: Denver, CO",
        "Sat Oct 12th Denver, CO",
        "## Oct 12 Denver, CO",
        "* **Oct 12** Denver, CO".replace("**", ""),
        "12 de octubre Denver, CO",
        "s\u00e1bado 12 de octubre de 2019, Denver, CO",
        "12 oct. Denver, CO",
        "OCT 12\N{NO-BREAK SPACE}Denver,  CO",
    ],
)
def test_a_heading_may_be_written_in_many_ways(heading: str) -> None:
    (draft,) = read(f"{heading}\n\nDSA\n").drafts

    assert draft.facts.start_date == date(2019, 10, 12)
    assert draft.facts.place.label == "Denver, CO"
    assert names(draft) == ["DSA"]


def test_a_heading_may_name_two_days() -> None:
    (draft,) = read("Oct 12-13 Denver, CO\n\nDSA\n").drafts

    assert (draft.facts.start_date.day, draft.facts.end_date) == (
        12,
        date(2019, 10, 13),
    )


def test_a_year_on_the_page_wins_over_the_one_given() -> None:
    reading = read("Oct 12, 2020 Denver, CO\n\nDSA\n")

    assert reading.drafts[0].facts.start_date == date(2020, 10, 12)
    assert "year-assumed" not in {flag.code for flag in reading.flags}


def test_without_a_year_nothing_is_guessed() -> None:
    reading = read(
        "Oct 12 Denver, CO\n\nDSA\n\nOct 13, 2019 Reno, NV\n\nDSA", year=None
    )

    assert [draft.facts.place.locality for draft in reading.drafts] == ["Reno"]
    (rejection,) = reading.rejections
    assert (rejection.file, rejection.line, rejection.field) == ("page.txt", 1, "year")
    assert "--year" in rejection.message


@pytest.mark.parametrize(
    ("heading", "field", "words"),
    [
        ("Oct 32 Nowhere, CA", "date", "not in the calendar"),
        ("Feb 29 Reno, NV", "date", "not in the calendar"),
        ("Smarch 3 X", "date", "is it March?"),
        ("Otcober 3 Reno, NV", "date", "is it October?"),
        ("Oct 12 Nowhereville", "place", "time zone"),
        ("Oct 12", "place", "has no place"),
        ("Oct 14-12 Reno, NV", "date", "before it starts"),
    ],
)
def test_a_heading_that_cannot_be_read_is_rejected_and_swallows_nobody(
    heading: str, field: str, words: str
) -> None:
    reading = read(
        f"Oct 11 Reno, NV\n\nDSA\n\n{heading}\n\nSURJ\n\nOct 13 Denver, CO\n\nPSL\n"
    )

    assert [names(draft) for draft in reading.drafts] == [["DSA"], ["PSL"]]
    (rejection,) = reading.rejections
    assert (rejection.file, rejection.line, rejection.field) == ("page.txt", 5, field)
    assert words in rejection.message


def test_a_weekday_that_does_not_fit_is_flagged() -> None:
    reading = read("Sunday, Oct 12 Denver, CO\n\nDSA\n")

    assert reading.drafts[0].facts.start_date == date(2019, 10, 12)
    (flag,) = [flag for flag in reading.flags if flag.code == "weekday-mismatch"]
    assert "Saturday" in flag.message


@pytest.mark.parametrize(
    "sponsor", ["May 1 Coalition", "October 22 Coalition, DSA, SURJ, Mijente"]
)
def test_an_organization_named_after_a_day_is_no_heading(sponsor: str) -> None:
    reading = read(f"Oct 12 Denver, CO\n\n{sponsor}\n\nOct 13 Reno, NV\n\nDSA\n")

    assert len(reading.drafts) == 2
    assert names(reading.drafts[0])[0] == sponsor.split(",", maxsplit=1)[0]


def test_prose_that_begins_with_a_day_is_no_heading() -> None:
    reading = read(
        "October 12 is Indigenous Peoples' Day.\n\nOct 12 Denver, CO\n\nDSA\n\n"
        "Oct 12 will be remembered.\n"
    )

    assert len(reading.drafts) == 1
    assert reading.rejections == ()


# --- sponsors -----------------------------------------------------------------


def test_sponsors_may_stand_on_lines_of_their_own() -> None:
    reading = read("Oct 12 Denver, CO\n\u2022 DSA\n\u2022 SURJ\n\nGet involved\n")

    assert names(reading.drafts[0]) == ["DSA", "SURJ"]
    assert "sponsors-on-lines" in {flag.code for flag in reading.flags}


def test_an_action_without_sponsors_is_read_and_flagged() -> None:
    reading = read("Oct 12 Denver, CO\n\nOct 13 Reno, NV\n\nDSA\n")

    assert [names(draft) for draft in reading.drafts] == [[], ["DSA"]]
    assert [f.line for f in reading.flags if f.code == "no-sponsors"] == [1]


def test_words_between_two_actions_are_left_out_and_told() -> None:
    reading = read("Oct 12 Denver, CO\n\nDSA\n\nBring water!\n\nOct 13 Reno, NV\n\nPSL")

    assert [names(draft) for draft in reading.drafts] == [["DSA"], ["PSL"]]
    (flag,) = [flag for flag in reading.flags if flag.code == "line-skipped"]
    assert (flag.line, "Bring water!" in flag.message) == (5, True)


def test_the_same_action_twice_counts_once() -> None:
    entry = "Oct 12 Denver, CO\n\nDSA, SURJ\n\n"

    reading = read(entry * 2)

    assert len(reading.drafts) == 1
    assert [f.line for f in reading.flags if f.code == "repeated-action"] == [5]


def test_a_note_that_agrees_with_the_list_is_no_contradiction() -> None:
    reading = read(
        "Oct 12 Denver, CO\n\nDSA\n\nOct 13 Reno, NV\n\nPSL [after Denver, Oct 12]"
    )

    assert reading.drafts[1].facts.note == "after Denver, Oct 12"
    assert "note-contradicts-list" not in {flag.code for flag in reading.flags}


# --- the call -----------------------------------------------------------------


def test_the_call_takes_the_slug_it_is_given() -> None:
    reading = read("Endorsed by: DSA, SURJ\n\nOct 12 Reno, NV\n\nPSL", call="october")

    assert reading.call is not None
    assert (reading.call.slug, reading.call.endorsers) == ("october", ("DSA", "SURJ"))


def test_a_page_that_only_lists_actions_has_no_call() -> None:
    assert read("Oct 12 Reno, NV\n\nPSL").call is None


@pytest.mark.parametrize(
    ("window", "opens", "closes"),
    [
        ("October 11-14", date(2019, 10, 11), date(2019, 10, 14)),
        ("Oct 30 \u2013 Nov 2, 2018", date(2018, 10, 30), date(2018, 11, 2)),
        ("Dec 30 to Jan 2", date(2019, 12, 30), date(2020, 1, 2)),
        ("del 11 al 14 de octubre", date(2019, 10, 11), date(2019, 10, 14)),
    ],
)
def test_a_window_may_be_written_in_many_ways(
    window: str, opens: date, closes: date
) -> None:
    call = read(f"{window}\n\nAll Together\n\nOct 12 Reno, NV\n\nPSL").call

    assert call is not None
    assert (call.opens_on, call.closes_on, call.slug) == (opens, closes, "all-together")


# --- hostile pages ------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        "x" * 5_000_000,
        "Oct 12 " * 700_000,
        "Oct 12 Reno, NV\n\n" + "(" * 5_000_000,
        "Oct 12 Reno, NV\n\n" + "a," * 2_500_000,
        "[" * 5_000_000,
        "\n" * 5_000_000,
        "Oct 12 A, NV\n\n[" + "Oct 1 " * 3_000 + "\n",
        "Smarch 3 X\n" * 1_900,
        "Oct 1 Q\n" * 400_000,
    ],
    ids=[
        "letters",
        "dates",
        "parentheses",
        "commas",
        "brackets",
        "lines",
        "note",
        "misspelt",
        "headings",
    ],
)
def test_five_megabytes_of_garbage_are_answered_within_seconds(words: str) -> None:
    gazetteer().resolve("Reno", "NV", "US")  # loaded before the clock starts
    started = time.process_time()
    try:
        reading = read(words)
    except InputError as error:
        assert "page.txt" in str(error)  # noqa: PT017 - either outcome is right
    else:
        assert len(reading.drafts) + len(reading.rejections) > 0
    assert time.process_time() - started < 10


@given(
    st.lists(
        st.sampled_from(
            [
                "Oct 12 Reno, NV",
                "Oct 99 X, NV",
                "Smarch 3 X",
                "DSA, SURJ",
                "[note, Reno Oct 3",
                "",
                "  ",
                "Endorsed by",
                "October 11-14",
                "May 1 Coalition",
                "Prose, that ends.",
                "\u202eOct 1 \u2028 X",
            ]
        ),
        max_size=12,
    )
)
def test_every_heading_is_an_action_or_a_rejection_or_a_repetition(
    lines: list[str],
) -> None:
    try:
        reading = read("\n".join(lines))
    except InputError:
        assert "Oct 12 Reno, NV" not in lines
        return
    repeated = sum(flag.code == "repeated-action" for flag in reading.flags)
    headings = sum(line in ("Oct 12 Reno, NV", "Oct 99 X, NV") for line in lines)
    assert len(reading.drafts) + len(reading.rejections) + repeated >= headings
    assert all(
        1 <= (rejection.line or 0) <= len(lines) for rejection in reading.rejections
    )
