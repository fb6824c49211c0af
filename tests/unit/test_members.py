"""A large JSON object, member by member, comes out as it would as a whole."""

import io
import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from mailer.adapters import members as reading
from mailer.adapters.members import members

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner)
    ),
    max_leaves=6,
).filter(lambda value: isinstance(value, (list, dict)))
OBJECTS = st.dictionaries(st.text(max_size=8), VALUES, min_size=1, max_size=8)


@given(thing=OBJECTS, indent=st.sampled_from((None, 1)), ascii_only=st.booleans())
def test_every_member_is_read_however_the_object_is_written(
    thing: dict[str, Any], indent: int | None, *, ascii_only: bool
) -> None:
    written = json.dumps(thing, indent=indent, ensure_ascii=ascii_only)

    assert list(members(io.StringIO(written))) == list(thing.values())


def test_members_are_read_across_the_pieces_in_which_the_file_comes() -> None:
    thing = {f'key "{n}"': {"name": "} , {" * n, "n": [n]} for n in range(2_000)}
    written = json.dumps(thing)
    assert len(written) > 2 * reading.PIECE

    assert list(members(io.StringIO(written))) == list(thing.values())


@pytest.mark.parametrize("written", ["", "[1]", '{"a": {"b"', '{"a": {}', "{} x"])
def test_a_file_that_is_no_whole_object_is_an_error(written: str) -> None:
    with pytest.raises(ValueError, match="no member"):
        list(members(io.StringIO(written)))
