"""The browser that the pages and the mail are looked at with."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright


@pytest.fixture(scope="module")
def chromium(chromium_path: str) -> Iterator[Browser]:
    """A running Chromium; per module, as its loop must not outlive the suite."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium_path,
            # Each context has a process of its own otherwise, which takes half a second.
            args=["--no-sandbox", "--renderer-process-limit=1"],
        )
        yield browser
        browser.close()
