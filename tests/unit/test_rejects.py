"""The file of rejected rows is safe to open, and reads back as what it was."""

import csv
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from mailer.adapters.sources import rejects
from mailer.adapters.sources.sheet import open_sheet
from mailer.core.errors import RefusedError
from mailer.core.model import Rejection

KNOWN = ("email", "given_name", "city")
BAD = Rejection(file="people.csv", line=7, field="city", message="is odd")
# What text files can hold, and more often what spreadsheets run.
CELLS = st.text(
    st.sampled_from("=+-@'\" \t\r\n,;é") | st.characters(codec="utf-8", exclude_characters="\x00"),
    max_size=8,
)  # fmt: skip


def written(folder: Path, header: Sequence[str], cells: Sequence[str]) -> Path:
    origin, target = folder / "people.csv", folder / "rejects.csv"
    origin.write_text("email\n", "utf-8")
    with rejects.writing(target, origin=origin, header=header) as file:
        file.write(BAD, cells)
    return target


@given(cells=st.tuples(CELLS, CELLS, CELLS))
def test_no_cell_begins_as_a_formula_and_all_are_read_as_they_were(
    tmp_path_factory: pytest.TempPathFactory, cells: tuple[str, str, str]
) -> None:
    target = written(tmp_path_factory.getbasetemp(), KNOWN, cells)

    with target.open(encoding="utf-8-sig", newline="") as file:
        _, row = csv.reader(file)
    assert not any(cell.lstrip().startswith(("=", "+", "-", "@")) for cell in row)

    sheet = open_sheet(target, synonyms={}, known=KNOWN)
    ((_, again, rejection),) = sheet.records()
    assert rejection is None
    as_first_read = sheet.reader()(["7", "city", "is odd", *cells])
    assert sheet.reader()(again) == as_first_read


def test_a_header_is_no_formula_either(tmp_path: Path) -> None:
    target = written(tmp_path, ("email", "=cmd()"), ("a@x.example", "1"))

    first = target.read_text("utf-8-sig").splitlines()[0]
    assert first.endswith(",email,'=cmd()")


def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    assert written(tmp_path, KNOWN, ("a", "b", "c")).stat().st_mode & 0o077 == 0


def test_it_replaces_its_own_kind_and_nothing_else(tmp_path: Path) -> None:
    target = written(tmp_path, KNOWN, ("a", "b", "c"))
    assert written(tmp_path, KNOWN, ("d", "e", "f")) == target
    assert "d,e,f" in target.read_text("utf-8-sig")
    assert "a,b,c" not in target.read_text("utf-8-sig")

    target.write_text("Dear all", "utf-8")
    with pytest.raises(RefusedError, match="holds something else"):
        written(tmp_path, KNOWN, ("a", "b", "c"))
    target.unlink()
    target.mkdir()
    with pytest.raises(RefusedError, match="is no file"):
        written(tmp_path, KNOWN, ("a", "b", "c"))
