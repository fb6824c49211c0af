"""Answering whether to meet another host, as people do: by finger, mouse or keyboard."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from sqlalchemy import insert, select

from mailer.adapters.database.schema import hosts, subscribers
from mailer.core.model import Contact, Sponsor
from mailer.core.tokens import Purpose
from tests.browser.visiting import (
    KINDS,
    barred,
    kind,
    look,
    press,
    tab_to,
    visiting,
)
from tests.e2e.conftest import Shell, copied, initial
from tests.e2e.town import MONDAY, Town
from tests.factories import NINE, draft

__all__ = ["initial"]
NAMES = ("Ana Ruiz", "Ben")


@dataclass
class Meeting:
    """A project in which two hosts were asked whether they want to meet."""

    town: Town
    mine: str  # the link of the first
    theirs: str


@pytest.fixture(scope="module")
def project(initial: Shell, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = copied(initial, tmp_path_factory.mktemp("introducing"))
    town = Town(made.folder)
    town.settle()
    cities = ("San Diego", "Los Angeles")
    town.tell(
        *(
            draft(city, 19, external_id=city, start_time=NINE, target="Otay Mesa")
            for city in cities
        )
    )
    sponsors = (Sponsor(name="Mijente"), Sponsor(name="AF3IRM Los Angeles"))
    store = town.project.actions
    with town.project.database.writing() as connection:
        people = connection.scalars(
            select(subscribers.c.id).order_by(subscribers.c.address)
        ).all()
        for person, city, name in zip(people, cities, NAMES, strict=True):
            (action,) = [
                one for one in store.every() if one.facts.place.locality == city
            ]
            said = replace(
                draft(city, 19, external_id=city, start_time=NINE, sponsors=sponsors),
                contact=Contact(name=name, consent_connect=True),
            )
            store.revise(connection, action, said, by="cli", at=MONDAY)
            connection.execute(
                insert(hosts).values(
                    action_id=action.id,
                    subscriber_id=person,
                    shown_to="organizers",
                    connect=True,
                    since=MONDAY,
                    looked_at=MONDAY,
                )
            )
    assert town.project.introducer(print).introduce() == 2
    town.project.close()
    return made.folder


@pytest.fixture
def meeting(project: Path, tmp_path: Path) -> Iterator[Meeting]:
    shutil.copytree(project, tmp_path / "project")
    with Town(tmp_path / "project").open() as town:
        with town.project.database.reading() as connection:
            uids = connection.scalars(
                select(subscribers.c.uid).order_by(subscribers.c.address)
            ).all()
        sign = town.project.keyring.sign
        links = [
            f"{town.url}/i/{sign(Purpose.INTRODUCE, bytes(uid), 1)}?lang=en"
            for uid in uids
        ]
        yield Meeting(town, *links)


@pytest.mark.parametrize("browser", KINDS, ids=kind)
def test_a_host_says_yes_takes_it_back_says_no_and_takes_that_back(
    chromium: Browser, meeting: Meeting, browser: tuple[int, bool]
) -> None:
    width, script = browser
    with visiting(chromium, meeting.mine, width, script=script) as page:
        look(page)
        main = page.inner_text("main")
        assert "ana@barrio.example" in main
        assert "Ana Ruiz" in main
        assert "ben@" not in main

        press(page, "Yes, introduce us")
        look(page)
        assert "noted your yes" in page.get_by_role("status").inner_text()
        press(page, "Take my yes back")
        press(page, "No, thank you")
        look(page)
        assert "noted your no" in page.get_by_role("status").inner_text()
        press(page, "Undo")
        press(page, "Yes, introduce us")

    with visiting(chromium, meeting.theirs, width, script=script) as page:
        press(page, "Yes, introduce us")
        look(page)
        assert "You can write to each other." in page.inner_text("main")
        assert "@" not in page.inner_text("main")


def test_the_keyboard_alone_is_enough(chromium: Browser, meeting: Meeting) -> None:
    spanish = meeting.mine.replace("lang=en", "lang=es")
    with visiting(chromium, spanish, 375, script=False) as page:
        tab_to(page, "Sí, queremos conocernos")
        with page.expect_navigation(wait_until="load"):
            page.keyboard.press("Enter")
        assert "Anotamos su sí." in page.inner_text("main")
        tab_to(page, "Retirar mi sí")
        with page.expect_navigation(wait_until="load"):
            page.keyboard.press("Enter")
        assert "Todavía no ha pasado nada." in page.inner_text("main")


def test_nothing_bars_people_from_answering(
    chromium: Browser, meeting: Meeting
) -> None:
    town = meeting.town
    both = [meeting.mine, meeting.theirs.replace("lang=en", "lang=es")]
    found = barred(chromium, both)
    with visiting(chromium, meeting.mine, 375, script=False) as page:
        press(page, "Yes, introduce us")
    with visiting(chromium, meeting.theirs, 375, script=False) as page:
        press(page, "No, thank you")
    found += barred(chromium, both)
    town.now = MONDAY.replace(month=11)
    found += barred(chromium, both)

    assert found == []
