"""Two hosts are introduced to each other, from the form to the letters: over HTTP."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mailer.core.introductions import WINDOW
from mailer.core.tokens import Purpose
from tests.e2e import plain
from tests.e2e.conftest import Shell, copied
from tests.e2e.test_rights import traces
from tests.e2e.test_share import DAY, Stage, link_of, words
from tests.e2e.town import MONDAY, Town

ANA, CY = "ana@host.example", "cy@gate.example"
AT = ("--as-of", "2019-10-07T15:00:00Z")


class Meeting(Stage):
    """A town in which hosts wish to meet."""

    def tick(self) -> None:
        self.town.project.introducer(print).introduce()

    def host(self, address: str, **changes: str) -> None:
        """Share a plan of somebody who wishes to be connected; it is accepted."""
        self.send(address=address, connect="yes", **changes)
        self.post(self.link(to=address), action="confirm")
        self.letters(address)
        (waiting,) = self.town.project.requests.waiting()
        self.town.project.moderator("cli").accept(waiting.number)

    def offered(self, address: str) -> tuple[Any, str]:
        """Return the letter that asks somebody, and its link."""
        (letter,) = [
            one for one in self.letters(address) if "meet" in one["Subject"].lower()
        ]
        return letter, link_of(letter)

    def both(self) -> tuple[str, str]:
        """Let two be asked; returns their links."""
        self.host(ANA, name="Ana Ruiz", day="2019-11-19")
        self.host(
            CY, name="Cy", city="Los Angeles", day="2019-11-20", target="Adelanto"
        )
        self.letters()
        self.tick()
        mine = self.offered(ANA)[1]
        self.read.clear()
        theirs = self.offered(CY)[1]
        self.letters()
        return mine, theirs

    def say(self, link: str, action: str) -> str:
        answer = self.post(link, action=action)
        assert answer.status_code == 200
        return words(answer.text)

    def told(self, address: str) -> list[str]:
        """Return the letters that tell somebody who the other is."""
        self.tick()
        self.read.clear()
        return [
            letter.get_body(("plain",)).get_content()
            for letter in self.letters(address)
            if letter["Subject"].startswith("You both said yes")
        ]


@pytest.fixture(scope="module")
def settled(initial: Shell, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    shell = copied(initial, tmp_path_factory.mktemp("settled"))
    shell.edit(
        "mailer.toml",
        "[coalition]",
        '[coalition]\ncoordinators = ["desk@coalition.example"]',
    )
    town = Town(shell.folder)
    town.settle()
    town.project.close()
    return shell


@pytest.fixture
def meeting(settled: Shell, tmp_path: Path) -> Iterator[Meeting]:
    with Town(copied(settled, tmp_path).folder).open() as town:
        yield Meeting(town)


def test_both_say_yes_and_each_reads_who_the_other_is(meeting: Meeting) -> None:
    mine, theirs = meeting.both()
    shown = meeting.page(mine)
    assert "Los Angeles, CA" in shown
    assert "Adelanto" in shown
    assert "Ana Ruiz" in shown
    assert ANA in shown
    assert CY not in shown
    assert "Cy" not in shown

    assert "We have noted your yes." in meeting.say(mine, "agree")
    assert meeting.told(CY) == []
    assert "You can write to each other." in meeting.say(theirs, "agree")

    (letter,) = meeting.told(CY)
    assert "Name, as they typed it: Ana Ruiz" in " ".join(letter.split())
    assert ANA in letter
    (other,) = meeting.told(ANA)
    assert CY in other
    assert ANA not in other
    for page in (meeting.page(mine), meeting.page(theirs)):
        assert "You can write to each other." in page
        assert "@" not in page
    assert len(meeting.told(ANA)) == 1


def test_the_question_says_only_what_is_public(meeting: Meeting) -> None:
    meeting.host(ANA, name="Ana Ruiz", phone="619 555 0100", day="2019-11-19")
    meeting.host(CY, name="Cy", city="Los Angeles", day="2019-11-20")
    meeting.letters()
    meeting.tick()

    letter, _ = meeting.offered(CY)
    text = letter.get_body(("plain",)).get_content()

    assert "San Diego, CA" in text
    assert "Otay Mesa Detention Center" in text
    assert "Unión del Barrio, Border Angels" in text
    for secret in (ANA, "Ana Ruiz", "555", "Chicano Park", "Logan"):
        assert secret not in letter.as_string()
        assert secret not in text


def test_a_no_and_a_silence_look_alike_to_the_other(meeting: Meeting) -> None:
    mine, theirs = meeting.both()
    meeting.say(mine, "agree")
    before = meeting.page(mine)

    assert "We have noted your no." in meeting.say(theirs, "decline")
    assert meeting.told(ANA) == []
    assert meeting.page(mine) == before

    meeting.town.now = MONDAY + WINDOW + DAY
    assert meeting.told(ANA) == []
    for page in (meeting.page(mine), meeting.page(theirs)):
        assert "Not both of you said yes in time" in page
        assert "@" not in page
    assert "Not both of you" in meeting.say(theirs, "agree")


def test_what_was_said_is_taken_back_on_the_same_page(meeting: Meeting) -> None:
    mine, theirs = meeting.both()

    meeting.say(mine, "agree")
    assert "Nothing has happened yet." in meeting.say(mine, "undo")
    assert "We have noted your yes." in meeting.say(theirs, "agree")
    assert meeting.told(ANA) == []


def test_opening_the_link_changes_nothing_and_nobody_keeps_the_page(
    meeting: Meeting,
) -> None:
    mine, theirs = meeting.both()
    meeting.say(theirs, "agree")
    before = meeting.page(mine)

    answer = plain.get(meeting.town.url + mine)
    plain.head(meeting.town.url + mine)
    meeting.post(mine)
    meeting.post(mine, action="something else")

    assert meeting.page(mine) == before
    assert meeting.told(ANA) == []
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"


def test_a_link_of_another_purpose_person_or_introduction_leads_nowhere(
    meeting: Meeting,
) -> None:
    mine, _ = meeting.both()
    keyring = meeting.town.project.keyring
    claim = keyring.read(mine.removeprefix("/i/"))
    assert claim is not None
    strange = [
        keyring.sign(Purpose.HOST, claim.uid, claim.list_number),
        keyring.sign(Purpose.INTRODUCE, bytes(16), claim.list_number),
        keyring.sign(Purpose.INTRODUCE, claim.uid, claim.list_number + 1),
        mine.removeprefix("/i/")[:-1] + "!",
    ]

    pages = {meeting.town.get(f"/i/{token}").text for token in strange}
    posted = {meeting.post(f"/i/{token}", action="agree").text for token in strange}

    assert len(pages) == len(posted) == 1
    assert "This link does not work." in pages.pop()
    assert "Nothing has happened yet." in meeting.page(mine)


def test_a_name_that_would_be_a_link_is_none_in_the_letter(meeting: Meeting) -> None:
    meeting.host(ANA, name="Call https://evil.example/now", day="2019-11-19")
    meeting.host(CY, city="Los Angeles", day="2019-11-20")
    meeting.letters()
    meeting.tick()
    _, mine = meeting.offered(ANA)
    meeting.read.clear()
    _, theirs = meeting.offered(CY)
    meeting.say(mine, "agree")
    meeting.say(theirs, "agree")

    (letter,) = meeting.told(CY)

    assert "evil. example" in letter
    assert "evil.example" not in letter.replace(ANA, "")
    assert "https://evil" not in letter


def test_a_cancelled_action_closes_both_pages(meeting: Meeting) -> None:
    mine, theirs = meeting.both()
    meeting.say(theirs, "agree")
    claim = meeting.town.project.keyring.read(theirs.removeprefix("/i/"))
    assert claim is not None
    action = meeting.town.project.actions.every()[1]
    host = meeting.town.project.keyring.sign(Purpose.HOST, claim.uid, action.id)
    assert "Cancelled." in meeting.press(f"/h/{host}", "cancel")

    assert "one of the actions is off" in meeting.say(mine, "agree")
    assert meeting.told(ANA) == []


def test_coordinators_see_pairs_and_how_far_they_are_but_nobodys_address(
    meeting: Meeting,
) -> None:
    shell = Shell(meeting.town.project.folder)
    assert "Nobody was asked yet" in shell("introductions", *AT).err
    mine, theirs = meeting.both()

    (row,) = shell("introductions", "--json", *AT).json
    assert (row["state"], row["ending"]) == ("asked", None)
    assert [one["place"] for one in row["actions"]] == [
        "San Diego, CA",
        "Los Angeles, CA",
    ]
    meeting.say(mine, "agree")
    meeting.say(theirs, "decline")
    assert shell("introductions", "--json", *AT).json == [row]
    meeting.say(theirs, "undo")
    meeting.say(theirs, "agree")
    assert "both agreed" in shell("introductions", *AT).out
    meeting.told(ANA)

    table = shell("introductions", *AT)
    assert "introduced" in table.out
    for secret in (ANA, CY, "Ana Ruiz", "@"):
        assert secret not in table.out
        assert secret not in shell("introductions", "--json", *AT).out


def test_of_a_host_who_is_erased_we_keep_nothing_in_letters_to_the_other(
    meeting: Meeting,
) -> None:
    mine, theirs = meeting.both()
    meeting.say(mine, "agree")
    meeting.say(theirs, "agree")
    meeting.tick()  # the letters that say who the other is wait to be sent
    project = meeting.town.project

    project.eraser.erase(project.eraser.erasures.hashed(ANA), at=meeting.town.now)

    for trace in (ANA, "Ana Ruiz"):
        kept = traces(project.folder, trace)
        assert not [name for name in kept if name.startswith("mailer.db")], trace
    assert traces(project.folder, CY)
