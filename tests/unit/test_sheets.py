"""CSV that leaves the house: read back as it was, and nothing of it is a formula."""

import csv
import io

from hypothesis import given, strategies as st

from mailer.adapters.sheets import RISKY, guarded, written

cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"))


@given(st.lists(st.lists(cells, min_size=2, max_size=2), max_size=5))
def test_no_cell_begins_as_a_formula_does_whatever_stands_before_it(
    rows: list[list[str]],
) -> None:
    file = b"".join(written(["email", "organization"], rows)).decode("utf-8-sig")
    _, *read = csv.reader(io.StringIO(file, newline=""))

    assert len(read) == len(rows)
    for before, after in zip(rows, read, strict=True):
        for cell, kept in zip(before, after, strict=True):
            assert not kept.lstrip().startswith(RISKY)
            assert kept == cell or kept == f"'{cell.lstrip()}"


def test_a_cell_that_is_no_formula_is_left_as_it_is() -> None:
    assert guarded("Unión del Barrio") == "Unión del Barrio"
    assert guarded(" \t=1+1") == "'=1+1"
