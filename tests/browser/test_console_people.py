"""Organizations, people, lists and actions as coordinators use them in a browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from mailer.cli import delivering
from mailer.core.model import Reading
from mailer.core.roles import Role
from mailer.pipeline import plan
from mailer.pipeline.ingest import ingest
from tests.browser.barriers import barriers
from tests.browser.test_console import enter, opened
from tests.browser.visiting import press, tab_to
from tests.databases import migrated_file
from tests.e2e.conftest import Shell, copied, initial
from tests.e2e.coordinators import NOON, House
from tests.e2e.test_console_people import ANA, NASTY, PEOPLE, source_says

__all__ = ["initial", "migrated_file"]
ROSA = "rosa@union.example"


@pytest.fixture(scope="module")
def house(initial: Shell, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    shell = copied(initial, tmp_path_factory.mktemp("people"))
    file = shell.folder / "people.csv"
    file.write_text(PEOPLE, "utf-8")
    shell("import", "subscribers", str(file), "--list", "weekly")
    with House(shell.folder, named="localhost").open() as house:
        project = house.project
        house.person(ROSA, list(Role), codes=True)
        said = Reading(drafts=(source_says(title="Vigil"),))
        ingest(said, source="page", store=project.actions, at=NOON)
        project.people.suppress([ANA], reason="manual", at=house.now)
        weekly = project.mailing_list("weekly")
        made = plan.now(weekly, project.ledger, edition=None, now=house.now)
        delivering.deliver(project, made)
        yield house


def test_nothing_bars_anybody_from_the_pages_of_people_and_nothing_runs_on_them(
    chromium: Browser, house: House
) -> None:
    console = house.project.console
    [action] = house.project.actions.every()
    ana = console.readership.find(ANA)
    aft = console.register.number("AFT 1931")
    nasty = console.register.number(NASTY)
    paths = [
        "organizations",
        f"organizations/{nasty}",
        f"organizations/{aft}/merge",
        f"organizations/{aft}/merge?into={nasty}",
        "subscribers",
        f"subscribers/{ana}",
        f"subscribers/{ana}/erase",
        "suppressions",
        "lists",
        "lists/weekly",
        "actions",
        f"actions/{action.public_id}",
        "settings",
        "doctor",
    ]
    found: list[str] = []
    with opened(chromium) as page:
        enter(page.context, house, ROSA)
        for path in paths:
            page.goto(f"{house.url}/console/{path}")
            assert page.title() != "run"
            assert page.locator("main img, main script").count() == 0, path
            found += barriers(page)

    assert found == []


def test_two_organizations_are_merged_and_taken_apart_by_the_keyboard(
    chromium: Browser, house: House
) -> None:
    with opened(chromium, script=False) as page:
        enter(page.context, house, ROSA)
        page.goto(f"{house.url}/console/organizations")
        page.get_by_label("Name, or a part of it").fill("aft 1931")
        page.keyboard.press("Enter")
        page.get_by_role("link", name="AFT 1931", exact=True).click()
        tab_to(page, "Merge into another")
        page.keyboard.press("Enter")
        page.get_by_label("Any of its names").fill("AFT Guild")
        page.keyboard.press("Enter")
        expect(page.get_by_text("becomes another name of")).to_be_visible()
        press(page, "Yes, merge them")
        expect(page.get_by_role("heading", level=1)).to_have_text("AFT Guild")
        expect(page.get_by_role("status")).to_contain_text("They are one now.")
        press(page, "Take apart AFT 1931")

        expect(page.get_by_role("heading", level=1)).to_have_text("AFT 1931")
