"""What anybody wrote to us is not run by a browser, on whatever page it is read."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from mailer.core.roles import Role
from tests.browser.test_console import enter, opened
from tests.databases import migrated_file
from tests.e2e.besieged import besiege
from tests.e2e.conftest import Shell, copied, initial
from tests.e2e.coordinators import House
from tests.e2e.test_hostile_words import LINK, onward_from

__all__ = ["initial", "migrated_file"]
MIGHTY = "mighty@union.example"
MOST = 40  # pages; every one of them is read without a browser, too


@pytest.fixture(scope="module")
def house(initial: Shell, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    shell = copied(initial, tmp_path_factory.mktemp("besieged"))
    with House(shell.folder, named="localhost").open() as house:
        besiege(house)
        house.person(MIGHTY, list(Role), codes=True)
        yield house


def test_no_page_runs_hostile_words_in_a_browser(
    chromium: Browser, house: House
) -> None:
    with opened(
        chromium, fresh=True
    ) as page:  # which complains of what its policy had to stop
        enter(page.context, house, MIGHTY)
        dialogs: list[str] = []
        page.on("dialog", lambda dialog: dialogs.append(dialog.message))
        waiting = ["/console", "/actions", "/editions", "/endorse"]
        seen = set(waiting)
        told = 0
        while waiting and told < MOST:
            path = waiting.pop(0)
            page.goto(house.url + path)
            told += 1
            for words in LINK.findall(page.content()):
                onward = onward_from(path, words)
                if onward and onward not in seen:
                    seen.add(onward)
                    waiting.append(onward)
            assert page.evaluate("() => window.owned === undefined"), path
            assert page.url.startswith(house.url), path
        assert dialogs == []
