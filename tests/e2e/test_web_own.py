"""Seeing, moving and deleting what is one's own: by letters, over real HTTP."""

import email
import email.policy
import json
import re
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select

from mailer.adapters.database.schema import (
    lists,
    metadata,
    subscribers,
    suppressions,
)
from mailer.core.tokens import Purpose
from tests.e2e import plain
from tests.e2e.conftest import Shell
from tests.e2e.town import Town
from tests.factories import draft

ANA, BEN, NEW = "ana@barrio.example", "ben@aft.example", "ana@home.example"
OK = 200
LATER = timedelta(minutes=20)  # the cooldown of an address is over


class Person:
    """Somebody who reads mail, follows its button and presses what is there."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.seen: set[str] = set()

    def link(self, address: str) -> str:
        """The preference page that every mail to this address leads to."""
        with self.town.project.database.reading() as connection:
            uid = connection.scalar(
                select(subscribers.c.uid).where(subscribers.c.address == address)
            )
            number = connection.scalar(
                select(lists.c.number).where(lists.c.slug == "weekly")
            )
        assert uid is not None
        assert number is not None
        sign = self.town.project.keyring.sign
        return f"/p/{sign(Purpose.PREFERENCES, uid, number)}"

    def press(self, path: str, **form: str) -> httpx.Response:
        return plain.post(f"{self.town.url}{path}?lang=en", data=form)

    def mail(self) -> list[tuple[str, str]]:
        """What came since the last look: to whom, and where its button leads."""
        self.town.project.clerk(print).admit()
        crew = self.town.project.crew(print)
        crew.drain(sleep=lambda _: None, wait=False)
        crew.flush()
        came = []
        for path in sorted((self.town.project.folder / "outbox").rglob("*.eml")):
            if str(path) in self.seen:
                continue
            self.seen.add(str(path))
            message = email.message_from_bytes(
                path.read_bytes(), policy=email.policy.default
            )
            body = message.get_body(("plain",))
            assert body is not None
            found = re.search(r"https?://\S+(/c/\S+)", body.get_content())
            came.append((str(message["To"]), found[1] if found else ""))
        return came

    def subjects(self, address: str) -> set[str]:
        """What the letters to somebody are called."""
        letters = (
            email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            for path in (self.town.project.folder / "outbox").rglob("*.eml")
        )
        return {each["Subject"] for each in letters if each["To"] == address}

    def asked(self, kind: str, address: str = ANA) -> str:
        """Press a button of one's own, and return where the letter's leads."""
        answer = self.press(self.link(address), action=kind)
        assert "Look at your mail." in answer.text
        ((to, path),) = self.mail()
        assert to == address
        return path

    def read(self, path: str) -> str:
        return words(self.town.get(f"{path}?lang=en"))


def words(answer: httpx.Response) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


@pytest.fixture
def town(shell: Shell) -> Iterator[Town]:
    with Town(shell.folder).open() as town:
        town.settle()
        town.tell(draft("San Diego", 12))
        town.send()
        yield town


@pytest.fixture
def ana(town: Town) -> Person:
    person = Person(town)
    person.mail()  # the edition
    return person


def rows(town: Town) -> dict[str, list[object]]:
    with town.project.database.reading() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(select(table))]
            for table in metadata.sorted_tables
        }


def addresses(town: Town) -> set[str]:
    with town.project.database.reading() as connection:
        return set(connection.scalars(select(subscribers.c.address)))


# --- the link at the end of every mail is not enough


@pytest.mark.parametrize("kind", ["export", "erase", "readdress"])
def test_pressing_at_the_end_of_a_mail_does_no_more_than_write_to_its_first_reader(
    kind: str, ana: Person, town: Town
) -> None:
    answer = ana.press(ana.link(ANA), action=kind)

    assert ANA not in answer.text
    assert "a…@barrio.example" in answer.text
    assert [to for to, _ in ana.mail()] == [ANA]
    assert ANA in addresses(town)


def test_pressing_again_and_again_writes_no_second_letter_at_once(ana: Person) -> None:
    for _ in range(5):
        ana.press(ana.link(ANA), action="export")

    assert len(ana.mail()) == 1
    ana.press(ana.link(ANA), action="export")
    assert ana.mail() == []


@pytest.mark.parametrize("kind", ["export", "erase", "readdress"])
def test_looking_at_the_letters_page_changes_nothing(
    kind: str, ana: Person, town: Town
) -> None:
    path = ana.asked(kind)
    before = rows(town)

    seen = ana.read(path)
    plain.head(town.url + path)
    ana.press(path, action="nonsense")

    assert "Nothing has happened yet." in seen
    assert ANA not in seen
    assert rows(town) == before


@pytest.mark.parametrize("kind", ["export", "erase", "readdress"])
def test_after_half_an_hour_the_letter_opens_nothing(
    kind: str, ana: Person, town: Town
) -> None:
    path = ana.asked(kind)
    town.now += timedelta(minutes=31)

    seen = words(ana.press(path, action="confirm", email=NEW))

    assert "This link is too old" in seen
    assert ANA in addresses(town)
    assert ana.mail() == []


def test_whoever_did_not_ask_lets_the_link_expire_and_still_gets_mail(
    ana: Person, town: Town
) -> None:
    path = ana.asked("erase")

    assert "All stays as it was." in words(ana.press(path, action="forget"))

    assert "This link does not work." in words(ana.press(path, action="confirm"))
    with town.project.database.reading() as connection:
        assert connection.scalars(select(suppressions.c.reason)).all() == []
    assert ANA in addresses(town)


# --- to see it


def test_a_person_sees_all_that_is_kept_and_nobody_elses(ana: Person) -> None:
    path = ana.asked("export")

    page = ana.press(path, action="confirm").text

    assert ANA in page
    assert "Unión del Barrio" in page
    assert "form" in page
    assert BEN not in page
    assert "no-store" in ana.town.get(path).headers["cache-control"]


def test_a_person_downloads_it_as_json_once(ana: Person, town: Town) -> None:
    path = ana.asked("export")

    file = ana.press(path, action="download")
    again = ana.press(path, action="download")

    assert file.headers["content-type"] == "application/json"
    assert 'filename="what-we-keep.json"' in file.headers["content-disposition"]
    assert file.headers["cache-control"] == "no-store"
    held = json.loads(file.text)
    assert held == town.project.dossiers.of(ANA)
    assert held["mailings"][0]["edition"] == "2019-10-07"
    assert "You have said yes already" in words(again)


def test_seeing_it_lets_nobody_back_who_had_complained(ana: Person, town: Town) -> None:
    town.project.people.suppress([ANA], reason="complained", at=town.now)
    path = ana.asked("export")

    ana.press(path, action="confirm")

    with town.project.database.reading() as connection:
        assert connection.scalars(select(suppressions.c.reason)).all() == ["complained"]


# --- to be erased


def test_a_person_is_erased_and_may_come_back(ana: Person, town: Town) -> None:
    path = ana.asked("erase")

    seen = words(ana.press(path, action="confirm"))

    assert "All is deleted" in seen
    assert addresses(town) == {BEN, ""}
    assert "This link does not work." in words(ana.press(path, action="confirm"))
    held = town.project.dossiers.of(ANA)
    assert held is not None
    assert held["suppression"]


# --- to move


def move(ana: Person, to: str = NEW) -> str:
    """Ask for it at the old address; return where the new one's letter leads."""
    path = ana.asked("readdress")
    assert "Now look at your mail" in words(ana.press(path, action="confirm", email=to))
    letters = ana.mail()
    assert [each[0] for each in letters] == [to]
    return letters[0][1]


def test_a_person_moves_and_everything_goes_with_them(ana: Person, town: Town) -> None:
    before = town.project.dossiers.of(ANA)
    preferences = ana.link(ANA)
    path = move(ana)
    assert ANA in addresses(town)

    seen = words(ana.press(path, action="confirm"))

    assert "We write here now" in seen
    after = town.project.dossiers.of(NEW)
    assert before
    assert after
    for part in ("seats", "subscriptions"):
        assert after[part] == before[part]
    assert ana.link(NEW) == preferences
    town.now += timedelta(days=7)
    town.tell(draft("San Diego", 12), draft("Denver", 19))
    town.send()
    assert {to for to, _ in ana.mail()} == {ANA, NEW, BEN}  # ANA: only the note


def test_the_old_address_is_told_and_can_take_it_back_for_a_week(
    ana: Person, town: Town
) -> None:
    ana.press(move(ana), action="confirm")
    ((to, back),) = ana.mail()
    assert to == ANA
    town.now += timedelta(days=6)

    assert "Back to this address?" in ana.read(back)
    seen = words(ana.press(back, action="confirm"))

    assert "It is as it was" in seen
    held = town.project.dossiers.of(ANA)
    assert held
    assert held["subscriptions"]
    assert ana.mail() == []
    assert "already" in words(ana.press(back, action="confirm"))


def test_after_a_week_it_cannot_be_taken_back(ana: Person, town: Town) -> None:
    ana.press(move(ana), action="confirm")
    ((_, back),) = ana.mail()
    town.now += timedelta(days=7, minutes=1)

    assert "too old" in words(ana.press(back, action="confirm"))
    assert town.project.dossiers.of(NEW)


def test_a_link_to_the_new_address_moves_once(ana: Person, town: Town) -> None:
    path = move(ana)
    ana.press(path, action="confirm")

    assert "already" in words(ana.press(path, action="confirm"))
    held = town.project.dossiers.of(NEW)
    assert held
    assert held["subscriptions"]


def test_an_address_that_is_known_already_is_answered_alike_and_nothing_is_mixed(
    ana: Person, town: Town
) -> None:
    before = {each: town.project.dossiers.of(each) for each in (ANA, BEN)}
    unknown = ana.press(ana.asked("readdress"), action="confirm", email=NEW)
    ana.mail()
    town.now += LATER
    known = ana.press(ana.asked("readdress"), action="confirm", email=BEN)
    assert known.text.replace(BEN, NEW) == unknown.text
    ((to, path),) = ana.mail()
    assert to == BEN

    seen = words(ana.press(path, action="confirm"))

    assert "Nothing was changed" in seen
    for address, held in before.items():
        now = town.project.dossiers.of(address)
        assert held
        assert now
        assert now["subscriptions"] == held["subscriptions"]
        assert now["seats"] == held["seats"]


@pytest.mark.parametrize("reason", ["bounced", "complained", "manual", "erased"])
def test_to_an_address_that_nobody_may_mail_nobody_moves_and_the_page_does_not_say(
    reason: str, ana: Person, town: Town
) -> None:
    town.project.people.suppress([NEW], reason=reason, at=town.now)

    answer = ana.press(ana.asked("readdress"), action="confirm", email=NEW)

    assert "Now look at your mail" in words(answer)
    assert reason not in answer.text
    assert ana.mail() == []
    assert town.project.dossiers.of(ANA)
    with town.project.database.reading() as connection:
        assert connection.scalars(select(suppressions.c.reason)).all() == [reason]


def test_an_address_that_cannot_be_mailed_is_asked_for_again(ana: Person) -> None:
    path = ana.asked("readdress")

    answer = ana.press(path, action="confirm", email="no address")

    assert answer.status_code == 422
    assert 'value="no address"' in answer.text
    assert "Now look at your mail" in words(
        ana.press(path, action="confirm", email=NEW)
    )


def test_the_letter_to_the_new_address_carries_nothing_that_was_typed(
    ana: Person, town: Town
) -> None:
    move(ana)

    newest = max(
        (town.project.folder / "outbox").rglob("*.eml"), key=lambda p: p.stat().st_mtime
    )
    text = newest.read_text("utf-8")
    assert "barrio" not in text
    assert "Ana" not in text


def test_whoever_is_asked_at_a_strange_address_can_forbid_it_for_good(
    ana: Person, town: Town
) -> None:
    path = move(ana)

    ana.press(path, action="refuse")

    assert "We write here now" not in words(ana.press(path, action="confirm"))
    assert town.project.dossiers.of(ANA)
    with town.project.database.reading() as connection:
        assert connection.scalars(select(suppressions.c.reason)).all() == ["manual"]


# --- to hand over a seat

CY = "cy@barrio.example"


def why(town: Town, address: str) -> list[str]:
    """What `mailer why` says of somebody's lists."""
    return [
        line.removeprefix("- ")
        for line in Shell(town.project.folder)("why", address).out.splitlines()
        if line.startswith("- weekly: ")
    ]


def offer(ana: Person, to: str = CY) -> str:
    """Offer Ana's seat to a colleague; return where the colleague's letter leads."""
    path = ana.asked("hand-over")
    assert "A letter to" in words(ana.press(path, action="confirm", email=to))
    letters = ana.mail()
    assert [each[0] for each in letters] == [to]
    return letters[0][1]


def test_a_colleague_takes_over_a_seat_with_its_mail(ana: Person, town: Town) -> None:
    path = offer(ana)
    before = town.project.dossiers.of(ANA)
    assert before
    assert before["seats"]

    asked = ana.read(path)
    answer = ana.press(path, action="confirm")
    seen = words(answer)

    for what in ("Unión del Barrio", "you get “Weekly actions” from now on"):
        assert what in asked
    assert "The seat is yours" in seen
    assert "You hold the seat of Unión del Barrio from now on." in seen
    assert "From now on you get “Weekly actions”." in seen
    found = re.search(r'href="(/p/[^"]+)"', answer.text)
    assert found
    assert "c…@barrio.example" in ana.read(found[1])
    colleague, first = town.project.dossiers.of(CY), town.project.dossiers.of(ANA)
    assert colleague
    assert first
    assert colleague["seats"] == before["seats"]
    assert first["seats"] == []
    town.now += timedelta(days=7)
    town.tell(draft("San Diego", 12), draft("Denver", 19))
    town.send()
    assert sorted({to for to, _ in ana.mail()}) == [ANA, BEN, CY]  # ANA: only the note


def test_whoever_handed_it_over_is_told_and_can_take_it_back(
    ana: Person, town: Town
) -> None:
    ana.press(offer(ana), action="confirm")
    ((to, back),) = ana.mail()
    assert to == ANA

    assert "Keep your seat?" in ana.read(back)
    seen = words(ana.press(back, action="confirm"))

    assert "You hold the seat of Unión del Barrio again" in seen
    assert "You get “Weekly actions”." in seen
    held, colleague = town.project.dossiers.of(ANA), town.project.dossiers.of(CY)
    assert held
    assert held["seats"]
    assert [each["state"] for each in held["subscriptions"]] == ["active"]  # type: ignore[attr-defined]
    assert colleague
    assert colleague["seats"] == []
    assert [each["state"] for each in colleague["subscriptions"]] == ["ended"]  # type: ignore[attr-defined]
    assert [to for to, _ in ana.mail()] == [CY]  # who is told that it was taken back
    assert why(town, CY) == [
        "weekly: ended; withdrawn 2019-10-07, with a seat that went to somebody else."
    ]
    assert "granted 2019-10-07, with a seat that they took" in why(town, ANA)[0]


def test_a_colleague_who_says_nothing_changes_nothing(ana: Person, town: Town) -> None:
    before = town.project.dossiers.of(ANA)
    path = offer(ana)
    town.now += timedelta(days=7, minutes=1)

    assert "too old" in words(ana.press(path, action="confirm"))

    held = town.project.dossiers.of(ANA)
    assert before
    assert held
    assert held["seats"] == before["seats"]


def test_a_seat_without_lists_says_so_to_both_and_where_to_get_mail(
    ana: Person, town: Town
) -> None:
    ana.press(ana.link(ANA), action="leave-all")
    ana.mail()
    path = ana.asked("hand-over")
    before = ana.read(path)
    ana.press(path, action="confirm", email=CY)
    ((_, letter),) = ana.mail()

    answer = ana.press(letter, action="confirm")

    assert "You get none of our lists, so none goes with your seat at" in before
    assert "No list came with it." in words(answer)
    assert 'href="/subscribe"' in answer.text
    assert town.get("/subscribe").status_code == OK


def test_two_colleagues_cannot_both_take_it(ana: Person, town: Town) -> None:
    first = offer(ana)
    town.now += LATER
    second = offer(ana, "dee@barrio.example")
    ana.press(first, action="confirm")

    assert "The seat is yours" not in words(ana.press(second, action="confirm"))

    held = town.project.dossiers.of("dee@barrio.example")
    assert held
    assert held["seats"] == []
    assert held["subscriptions"] == []


def test_a_colleague_who_had_the_list_before_keeps_it_when_the_seat_goes_back(
    ana: Person, town: Town
) -> None:
    ana.press(offer(ana, BEN), action="confirm")
    ((_, back),) = ana.mail()

    ana.press(back, action="confirm")

    ((to, _),) = ana.mail()
    assert to == BEN  # who reads English, as Ana does not
    told = ana.subjects(BEN)
    assert "Unión del Barrio: the seat was taken back" in told
    assert "Please confirm: mail for your organization" in told
    held = town.project.dossiers.of(BEN)
    assert held
    assert [each["state"] for each in held["subscriptions"]] == ["active"]  # type: ignore[attr-defined]
    assert held["seats"] == [{"organization": "AFT 1931", "role": "primary"}]
