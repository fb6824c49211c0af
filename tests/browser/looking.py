"""A message opened in Chromium, offline, as one person's screen shows it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from playwright.sync_api import Browser, Page

from mailer.adapters.gates import Message

Scheme = Literal["light", "dark"]


@dataclass
class Opened:
    """A page, and each address that it asked the network for."""

    page: Page
    asked: list[str]

    @property
    def width(self) -> int:
        """How wide the page is, with what hangs over."""
        return int(self.page.evaluate("document.documentElement.scrollWidth"))


@contextmanager
def opened(
    browser: Browser,
    message: Message,
    *,
    width: int = 600,
    scheme: Scheme = "light",
    zoomed: bool = False,
) -> Iterator[Opened]:
    """Open a message; `zoomed` sets its text at 200 %, as WCAG 2.2 §1.4.4 asks."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True
    )
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.set_content(message.html)
    if zoomed:
        page.evaluate(_TWICE)
    try:
        yield Opened(page=page, asked=asked)
    finally:
        context.close()


# Text and lines of all elements at twice their size; the screen stays as it is.
_TWICE = """() => {
  const sized = [...document.body.querySelectorAll('*')].map((e) => {
    const { fontSize, lineHeight } = getComputedStyle(e);
    return [e, parseFloat(fontSize) * 2, parseFloat(lineHeight) * 2];
  });
  for (const [e, size, line] of sized) {
    e.style.setProperty('font-size', `${size}px`, 'important');
    if (line) e.style.setProperty('line-height', `${line}px`, 'important');
  }
}"""
