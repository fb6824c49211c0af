"""Sharing a plan and correcting it, as people do: by finger, mouse or keyboard."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from limits import parse
from playwright.sync_api import Browser, Page
from sqlalchemy import insert, select

from mailer.adapters.database.schema import lists, requests, subscribers
from mailer.core.requests import Kind, State
from mailer.core.sharing import reading
from mailer.core.sharing.submission import facts_of
from mailer.core.tokens import Purpose
from mailer.web.guard import Guard
from tests.browser.barriers import barriers
from tests.browser.visiting import KINDS, kind, look, press, visiting, window
from tests.e2e.conftest import Shell, copied, initial
from tests.e2e.town import MONDAY, Town
from tests.fakes.site import Site, a_site, served, somewhere
from tests.unit.test_sharing import VIGIL

__all__ = ["initial"]
_FIRST = select(subscribers.c.uid).order_by(subscribers.c.id).limit(1)
TYPED = ("title", "target", "venue", "street", "sponsors", "website", "name", "phone")


@pytest.fixture(scope="module")
def running() -> Iterator[Site]:
    guard = Guard(network=parse("1000/hour"))  # all of these tests are one network
    with served(a_site(base_url="http://127.0.0.1", guard=guard)) as site:
        yield site


@pytest.fixture
def site(running: Site) -> Site:
    running.forget()
    return running


@dataclass
class Hosting:
    """A project in which one action waits and one is listed."""

    town: Town
    listed: str  # the host's links
    waiting: str

    @property
    def facts(self) -> list[object]:
        return [action.facts for action in self.town.project.actions.every()]


@pytest.fixture(scope="module")
def project(initial: Shell, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in which a host has sent two plans, and one is accepted."""
    made = copied(initial, tmp_path_factory.mktemp("sharing"))
    town = Town(made.folder)
    town.settle()
    read = reading.read(VIGIL, place_of=somewhere, now=MONDAY, language="en")
    assert read.submission is not None
    with town.project.database.writing() as connection:
        uid = connection.scalars(_FIRST).one()
        person = connection.execute(
            select(subscribers).where(subscribers.c.uid == uid)
        ).one()
        number = connection.scalar(select(lists.c.number).limit(1))
        for public_id in ("first", "second"):
            connection.execute(
                insert(requests).values(
                    public_id=public_id,
                    kind=Kind.SUBMIT.value,
                    state=State.WAITING.value,
                    address_hash=person.address_hash,
                    subscriber_id=person.id,
                    language="en",
                    list_number=number,
                    joins=[],
                    about=public_id,
                    facts=facts_of(read.submission),
                    asked_at=MONDAY,
                    confirmed_at=MONDAY,
                )
            )
    town.project.moderator("cli").accept(1)
    town.project.close()
    return made.folder


@pytest.fixture
def hosting(project: Path, tmp_path: Path) -> Iterator[Hosting]:
    shutil.copytree(project, tmp_path / "project")
    with Town(tmp_path / "project").open() as town:
        (action,) = town.project.actions.every()
        with town.project.database.reading() as connection:
            uid = bytes(connection.scalars(_FIRST).one())
        sign = town.project.keyring.sign
        yield Hosting(
            town,
            listed=f"{town.url}/h/{sign(Purpose.HOST, uid, action.id)}?lang=en",
            waiting=f"{town.url}/h/{sign(Purpose.PROPOSE, uid, 2)}",
        )


@pytest.fixture(params=KINDS, ids=kind)
def page(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """An empty page in each kind of browser."""
    width, script = request.param
    with visiting(chromium, None, width, script=script) as page:
        yield page


def describe(page: Page) -> None:
    """Fill in the form as a host does."""
    page.get_by_label("What kind").select_option("Vigil")
    for name in TYPED:
        page.locator(f"#{name}").fill(VIGIL[name].replace("\r", ""))
    page.get_by_label("Day", exact=True).fill("2019-10-19")
    page.get_by_label("It begins at", exact=True).fill("18:30")
    page.get_by_label("How long").select_option("1½ hours")
    page.get_by_label("City or town").fill("San Diego")
    page.get_by_label("State").select_option("California")
    page.get_by_label("Your email address").fill("ana@barrio.example")
    page.get_by_text("Other organizers").click()
    page.get_by_text("Yes, ask both sides").click()


def test_a_plan_is_looked_at_changed_and_sent(page: Page, site: Site) -> None:
    page.goto(site.url + "/share")
    look(page)
    describe(page)
    press(page, "See how it will look")
    look(page)
    assert "Vigil for Roxsana" in page.inner_text("main")
    assert "1949 Logan Ave" in page.inner_text("main")
    assert not site.requests.asked

    press(page, "Change something")
    page.get_by_text("All day, or not known yet").click()
    press(page, "See how it will look")
    assert "6:30" not in page.inner_text("main")
    press(page, "Send it")

    assert "ana@barrio.example" in page.inner_text("main")
    (ask,) = site.requests.asked
    said = ask.facts["submission"]
    assert said["facts"]["sponsors"] == [
        ["Unión del Barrio", "lead"],
        ["Border Angels", "co-sponsor"],
    ]
    assert "start_time" not in said["facts"]
    assert said["shown_to"] == "organizers"


def test_what_is_wrong_is_marked_and_the_keyboard_begins_at_the_first(
    page: Page, site: Site
) -> None:
    page.goto(site.url + "/share")
    describe(page)
    page.get_by_label("City or town").fill("")
    page.get_by_label("Who organizes it").fill("")
    press(page, "See how it will look")
    look(page)

    assert page.evaluate("() => document.activeElement.id") == "city"
    alert = page.get_by_role("alert")
    assert alert.get_by_role("link").all_inner_texts() == [
        "City or town",
        "Who organizes it",
    ]
    wrong = page.get_by_label("City or town")
    described = wrong.get_attribute("aria-describedby") or ""
    assert "Write the city" in page.locator(f"#{described}").inner_text()
    assert page.get_by_label("A title").input_value() == "Vigil for Roxsana"
    page.get_by_label("City or town").fill("San Diego")
    page.get_by_label("Who organizes it").fill("Border Angels")
    press(page, "See how it will look")
    assert "Does this look right?" in page.inner_text("h1")


def test_a_plan_is_shared_by_the_keyboard_alone(page: Page, site: Site) -> None:
    def tab_to(name: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            focused = (
                "() => document.activeElement.name || document.activeElement.innerText"
            )
            if page.evaluate(focused).strip() == name:
                return
        pytest.fail(f"the keyboard never reaches {name}")

    page.goto(site.url + "/share?lang=es")
    tab_to("title")
    page.keyboard.type("Vigilia")
    tab_to("day")
    page.keyboard.type("10192019")
    tab_to("timing")
    page.keyboard.press("ArrowDown")
    tab_to("city")
    page.keyboard.type("San Diego")
    tab_to("state")
    page.keyboard.type("Calif")
    tab_to("sponsors")
    page.keyboard.type("Unión del Barrio")
    tab_to("address")
    page.keyboard.type("ana@barrio.example")
    tab_to("step")
    with page.expect_navigation(wait_until="load"):
        page.keyboard.press("Enter")
    look(page)
    assert "Vigilia" in page.inner_text("main")
    tab_to("step")
    with page.expect_navigation(wait_until="load"):
        page.keyboard.press("Enter")

    (ask,) = site.requests.asked
    assert ask.language == "es"
    assert ask.facts["submission"]["facts"]["start_date"] == "2019-10-19"


def test_a_host_says_yes_corrects_cancels_and_takes_it_back(
    page: Page, hosting: Hosting
) -> None:
    page.goto(hosting.listed)
    look(page)
    (before,) = hosting.facts
    press(page, "Yes, all of it is right")
    assert "all of it is right" in page.get_by_role("status").inner_text()

    page.get_by_text("Change it", exact=True).click()
    look(page)
    page.get_by_label("Meeting point").fill("Gate 3")
    press(page, "Save")
    look(page)
    assert "Saved." in page.get_by_role("status").inner_text()
    assert "Gate 3" in page.inner_text("main")
    press(page, "Undo")
    assert hosting.facts == [before]

    press(page, "Cancel this action")
    look(page)
    assert "Cancelled." in page.get_by_role("status").inner_text()
    press(page, "Undo")
    assert hosting.facts == [before]


def test_what_waits_is_changed_and_taken_back(page: Page, hosting: Hosting) -> None:
    page.goto(hosting.waiting)
    look(page)
    assert "Not listed yet." in page.inner_text("main")
    page.get_by_text("Change it", exact=True).click()
    page.get_by_label("A title").fill("Another")
    press(page, "Save and send")
    assert "Another" in page.inner_text("main")
    press(page, "Take it back")
    look(page)
    press(page, "Undo, send it again")
    assert "Sent." in page.get_by_role("status").inner_text()


def test_nothing_bars_people_from_sharing(
    chromium: Browser, site: Site, hosting: Hosting
) -> None:
    found: list[str] = []
    with window(chromium) as page:
        page.goto(f"{site.url}/share?lang=es")
        found += barriers(page)
        page.goto(f"{site.url}/share")
        press(page, "See how it will look")
        found += barriers(page)
        describe(page)
        press(page, "See how it will look")
        found += barriers(page)
        page.goto(hosting.listed)
        page.get_by_text("Change it", exact=True).click()
        found += barriers(page)
        page.get_by_label("Day", exact=True).fill("2019-10-01")
        press(page, "Save")
        found += barriers(page)
        press(page, "Cancel this action")
        found += barriers(page)
        page.goto(f"{hosting.waiting}?lang=es")
        found += barriers(page)

    assert found == []
