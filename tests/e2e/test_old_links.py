"""Links of every purpose, long after: with new keys, and once theirs is retired."""

import base64
import re
from collections.abc import Mapping
from datetime import timedelta

import pytest

from mailer.core.roles import Role
from mailer.core.tokens import Purpose
from tests.e2e import plain
from tests.e2e.test_introductions import ANA, Meeting, meeting, settled
from tests.e2e.test_share import DAY, link_of
from tests.e2e.town import Town
from tests.factories import draft

__all__ = ["meeting", "settled"]
READER, NEW = "ana@barrio.example", "new@reader.example"
# What whoever opens a link reads there, and nowhere else.
OWN: Mapping[Purpose, str] = {
    Purpose.LEAVE: "Leave this list",
    Purpose.PREFERENCES: "Pause",
    Purpose.CONFIRM: "Was that you?",
    Purpose.HOST: "Otay Mesa",
    Purpose.PROPOSE: "Otay Mesa",
    Purpose.INTRODUCE: "Los Angeles, CA",
    Purpose.INVITE: "password",
}


def links(meeting: Meeting) -> Mapping[Purpose, str]:
    """Where a link of every purpose leads, each taken from the mail it came in."""
    found: dict[Purpose, str] = {}
    town = meeting.town
    found[Purpose.INTRODUCE], _ = meeting.both()
    meeting.read.clear()
    for letter in meeting.letters(ANA):
        if "Your action is listed" in letter["Subject"]:
            found[Purpose.HOST] = link_of(letter)
        elif link_of(letter).startswith("/h/"):
            found[Purpose.PROPOSE] = link_of(letter)
    town.tell(draft("Denver", 12))
    town.send()
    (edition,) = meeting.letters(READER)
    text = edition.get_body(("plain",)).get_content()
    for purpose, page in ((Purpose.LEAVE, "u"), (Purpose.PREFERENCES, "p")):
        path = re.search(rf"https?://[^/\s]+(/{page}/[\w-]{{51}})", text)
        assert path
        found[purpose] = path[1]
    meeting.post("/subscribe", email=NEW, language="en", list="1")
    found[Purpose.CONFIRM] = meeting.link(NEW)
    console = town.project.console
    console.inviter.invite(
        "bea@desk.example", language="en", roles=[Role.AUTHOR], by="test"
    )
    (invitation,) = meeting.letters("bea@desk.example")
    body = invitation.get_body(("plain",)).get_content()
    path = re.search(r"/console/set-up/[\w-]{51}", body)
    assert path
    found[Purpose.INVITE] = path[0]
    return found


def rewrite(meeting: Meeting, *, retired: bool) -> Town:
    """Make two new keys, and return the mailer as it is once started anew."""
    file = meeting.town.project.folder / "secret.key"
    old = file.read_text("ascii").strip()
    new = [base64.b64encode(bytes([each]) * 32).decode() for each in (2, 3)]
    mark = ":retired" if retired else ""
    file.write_text(f"{old}{mark}\n2:{new[0]}\n3:{new[1]}\n", "ascii")
    later = Town(meeting.town.project.folder)
    later.now = meeting.town.now
    return later


def test_a_link_of_every_purpose_works_after_two_new_keys(meeting: Meeting) -> None:
    paths = links(meeting)
    # Links of the console open nothing by themselves: there is no token in them.
    assert set(paths) == set(Purpose) - {Purpose.CONSOLE}

    with rewrite(meeting, retired=False).open() as later:
        pages = {
            purpose: later.get(f"{path}?lang=en").text
            for purpose, path in paths.items()
        }

    for purpose, page in pages.items():
        assert OWN[purpose] in page, purpose


@pytest.mark.parametrize("months", [0, 18])
def test_no_link_by_a_retired_key_shows_or_does_anything(
    meeting: Meeting, months: int
) -> None:
    paths = links(meeting)
    later = rewrite(meeting, retired=True)
    later.now += months * 30 * DAY

    with later.open():
        bad = {path: re.sub(r"[\w-]{51}", "A" * 51, path) for path in paths.values()}
        for path, made_up in bad.items():
            assert later.get(path).text == later.get(made_up).text.replace(
                made_up, path
            ), path
            for action in ("confirm", "cancel", "agree", "save", "leave-all"):
                answers = [
                    plain.post(later.url + one, data={"action": action})
                    for one in (path, made_up)
                ]
                assert answers[0].status_code == answers[1].status_code, path
                assert answers[0].text == answers[1].text.replace(made_up, path)
        assert later.project.people.count() == {"weekly": {"active": 2}}


def test_a_reader_changes_what_they_get_by_a_link_of_eighteen_months_ago(
    meeting: Meeting,
) -> None:
    paths = links(meeting)
    later = rewrite(meeting, retired=False)
    later.now += timedelta(days=550)
    later.project.prune()

    with later.open():
        for purpose, path in paths.items():
            answer = later.get(path)
            assert answer.status_code in (200, 404, 410), purpose
        assert "Pause" in later.get(f"{paths[Purpose.PREFERENCES]}?lang=en").text
        rest = {"action": "rest"}
        paused = plain.post(
            f"{later.url}{paths[Purpose.PREFERENCES]}?lang=en", data=rest
        )
        assert "Saved." in paused.text
        assert "Leave this list" in later.get(f"{paths[Purpose.LEAVE]}?lang=en").text
        one_click = {"List-Unsubscribe": "One-Click"}
        left = plain.post(later.url + paths[Purpose.LEAVE], data=one_click)
        assert left.text == "Done.\n"
        counts = later.project.people.count()["weekly"]
        assert counts == {"active": 1, "ended": 1}
