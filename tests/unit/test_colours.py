"""A coalition's own colour: what text can be read on, and what is offered instead."""

import pytest
from hypothesis import assume, example, given, strategies as st

from mailer.adapters.renderer.brand import OURS, palette
from mailer.core.colours import INK, READABLE, WHITE, Colour, neighbours, text_on

channels = st.integers(0, 255)
colours = st.builds(Colour, channels, channels, channels)


def colour(words: str) -> Colour:
    found = Colour.read(words)
    assert found is not None
    return found


@given(colours)
def test_a_colour_reads_back_as_it_is_written(any_colour: Colour) -> None:
    assert Colour.read(str(any_colour)) == any_colour


@pytest.mark.parametrize(
    "words", ["", "teal", "#12345", "#1234567", "123456", "#GGGGGG"]
)
def test_only_six_digits_are_a_colour(words: str) -> None:
    assert Colour.read(words) is None


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#FFFFFF", 21.0),
        ("#FFFFFF", "#FFFFFF", 1.0),
        ("#767676", "#FFFFFF", 4.54),
        ("#A3261B", "#FFFFFF", 7.4),
        ("#1E1712", "#FFD054", 12.1),
    ],
)
def test_contrast_is_that_of_wcag(one: str, other: str, ratio: float) -> None:
    assert colour(one).contrast(colour(other)) == pytest.approx(ratio, abs=0.05)
    assert colour(other).contrast(colour(one)) == colour(one).contrast(colour(other))


@given(colours)
def test_whatever_is_accepted_can_be_read(board: Colour) -> None:
    text = text_on(board)
    assume(text is not None)
    assert text in {INK, WHITE}
    assert board.contrast(text) >= READABLE


@given(colours)
@example(Colour(0x88, 0x88, 0x88))
@example(Colour(0xFF, 0x00, 0x00))
@example(Colour(0xFF, 0x8C, 0x00))
def test_what_is_refused_comes_with_two_neighbours_that_are_accepted(
    board: Colour,
) -> None:
    assume(text_on(board) is None)
    offered = neighbours(board)
    assert text_on(offered.lighter) == INK
    assert offered.lighter.contrast(INK) >= 7
    assert offered.lighter.brightness > 208
    assert text_on(offered.darker) == WHITE
    assert offered.lighter.lightness > board.lightness > offered.darker.lightness
    assert offered.nearer in {offered.lighter, offered.darker}


@given(colours)
def test_neighbours_keep_the_hue(board: Colour) -> None:
    assume(text_on(board) is None)
    assume(board.is_tinted)
    offered = neighbours(board)
    for near in (offered.lighter, offered.darker):
        if near.is_tinted:  # eight bits leave pale colours little hue to keep
            assert near.apart(board) < 2


@given(colours)
def test_neighbours_are_the_nearest_that_will_do(board: Colour) -> None:
    assume(text_on(board) is None)
    darker = neighbours(board).darker
    assert text_on(darker.at(darker.lightness + 1)) != WHITE


@given(colours)
def test_a_board_can_be_read_in_dark_mode_too(board: Colour) -> None:
    assume(text_on(board) is not None)
    look = palette(board)
    text = colour(look.on_board)
    assert colour(look.board).contrast(text) >= READABLE
    assert colour(look.dark_board).contrast(text) >= READABLE
    assert look.has_edge is (text == WHITE)


def test_without_a_colour_of_its_own_the_board_is_marigold() -> None:
    assert palette(None) == palette(colour("#FFD054")) == OURS


@pytest.mark.parametrize(
    ("code", "is_like"),
    [
        ("#A3261B", True),  # brick itself
        ("#8C1D40", True),  # maroon, 23 degrees away
        ("#7A1E5A", False),  # plum
        ("#174F6B", False),  # teal
        ("#2B2B2B", False),  # a grey has no hue to confuse
        ("#FFC9C2", False),  # a light red takes ink: no alarm looks like it
    ],
)
def test_a_board_like_the_alarm_is_told_from_it(code: str, *, is_like: bool) -> None:
    assert palette(colour(code)).is_like_brick is is_like
