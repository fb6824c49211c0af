"""What strangers say reaches a terminal as words, never as an order to it."""

import json

import pytest
from hypothesis import given, strategies as st

from mailer.cli import diagnosis, output
from mailer.core.diagnosis import About, Entry, Topic

ORDERS = "\x00\x07\x08\r\x1b\x7f\x85\x9b\u202e\u2066"


@given(st.text())
def test_nothing_that_a_terminal_obeys_is_left(words: str) -> None:
    shown = output.harmless(words)

    assert all(letter in "\n\t" or letter.isprintable() or ord(letter) > 0x9F
               for letter in shown)  # fmt: skip
    assert output.harmless(shown) == shown


def test_progress_without_a_terminal_says_what_is_in_doubt_as_it_comes_up(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with output.progress("Sending") as tell:
        tell(0, 5)
        tell(0, 5, "5 in doubt")
        tell(0, 5, "5 in doubt")

    assert capsys.readouterr().err.splitlines() == [
        "Sending: 0 of 5",
        "Sending: 0 of 5; 5 in doubt",
    ]


def test_words_that_are_harmless_are_left_alone() -> None:
    words = "Unión del Barrio: 東京, عربي\n\t→ 5 % · “so” 🪧"

    assert output.harmless(words) == words


@pytest.mark.parametrize("tell", [output.say, output.show, output.heading])
def test_every_way_to_tell_people_something_is_guarded(
    tell: object, capsys: pytest.CaptureFixture[str]
) -> None:
    assert callable(tell)
    tell(f"before{ORDERS}after")
    output.table(("Name",), [(f"x{ORDERS}y",)])

    out, err = capsys.readouterr()
    assert not set(ORDERS) & set(out + err)
    assert "\\u001b" in out + err


def test_json_keeps_every_letter_and_gives_no_orders(
    capsys: pytest.CaptureFixture[str],
) -> None:
    output.emit({"words": f"é{ORDERS}"})
    output.emit_line([f"é{ORDERS}"])

    out = capsys.readouterr().out
    assert not set("\x00\x07\x08\x1b\x7f\x85\x9b") & set(out)
    first, _, last = out.rstrip("\n").rpartition("\n")
    assert json.loads(first) == {"words": f"é{ORDERS}"}
    assert json.loads(last) == [f"é{ORDERS}"]


def test_a_finding_cannot_feign_another_one(capsys: pytest.CaptureFixture[str]) -> None:
    told = About(Topic.DNS, "DMARC\n  ok  DKIM")
    forged = "fault\n  ok  SPF: all is well\x1b[2J"
    entry = Entry(name="a\nb", kind="TXT", value="v\x1b]0;owned\x07")

    diagnosis.show([told.fail(forged, forged, forged, entry)])

    out = capsys.readouterr().out
    assert not any(line.startswith("  ok") for line in out.splitlines())
    assert not set("\x1b\x07") & set(out)
