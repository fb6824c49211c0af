"""Imported people: who agreed, who left, and what an address in a file is not: a yes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from mailer.adapters import addresses
from mailer.adapters.sources.table import read_table
from mailer.core.model import Flag, Place, Rejection
from mailer.pipeline.findings import Findings
from mailer.pipeline.repeats import Row, survey
from mailer.pipeline.subscribe import (
    SUBSCRIBER_COLUMNS,
    SYNONYMS,
    addresses as read_addresses,
    contacts,
    organizations,
)
from mailer.ports import Contacted
from tests.factories import MONDAY, place

ANA = {"email": "ana@one.example"}


def resolve(city: str, state: str | None, country: str) -> tuple[Place, Flag | None]:
    if city == "San Diego":
        return place("San Diego"), None
    flag = Flag(line=None, field="city", code="place-unknown", message=f"{city}?")
    return Place(label=city, locality=city, region=state, country=country), flag


@dataclass(frozen=True)
class Checked:
    """What came of some rows."""

    rows: Sequence[Any]
    findings: Findings

    @property
    def rejected(self) -> Sequence[Rejection]:
        return self.findings.rejected

    @property
    def flagged(self) -> Sequence[Flag]:
        return self.findings.flagged


def check(*rows: Row) -> Checked:
    book, findings = addresses.AddressBook(), Findings()
    read = contacts(
        rows,
        file="people.csv",
        repeats=survey(lambda _columns: rows, spelled=book.spelled, size=100),
        findings=findings,
        check_address=book.checked,
        resolve=resolve,
        default_language="es",
        now=MONDAY,
    )
    return Checked(list(read), findings)


def row(line: int = 2, **cells: str) -> Row:
    return line, {**ANA, **cells}


def accepted(**cells: str) -> Contacted:
    checked = check((2, {**ANA, **cells}))
    assert checked.rejected == []
    [contact] = checked.rows
    assert isinstance(contact, Contacted)
    return contact


def rejected(**cells: str) -> Rejection:
    checked = check((2, {**ANA, **cells}))
    assert checked.rows == []
    [rejection] = checked.rejected
    return rejection


# --- who agreed


def test_an_address_alone_is_no_consent() -> None:
    found = accepted()

    assert (found.consent_basis, found.consent_at) == (None, None)
    assert (found.language, found.role) == ("es", "primary")


def test_a_basis_with_its_date_is_a_consent() -> None:
    found = accepted(
        consent_basis="sign-up sheet",
        consent_at="2019-09-03",
        consent_source="assembly",
        consent_text="Send me\nthe weekly digest.",
    )

    assert found.consent_basis == "sign-up sheet"
    assert found.consent_at == datetime(2019, 9, 3, tzinfo=UTC)
    assert found.consent_source == "assembly"
    assert found.consent_wording == "Send me the weekly digest."


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ({"consent_basis": "form"}, "consent_at"),
        ({"consent_basis": "form", "consent_at": " "}, "consent_at"),
        ({"consent_at": "2019-09-03"}, "consent_basis"),
        ({"consent_at": "2019-09-03", "consent_basis": "  "}, "consent_basis"),
    ],
)
def test_half_a_consent_is_refused_with_the_way_out(
    cells: dict[str, str], column: str
) -> None:
    found = rejected(**cells)

    assert (found.file, found.line, found.field) == ("people.csv", 2, column)
    assert "leave both empty to import them as pending" in found.message


@pytest.mark.parametrize("written", ["no", "No.", "NONE", "unknown", "n/a", "false"])
def test_a_basis_that_says_no_is_no_consent(written: str) -> None:
    found = rejected(consent_basis=written, consent_at="2019-09-03")

    assert (found.line, found.field) == (2, "consent_basis")
    assert "says that nobody agreed" in found.message
    assert "leave it and consent_at empty" in found.message


@pytest.mark.parametrize(
    ("written", "at"),
    [
        ("2019-09-03", datetime(2019, 9, 3, tzinfo=UTC)),
        ("2019-09-03 14:22:10", datetime(2019, 9, 3, 14, 22, 10, tzinfo=UTC)),
        ("2019-09-03 14:22:10 UTC", datetime(2019, 9, 3, 14, 22, 10, tzinfo=UTC)),
        ("2019-09-03T14:22:10Z", datetime(2019, 9, 3, 14, 22, 10, tzinfo=UTC)),
        ("2019-09-03T22:00-07:00", datetime(2019, 9, 4, 5, tzinfo=UTC)),
    ],
)
def test_a_consents_date_may_carry_a_time_and_a_zone(
    written: str, at: datetime
) -> None:
    assert accepted(consent_basis="form", consent_at=written).consent_at == at


@pytest.mark.parametrize(
    "written",
    ["09/03/2019", "3 Sept 2019", "yes", "2019-13-01", "0019-09-03", "9" * 9999],
)
def test_a_date_that_could_be_two_or_none_is_not_guessed(written: str) -> None:
    found = rejected(consent_basis="form", consent_at=written)

    assert found.field == "consent_at"
    assert "2019-09-03" in found.message
    assert len(found.message) < 200


@pytest.mark.parametrize("year", ["2020-10-07", "9999-12-31T23:59-12:00"])
@pytest.mark.parametrize("column", ["consent_at", "confirmed_at", "subscribed_at"])
def test_nobody_has_agreed_in_the_future(column: str, year: str) -> None:
    basis = {"consent_basis": "form"} if column == "consent_at" else {}
    found = rejected(**{column: year}, status="subscribed", **basis)

    assert found.field == column


def test_whoever_agreed_today_may_live_east_of_us() -> None:
    assert accepted(consent_basis="form", consent_at="2019-10-08").consent_at


# --- what other tools say


def export(tmp_path: Path, words: str) -> Sequence[Row]:
    file = tmp_path / "export.csv"
    file.write_text(words)
    return read_table(file, synonyms=SYNONYMS, known=SUBSCRIBER_COLUMNS).rows


def test_mailchimps_export_proves_who_confirmed(tmp_path: Path) -> None:
    rows = export(
        tmp_path,
        "Email Address,First Name,Last Name,MEMBER_RATING,OPTIN_TIME,CONFIRM_TIME,"
        "REGION,LEID\n"
        'ana@one.example,Ana,Paz,2,"2019-09-01 10:00:00","2019-09-01 10:05:00",CA,1\n'
        "ben@two.example,Ben,,2,,,,2\n",
    )

    ana, ben = check(*rows).rows

    assert (ana.given_name, ana.family_name) == ("Ana", "Paz")
    assert ana.consent_basis == "confirmed in another tool"
    assert ana.consent_at == datetime(2019, 9, 1, 10, 5, tzinfo=UTC)
    assert ben.consent_basis is None


@pytest.mark.parametrize("column", ["UNSUB_TIME", "CLEAN_TIME"])
def test_mailchimps_exports_of_those_who_left_subscribe_nobody(
    tmp_path: Path, column: str
) -> None:
    rows = export(
        tmp_path,
        f"Email Address,CONFIRM_TIME,{column}\n"
        "ana@one.example,2019-09-01 10:05:00,2019-09-20 08:00:00\n",
    )

    checked = check(*rows)

    assert checked.rows == []
    assert "mailer import suppressions" in checked.rejected[0].message


def test_a_cleaned_address_is_not_hidden_by_an_empty_unsubscribe_column(
    tmp_path: Path,
) -> None:
    rows = export(
        tmp_path,
        "Email Address,CONFIRM_TIME,UNSUB_TIME,CLEAN_TIME\n"
        "ana@one.example,2019-09-01 10:05:00,,2019-09-20 08:00:00\n",
    )

    assert [each.field for each in check(*rows).rejected] == ["cleaned_at"]


def test_action_networks_export_proves_who_is_subscribed(tmp_path: Path) -> None:
    rows = export(
        tmp_path,
        "email,first_name,can2_user_city,can2_state_abbreviated,"
        "can2_subscription_status,can2_subscription_date\n"
        "ana@one.example,Ana,San Diego,CA,subscribed,2019-09-01\n"
        "ben@two.example,Ben,San Diego,CA,subscribed,\n"
        "cleo@three.example,Cleo,San Diego,CA,unsubscribed,2019-09-01\n"
        "dan@four.example,Dan,San Diego,CA,bouncing,2019-09-01\n"
        "eve@five.example,Eve,San Diego,CA,previous spam complaint,2019-09-01\n",
    )

    checked = check(*rows)

    ana, ben = checked.rows
    assert (ana.consent_basis, ana.place) == (
        "subscribed in another tool",
        place("San Diego"),
    )
    assert ben.consent_basis is None  # nobody knows since when
    assert [(each.line, each.field) for each in checked.rejected] == [
        (4, "status"),
        (5, "status"),
        (6, "status"),
    ]
    assert all("mailer import suppressions" in r.message for r in checked.rejected)


def test_whoever_left_by_one_row_is_not_subscribed_by_another() -> None:
    yes = {"consent_basis": "form", "consent_at": "2019-09-03"}

    checked = check(row(2, **yes), row(3, email="ANA@one.example ", status="left"))

    assert checked.rows == []
    assert [each.line for each in checked.rejected] == [2, 3]
    assert "line 3" in checked.rejected[0].message


# --- everything else in a row


def test_the_same_address_again_is_rejected_naming_the_first_line() -> None:
    checked = check(row(2), row(3, email=" Ana@ONE.example"), row(4, email="b@b.org"))

    assert [each.line for each in checked.rows] == [2, 4]
    [again] = checked.rejected
    assert (again.line, again.field) == (3, "email")
    assert "line 2" in again.message


def test_a_row_that_is_rejected_does_not_block_a_better_one() -> None:
    checked = check(row(2, language="fr"), row(3))

    assert [each.line for each in checked.rows] == [3]


@pytest.mark.parametrize(
    ("cells", "column", "way_out"),
    [
        ({"email": ""}, "email", "write the address"),
        ({"email": "   "}, "email", "write the address"),
        ({"email": "ana"}, "email", "not an address"),
        ({"email": "ana@one"}, "email", "not an address"),
        ({"email": "ana@one.example\r\nBcc: ben"}, "email", "not an address"),
        ({"email": "a" * 9999 + "@one.example"}, "email", "5000"),
        ({"language": "fr"}, "language", "en, es"),
        ({"language": "ben@two.example"}, "language", "an address is none of en, es"),
        ({"role": "boss"}, "role", "primary, comms, regional"),
        ({"time_zone": "Pacific"}, "time_zone", "America/Chicago"),
        ({"time_zone": "../../etc/passwd"}, "time_zone", "America/Chicago"),
        ({"time_zone": "America"}, "time_zone", "America/Chicago"),
        ({"organization": "x" * 301}, "organization", "at most 300"),
        ({"given_name": "x" * 1_000_000}, "given_name", "at most 120"),
        ({"consent_text": "x" * 5001}, "consent_text", "at most 5000"),
        ({"organization": "Border\x00Angels"}, "organization", "control character"),
        ({"organization": "Border\u202eAngels"}, "organization", "control character"),
        ({"city": "x" * 301}, "city", "at most 150"),
    ],
)
def test_a_bad_cell_is_answered_with_file_line_column_and_way_out(
    cells: dict[str, str], column: str, way_out: str
) -> None:
    found = rejected(**cells)

    assert (found.file, found.line, found.field) == ("people.csv", 2, column)
    assert way_out in found.message
    assert len(found.message) < 300


def test_words_keep_their_letters_and_lose_stray_spaces() -> None:
    found = accepted(
        organization=" Unión  del\u00a0Barrio ",
        language="EN",
        role="Comms",
        time_zone="America/Chicago ",
    )

    assert found.organization == "Unión del Barrio"
    assert (found.language, found.role) == ("en", "comms")
    assert found.time_zone == "America/Chicago"


def test_a_place_that_needs_a_look_is_flagged_with_its_line() -> None:
    checked = check(row(7, city="Bay Area", state="CA"))

    assert [(flag.line, flag.code) for flag in checked.flagged] == [
        (7, "place-unknown")
    ]
    assert checked.rows[0].place.label == "Bay Area"


@given(st.dictionaries(st.sampled_from(SUBSCRIBER_COLUMNS), st.text(max_size=30)))
def test_whatever_a_row_holds_it_is_kept_or_rejected(cells: dict[str, str]) -> None:
    checked = check((2, cells))

    assert len(checked.rows) + len(checked.rejected) == 1
    for contact in checked.rows:
        assert (contact.consent_basis is None) == (contact.consent_at is None)


# --- suppressions and organizations


def test_a_suppression_list_keeps_what_it_can_and_names_the_rest() -> None:
    findings = Findings()
    kept = read_addresses(
        [row(2), row(3, email=""), row(4, email="no address")],
        file="left.csv",
        check_address=addresses.checked,
        findings=findings,
    )

    assert list(kept) == ["ana@one.example"]
    assert [(each.file, each.line) for each in findings.rejected] == [
        ("left.csv", 3),
        ("left.csv", 4),
    ]


def organization(**cells: str) -> Any:
    findings = Findings()
    kept = organizations([(2, cells)], file="o.csv", resolve=resolve, findings=findings)
    return (*kept, *findings.rejected)[0]


def test_an_organization_is_read_with_its_aliases() -> None:
    found = organization(
        name="Border Angels",
        aliases="Ángeles de la Frontera; BA;;",
        endorsed_on="2019-09-03",
        public="No",
        website="https://example.org",
    )

    assert found.aliases == ("Ángeles de la Frontera", "BA")
    assert (found.endorsed_on.isoformat(), found.public) == ("2019-09-03", False)


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 301}, "name"),
        ({"name": "A", "website": "javascript:alert(1)"}, "website"),
        ({"name": "A", "endorsed_on": "soon"}, "endorsed_on"),
        ({"name": "A", "public": "perhaps"}, "public"),
    ],
)
def test_a_bad_organization_is_answered_with_its_column(
    cells: dict[str, str], column: str
) -> None:
    assert organization(**cells).field == column
