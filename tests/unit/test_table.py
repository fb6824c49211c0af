"""Any CSV file as rows of named cells."""

from os import SEEK_END
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from mailer.adapters.sources.sheet import open_sheet
from mailer.adapters.sources.table import Table, read_table
from mailer.core.errors import InputError

KNOWN = ("email", "given_name", "city")
SYNONYMS = {
    "email_address": "email",
    "first_name": "given_name",
    "vorname": "given_name",
}


def table(path: Path, data: bytes) -> Table:
    file = path / "people.csv"
    file.write_bytes(data)
    return read_table(file, synonyms=SYNONYMS, known=KNOWN)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "windows-1252", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiter_encoding_and_line_ends_are_recognized(
    tmp_path: Path, delimiter: str, encoding: str, end: str
) -> None:
    lines = [("Email Address", "City"), ("ana@one.example", "Peñasco")]
    words = end.join(delimiter.join(line) for line in lines)

    read = table(tmp_path, words.encode(encoding))

    assert read.rows == ((2, {"email": "ana@one.example", "city": "Peñasco"}),)
    assert read.columns == ("email", "city")


def test_line_numbers_survive_blank_rows_and_line_breaks_in_cells(
    tmp_path: Path,
) -> None:
    read = table(
        tmp_path, b'email,city\n\n"a@x.example","San\nDiego"\n,\nb@x.example,\n'
    )

    assert [line for line, _ in read.rows] == [3, 6]


def test_the_line_in_which_excel_names_its_delimiter_is_no_header(
    tmp_path: Path,
) -> None:
    read = table(tmp_path, b"sep=;\r\nemail;city\r\na@x.example;Reno\r\n")

    assert read.rows == ((3, {"email": "a@x.example", "city": "Reno"}),)


def test_a_column_nobody_reads_is_named(tmp_path: Path) -> None:
    read = table(tmp_path, b"email,Shoe size,City\na@x.example,43,Reno\n")

    assert read.unknown == ("Shoe size",)
    assert read.rows[0][1] == {"email": "a@x.example", "city": "Reno"}


def test_a_columns_own_name_wins_over_its_synonym_and_the_other_is_named(
    tmp_path: Path,
) -> None:
    read = table(tmp_path, b"First Name,given_name,Email Address\nA,B,a@x.example\n")

    assert read.rows[0][1] == {"given_name": "B", "email": "a@x.example"}
    assert read.unknown == ("First Name",)


def test_a_column_that_stands_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"people\.csv: has the column \"Email\" twice"
    ):
        table(tmp_path, b"email,Email\na@x.example,b@x.example\n")


def test_a_row_with_too_many_cells_is_rejected_and_its_neighbours_are_read(
    tmp_path: Path,
) -> None:
    read = table(
        tmp_path, b"email,city\na@x.example,A\nb@x.example,B,CA\nc@x.example,C\n"
    )

    assert [line for line, _ in read.rows] == [2, 4]
    (rejection,) = read.rejections
    assert rejection.line == 3
    assert "quotes" in rejection.message


def test_a_quotation_mark_that_never_closes_is_told_not_swallowed(
    tmp_path: Path,
) -> None:
    read = table(
        tmp_path, b'email,city\na@x.example,A\nb@x.example,"B\nc@x.example,C\n'
    )

    assert len(read.rows) == 1
    assert [(each.line, each.field) for each in read.rejections] == [(3, "(row)")]


def test_a_quotation_mark_that_swallows_too_much_is_told_with_where_it_opens(
    tmp_path: Path,
) -> None:
    lost = b"c@x.example,C\n" * 10_000
    read = table(tmp_path, b'email,city\na@x.example,A\nb@x.example,"B\n' + lost)

    first, *_ = read.rejections
    assert (first.line, first.field) == (3, "(row)")
    assert "a quotation mark missing" in first.message
    assert len(read.rows) + len(read.rejections) < 10_000


@pytest.mark.parametrize("change", [b"b@x.example,B\n", b"b@x.example,\xff\xfe\n"])
def test_a_file_that_changes_between_two_readings_is_refused(
    tmp_path: Path, change: bytes
) -> None:
    file = tmp_path / "people.csv"
    file.write_bytes(b"email,city\na@x.example,A\n")
    sheet = open_sheet(file, synonyms=SYNONYMS, known=KNOWN)
    assert len(list(sheet.records())) == 1
    with file.open("ab") as more:
        more.write(change)

    with pytest.raises(InputError, match=r"people\.csv: was changed while it was read"):
        list(sheet.records())


@pytest.mark.parametrize("end", [b"b@x.example,B\n", b"\xff\xfe\xff,B\n"])
def test_a_file_that_changes_under_the_reading_is_refused_in_its_end(
    tmp_path: Path, end: bytes
) -> None:
    file = tmp_path / "people.csv"
    file.write_bytes(b"email,city\n" + b"a@x.example,A\n" * 50_000)
    sheet = open_sheet(file, synonyms=SYNONYMS, known=KNOWN)
    records = sheet.records()
    next(records)
    with file.open("r+b") as same:  # as long as before
        same.seek(-len(end), SEEK_END)
        same.write(end)

    with pytest.raises(InputError, match=r"people\.csv: was changed while it was read"):
        list(records)


def test_our_own_guard_against_formulas_is_taken_off_again(tmp_path: Path) -> None:
    read = table(tmp_path, b"email,given_name\na@x.example,'=1+1\nb@x.example,'twas\n")

    assert [row["given_name"] for _, row in read.rows] == ["=1+1", "'twas"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"name,shape\nx,y\n", "no column that is known"),
        (b"email\n\x00\x01\x02", "binary"),
        (b"email\n\x81\x8d", "neither UTF-8 nor Windows-1252"),
        (b"PK\x03\x04rest of a spreadsheet", "spreadsheet"),
        (b"email," + b"x," * 600, "more than 500 columns"),
    ],
)
def test_a_file_that_is_no_table_is_refused_by_name(
    tmp_path: Path, data: bytes, reason: str
) -> None:
    with pytest.raises(InputError, match=rf"people\.csv: .*{reason}"):
        table(tmp_path, data)


def test_a_missing_file_a_folder_and_a_huge_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such file"):
        read_table(tmp_path / "none.csv", synonyms={}, known=KNOWN)
    with pytest.raises(InputError, match="is a folder"):
        read_table(tmp_path, synonyms={}, known=KNOWN)
    large = tmp_path / "large.csv"
    large.write_bytes(b"email\n" + b"a@x.example\n" * 100_000)
    with pytest.raises(InputError, match="larger than 1 MB"):
        read_table(large, synonyms={}, known=KNOWN, limit=1024 * 1024)


@given(st.binary(max_size=400))
def test_whatever_the_bytes_there_is_a_table_or_a_reason(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    file = tmp_path_factory.getbasetemp() / "any.csv"
    file.write_bytes(b"email,city\n" + data)
    try:
        read = read_table(file, synonyms=SYNONYMS, known=KNOWN)
    except InputError as error:
        assert str(file) in str(error)  # noqa: PT017 - either outcome is right
    else:
        assert all(set(row) == {"email", "city"} for _, row in read.rows)
