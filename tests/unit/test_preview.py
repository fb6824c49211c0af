"""What the preview makes of a message, and how it notices an edit."""

import os
from pathlib import Path

import pytest

from mailer.adapters.gates import Finding, Gate, Message
from mailer.adapters.stamps import excerpt, stamp
from mailer.web.preview.desk import Choice, Shown, Trouble
from mailer.web.preview.frame import Look, framed
from mailer.web.preview.page import Asked, page

DARK = "@media (prefers-color-scheme: dark) { p { color: #FFF !important; } }"
LIGHT = "@media screen and (prefers-color-scheme:light) { p { margin: 0 } }"
HTML = f"<html><head><style>{DARK}\n{LIGHT}\n:root {{ color-scheme: light dark; }}"


def test_a_dark_frame_answers_the_query_for_dark_and_no_other() -> None:
    shown = framed(HTML, Look.DARK)
    assert "@media (min-width: 0px) { p { color: #FFF" in shown
    assert "@media screen and (max-width: 0px)" in shown
    assert "color-scheme: dark;" in shown


def test_a_light_frame_stays_light_on_a_machine_that_is_dark() -> None:
    shown = framed(HTML, Look.LIGHT)
    assert "@media (max-width: 0px) { p { color: #FFF" in shown
    assert "color-scheme: light;" in shown


def test_links_in_a_frame_are_made_to_open_nothing() -> None:
    assert framed(HTML, Look.LIGHT).startswith('<html><head><base target="_blank">')


def project(folder: Path) -> Path:
    (folder / "templates" / "email").mkdir(parents=True)
    (folder / "lists").mkdir()
    (folder / "mailer.toml").write_text("x = 1\n")
    (folder / "templates" / "email" / "body.txt").write_text("one\ntwo\nthree\n")
    return folder


def test_the_stamp_changes_with_every_file_that_shapes_a_message(
    tmp_path: Path,
) -> None:
    folder = project(tmp_path)
    seen = [stamp(folder)]
    assert stamp(folder) == seen[0]

    (folder / "mailer.toml").write_text("x = 12\n")
    seen.append(stamp(folder))
    (folder / "lists" / "weekly.toml").write_text("title = 'x'\n")
    seen.append(stamp(folder))
    os.utime(folder / "templates" / "email" / "body.txt", (1, 1))
    seen.append(stamp(folder))
    (folder / "templates" / "email" / "body.txt").unlink()
    seen.append(stamp(folder))

    assert len(set(seen)) == len(seen)


def test_the_outbox_and_the_database_are_no_edits(tmp_path: Path) -> None:
    folder = project(tmp_path)
    before = stamp(folder)
    (folder / "mailer.db").write_bytes(b"x")
    assert stamp(folder) == before


@pytest.mark.parametrize("name", ["email/body.txt", "absolute"])
def test_an_error_shows_the_lines_around_the_one_it_names(
    tmp_path: Path, name: str
) -> None:
    templates = project(tmp_path) / "templates"
    file = str(templates / "email" / "body.txt") if name == "absolute" else name
    assert list(excerpt(f"{file}, line 2: no such thing", templates)) == [
        (1, "one", False),
        (2, "two", True),
        (3, "three", False),
    ]


def test_no_line_outside_the_templates_is_ever_shown(tmp_path: Path) -> None:
    templates = project(tmp_path) / "templates"
    for words in (
        "../mailer.toml, line 1: oh",
        f"{tmp_path / 'mailer.toml'}, line 1: oh",
        "email/none.txt, line 1: oh",
        "no place at all",
    ):
        assert list(excerpt(words, templates)) == []


EVIL = "<script>alert(1)</script>\"'&"


def test_whatever_a_message_or_a_mistake_says_is_printed_and_not_run() -> None:
    message = Message(
        language="en",
        subject=EVIL,
        preheader=EVIL,
        html=EVIL,
        text=EVIL,
        leave_url=None,
    )
    finding = Finding(gate=Gate.LINKS, words=f"{EVIL}: {EVIL}", where=EVIL)
    choice = Choice(key=EVIL, title=EVIL, group=EVIL)
    for shown in (
        Shown(message=message, findings=(finding,)),
        Shown(trouble=Trouble(words=EVIL, excerpt=((1, EVIL, True),))),
    ):
        asked = Asked(of=EVIL, language="en")
        words = page(asked, shown, [choice], note=EVIL, stamp=EVIL)
        assert "<script>alert" not in words
        assert words.count("<script") == 1
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in words
