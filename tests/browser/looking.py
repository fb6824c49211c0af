"""A message opened in Chromium, offline, as one person's screen shows it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal
from weakref import WeakKeyDictionary

from playwright.sync_api import Browser, Page, Request

Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")


@dataclass
class Opened:
    """A page, and each address that it asked the network for."""

    page: Page
    asked: list[str]

    @property
    def width(self) -> int:
        """How wide the page is, with what hangs over."""
        return int(self.page.evaluate("document.documentElement.scrollWidth"))

    def fits(self, *widths: int) -> bool:
        """Whether nothing hangs over on any screen so wide."""
        for width in widths:
            self.page.set_viewport_size({"width": width, "height": 900})
            if self.width > width:
                return False
        return True

    def light(self, scheme: Scheme) -> None:
        """Let its reader prefer another light."""
        self.page.emulate_media(color_scheme=scheme)


# A page costs a browser more than what is seen on it, and mail keeps nothing there.
_READY: WeakKeyDictionary[Browser, list[Page]] = WeakKeyDictionary()


@contextmanager
def opened(
    browser: Browser,
    html: str,
    *,
    width: int = 600,
    scheme: Scheme = "light",
    zoomed: bool = False,
) -> Iterator[Opened]:
    """Open a page; `zoomed` sets its text at 200 %, as WCAG 2.2 §1.4.4 asks."""
    ready = _READY.setdefault(browser, [])
    page = ready.pop() if ready else browser.new_context(offline=True).new_page()
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    asked: list[str] = []

    def ask(request: Request) -> None:
        asked.append(request.url)

    page.on("request", ask)
    page.set_content(html)
    if zoomed:
        page.evaluate(_TWICE)
    yield Opened(page=page, asked=asked)
    page.remove_listener("request", ask)
    ready.append(page)  # unless something has failed on it


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

# Text and the nearest ground behind it, by WCAG 2.2's formula for contrast.
_CONTRASTS = """() => {
  const parts = colour => colour.match(/[\\d.]+/g).map(Number);
  const light = colour => {
    const [r, g, b] = parts(colour).slice(0, 3).map(v => v / 255)
      .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = node => {
    for (; node; node = node.parentElement) {
      const colour = getComputedStyle(node).backgroundColor;
      if ((parts(colour)[3] ?? 1) > 0) return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) {
    const node = walker.currentNode, parent = node.parentElement;
    if (!node.data.trim() || !parent.getClientRects().length) continue;
    const [high, low] = [getComputedStyle(parent).color, ground(parent)]
      .map(light).sort((a, b) => b - a);
    found.push([(high + 0.05) / (low + 0.05), node.data.trim().slice(0, 40)]);
  }
  return found;
}"""
SMALL_TARGETS = """() => [...document.querySelectorAll('a')]
  .filter(a => getComputedStyle(a).display !== 'inline')
  .filter(a => a.getBoundingClientRect().height < 43.5)
  .map(a => a.textContent)"""


def faint(page: Page, *, least: int = 7) -> list[tuple[float, str]]:
    """Words whose contrast is less than WCAG 2.2 asks for, and how little it is.

    There must be at least so many runs of words: on a page that is empty, none is faint.
    """
    found: list[tuple[float, str]] = page.evaluate(_CONTRASTS)
    assert len(found) >= least, "hardly any words"
    return [each for each in found if each[0] < 4.5]
